from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway

from histo.agreement import agreement_of, intraclass

# Table 2 of Shrout and Fleiss 1979 (10.1037/0033-2909.86.2.420): six targets by four judges
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], np.float64)


def test_the_example_of_the_paper() -> None:
    assert intraclass(JUDGES) == pytest.approx(0.29, abs=0.005)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_intraclass_follows_from_an_analysis_of_variance_by_hand(seed: int, subjects: int) -> None:
    x = np.random.default_rng(seed).normal(5, 2, (subjects, 2))
    grand = sum(float(v) for v in x.ravel()) / x.size
    rows = sum(2 * (float(row.mean()) - grand) ** 2 for row in x)
    columns = sum(subjects * (float(column.mean()) - grand) ** 2 for column in x.T)
    total = sum((float(v) - grand) ** 2 for v in x.ravel())
    bms, jms, ems = rows / (subjects - 1), columns, (total - rows - columns) / (subjects - 1)
    expected = (bms - ems) / (bms + ems + 2 * (jms - ems) / subjects)
    assert intraclass(x) == pytest.approx(expected)
    within = float(np.var(x, axis=1, ddof=1).mean())
    assert bms / within == pytest.approx(float(f_oneway(*x).statistic))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(-20, 20))
def test_a_constant_excess_is_the_bias_and_has_no_spread(seed: int, excess: float) -> None:
    truth = np.random.default_rng(seed).integers(0, 50, 8).astype(np.float64)
    found = agreement_of(truth, truth + excess)
    assert found.bias == pytest.approx(excess)
    assert found.low == pytest.approx(excess)
    assert found.high == pytest.approx(excess)


def test_perfect_counts_correlate_fully_equal_ones_not_at_all_and_one_slide_has_no_limits() -> None:
    truth = np.array([1.0, 4.0, 9.0])
    assert agreement_of(truth, truth).icc == pytest.approx(1)
    assert agreement_of(truth * 0, truth * 0).icc is None
    single = agreement_of(truth[:1], truth[:1] + 2)
    assert (single.bias, single.low, single.high, single.icc) == (2, None, None, None)
