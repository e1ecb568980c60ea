"""Spread, position and sheets, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import PITCH_UM, lattice, make_slide

from histo.evidence import Evidence, weigh_evidence
from histo.findings import FiberClass

SIDE = 24
FASCICLE = 8


def weigh(necrotic: np.ndarray, fascicle_fibers: int | None = None, diameter_um: np.ndarray | None = None) -> Evidence:
    kinds = np.where(necrotic, FiberClass.NECROTIC_PALE, FiberClass.INTACT)
    slide = make_slide("a", SIDE, SIDE, kinds, None, diameter_um, fascicle_fibers)
    return weigh_evidence([slide]).pooled


def at_rim() -> np.ndarray:
    """Fibers of the outermost row of every fascicle of 8 x 8."""
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    return (column % FASCICLE % (FASCICLE - 1) == 0) | (row % FASCICLE % (FASCICLE - 1) == 0)


def test_a_packed_block_is_clustered() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    test = weigh((column < 5) & (row < 5)).necrosis_spread
    assert test is not None
    assert test.nearest_index is not None
    assert test.random_low is not None
    assert test.nearest_index < test.random_low
    assert test.p_clustered == pytest.approx(1 / 200)
    assert (test.largest_group_fibers, test.in_large_groups_percent) == (25, 100)


def test_an_even_lattice_is_not_clustered() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    test = weigh((column % 4 == 0) & (row % 4 == 0)).necrosis_spread
    assert test is not None
    assert test.nearest_index is not None
    assert test.random_high is not None
    assert test.nearest_index > test.random_high
    assert test.p_clustered == 1
    assert (test.largest_group_fibers, test.in_large_groups_percent) == (1, 0)


def test_random_necrosis_is_called_clustered_about_as_often_as_promised() -> None:
    called = 0
    for seed in range(40):
        test = weigh(np.random.default_rng(seed).random(SIDE**2) < 0.06).necrosis_spread
        assert test is not None
        assert test.p_clustered is not None
        called += test.p_clustered <= 0.05
    # 40 tests at 5%: more than 6 false alarms has a probability below 0.5%.
    assert called <= 6


def test_where_fibers_are_missing_nothing_is_clustered() -> None:
    """Half of the section is empty: against randomness in the plane, any necrosis here would look clustered."""
    keep = lattice(SIDE, SIDE)[:, 0] < SIDE * PITCH_UM / 2
    slide = make_slide("a", SIDE, SIDE, np.where(np.arange(SIDE**2) % 7 == 0, 2, 0))
    fibers = slide.findings.fibers.select(keep)
    findings = type(slide.findings)(fibers, slide.findings.cells, slide.findings.compartments)
    test = weigh_evidence([type(slide)("a", findings, slide.coverage)]).pooled.necrosis_spread
    assert test is not None
    assert test.p_clustered is not None
    assert test.p_clustered > 0.05


def test_one_necrotic_fiber_has_no_neighbor() -> None:
    test = weigh(np.arange(SIDE**2) == 5).necrosis_spread
    assert test is not None
    assert (test.fibers, test.nearest_mean_um, test.p_clustered) == (1, None, None)


def test_necrosis_at_the_fascicle_rim_prefers_the_edge() -> None:
    rim = at_rim()
    position = weigh(rim & (np.arange(SIDE**2) % 3 == 0), FASCICLE).necrosis_position
    assert position is not None
    assert position.edge_index is not None
    assert position.random_high is not None
    assert position.at_edge_fibers == position.fibers
    assert position.edge_index == pytest.approx(rim.size / np.count_nonzero(rim), rel=0.05)
    assert position.edge_index > position.random_high


def test_necrosis_in_the_middle_of_fascicles_avoids_the_edge() -> None:
    position = weigh(~at_rim() & (np.arange(SIDE**2) % 3 == 0), FASCICLE).necrosis_position
    assert position is not None
    assert position.random_low is not None
    assert position.edge_index == 0
    assert position.random_low > 0


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_a_fascicle_hit_as_a_whole_says_nothing_on_edges(seed: int) -> None:
    """Labels are shuffled within fascicles: with all fibers of some fascicles, found is exactly expected."""
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    fascicle = row // FASCICLE * (SIDE // FASCICLE) + column // FASCICLE
    hit = np.random.default_rng(seed).choice(9, 3, replace=False)
    position = weigh(np.isin(fascicle, hit), FASCICLE).necrosis_position
    assert position is not None
    assert position.edge_index == pytest.approx(1)
    assert position.random_low == pytest.approx(1)


def test_without_perimysium_the_position_is_missing() -> None:
    pooled = weigh(at_rim())
    assert pooled.fascicles.perimysium_mm2 == 0
    assert pooled.necrosis_position is None


def test_specks_of_perimysium_make_no_edge() -> None:
    slide = make_slide("a", SIDE, SIDE, np.where(at_rim(), 2, 0))
    codes = slide.findings.compartments.codes.copy()
    codes[50:55, 50:55] = 3
    area = type(slide.findings.compartments)(codes, slide.findings.compartments.scored)
    findings = type(slide.findings)(slide.findings.fibers, slide.findings.cells, area)
    pooled = weigh_evidence([type(slide)("a", findings, slide.coverage)]).pooled
    assert pooled.necrosis_position is None
    assert pooled.composition.perimysium_mm2 > 0


def test_fascicles_are_counted() -> None:
    fascicles = weigh(np.zeros(SIDE**2, np.bool_), FASCICLE).fascicles
    assert fascicles.count == 9
    assert fascicles.median_fibers == FASCICLE**2
    assert fascicles.at_edge_percent == pytest.approx(100 * np.mean(at_rim()))


def test_small_fibers_along_the_rim_prefer_the_edge() -> None:
    diameter_um = np.where(at_rim() & (np.arange(SIDE**2) % 2 == 0), 20.0, 50.0)
    position = weigh(np.zeros(SIDE**2, np.bool_), FASCICLE, diameter_um).atrophy_position
    assert position is not None
    assert position.edge_index is not None
    assert position.random_high is not None
    assert position.edge_index > position.random_high
    assert position.percent_of_edge == pytest.approx(50, abs=3)


def test_a_sheet_reaches_over_fascicles() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    sheet = weigh((column >= 4) & (column < 14) & (row >= 4) & (row < 14), FASCICLE).sheet
    assert sheet is not None
    assert sheet.fascicles == 4
    assert sheet.fibers > 50
    assert sheet.center_um == (pytest.approx(9 * PITCH_UM), pytest.approx(9 * PITCH_UM))
    unknown = weigh((column >= 4) & (column < 14) & (row >= 4) & (row < 14)).sheet
    assert unknown is not None
    assert unknown.fascicles is None


def test_scattered_necrosis_is_no_sheet() -> None:
    assert weigh(np.random.default_rng(1).random(SIDE**2) < 0.2, FASCICLE).sheet is None
