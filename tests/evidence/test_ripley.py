"""Ripley's L and its global envelope, against counting by hand and against their promised level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from section_makers import DIAMETER_UM, PITCH_UM, lattice, make_slide, random_slide

from histo.evidence import Measures, RipleyTest, standard_measures, weigh_evidence
from histo.evidence.envelope import global_envelope
from histo.evidence.ripley import radii_of, sample_ripley, summarize_ripley
from histo.evidence.section import section_of

SIDE = 24
MEASURES = replace(standard_measures(), permutations=99)
COLUMN, ROW = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
SECTION = section_of(make_slide("a", SIDE, SIDE))
ALL = np.ones(len(SECTION), np.bool_)


def ripley(chosen: np.ndarray, purpose: str = "test") -> RipleyTest | None:
    sample = sample_ripley(SECTION, chosen, ALL, DIAMETER_UM, MEASURES, purpose)
    return summarize_ripley([sample], DIAMETER_UM, int(np.count_nonzero(chosen)), MEASURES)


def walks(random: np.random.Generator, shift: float = 0.0) -> np.ndarray:
    """100 random walks of 20 steps, the first with a drift."""
    curves = np.cumsum(random.normal(size=(100, 20)), axis=1)
    curves[0] += shift * np.sqrt(np.arange(1, 21))
    return curves


def test_the_envelope_keeps_its_level_and_finds_what_drifts() -> None:
    random = np.random.default_rng(0)
    called = sum(global_envelope(walks(random)).p <= 0.05 for _ in range(200))
    # 200 tests at 5%: fewer than 3 or more than 19 has a probability below 0.5%.
    assert 3 <= called <= 19
    sparse = sum(
        global_envelope(np.cumsum(random.poisson(0.05, (100, 20)), axis=1).astype(float)).p <= 0.05 for _ in range(200)
    )
    assert sparse <= 19, "ties must not raise the level"
    assert sum(global_envelope(walks(random, 3.0)).p <= 0.05 for _ in range(50)) > 35


@given(st.integers(0, 10_000), st.floats(-4, 4))
@settings(max_examples=40, deadline=None)
def test_a_curve_is_called_odd_just_where_it_leaves_the_envelope(seed: int, shift: float) -> None:
    curves = walks(np.random.default_rng(seed), shift)
    envelope = global_envelope(curves)
    leaves = bool(np.any((curves[0] < envelope.low) | (curves[0] > envelope.high)))
    assert leaves == (envelope.p <= 0.05)


def test_pairs_are_those_counted_by_hand() -> None:
    chosen = np.random.default_rng(2).random(SIDE**2) < 0.2
    sample = sample_ripley(SECTION, chosen, ALL, DIAMETER_UM, MEASURES, "test")
    radii_um = radii_of(DIAMETER_UM, MEASURES)
    within = np.sum(pdist(SECTION.center_um[chosen])[:, None] <= radii_um, axis=0)
    np.testing.assert_array_equal(sample.pairs[0], within)
    count, total = np.count_nonzero(chosen), SIDE**2
    among_all = np.sum(pdist(SECTION.center_um)[:, None] <= radii_um, axis=0)
    np.testing.assert_allclose(sample.expected, among_all * count * (count - 1) / (total * (total - 1)))


def test_pieces_of_one_fiber_are_no_cluster() -> None:
    """A tenth of the fibers are necrotic at random, and each was found as two pieces, 5 um from its middle."""
    slide, random = make_slide("a", SIDE, SIDE), np.random.default_rng(8)
    broken = np.flatnonzero(random.random(SIDE**2) < 0.1)
    fibers = slide.findings.fibers
    rows = np.sort(np.append(np.arange(SIDE**2), broken))
    pieces = fibers.select(rows)
    twice = np.isin(rows, broken)
    shift = np.where(twice, np.where(np.arange(len(rows)) % 2 == 0, 5, -5), 0)
    moved = replace(pieces, center_um=pieces.center_um + np.column_stack([shift, 0 * shift]).astype(np.float32))
    section = section_of(replace(slide, findings=replace(slide.findings, fibers=moved)))
    chosen = twice[section.fiber_row]

    def tested(measures: Measures) -> RipleyTest:
        sample = sample_ripley(section, chosen, np.ones(len(section), np.bool_), DIAMETER_UM, measures, "pieces")
        test = summarize_ripley([sample], DIAMETER_UM, len(broken) * 2, measures)
        assert test is not None
        return test

    naive, aware = tested(replace(MEASURES, piece_diameters=0.0)), tested(MEASURES)
    assert naive.p <= 0.05
    assert naive.strongest_ratio > 3
    assert aware.strongest_ratio < 2


def test_random_necrosis_leaves_the_envelope_as_often_as_promised() -> None:
    called = 0
    for seed in range(60):
        test = ripley(np.random.default_rng(seed).permutation(SIDE**2) < 35, str(seed))
        assert test is not None
        called += test.p <= 0.05
    # 60 tests at 5%: more than 8 has a probability below 0.5%.
    assert called <= 8


def test_planted_clusters_are_found_though_their_members_do_not_touch() -> None:
    """Foci of every second fiber: the nearest neighbor is far, and yet there are too many pairs."""
    focus = ((COLUMN < 8) & (ROW < 8)) | ((COLUMN > 15) & (ROW > 15))
    test = ripley(focus & (COLUMN % 2 == 0) & (ROW % 2 == 0))
    assert test is not None
    assert test.p == pytest.approx(0.01)
    assert test.strongest_ratio > 1
    strongest = test.radii_um.index(test.strongest_um)
    assert test.l_um[strongest] > test.high_um[strongest]


def test_fibers_that_keep_apart_have_too_few_pairs() -> None:
    """In random order every fiber is taken that is more than four fibers from all those taken before."""
    taken: list[int] = []
    for fiber in np.random.default_rng(3).permutation(SIDE**2):
        if np.all(np.linalg.norm(SECTION.center_um[taken] - SECTION.center_um[fiber], axis=-1) > 4 * PITCH_UM):
            taken.append(int(fiber))
    test = ripley(np.isin(np.arange(SIDE**2), taken))
    assert test is not None
    assert test.p <= 0.05
    assert test.strongest_ratio < 1


def test_too_few_cannot_be_told() -> None:
    assert ripley(np.arange(SIDE**2) < MEASURES.spatial_min_fibers - 1) is None
    pooled = weigh_evidence([make_slide("a", kinds=np.repeat([2, 0], [5, 395]))]).pooled
    assert pooled.necrosis_spread is not None
    assert pooled.necrosis_spread.ripley is None


def test_more_fibers_than_are_asked_about_keep_the_test() -> None:
    side = 60
    section = section_of(make_slide("large", side, side))
    few = replace(MEASURES, permutations=39)
    half = lattice(side, side)[:, 0] < side * PITCH_UM / 2
    sample = sample_ripley(section, half, np.ones(len(section), np.bool_), DIAMETER_UM, few, "half")
    clustered = summarize_ripley([sample], DIAMETER_UM, int(half.sum()), few)
    assert clustered is not None
    assert (clustered.p, clustered.strongest_ratio > 1.5) == (pytest.approx(1 / 40), True)


def test_slides_add_up_in_any_order() -> None:
    slides = [random_slide(name, seed, necrotic=0.2) for seed, name in enumerate("abc")]
    tests = [weigh_evidence(order, measures=MEASURES).pooled.necrosis_spread for order in (slides, slides[::-1])]
    assert tests[0] == tests[1]
    assert tests[0] is not None
    assert tests[0].ripley is not None
