"""Laws of totals over strata: unbiased, never of width zero but for a census, exact where a law is known."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, hypergeom

from histo.audit import Sampled, estimate, total

values = st.lists(st.integers(-3, 3), min_size=1, max_size=5)


@st.composite
def sampled_strata(draw: st.DrawFn) -> list[Sampled]:
    strata = []
    for _ in range(draw(st.integers(1, 4))):
        read = draw(st.lists(st.integers(-2, 4), max_size=12))
        strata.append(Sampled.of(len(read) + draw(st.integers(0, 200)), [float(one) for one in read], -2.0, 4.0))
    return strata


@given(st.lists(values, min_size=1, max_size=3), st.data())
@settings(max_examples=40, deadline=None)
def test_the_estimate_is_unbiased_over_every_sample_that_could_be_drawn(
    populations: list[list[int]], data: st.DataObject
) -> None:
    sizes = [data.draw(st.integers(1, len(one))) for one in populations]
    samples = [list(combinations(one, size)) for one, size in zip(populations, sizes, strict=True)]
    found = [
        estimate([Sampled.of(len(one), list(read), -3, 3) for one, read in zip(populations, drawn, strict=True)])
        for drawn in product(*samples)
    ]
    assert np.mean(found) == pytest.approx(sum(map(sum, populations)))  # type: ignore[arg-type]


@given(sampled_strata())
@settings(max_examples=60, deadline=None)
def test_the_interval_holds_the_estimate_and_has_width_unless_all_was_read(strata: list[Sampled]) -> None:
    found = total(strata, draws=500)
    unread = sum(one.population - one.read for one in strata)
    assert found.low <= sum(one.seen + (one.population - one.read) * one.most for one in strata) + 1e-6
    if found.value is not None:
        assert found.low <= found.value <= found.high
    if unread == 0:
        assert found.value == pytest.approx(sum(one.seen for one in strata))
        assert found.low == found.high == pytest.approx(found.value)
    elif unread >= 5:
        assert found.high - found.low >= 1


@pytest.mark.parametrize(("population", "read", "hits"), [(2000, 300, 0), (2000, 300, 4), (80, 50, 20), (40, 12, 12)])
def test_a_single_stratum_of_yes_and_no_has_the_exact_hypergeometric_interval(
    population: int, read: int, hits: int
) -> None:
    """Against the law itself: at the ends, as few or as many hits as were seen come in 2.5% of samples."""
    found = total([Sampled.of(population, [1.0] * hits + [0.0] * (read - hits), 0, 1)], draws=100_000)
    counts = np.arange(hits, population - (read - hits) + 1)
    at_most, at_least = hypergeom.cdf(hits, population, counts, read), hypergeom.sf(hits - 1, population, counts, read)
    # 100,000 draws know a probability of 0.025 to about 0.0015.
    assert counts[at_most > 0.028].max() <= found.high <= counts[at_most > 0.022].max()
    assert counts[at_least > 0.022].min() <= found.low <= counts[at_least > 0.028].min()


def test_where_little_was_read_the_ends_are_clopper_and_pearsons() -> None:
    found = total([Sampled.of(10**6, [1.0] * 3 + [0.0] * 97, 0, 1)], draws=100_000)
    assert found.low / 10**6 == pytest.approx(beta.ppf(0.025, 3, 98), rel=0.03)
    assert found.high / 10**6 == pytest.approx(beta.ppf(0.975, 4, 97), rel=0.03)


def test_nothing_in_several_strata_is_bounded_by_the_worst_of_them() -> None:
    """Where nothing was seen anywhere, the largest total that 2.5% of samples would miss lies in one stratum."""
    strata = [Sampled.of(1000, [0.0] * 50, 0, 1), Sampled.of(8000, [0.0] * 200, 0, 1), Sampled.of(30, [0.0] * 30, 0, 1)]
    worst = max(betabinom.ppf(0.975, 950, 1, 50), betabinom.ppf(0.975, 7800, 1, 200))
    found = total(strata, draws=100_000)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(worst, rel=0.02)


@pytest.mark.parametrize("hits", [0, 1, 3, 10])
def test_more_answers_never_widen_the_expected_interval(hits: int) -> None:
    """Over all samples of each size; steps of one answer may widen it by a part of one fiber, as counts are whole."""
    population = 30
    widths = []
    for read in range(1, population + 1):
        seen = np.arange(max(0, read - (population - hits)), min(read, hits) + 1)
        chances = hypergeom.pmf(seen, population, hits, read)
        found = [total([Sampled.of(population, [1.0] * k + [0.0] * (read - k), 0, 1)], draws=1000) for k in seen]
        widths.append(sum(chance * (one.high - one.low) for chance, one in zip(chances, found, strict=True)))
    assert np.diff(widths).max() <= 0.5
    assert all(widths[2 * read - 1] <= widths[read - 1] for read in range(1, population // 2 + 1))
    assert widths[-1] == 0


def test_a_stratum_that_nobody_read_adds_all_that_it_could_hold() -> None:
    read, unread = Sampled.of(10, [1.0] * 10, 0, 1), Sampled.of(100, [], 0, 1)
    found = total([read, unread])
    assert (found.value, found.low, found.high) == (None, 10, 110)


def test_what_cannot_have_been_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2\.0 of 1 units"):
        Sampled.of(1, [0.0, 1.0], 0, 1)
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        Sampled.of(3, [2.0], 0, 1)
