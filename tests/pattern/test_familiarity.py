"""A slide unlike what the network was trained on is refused, or flagged, with the number that is out, in words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from familiar_slides import ORDINARY, WEIGHTS, ordinary_distribution, with_number
from graded_evidence import fit, mixed_necrosis, weigh
from hypothesis import given
from hypothesis import strategies as st

from histo.appearance import Appearance
from histo.errors import BundleError
from histo.pattern import PatternLabel, PatternReading, load_conventions, read_pattern
from histo.pattern.distribution import OF_NETWORK, UNITS, distances, from_unit, in_unit, measure_distances
from histo.pattern.distribution_file import DISTRIBUTION_FILE, distribution_bytes, load_distribution
from histo.pattern.familiarity import Familiarity, Verdict, judge_appearance

CONVENTIONS = load_conventions()
BANDS = CONVENTIONS.familiarity


def judge(appearance: Appearance, weights: str = WEIGHTS) -> Familiarity:
    return judge_appearance("a", appearance, ordinary_distribution(), weights, BANDS)


def read(judged: Familiarity) -> PatternReading:
    return read_pattern(weigh(mixed_necrosis(0.08)), [fit("a", familiarity=judged)], CONVENTIONS)


def test_an_ordinary_slide_is_read_without_a_word() -> None:
    judged = judge(ORDINARY)
    assert judged.verdict is Verdict.FAMILIAR
    assert max(each.distance for each in judged.distances) < 1e-6
    reading = read(judged)
    assert reading.label is PatternLabel.NECROTIZING
    assert reading.familiarity == (judged,)
    assert not any("unlike" in caveat or "nuclei of a" in caveat for caveat in reading.caveats)


@pytest.mark.parametrize(("times", "what"), [(2.1, "2.1 times as wide"), (1 / 2.1, "2.1 times as narrow")])
def test_a_wrong_scale_is_refused_by_the_size_of_the_nuclei(times: float, what: str) -> None:
    reading = read(judge(replace(ORDINARY, nucleus_um=BANDS.nucleus_um * times)))
    assert reading.label is PatternLabel.NOT_ASSESSABLE
    assert reading.refusal is not None
    assert (reading.refusal.code, reading.refusal.slide) == ("implausible_nuclei", "a")
    assert what in reading.refusal.sentence
    assert "scale" in reading.refusal.sentence


@pytest.mark.parametrize("times", [1.55, 1 / 1.55])
def test_nuclei_of_a_doubtful_size_are_a_caveat(times: float) -> None:
    reading = read(judge(replace(ORDINARY, nucleus_um=BANDS.nucleus_um * times)))
    assert reading.label is PatternLabel.NECROTIZING
    assert "scale may be wrong by a factor of about two" in reading.caveats[0]


def test_strange_colors_are_refused_and_named() -> None:
    reading = read(judge(with_number("colors.blue_high", 1.1)))
    assert reading.refusal is not None
    assert reading.refusal.code == "out_of_distribution"
    assert reading.refusal.sentence.startswith("The colors of a are unlike those of the muscle")
    assert "what the brownest tissue absorbs is high (1.1; familiar are 0.11 to 0.51)" in reading.refusal.sentence


def test_what_the_network_answers_counts_only_for_its_own_weights() -> None:
    odd = with_number("answers.depth", 0.36 * math.exp(1.0))
    assert judge(odd).verdict is Verdict.STRANGE
    other = judge(odd, weights="ef" * 32)
    assert other.verdict is Verdict.FAMILIAR
    assert OF_NETWORK not in {each.group for each in other.distances}
    assert judge(with_number("colors.blue_high", 1.1), weights="ef" * 32).verdict is Verdict.STRANGE


def test_without_a_distribution_the_nuclei_still_tell_the_scale() -> None:
    judged = judge_appearance("a", replace(ORDINARY, nucleus_um=9.5), None, WEIGHTS, BANDS)
    assert (judged.verdict, judged.by_distance, judged.distances) == (Verdict.STRANGE, None, ())
    unknown = judge_appearance("a", replace(ORDINARY, nucleus_um=None), None, WEIGHTS, BANDS)
    assert (unknown.verdict, unknown.by_nuclei) == (Verdict.FAMILIAR, None)


@given(st.sampled_from(sorted(UNITS)), st.floats(0.1, 3), st.floats(0.1, 3))
def test_farther_out_is_never_nearer(name: str, step: float, further: float) -> None:
    at = in_unit(name, ORDINARY.named()[name])

    def away(step: float) -> float:
        moved = with_number(name, from_unit(name, at + step))
        found = {each.group: each.distance for each in measure_distances(moved, ordinary_distribution(), WEIGHTS)}
        return found[name.split(".")[0]]

    assert away(step) <= away(step + further) + 1e-9


def test_distances_are_mahalanobis_over_the_root_of_their_number() -> None:
    """Of points of the widened correlation itself, squared distances follow chi squared: mean P, variance 2 P."""
    correlation, gap = ordinary_distribution().reach["colors"].correlation, 0.3
    count = len(correlation)
    points = np.random.default_rng(1).multivariate_normal(np.zeros(count), correlation + gap * np.eye(count), 20_000)
    squares = count * distances(points, correlation, gap) ** 2
    assert squares.mean() == pytest.approx(count, rel=0.03)
    assert squares.var() == pytest.approx(2 * count, rel=0.1)


def test_a_distribution_comes_back_from_its_file(tmp_path: Path) -> None:
    assert load_distribution(tmp_path) is None
    made = ordinary_distribution()
    (tmp_path / DISTRIBUTION_FILE).write_bytes(distribution_bytes(made))
    back = load_distribution(tmp_path)
    assert back is not None
    odd = with_number("texture.fine", 0.9)
    assert measure_distances(odd, back, WEIGHTS) == measure_distances(odd, made, WEIGHTS)
    assert len(back.sha256) == 64


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema": 2}, "has schema 2, not 1"),
        ({"gap": 0}, "0.0 is not above 0"),
        ({"gap": None}, "None is not a finite number"),
        ({"numbers": {}}, "its numbers are not"),
        ({"groups": {}}, "lacks 'colors'"),
        ({"groups": {"colors": {"distance": 1, "correlation": [[1]]}}}, "not a square of 7 x 7 finite numbers"),
    ],
)
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    content = json.loads(distribution_bytes(ordinary_distribution())) | change
    (tmp_path / DISTRIBUTION_FILE).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        load_distribution(tmp_path)
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)
