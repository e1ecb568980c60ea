"""A global envelope: is a curve as a whole odd among curves drawn at random?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

LEVEL = 0.05
"""Share of random curves that leave the envelope anywhere."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """The first of several curves against all of them.

    Attributes:
        p: Share of the curves, the first among them, that are at least as extreme as the first.
        low: (R,) float64, lower rim of the envelope.
        high: (R,) float64, upper rim.
        strongest: Where the first curve is most extreme.
    """

    p: float
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    strongest: int


def global_envelope(curves: NDArray[np.float64]) -> Envelope:
    """The two-sided 95% global envelope by extreme rank lengths.

    At each point a curve has a rank from either end, and the smaller one counts; ties share their mean rank. Curves are
    ordered by their smallest rank, then the second smallest, and so on (extreme rank length: Myllymaki 2017, doi
    10.1111/rssb.12172). The p-value is exact at any number of curves, for curves that can be exchanged under the null
    hypothesis; fewer curves cost power only. The envelope holds all curves but the most extreme 5%.

    Args:
        curves: (S, R) float64, S curves at R points; the first is the one in question.
    """
    total = len(curves)
    ranks = np.asarray(rankdata(curves, axis=0))
    extreme = np.minimum(ranks, total + 1 - ranks)
    _, group, sizes = np.unique(np.sort(extreme, axis=1), axis=0, return_inverse=True, return_counts=True)
    group = group.ravel()
    up_to = np.cumsum(sizes)
    more_extreme = up_to - sizes
    kept = curves[group >= np.flatnonzero(more_extreme <= LEVEL * total)[-1]]
    return Envelope(
        p=float(up_to[group[0]]) / total,
        low=kept.min(axis=0),
        high=kept.max(axis=0),
        strongest=int(np.argmin(extreme[0])),
    )
