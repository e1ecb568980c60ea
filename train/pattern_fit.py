"""Fits the calibrated differential: a regularized multinomial model, its temperature, and its conformal limits.

Temperature and limits are fitted on scores that each biopsy gets from a model which has seen nothing of its patient
(cross-conformal prediction: Vovk 2015, 10.1007/s10472-013-9368-4), and not on a part that is set aside: a laboratory
has tens of biopsies of a pattern, and both the model and the limits need all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from histo.errors import UsageError
from histo.pattern import FEATURES, NAMED_PATTERNS, Calibration, EvidenceModel, FeatureWeights, PatternLabel
from histo.pattern.axes import along_axes
from train.biopsies import Biopsies

Floats = NDArray[np.float64]
Truth = NDArray[np.int64]

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Inverse penalties that are tried (C of scikit-learn)."""

FOLDS = 5
_AXES = [feature.axis for feature in FEATURES]


@dataclass(frozen=True, eq=False, slots=True)
class Crossed:
    """Scores of biopsies from models that had seen nothing of their patients.

    Attributes:
        labels: The K patterns.
        truth: (N,) int64, row of each biopsy's pattern.
        scores: (N, K) float64.
        fold: (N,) int64, which model scored it.
    """

    labels: tuple[PatternLabel, ...]
    truth: Truth
    scores: Floats
    fold: Truth


def least_patients(coverage_percent: float) -> int:
    """Patients of a pattern below which no finite limit covers its biopsies so often, or no folds can be made."""
    return max(math.ceil(coverage_percent / (100 - coverage_percent)), FOLDS)


def check_enough(biopsies: Biopsies, coverage_percent: float) -> tuple[PatternLabel, ...]:
    """The patterns that can be fitted: all that there are.

    Raises:
        UsageError: If there are fewer than two patterns, or one comes from too few patients.
    """
    labels = tuple(label for label in NAMED_PATTERNS if label in biopsies.labels)
    if len(labels) < 2:
        raise UsageError("labels", f"name {len(labels)} pattern", "a differential needs biopsies of at least two")
    least = least_patients(coverage_percent)
    for label in labels:
        patients = {patient for patient, own in zip(biopsies.patients, biopsies.labels, strict=True) if own is label}
        if len(patients) < least:
            problem = f"{label} comes from {len(patients)} patients, and {coverage_percent:g}% sets need {least}"
            raise UsageError("labels", problem, "label more biopsies, or leave this pattern's out")
    return labels


def fit_calibration(
    biopsies: Biopsies, name: str, population: str, coverage_percent: float = 90.0, seed: int = 0
) -> tuple[Calibration, Crossed]:
    """Fit everything on labelled biopsies.

    Args:
        biopsies: All with labels, in an order of their own: folds depend on it, as sums do in the last bit.
        name: Of the calibration.
        population: `simulator`, or whose biopsies these are.
        coverage_percent: How many of each pattern's biopsies their sets shall hold.
        seed: Of the folds.

    Returns:
        The calibration without figures, and the scores that its temperature and limits were fitted on.

    Raises:
        UsageError: As `check_enough`.
    """
    labels = check_enough(biopsies, coverage_percent)
    truth = np.array([labels.index(label) for label in biopsies.labels if label is not None], np.int64)
    crossed = cross(biopsies, labels, truth, seed)
    temperature = fit_temperature(crossed.scores, truth)
    calibration = Calibration(
        name=name,
        population=population,
        patients=len(set(biopsies.patients)),
        biopsies=tuple(np.bincount(truth, minlength=len(labels)).tolist()),
        model=fit_model(biopsies, labels, truth, seed),
        temperature=temperature,
        coverage_percent=coverage_percent,
        farthest=conformal_limits(softmax(crossed.scores / temperature), truth, coverage_percent),
        weights_sha256=biopsies.weights_sha256,
        measures_sha256=biopsies.measures_sha256,
    )
    return calibration, crossed


def cross(biopsies: Biopsies, labels: tuple[PatternLabel, ...], truth: Truth, seed: int) -> Crossed:
    """Score every biopsy by the whole procedure, the choice of the penalty included, on the other folds' patients."""
    scores, fold = np.zeros((len(biopsies), len(labels))), np.zeros(len(biopsies), np.int64)
    for number, (others, own) in enumerate(_folds(biopsies, truth, seed)):
        model = fit_model(biopsies.select(others), labels, truth[others], seed)
        scores[own] = model.scores(model.along(biopsies.features[own]))
        fold[own] = number
    return Crossed(labels, truth, scores, fold)


