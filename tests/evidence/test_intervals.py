"""Exact intervals against independent oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, gamma, poisson

from histo.evidence.intervals import count_percentile, density, share


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=60, deadline=None)
def test_share_is_clopper_pearson(count_and_total: tuple[int, int]) -> None:
    count, total = count_and_total
    estimate = share(count, total, 1000)
    oracle = binomtest(count, total).proportion_ci(0.95, method="exact")
    assert estimate is not None
    assert estimate.low == pytest.approx(1000 * oracle.low, rel=1e-6, abs=1e-9)
    assert estimate.high == pytest.approx(1000 * oracle.high, rel=1e-6)
    assert estimate.low <= estimate.value <= estimate.high


@given(st.integers(0, 3000), st.floats(0.01, 200))
@settings(max_examples=60, deadline=None)
def test_density_is_garwood(count: int, area_mm2: float) -> None:
    estimate = density(count, area_mm2)
    assert estimate is not None
    # By definition: at each limit, a count as extreme as the one found has a probability of 2.5%.
    assert poisson.cdf(count, estimate.high * area_mm2) == pytest.approx(0.025, rel=1e-6)
    if count:
        assert poisson.sf(count - 1, estimate.low * area_mm2) == pytest.approx(0.025, rel=1e-6)
    else:
        assert estimate.low == 0


def test_nothing_found_has_an_upper_limit() -> None:
    estimate = share(0, 1000, 1000)
    assert estimate is not None
    assert (estimate.value, estimate.low) == (0, 0)
    assert estimate.high == pytest.approx(3.68, abs=0.01)


def test_a_share_or_density_of_nothing_is_missing() -> None:
    assert share(0, 0, 100) is None
    assert density(0, 0.0) is None


@given(st.floats(0, 500), st.one_of(st.just(0.0), st.floats(0.05, 3)))
@settings(max_examples=60, deadline=None)
def test_percentile_is_the_smallest_count_that_suffices(mean: float, variation: float) -> None:
    count = count_percentile(mean, variation, 0.95)
    assert not_exceeding(count, mean, variation) >= 0.95 - 5e-4
    assert count == 0 or not_exceeding(count - 1, mean, variation) < 0.95 + 5e-4


def not_exceeding(count: int, mean: float, variation: float) -> float:
    """By definition: a Poisson variable whose mean is drawn from a gamma distribution."""
    if variation == 0 or mean == 0:
        return float(poisson.cdf(count, mean))
    level = (np.arange(20_000) + 0.5) / 20_000
    return float(poisson.cdf(count, mean * gamma.ppf(level, variation**-2) * variation**2).mean())


def test_rates_that_hardly_vary_are_one_rate() -> None:
    assert {count_percentile(40.0, variation, 0.95) for variation in (0.0, 1e-9, 1e-4, 2e-3, 1e-2)} == {51}
