"""Totals over a finite population of which each stratum was read in part, with intervals that keep a width.

Nothing is assumed of what a detector did: what is random is which units were drawn. Of each stratum the unread units
are drawn by Polya's urn from those that were read and one unit more. For a single stratum of yes and no that is exact:
with the further unit "yes" the upper end is that of the hypergeometric law (Clopper and Pearson's, 1934, doi
10.1093/biomet/26.4.404, where little of the stratum was read), and so is the lower with "no". For other values it is
the bound of Learned-Miller and Thomas (arXiv 1905.06208), which needs to know how far a value can go on that side.

Over several strata it would be far too wide to suppose the worst in each. As in the interval of Fay and Feuer for
weighted sums of rare counts (1997, doi 10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#), the further
unit is the worst one in a single stratum, whichever makes the interval widest, and an average one in all others.
Nobody has proven how often that covers; `tests/audit/test_audit_coverage.py` measures it.

Zero misses give no interval of width zero: only where more than 97.5% of a stratum was read can its share be nil.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.evidence.intervals import TAIL
from histo.findings import freeze_arrays

DRAWS = 10_000
"""Of the urn: an end of an interval then moves by about one percent of its width from seed to seed."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sampled:
    """What was read of one stratum.

    Attributes:
        population: Units in the stratum.
        values: (K,) float64, different values that were read.
        times: (K,) float64, how often each was read; not whole where a plan is reckoned with.
        least: The lowest value that an unread unit can have.
        most: The highest.

    Raises:
        ValueError: If more was read than there is, or a value lies out of its range.
    """

    population: int
    values: Floats
    times: Floats
    least: float
    most: float

    def __post_init__(self) -> None:
        """Check the columns against each other and make them read-only."""
        if self.values.shape != self.times.shape or self.read > self.population + 1e-9:
            raise ValueError(f"{self.read} of {self.population} units cannot have been read")
        if len(self.values) and not self.least <= self.values.min() <= self.values.max() <= self.most:
            raise ValueError(f"values must lie between {self.least} and {self.most}")
        freeze_arrays(self)

    @property
    def read(self) -> float:
        """Units that were read."""
        return float(self.times.sum())

    @property
    def seen(self) -> float:
        """Sum over the units that were read."""
        return float(self.values @ self.times)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to read."""
        return self.read >= self.population - 1e-9

    @staticmethod
    def of(population: int, read: Sequence[float], least: float, most: float) -> Sampled:
        """From one value a unit."""
        values, times = np.unique(np.asarray(read, np.float64), return_counts=True)
        return Sampled(population, values, times.astype(np.float64), least, most)


@dataclass(frozen=True, slots=True)
class Total:
    """A total with its interval.

    Attributes:
        value: The design-unbiased estimate; None where a stratum has not been read at all.
        low: Lower end.
        high: Upper end.
    """

    value: float | None
    low: float
    high: float


def estimate(strata: Sequence[Sampled]) -> float | None:
    """The stratified expansion estimator: population times mean, summed.

    That is Horvitz and Thompson's (1952, doi 10.2307/2280784): whatever the values are, its mean over all samples that
    the design can draw is the total.

    Returns:
        None where a stratum that has units was not read at all.
    """
    if any(not one.read for one in strata if one.population):
        return None
    return float(sum(one.population * one.seen / one.read for one in strata if one.population))


def total(strata: Sequence[Sampled], *, tail: float = TAIL, seed: int = 0, draws: int = DRAWS) -> Total:
    """The estimate with its interval.

    Args:
        strata: Each stratum of the population, read or not.
        tail: Probability left out on each side.
        seed: Of the urns.
        draws: Of each urn.

    Returns:
        An interval that holds the estimate. A stratum that was read in full adds no width; one that was not read at all
        adds all that it could hold.
    """
    rng = np.random.default_rng(seed)
    known_low = known_high = 0.0
    drawn = []
    for one in strata:
        if one.complete:
            known_low, known_high = known_low + one.seen, known_high + one.seen
        elif not one.read:
            known_low, known_high = known_low + one.population * one.least, known_high + one.population * one.most
        else:
            drawn.append((one, *_urn(one, rng, draws)))
    value = estimate(strata)
    low = high = 0.0
    if drawn:
        middle = sum(rest + one.seen / one.read * further for one, rest, further in drawn)
        shifts = [((one.least - one.seen / one.read) * further, (one.most - one.seen / one.read) * further)
                  for one, _, further in drawn]  # fmt: skip
        low = min(float(np.quantile(middle + down, tail, method="lower")) for down, _ in shifts)
        high = max(float(np.quantile(middle + up, 1 - tail, method="higher")) for _, up in shifts)
    low, high = low + known_low, high + known_high
    return Total(value, low, high) if value is None else Total(value, min(low, value), max(high, value))


def _urn(one: Sampled, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
    """(draws,) the stratum's total but for copies of the further unit, and (draws,) how many copies there are."""
    share = rng.standard_gamma(np.append(one.times, 1.0), size=(draws, len(one.times) + 1))
    copies = rng.multinomial(round(one.population - one.read), share / share.sum(axis=1, keepdims=True))
    return one.seen + copies[:, :-1] @ one.values, copies[:, -1].astype(np.float64)
