"""The calibrated differential: what it ranks, what its set holds, and what speaks for the first candidate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_calibration import LABELS, WEIGHTS, example, features, weights
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.errors import BundleError
from histo.evidence import standard_measures
from histo.pattern import Calibration, EvidenceModel, calibration_to_json, load_calibration

NUMBERS = st.floats(-3, 3)
BIOPSIES = st.builds(
    lambda necrotic, variation, edge: features(
        necrotic=necrotic, size_variation=variation, **({} if edge is None else {"necrosis_edge": edge})
    ),
    NUMBERS,
    NUMBERS,
    st.none() | st.floats(0.1, 9),
)


@given(BIOPSIES)
@settings(deadline=None)
def test_contributions_and_baseline_add_up_to_the_log_odds(values: np.ndarray) -> None:
    found = example().differential(values)
    first, second = found.ranked[:2]
    assert (found.contrast.first, found.contrast.second) == (first.label, second.label)
    told = found.contrast.baseline_log_odds + sum(one.log_odds for one in found.contrast.contributions)
    assert told == pytest.approx(np.log(first.probability / second.probability), abs=1e-9)


@given(BIOPSIES)
@settings(deadline=None)
def test_ranks_follow_probabilities_that_sum_to_one(values: np.ndarray) -> None:
    found = example().differential(values)
    probabilities = [one.probability for one in found.ranked]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)
    assert {one.label for one in found.ranked} == set(LABELS)


@given(BIOPSIES, st.permutations(range(3)))
@settings(deadline=None)
def test_the_order_of_the_patterns_does_not_matter(values: np.ndarray, order: list[int]) -> None:
    plain = example()
    model = plain.model
    moved = replace(
        plain,
        model=EvidenceModel(
            tuple(model.labels[at] for at in order),
            tuple(model.intercepts[at] for at in order),
            tuple(
                replace(
                    one,
                    typical=tuple(one.typical[at] for at in order),
                    slopes=tuple(one.slopes[at] for at in order),
                    when_missing=tuple(one.when_missing[at] for at in order),
                )
                for one in model.features
            ),
        ),
    )
    was, now = plain.differential(values), moved.differential(values)
    assert {one.label: one.in_set for one in was.ranked} == {one.label: one.in_set for one in now.ranked}
    assert {one.label: pytest.approx(one.probability) for one in was.ranked} == {
        one.label: one.probability for one in now.ranked
    }


def test_one_feature_that_speaks_for_a_pattern_puts_it_first() -> None:
    found = example().differential(features(necrotic=3.0, size_variation=0.0, necrosis_edge=1.0))
    assert found.ranked[0].label is LABELS[0]
    assert found.contrast.contributions[0].feature == "necrotic"
    assert found.contrast.contributions[0].log_odds > 0
    assert found.contrast.contributions[0].value == 3.0


def test_a_value_beyond_what_was_seen_counts_as_the_farthest_that_was() -> None:
    calibration = example()
    seen = calibration.probabilities(features(necrotic=0.0, size_variation=5.0, necrosis_edge=1.0))
    beyond = calibration.probabilities(features(necrotic=0.0, size_variation=500.0, necrosis_edge=1.0))
    assert np.array_equal(seen, beyond)


@given(BIOPSIES, st.sampled_from(["necrotic", "size_variation"]))
@settings(deadline=None)
def test_what_no_biopsy_of_the_population_lacked_widens_the_set(values: np.ndarray, lacking: str) -> None:
    """Whatever the value was, the set of the biopsy without it holds at least what the middle value would give."""
    calibration = example()
    without, middle = values.copy(), values.copy()
    column = np.flatnonzero(features(**{lacking: 0.0}) == 0)
    without[column], middle[column] = np.nan, 0.0
    found = calibration.differential(without)
    assert set(calibration.differential(middle).conformal_set) <= set(found.conformal_set)
    assert len(found.unheard_of) == 1


def test_missing_values_never_stop_it() -> None:
    found = example().differential(features())
    assert len(found.ranked) == 3
    assert len(found.unheard_of) == 2


def test_a_set_may_be_empty() -> None:
    found = replace(example(), farthest=(0.0, 0.0, 0.0)).differential(features(necrotic=0.5, size_variation=0.5))
    assert found.conformal_set == ()


def test_many_biopsies_at_once_give_what_each_gives() -> None:
    random = np.random.default_rng(4)
    several = np.array([features(necrotic=a, size_variation=b) for a, b in random.normal(size=(20, 2))])
    calibration = example()
    sets = calibration.sets(several)
    for values, own in zip(several, sets, strict=True):
        found = calibration.differential(values)
        assert {one.label for one in found.ranked if one.in_set} == {
            label for label, held in zip(LABELS, own, strict=True) if held
        }


def test_it_speaks_of_its_own_weights_and_measures_only() -> None:
    calibration, measures = example(), standard_measures()
    assert calibration.obstacle(WEIGHTS, measures) is None
    assert calibration.obstacle("00", measures) == "it was fitted on the findings of other weights"
    other = replace(measures, edge_zone_diameters=2.0)
    assert calibration.obstacle(WEIGHTS, other) == "it was fitted on evidence that was measured by other conventions"


def test_a_file_gives_back_exactly_what_was_written(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    slopes = tuple(random.normal(size=3).tolist())
    features_ = (weights("necrotic", slopes, typical=(None, 1 / 3, 2.0), spread=float(random.random())),)
    calibration = example("Basel", model=EvidenceModel(LABELS, slopes, features_))
    path = tmp_path / "pattern.json"
    path.write_text(calibration_to_json(calibration), encoding="utf-8")
    back = load_calibration(path)
    assert back is not None
    assert replace(back, sha256=calibration.sha256) == calibration
    assert calibration_to_json(back) == calibration_to_json(calibration)
    assert len(back.sha256) == 64


def test_without_a_file_there_is_no_calibration(tmp_path: Path) -> None:
    assert load_calibration(tmp_path / "pattern.json") is None


def _set(*path: object) -> object:
    *way, last, value = path

    def change(document: dict) -> None:
        at = document
        for step in way:
            at = at[step]
        at[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.pop("temperature"), "has no entry temperature"),
        (_set("secret", 1), "has an unknown entry secret"),
        (_set("temperature", "1"), "temperature must be float, not '1'"),
        (_set("temperature", 0), "needs a temperature above 0, and a coverage of 50 to 100%"),
        (_set("model", "labels", 0, "healthy"), "model.labels[0] must be one of necrotizing"),
        (_set("model", "labels", 0, "normal"), "model: needs at least two patterns, and each pattern and feature once"),
        (_set("model", "features", 0, "name", "hue"), "model.features[0]: this histo measures no feature hue"),
        (_set("model", "features", 0, "axis", "linear"), "model.features[0]: this histo measures no feature necrotic"),
        (_set("model", "features", 1, "slopes", [1.0]), "model: needs one finite number for each of its 3 patterns"),
        (_set("model", "labels", 0, "indeterminate"), "can rank necrotizing"),
        (_set("farthest", [0.1]), "needs one number for each of its 3 patterns"),
        (_set("schema", "histo.reading"), "is not a calibration of the differential"),
        (_set("schema_version", "2"), "has schema version '2', and this histo reads 1"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, change: object, problem: str) -> None:
    document = json.loads(calibration_to_json(example()))
    change(document)  # type: ignore[operator]
    path = tmp_path / "pattern.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        load_calibration(path)
    assert str(caught.value).startswith(f"{path}: {problem}")
    assert "\n" not in str(caught.value)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pattern.json"
    path.write_text(calibration_to_json(example()).replace("1.5", "NaN"), encoding="utf-8")
    with pytest.raises(BundleError, match="is not valid JSON"):
        load_calibration(path)


def test_a_calibration_says_for_whom_it_holds() -> None:
    assert example().note == "simulator-calibrated; coverage on biopsies unknown"
    lab: Calibration = example("Basel")
    assert not lab.simulated
    assert lab.note == "calibrated on 30 biopsies of Basel; it holds for such biopsies only"
