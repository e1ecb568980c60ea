"""Intervals by drawing whole units of tissue, be they fascicles or fields, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import t

from histo.evidence.fiber_results import Estimate
from histo.evidence.intervals import TAIL

DRAWS = 1000
"""Resamplings: an end of an interval then moves by about a twentieth of its width from seed to seed."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Units of tissue, drawn with replacement.

    Attributes:
        times: (DRAWS, U) int64, how often each unit was drawn.
        effective: How many equal units they count for: (sum n)^2 / sum n^2 over their sizes n (Kish 1965).
    """

    times: NDArray[np.int64]
    effective: float

    def ratio(self, of: NDArray[np.float64], out_of: NDArray[np.float64], per: float) -> Estimate | None:
        """A ratio of sums with its interval.

        The interval runs between percentiles that are moved out as Student's t is against the normal (Hesterberg 2015,
        doi 10.1080/00031305.2015.1089789): plain percentiles are too narrow with some twenty units.

        Args:
            of: (U,) what is found in each unit.
            out_of: (U,) what it is out of.
            per: Unit of the result, e.g. 1000.

        Returns:
            None where there is nothing that it could be out of.
        """
        total = self.times @ out_of
        if not np.all(total > 0):
            return None
        return self.interval(per * (self.times @ of) / total, per * float(of.sum() / out_of.sum()))

    def interval(self, drawn: NDArray[np.float64], value: float) -> Estimate:
        """A number with the interval between percentiles of what the draws give, moved out as above.

        Args:
            drawn: (DRAWS,) the number in each draw.
            value: The number itself, which the interval holds.
        """
        below = float(t.ppf(TAIL, self.effective - 1)) * (self.effective / (self.effective - 1)) ** 0.5
        tail = 100 * float(ndtr(below))
        low, high = (float(limit) for limit in np.percentile(drawn, [tail, 100 - tail]))
        return Estimate(value=value, low=min(low, value), high=max(high, value))


def draw_units(sizes: NDArray[np.float64], least: int, random: np.random.Generator) -> Drawn | None:
    """Draw units with replacement.

    Args:
        sizes: (U,) what each unit weighs.
        least: Fewer effective units than this are too few: one large unit and nineteen crumbs are not twenty.
        random: Where chance comes from.

    Returns:
        None with too few.
    """
    if not len(sizes) or sizes.sum() <= 0:
        return None
    effective = float(sizes.sum() ** 2 / np.sum(sizes**2))
    if effective < max(least, 2):
        return None
    return Drawn(random.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=DRAWS), effective)


def mean_of(estimates: Sequence[Estimate | None], weights: Sequence[float]) -> Estimate | None:
    """The weighted mean of what slides say, and of the ends of their intervals; None where one of them is missing."""
    known = [estimate for estimate in estimates if estimate is not None]
    if len(known) < len(estimates) or sum(weights) <= 0:
        return None
    value, low, high = (
        float(np.average([getattr(one, of) for one in known], weights=weights)) for of in ("value", "low", "high")
    )
    return Estimate(value, low, high)
