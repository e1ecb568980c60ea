"""How well probabilities rank and how often they come true, of biopsies that count more or less often each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.reliability import bin_calls, expected_calibration_error

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def weighted_auc(score: Floats, true: Bools, times: Floats) -> Floats:
    """Area under the ROC curve for each way of counting the biopsies; ties count half.

    Args:
        score: (N,).
        true: (N,) bool.
        times: (D, N) how often each counts.

    Returns:
        (D,) float64, NaN where one side has none.
    """
    order = np.argsort(score, kind="stable")
    begin = np.flatnonzero(np.concatenate([[True], np.diff(score[order]) > 0]))
    positive = np.add.reduceat(times[:, order] * true[order], begin, axis=1)
    negative = np.add.reduceat(times[:, order] * ~true[order], begin, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))
    return area


def macro_auc(probability: Floats, truth: NDArray[np.int64], times: Floats) -> tuple[Floats, Floats]:
    """One against the others for each pattern that occurs, and their mean.

    Args:
        probability: (N, K).
        truth: (N,) column of each biopsy's pattern.
        times: (D, N).

    Returns:
        (D,) the mean over patterns that occur in a draw, and (K, D) of each.
    """
    each = np.stack([weighted_auc(probability[:, k], truth == k, times) for k in range(probability.shape[1])])
    seen = np.isfinite(each)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(seen, each, 0).sum(axis=0) / seen.sum(axis=0)
    return mean, each


def calibration_error(probability: Floats, truth: NDArray[np.int64], times: Floats) -> Floats:
    """(D,) expected calibration error of the likeliest pattern, in 15 bins (Guo 2017, arXiv 1706.04599)."""
    stated, hit = probability.max(axis=1), probability.argmax(axis=1) == truth
    own = np.stack([bin_calls(stated[[row]], hit[[row]]) for row in range(len(stated))])
    return expected_calibration_error(np.einsum("dn,nbk->dbk", times, own))


def reliability_bins(probability: Floats, truth: NDArray[np.int64]) -> Floats:
    """(15, 3) calls, stated and come true of the likeliest pattern; see `train.reliability.bin_calls`."""
    return bin_calls(probability.max(axis=1), probability.argmax(axis=1) == truth)


def share(part: NDArray[Any], whole: NDArray[Any], times: Floats) -> Floats:
    """(D,) what part of the whole is, each biopsy counting as often as it does.

    Args:
        part: (N,) what a biopsy adds above: numbers, or whether it does.
        whole: (N,) what it adds below.
        times: (D, N).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (times @ part.astype(np.float64)) / (times @ whole.astype(np.float64))
    return found
