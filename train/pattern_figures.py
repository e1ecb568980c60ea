"""What a calibrated differential is worth on its own population: every biopsy judged by a fit that had not seen it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from histo.pattern import Figure
from train.intervals import interval_of, resample
from train.pattern_fit import Crossed, Floats, conformal_limits, fit_temperature, softmax
from train.reliability import BINS


def measure(crossed: Crossed, patients: tuple[str, ...], coverage_percent: float, seed: int = 0) -> tuple[Figure, ...]:
    """Macro AUC, accuracy, calibration error before and after the temperature, and what the sets cover and hold.

    Temperature and limits of each fold are fitted on the other folds' scores, so that no biopsy is judged by its own.
    Where the others hold too few of a pattern for any limit, that of all folds stands: without a limit the pattern
    would join every set, which the shipped sets do not do.

    Args:
        crossed: Scores of N biopsies by models that had not seen them.
        patients: (N,) whose they are; intervals are drawn by resampling them.
        coverage_percent: Of the sets.
        seed: Of the resamples.

    Returns:
        Figures with 95% intervals; `n` is the number of patients.
    """
    truth, patterns = crossed.truth, len(crossed.labels)
    right = crossed.scores.argmax(axis=1) == truth
    warm, in_set = _judged(crossed, coverage_percent)
    covered = in_set[np.arange(len(truth)), truth]
    size = in_set.sum(axis=1)
    times = resample(patients, seed)
    people = len(set(patients))
    of_each = [
        areas(crossed.scores[:, pattern] - _rest(crossed.scores, pattern), truth == pattern, times)
        for pattern in range(patterns)
    ]
    found: dict[str, Floats] = {
        "macro_auc": np.mean(of_each, axis=0),
        "accuracy_of_first": _mean(right, times),
        "ece_before_temperature": _calibration_errors(softmax(crossed.scores), right, times),
        "ece": _calibration_errors(warm, right, times),
        "set_coverage": _mean(covered, times),
        "mean_set_size": _mean(size, times),
        "empty_sets": _mean(size == 0, times),
    }
    for pattern, label in enumerate(crossed.labels):
        own = truth == pattern
        found[f"set_coverage_{label}"] = _mean(covered[own], times[:, own])
    return tuple(_figure(name, values, people) for name, values in found.items())


def areas(score: Floats, positive: NDArray[np.bool_], times: Floats) -> Floats:
    """(R,) area under the ROC curve of each resample; equal scores count half.

    Args:
        score: (N,) float64.
        positive: (N,) bool.
        times: (R, N) how often each counts.
    """
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    weight, own = times[:, order], positive[order]
    others = np.concatenate([np.zeros((len(times), 1)), np.cumsum(weight * ~own, axis=1)], axis=1)
    below = others[:, np.searchsorted(ranked, ranked, side="left")]
    through = others[:, np.searchsorted(ranked, ranked, side="right")]
    pairs = (weight * own).sum(axis=1) * (weight * ~own).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (weight * own * (below + through) / 2).sum(axis=1) / pairs
    return area


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text."""
    return "\n".join(f"{row.name:42s} {row.value:6.3f}  {_interval(row)}  n = {row.n} patients" for row in figures)


def _judged(crossed: Crossed, coverage_percent: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Probabilities and sets of each biopsy, by temperature and limits of the other folds."""
    probabilities, in_set = np.zeros_like(crossed.scores), np.zeros(crossed.scores.shape, np.bool_)
    warm = softmax(crossed.scores / fit_temperature(crossed.scores, crossed.truth))
    shipped = np.array(conformal_limits(warm, crossed.truth, coverage_percent))
    for fold in np.unique(crossed.fold):
        own, others = crossed.fold == fold, crossed.fold != fold
        temperature = fit_temperature(crossed.scores[others], crossed.truth[others])
        of_others = softmax(crossed.scores[others] / temperature)
        limits = np.array(conformal_limits(of_others, crossed.truth[others], coverage_percent))
        probabilities[own] = softmax(crossed.scores[own] / temperature)
        in_set[own] = 1 - probabilities[own] <= np.where(limits < 1, limits, shipped)
    return probabilities, in_set


def _rest(scores: Floats, pattern: int) -> Floats:
    """(N,) log of the summed odds of all other patterns: a pattern's score less this orders by its probability."""
    others = np.delete(scores, pattern, axis=1)
    highest = others.max(axis=1)
    summed: Floats = highest + np.log(np.exp(others - highest[:, None]).sum(axis=1))
    return summed


def _mean(values: NDArray[np.bool_] | NDArray[np.int64], times: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = times @ np.asarray(values, np.float64) / times.sum(axis=1)
    return found


def _calibration_errors(probabilities: Floats, right: NDArray[np.bool_], times: Floats) -> Floats:
    """Expected calibration error of the first candidate's probability, for each resample."""
    stated = probabilities.max(axis=1)
    bins = np.eye(BINS)[np.minimum((stated * BINS).astype(np.int64), BINS - 1)]
    gap = (times * (stated - right)) @ bins
    error: Floats = np.abs(gap).sum(axis=1) / times.sum(axis=1)
    return error


def _figure(name: str, values: Floats, patients: int) -> Figure:
    metric = interval_of(values, patients)
    return Figure(name, metric.value, metric.low, metric.high, metric.n)


def _interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return "(no interval)  "
    return f"({figure.low:.3f} to {figure.high:.3f})"
