"""Several slides of a biopsy: wide where they are few, and honest where they differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import random_slide

from histo.evidence import standard_measures, weigh_evidence
from histo.evidence.intervals import density, share
from histo.evidence.levels import across_slides

MEASURES = replace(standard_measures(), permutations=199)
FAST = replace(standard_measures(), permutations=1)
COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(60, 9000)), min_size=2, max_size=6)


def test_a_single_slide_has_nothing_to_be_compared_with() -> None:
    assert across_slides([(3, 1000.0)], MEASURES, of_fibers=True) is None
    assert across_slides([(3, 1000.0), (0, 0.0)], MEASURES, of_fibers=True) is None
    assert weigh_evidence([random_slide("a", 1)]).spread.necrotic_per_1000_fibers is None


@given(COUNTS)
@settings(max_examples=40, deadline=None)
def test_the_interval_is_never_narrower_than_if_fibers_were_independent(counts: list[tuple[int, int]]) -> None:
    known = [(count, float(size)) for count, size in counts]
    of_fibers = across_slides(known, FAST, of_fibers=True)
    of_area = across_slides(known, FAST, of_fibers=False)
    total, size = sum(count for count, _ in counts), sum(size for _, size in counts)
    for found, exact in ((of_fibers, share(total, size, 1000)), (of_area, density(total, size))):
        assert found is not None
        assert exact is not None
        assert found.pooled.value == pytest.approx(exact.value)
        assert found.pooled.low <= exact.low * (1 + 1e-9)
        assert found.pooled.high >= exact.high * (1 - 1e-9)
        assert found.low <= found.pooled.value * (1 + 1e-9)
        assert found.pooled.value <= found.high * (1 + 1e-9)


@given(COUNTS, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_one_more_never_lowers_the_pooled_value(counts: list[tuple[int, int]], random: object) -> None:
    before = across_slides([(count, float(size)) for count, size in counts], FAST, of_fibers=True)
    slide = random.randrange(len(counts))  # type: ignore[attr-defined]
    more = [(count + (index == slide), float(size)) for index, (count, size) in enumerate(counts)]
    after = across_slides(more, FAST, of_fibers=True)
    assert before is not None
    assert after is not None
    assert after.pooled.value > before.pooled.value


@pytest.mark.parametrize(("slides", "variation"), [(2, 0.3), (3, 0.5), (6, 0.5)])
def test_the_interval_covers_the_mean_of_levels_that_truly_differ(slides: int, variation: float) -> None:
    """While the exact interval of all fibers together does not."""
    random, rate, size, biopsies = np.random.default_rng(slides), 0.02, 3000, 300
    whole = rate * (1 - rate) / (variation * rate) ** 2 - 1
    covered = covered_as_one = 0
    for _ in range(biopsies):
        count = random.binomial(size, random.beta(rate * whole, (1 - rate) * whole, slides))
        found = across_slides([(int(one), float(size)) for one in count], FAST, of_fibers=True)
        as_one = share(int(count.sum()), slides * size, 1000)
        assert found is not None
        assert as_one is not None
        covered += found.pooled.low <= 1000 * rate <= found.pooled.high
        covered_as_one += as_one.low <= 1000 * rate <= as_one.high
    assert covered > 0.9 * biopsies
    assert covered_as_one < 0.85 * biopsies


def test_levels_that_are_alike_are_seldom_said_to_differ_and_unlike_ones_mostly() -> None:
    random = np.random.default_rng(1)

    def differing(rates: list[float]) -> int:
        called = 0
        for _ in range(60):
            counts = [(int(random.binomial(2000, rate)), 2000.0) for rate in rates]
            found = across_slides(counts, MEASURES, of_fibers=True)
            assert found is not None
            assert found.p_alike is not None
            called += found.p_alike <= 0.05
        return called

    assert differing([0.01, 0.01, 0.01]) <= 9  # more has a probability below 0.5% at 5%
    assert differing([0.005, 0.01, 0.03]) > 50


def test_slides_that_agree_prove_nothing_beyond_chance() -> None:
    found = across_slides([(20, 1000.0), (20, 1000.0)], MEASURES, of_fibers=True)
    assert found is not None
    assert (found.low, found.high, found.pooled.value) == (20, 20, 20)
    assert (found.variance_ratio, found.i2_percent, found.p_alike) == (0, 0, 1)
    assert found.pooled.low < 2
    assert found.pooled.high > 60


def test_where_nothing_was_found_slides_still_have_an_upper_limit() -> None:
    found = across_slides([(0, 900.0), (0, 1100.0), (0, 1000.0)], MEASURES, of_fibers=True)
    assert found is not None
    assert (found.pooled.value, found.pooled.low, found.variance_ratio, found.p_alike) == (0, 0, None, None)
    assert 1 < found.pooled.high < 20


def test_every_figure_is_compared_and_order_does_not_matter() -> None:
    slides = [random_slide(name, seed, necrotic=0.3) for seed, name in enumerate("abc")]
    forward, backward = (weigh_evidence(order, measures=FAST).spread for order in (slides, slides[::-1]))
    assert forward == backward
    assert forward.necrotic_per_1000_fibers is not None
    assert forward.infiltrate_per_mm2 is not None
    assert forward.infiltrate_per_mm2.p_alike is None, "cells lie in clusters: no p-value counts them as independent"
