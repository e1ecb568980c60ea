"""95% intervals for counts, percentiles and variation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv
from scipy.stats import binom, nbinom, norm, poisson

from histo.evidence.fiber_results import Estimate

TAIL = 0.025
"""Probability left out on each side of an interval."""

_ONE_RATE = 1e-3
"""Rates that vary less are one rate: a negative binomial of a shape beyond a million loses its digits."""


def share(count: int, total: int, per: float, seen: float = 1.0) -> Estimate | None:
    """A share of independent items with its Clopper-Pearson interval (1934, doi 10.1093/biomet/26.4.404).

    Args:
        count: Items of the kind, at most `total`.
        total: All items.
        per: Unit of the result: 1000 for "per 1,000", 100 for percent.
        seen: How many times over each item may have been counted, see `histo.evidence.repeats`: the interval is that of
            so many fewer.

    Returns:
        None where there are no items: a share of nothing is missing, not 0.
    """
    if total == 0:
        return None
    of_kind, others = count / seen, (total - count) / seen
    low = 0.0 if count == 0 else float(betaincinv(of_kind, others + 1, TAIL))
    high = 1.0 if count == total else float(betaincinv(of_kind + 1, others, 1 - TAIL))
    return Estimate(value=per * count / total, low=per * low, high=per * high)


def density(count: int, area_mm2: float, seen: float = 1.0) -> Estimate | None:
    """A count per mm2 with Garwood's exact Poisson interval (1936, doi 10.1093/biomet/28.3-4.437).

    Args:
        count: Items.
        area_mm2: Area they were looked for in.
        seen: As for `share`.

    Returns:
        None where there is no area.
    """
    if area_mm2 <= 0:
        return None
    low = 0.0 if count == 0 else float(gammaincinv(count / seen, TAIL))
    high = float(gammaincinv(count / seen + 1, 1 - TAIL))
    return Estimate(value=count / area_mm2, low=low * seen / area_mm2, high=high * seen / area_mm2)


def count_percentile(mean: float, variation: float, probability: float) -> int:
    """Smallest count that is not exceeded with this probability, where the rate differs from case to case.

    Args:
        mean: Of the count.
        variation: Standard deviation over mean of the rate: with a gamma distribution of such rates the count is
            negative binomial; with 0 it is a Poisson variable.
        probability: From 0 to 1.
    """
    if mean <= 0:
        return 0
    if variation < _ONE_RATE:
        return int(poisson.ppf(probability, mean))
    shape = variation**-2
    return int(nbinom.ppf(probability, shape, shape / (shape + mean)))


def quantile(values: NDArray[np.float64], percent: float, seen: float = 1.0) -> Estimate:
    """A percentile of independent values, between the order statistics that hold it by the binomial law.

    With too few values beyond the percentile the interval ends at the least or greatest, and holds it in less than 95%:
    the median's with fewer than six.

    Args:
        values: (N,) float64, ascending, at least one.
        percent: 50 for the median.
        seen: As for `share`.
    """
    count, part = max(round(len(values) / seen), 1), percent / 100
    # So many of `count` values lie below the percentile; of all values, `seen` times as many.
    least, most = (float(binom.ppf(tail, count, part)) for tail in (TAIL, 1 - TAIL))
    low = max(int(np.floor((least - 1) * len(values) / count)), 0)
    high = min(int(np.ceil(most * len(values) / count)), len(values) - 1)
    value = float(np.percentile(values, percent))
    return Estimate(value=value, low=min(float(values[low]), value), high=max(float(values[high]), value))


def variation(values: NDArray[np.float64], seen: float = 1.0) -> Estimate | None:
    """Coefficient of variation of independent values, of any distribution, with its large-sample (delta) interval.

    Args:
        values: (N,) float64, positive.
        seen: As for `share`.

    Returns:
        None with fewer than two values, or where their mean is not above 0.
    """
    if len(values) < 2 * seen or values.mean() <= 0:
        return None
    mean, spread = float(values.mean()), float(values.std(ddof=seen))
    if spread == 0:
        return Estimate(0.0, 0.0, 0.0)
    apart = (values - mean) / spread
    # What each value contributes to the logarithm of the coefficient.
    error = float(np.sqrt(np.mean(((apart**2 - 1) / 2 - apart * spread / mean) ** 2) * seen / len(values)))
    factor = float(np.exp(-norm.ppf(TAIL) * error))
    return Estimate(value=spread / mean, low=spread / mean / factor, high=spread / mean * factor)
