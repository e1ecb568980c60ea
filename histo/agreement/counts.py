"""How well the counts of a reading agree with the truth, slide by slide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Agreement:
    """Counts of one finding on several slides, found against true.

    Attributes:
        truth: (S,) float64.
        found: (S,) float64.
        bias: Mean of found - truth.
        low: Lower limit of agreement, `bias` - 1.96 standard deviations of the differences (Bland and Altman 1986, doi
            10.1016/S0140-6736(86)90837-8); None for fewer than two slides.
        high: Upper limit.
        icc: Intraclass correlation; None where it is not defined.
    """

    truth: NDArray[np.float64]
    found: NDArray[np.float64]
    bias: float
    low: float | None
    high: float | None
    icc: float | None


def agreement_of(truth: NDArray[np.float64], found: NDArray[np.float64]) -> Agreement:
    """Compare counts.

    Args:
        truth: (S,), S at least 1.
        found: (S,).
    """
    difference = found - truth
    bias = float(difference.mean())
    if len(difference) < 2:
        return Agreement(truth, found, bias, None, None, None)
    spread = 1.96 * float(difference.std(ddof=1))
    return Agreement(truth, found, bias, bias - spread, bias + spread, intraclass(np.stack([truth, found], axis=1)))


def intraclass(ratings: NDArray[np.float64]) -> float | None:
    """ICC(2,1), of Shrout and Fleiss 1979 (doi 10.1037/0033-2909.86.2.420): two-way, absolute agreement, one rater.

    Args:
        ratings: (subjects, raters) float64, both at least 2.

    Returns:
        At most 1; None where all ratings are equal, so that there is nothing to correlate.
    """
    subjects, raters = ratings.shape
    mean = ratings.mean()
    of_subject, of_rater = ratings.mean(axis=1, keepdims=True), ratings.mean(axis=0, keepdims=True)
    between = raters * float(((of_subject - mean) ** 2).sum()) / (subjects - 1)
    raters_square = subjects * float(((of_rater - mean) ** 2).sum()) / (raters - 1)
    rest = float(((ratings - of_subject - of_rater + mean) ** 2).sum()) / ((subjects - 1) * (raters - 1))
    total = between + (raters - 1) * rest + raters * (raters_square - rest) / subjects
    return None if total <= 0 else (between - rest) / total