def fit_model(biopsies: Biopsies, labels: tuple[PatternLabel, ...], truth: Truth, seed: int) -> EvidenceModel:
    """A multinomial model whose penalty was chosen by the log loss on patients left out."""
    losses = dict.fromkeys(STRENGTHS, 0.0)
    for others, own in _folds(biopsies, truth, seed + 1):
        for strength in STRENGTHS:
            model = fit_penalized(biopsies.select(others), labels, truth[others], strength)
            losses[strength] += log_loss(model.scores(model.along(biopsies.features[own])), truth[own]) * len(own)
    return fit_penalized(biopsies, labels, truth, min(STRENGTHS, key=lambda strength: (losses[strength], strength)))


def fit_penalized(biopsies: Biopsies, labels: tuple[PatternLabel, ...], truth: Truth, strength: float) -> EvidenceModel:
    """A multinomial model with an L2 penalty on standardized features and on their being missing.

    Args:
        biopsies: N of them.
        labels: The K patterns, each of which occurs.
        truth: (N,) row of each biopsy's pattern.
        strength: Inverse penalty.
    """
    along = along_axes(biopsies.features, _AXES)
    missing = np.isnan(along)
    blank = missing.all(axis=0)
    center, low, high = (
        np.where(blank, 0.0, of(np.where(blank, 0.0, along), axis=0)) for of in (np.nanmedian, np.nanmin, np.nanmax)
    )
    spread = np.nanstd(np.where(blank, 0.0, along), axis=0)
    spread = np.where(spread > 1e-9 * np.maximum(1.0, np.abs(center)), spread, 1.0)
    told = missing.any(axis=0) & ~blank
    columns = np.concatenate([np.where(missing, 0.0, (along - center) / spread), missing[:, told]], axis=1)
    fitted = LogisticRegression(C=strength, max_iter=5000, tol=1e-6).fit(columns, truth)
    if len(fitted.classes_) < len(labels):
        raise UsageError("labels", "leave a fold without a pattern", "label biopsies of more patients")
    slopes, intercepts = fitted.coef_, fitted.intercept_
    if len(labels) == 2:  # scikit-learn then gives the odds of the second alone
        slopes, intercepts = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    when_missing = np.zeros((len(labels), len(FEATURES)))
    when_missing[:, told] = slopes[:, len(FEATURES) :]
    typical = [[_median(along[truth == pattern, at]) for pattern in range(len(labels))] for at in range(len(FEATURES))]
    return EvidenceModel(
        labels=labels,
        intercepts=tuple(intercepts.tolist()),
        features=tuple(
            FeatureWeights(
                name=feature.name,
                axis=feature.axis,
                center=float(center[at]),
                spread=float(spread[at]),
                low=float(low[at]),
                high=float(high[at]),
                typical=tuple(typical[at]),
                slopes=tuple(slopes[:, at].tolist()),
                when_missing=tuple(when_missing[:, at].tolist()),
                was_missing=bool(missing[:, at].any()),
            )
            for at, feature in enumerate(FEATURES)
        ),
    )


def fit_temperature(scores: Floats, truth: Truth) -> float:
    """The temperature with the least log loss (Guo 2017, arXiv 1706.04599), between 1/20 and 20."""
    found = minimize_scalar(lambda log: log_loss(scores / math.exp(log), truth), bounds=(-3, 3), method="bounded")
    return float(math.exp(found.x))


def conformal_limits(probabilities: Floats, truth: Truth, coverage_percent: float) -> tuple[float, ...]:
    """(K,) for each pattern the greatest 1 - probability at which a biopsy's set holds it.

    It is the ceil((n + 1) coverage)-th smallest of the pattern's own n biopsies (Angelopoulos and Bates 2023,
    10.1561/2200000101, algorithm of class-conditional conformal prediction).
    """
    limits = []
    for pattern in range(probabilities.shape[1]):
        own = np.sort(1 - probabilities[truth == pattern, pattern])
        rank = math.ceil(round((len(own) + 1) * coverage_percent / 100, 9))
        limits.append(float(own[rank - 1]) if rank <= len(own) else 1.0)
    return tuple(limits)


def log_loss(scores: Floats, truth: Truth) -> float:
    """Mean negative logarithm of the probability of what is true."""
    return float(-np.mean(np.log(np.maximum(softmax(scores)[np.arange(len(truth)), truth], 1e-300))))


def softmax(scores: Floats) -> Floats:
    """(..., K) probabilities of (..., K) scores."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def _folds(biopsies: Biopsies, truth: Truth, seed: int) -> Iterator[tuple[Truth, Truth]]:
    """Rows of the other folds and of one, with all biopsies of a patient in one, patterns spread evenly."""
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    yield from splitter.split(biopsies.features, truth, np.array(biopsies.patients))


def _median(values: Floats) -> float | None:
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else None
