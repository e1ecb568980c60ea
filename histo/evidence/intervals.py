"""95% intervals for counts, medians and variation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv
from scipy.stats import binom, norm, poisson

from histo.evidence.fiber_results import Estimate

TAIL = 0.025
"""Probability left out on each side of an interval."""


def share(count: int, total: int, per: float) -> Estimate | None:
    """A share of independent items with its Clopper-Pearson interval (1934, doi 10.1093/biomet/26.4.404).

    Args:
        count: Items of the kind, at most `total`.
        total: All items.
        per: Unit of the result: 1000 for "per 1,000", 100 for percent.

    Returns:
        None where there are no items: a share of nothing is missing, not 0.
    """
    if total == 0:
        return None
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, TAIL))
    high = 1.0 if count == total else float(betaincinv(count + 1, total - count, 1 - TAIL))
    return Estimate(value=per * count / total, low=per * low, high=per * high)


def density(count: int, area_mm2: float) -> Estimate | None:
    """A count per mm2 with Garwood's exact Poisson interval (1936, doi 10.1093/biomet/28.3-4.437).

    Args:
        count: Items.
        area_mm2: Area they were looked for in.

    Returns:
        None where there is no area.
    """
    if area_mm2 <= 0:
        return None
    low = 0.0 if count == 0 else float(gammaincinv(count, TAIL))
    high = float(gammaincinv(count + 1, 1 - TAIL))
    return Estimate(value=count / area_mm2, low=low / area_mm2, high=high / area_mm2)


def poisson_percentile(mean: float, probability: float) -> int:
    """Smallest count that a Poisson variable does not exceed with this probability."""
    return int(poisson.ppf(probability, mean)) if mean > 0 else 0


def median(values: NDArray[np.float64]) -> Estimate | None:
    """The median of independent values, between the order statistics that hold it by the binomial law.

    Args:
        values: (N,) float64, ascending.

    Returns:
        None without values. With fewer than six the interval is the whole range, which holds less than 95%.
    """
    if not len(values):
        return None
    low = max(int(binom.ppf(TAIL, len(values), 0.5)) - 1, 0)
    return Estimate(value=float(np.median(values)), low=float(values[low]), high=float(values[len(values) - 1 - low]))


def variation(values: NDArray[np.float64]) -> Estimate | None:
    """Coefficient of variation of independent values, of any distribution, with its large-sample (delta) interval.

    Args:
        values: (N,) float64, positive.

    Returns:
        None with fewer than two values, or where their mean is not above 0.
    """
    if len(values) < 2 or values.mean() <= 0:
        return None
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    if spread == 0:
        return Estimate(0.0, 0.0, 0.0)
    apart = (values - mean) / spread
    # What each value contributes to the logarithm of the coefficient.
    error = float(np.sqrt(np.mean(((apart**2 - 1) / 2 - apart * spread / mean) ** 2) / len(values)))
    factor = float(np.exp(-norm.ppf(TAIL) * error))
    return Estimate(value=spread / mean, low=spread / mean / factor, high=spread / mean * factor)
