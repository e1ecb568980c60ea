"""Whether a stated probability comes true as often as it says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Equal steps of probability, as is usual (Guo 2017, arXiv 1706.04599)."""


def bin_calls(stated: NDArray[np.floating], true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sort calls into bins of stated probability.

    Args:
        stated: Any shape, probabilities.
        true: The same shape, what came true.

    Returns:
        (15, 3) float64: number of calls, sum of what was stated, number that came true. Bins of several sets add up.
    """
    flat = np.asarray(stated, np.float64).ravel()
    place = np.minimum((flat * BINS).astype(np.int64), BINS - 1)
    columns = (np.ones(len(flat)), flat, np.asarray(true).ravel().astype(np.float64))
    return np.stack([np.bincount(place, weights=column, minlength=BINS) for column in columns], axis=1)


def expected_calibration_error(bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean distance between what was stated and what came true, by bin, weighed by how many calls a bin holds.

    Args:
        bins: (..., 15, 3) of `bin_calls`.

    Returns:
        (...) float64, NaN where there are no calls.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        error: NDArray[np.float64] = np.abs(bins[..., 1] - bins[..., 2]).sum(axis=-1) / bins[..., 0].sum(axis=-1)
    return error
