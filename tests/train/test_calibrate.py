from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import FIELDS, UnsureEngine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.metrics import log_loss

from histo.findings import INFLAMMATORY_CLASSES, CellClass
from histo.network import OperatingPoints
from histo.network.cell_peaks import Peaks
from histo.network.temperature import temper_odds, temper_shares
from histo.phantom import PATTERN_SPECS, make_field
from histo.phantom.truth import Field
from train.calibrate import _best, _outline_score, _read_sections, choose_points, rescaled
from train.calm import calmed, quieted
from train.field_store import field_path, save_field
from train.healthy import HealthyCandidates, false_cells, false_necroses_per_1000
from train.temperatures import COLDEST, fit_heights, fit_odds, fit_shares

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, field in FIELDS.items():
        save_field(field_path(tmp_path, seed), field, "discs")
    return tmp_path


def drawn(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of each row, as likely as it says."""
    return (shares.cumsum(axis=1) < rng.random((len(shares), 1))).sum(axis=1).clip(0, shares.shape[1] - 1)


@settings(deadline=None, max_examples=5)
@given(seeds, st.floats(0.5, 3))
def test_the_temperature_is_the_one_that_the_truth_was_drawn_with(seed: int, temperature: float) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (6000, 4))
    true = drawn(softmax(logits / temperature, axis=1), rng)
    assert fit_shares(softmax(logits, axis=1), true) == pytest.approx(temperature, rel=0.12)
    odds = rng.normal(0, 2, 20000)
    came = rng.random(20000) < expit(odds / temperature)
    assert fit_odds(expit(odds), came) == pytest.approx(temperature, rel=0.12)
    right = rng.random(20000) < temper_odds(expit(odds), temperature, 0.35)
    assert fit_heights(expit(odds), right) == pytest.approx((temperature, 0.35), rel=0.15)


@settings(deadline=None, max_examples=4)
@given(seeds)
def test_no_other_temperature_is_likelier_by_scikit_learns_reckoning(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(4) * 0.7, 300)
    true = drawn(temper_shares(shares, 1.7), rng)
    other = minimize(
        lambda x: log_loss(true, temper_shares(shares, float(np.exp(x[0]))), labels=range(4)),
        [0.0],
        method="Nelder-Mead",
    )
    assert fit_shares(shares, true) == pytest.approx(float(np.exp(other.x[0])), rel=0.01)


def test_where_nothing_is_known_or_nothing_is_wrong_temperatures_keep_within_their_bounds() -> None:
    assert fit_odds(np.zeros(0), np.zeros(0, np.bool_)) == 1
    assert fit_shares(np.zeros((0, 5)), np.zeros(0, np.int64)) == 1
    assert fit_heights(np.zeros(0), np.zeros(0, np.bool_)) == (1, 0.5)
    assert fit_odds(np.array([0.9, 0.1]), np.array([True, False])) == pytest.approx(COLDEST, abs=0.01)


def test_a_reading_that_is_right_but_unsure_gets_surer_and_the_same_twice(folder: Path) -> None:
    first, again = (choose_points(UnsureEngine(), OperatingPoints(), folder) for _ in range(2))
    assert first == again
    points = first.points
    assert points.class_temperature == pytest.approx(COLDEST, abs=0.01)
    assert points.attribute_temperature < 0.5
    assert points.cell_even_height < 0.6
    assert points.compartment_temperature < 0.5
    assert first.false_cells_per_mm2 == {}
    scores = {choice.name: max(choice.f1.values(), default=1) for choice in first.choices}
    assert scores["necrotic"] == 1
    assert scores["attributes.opaque"] == 1
    assert scores["cells.lymphocyte"] > 0.9


def test_what_is_called_does_not_change_when_only_the_temperature_does() -> None:
    heights = np.random.default_rng(0).random((50, 4))
    for temperature in (0.4, 2.5):
        warm = temper_odds(heights, temperature)
        assert np.array_equal(warm >= temper_odds(np.array(0.4), temperature), heights >= 0.4)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.4, 2.5), st.floats(0.4, 2.5), st.floats(0.3, 0.7), seeds)
def test_rescaled_thresholds_call_the_same_nuclei_and_attributes(
    old: float, new: float, even: float, seed: int
) -> None:
    start = OperatingPoints(cell_temperature=old, attribute_temperature=old)
    points = OperatingPoints(cell_temperature=new, cell_even_height=even, attribute_temperature=new, foreground=0.3)
    moved = rescaled(start, points)
    assert (moved.foreground, moved.cell_temperature) == (0.3, new)
    bare = np.random.default_rng(seed).uniform(0.1, 0.9, 100)
    before = temper_odds(bare, old) >= start.cells[0]
    after = temper_odds(bare, new, even) >= moved.cells[0]
    assert np.count_nonzero(before != after) <= 2 or moved.cells[0] in (0.02, 0.98)
    before = temper_odds(bare, old) >= start.attributes[0]
    assert np.count_nonzero(before != (temper_odds(bare, new) >= moved.attributes[0])) <= 2


def test_a_threshold_moves_only_for_a_better_score() -> None:
    assert _best("x", {0.3: 0.702, 0.5: 0.700, 0.7: 0.6}, 0.5).value == 0.5
    assert _best("x", {0.3: 0.71, 0.5: 0.700, 0.7: 0.6}, 0.5).value == 0.3
    assert _best("x", {0.3: float("nan")}, 0.44).value == 0.44


def test_healthy_sections_raise_the_thresholds_of_inflammatory_cells_and_of_necrosis_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = candidates([0.9, 0.52, 0.41, 0.3])
    monkeypatch.setattr("train.calibrate.candidates_on_healthy", lambda *_: (quiet,))
    plain = choose_points(UnsureEngine(), OperatingPoints(), folder).points
    chosen = choose_points(UnsureEngine(), OperatingPoints(), folder, healthy=[1], false_cells_per_mm2=2.0)
    necrotic, cells = list(chosen.false_necrotic_per_1000)[-1], list(chosen.false_cells_per_mm2)[-1]
    assert chosen.points == replace(plain, necrotic=necrotic, cells=cells)
    assert necrotic > 0.8, "above two of the three outlines that the threshold before would call necrotic"
    *before, last = chosen.false_cells_per_mm2.values()
    assert last <= 2
    assert last <= max(before)


def candidates(heights: list[float]) -> HealthyCandidates:
    count = len(heights)
    table = np.zeros((count, 4), np.float32)
    table[:, CellClass.LYMPHOCYTE] = heights
    return HealthyCandidates(
        peaks=Peaks(
            center_um=np.arange(2 * count, dtype=np.float64).reshape(count, 2) * 20,
            pixel=np.zeros((count, 2), np.int64),
            kind=np.full(count, CellClass.LYMPHOCYTE, np.uint8),
            height=table,
        ),
        true_um=np.array([[1.0, 21.0]]),
        mm2=0.5,
        necrotic_share=np.array([0.97, 0.8, 0.42, 0.1]),
        fibers=1000,
    )


def test_false_cells_are_counted_from_a_threshold_on_and_true_ones_are_none() -> None:
    section = candidates([0.9, 0.5, 0.45, 0.3])
    section = replace(section, true_um=section.peaks.center_um[:1] + 2)
    assert [false_cells([section], (t,) * 4) for t in (0.25, 0.4, 0.5, 0.95)] == [3, 2, 1, 0]
    assert false_cells([section, section], (0.4,) * 4) == 4


def test_false_necroses_are_counted_by_the_thousand_fibers() -> None:
    section = candidates([])
    assert [false_necroses_per_1000([section], t) for t in (0.05, 0.42, 0.5, 0.99)] == [4, 3, 2, 0]
    assert false_necroses_per_1000([section, replace(section, fibers=3000)], 0.5) == 1


@settings(deadline=None, max_examples=30)
@given(st.floats(0.05, 0.9), st.floats(0, 4))
def test_the_threshold_of_necrosis_rises_no_further_than_it_must(necrotic: float, per_1000: float) -> None:
    *loud, (taken, rate) = calmed([candidates([])], necrotic, per_1000).items()
    assert taken >= necrotic
    assert all(tried < taken and tried_rate > per_1000 for tried, tried_rate in loud)
    assert rate <= per_1000 or taken == max(necrotic, 0.95)


WORTH = {kind: {t: 1 - (t - 0.5) ** 2 for t in (0.3, 0.5, 0.8, 0.95)} for kind in INFLAMMATORY_CLASSES}


@settings(deadline=None, max_examples=20)
@given(st.tuples(*[st.floats(0.1, 0.9)] * 4), st.floats(0, 8))
def test_healthy_sections_become_quiet_and_thresholds_never_fall(cells: tuple[float, ...], per_mm2: float) -> None:
    rates = quieted([candidates([0.93, 0.72, 0.31, 0.22])], cells, per_mm2, WORTH)
    taken = list(rates)[-1]
    assert rates[taken] <= max(per_mm2, min(rates.values()))
    assert all(after >= before for before, after in zip(cells, taken, strict=True))
    others = [kind for kind in CellClass if kind not in INFLAMMATORY_CLASSES]
    assert all(taken[kind] == cells[kind] for kind in others)


def test_of_thresholds_that_are_quiet_those_that_are_worth_most_are_taken() -> None:
    loud = [candidates([0.93, 0.72, 0.31, 0.22])]  # all four are taken for lymphocytes
    by_rate = {rate: quieted(loud, (0.1, 0.1, 0.1, 0.1), rate, WORTH) for rate in (8, 2, 1, 0)}
    assert [list(rates)[-1][:2] for rates in by_rate.values()] == [(0.5, 0.5), (0.5, 0.5), (0.8, 0.5), (0.8, 0.5)]


def test_outlines_are_judged_by_all_fibers_and_by_the_necrotic_ones_alike(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.calibrate._fiber_f1", lambda paired: 0.9)
    monkeypatch.setattr("train.calibrate._necrotic_f1", lambda paired, necrotic: 0.5)
    assert _outline_score([], 0.6) == pytest.approx(0.7)
    monkeypatch.setattr("train.calibrate._necrotic_f1", lambda paired, necrotic: float("nan"))
    assert _outline_score([], 0.6) == pytest.approx(0.9)


def test_ordinary_sections_are_read_with_the_patterns_taking_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def view(pattern: str, seed: int) -> Field:
        asked.append((pattern, seed))
        return make_field(seed, 128)

    monkeypatch.setattr("train.sections.section_view", view)
    known = _read_sections(UnsureEngine(), range(5, 16))
    assert len(known) == 11
    assert asked[0] == (next(iter(PATTERN_SPECS)), 5)
    assert asked[9][0] == asked[0][0]
    assert {pattern for pattern, _ in asked} == set(PATTERN_SPECS)


def test_outlines_can_be_left_as_the_bundle_began_with_them(folder: Path) -> None:
    start = OperatingPoints(merge_boundary=(0.5, 0.5, 0.2, 0.5, 0.5), seed_height=0.17, fiber=0.66)
    kept = choose_points(UnsureEngine(), start, folder, outlines=False)
    assert not {choice.name for choice in kept.choices} & {"merge_boundary", "seed_height", "foreground", "fiber"}
    for name in ("merge_boundary", "seed_height", "foreground", "fiber", "necrotic_fiber"):
        assert getattr(kept.points, name) == getattr(start, name)
