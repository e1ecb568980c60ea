"""Exact 95% intervals for counts."""

from __future__ import annotations

from scipy.special import betaincinv, gammaincinv
from scipy.stats import poisson

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
