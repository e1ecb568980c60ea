"""What a study shows: labels against truth, ranks, sets, refusals, predictive values, levels, and near-misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.network import Metric
from histo.pattern import NAMED_PATTERNS, PatternLabel
from histo.phantom.diseases import NEAR_MISSES
from train.intervals import interval_of, resample
from train.study.predictions import Predictions
from train.study.prevalence import Prevalence
from train.study.ranking_measures import calibration_error, macro_auc, reliability_bins, share
from train.study.records import Record

Floats = NDArray[np.float64]

ROWS = (*NAMED_PATTERNS, PatternLabel.INDETERMINATE)
"""What a phantom truly shows."""
COLUMNS = (*NAMED_PATTERNS, PatternLabel.INDETERMINATE, PatternLabel.NOT_ASSESSABLE)
"""What it may be called."""

NEVER = ("lipid_storage", "glycogen_storage", "vacuolar_myopathy", "granulomatous", "mitochondrial")
"""Near-misses that must never read necrotizing."""

IMNM = ("imnm_srp", "imnm_hmgcr", "imnm_hmgcr_pediatric", "imnm_seronegative")


@dataclass(frozen=True, eq=False)
class Results:
    """What one set of biopsies shows.

    Attributes:
        biopsies: How many.
        metrics: Figures by name; `n` is the number of biopsies.
        confusion: (10, 11) biopsies, `ROWS` by `COLUMNS`.
        refusals: How many were refused, by code of the first reason.
        near_misses: Of each near-miss, how many biopsies, and what they are called.
        misread: Names of the biopsies of `NEVER` that read necrotizing.
        bins: Of the likeliest pattern's probability, before and after calibration; see `reliability_bins`.
    """

    biopsies: int
    metrics: Mapping[str, Metric]
    confusion: NDArray[np.int64]
    refusals: Mapping[str, int]
    near_misses: Mapping[str, Mapping[str, int]]
    misread: tuple[str, ...]
    bins: Mapping[str, Floats]


def final_labels(records: Sequence[Record], predictions: Predictions | None) -> tuple[PatternLabel, ...]:
    """What readings would say: the table's label, or indeterminate where the conformal set contradicts it."""
    if predictions is None:
        return tuple(record.label for record in records)
    return tuple(
        PatternLabel.INDETERMINATE if predictions.excludes(row, record.label) else record.label
        for row, record in enumerate(records)
    )


def summarize_study(
    records: Sequence[Record], predictions: Predictions | None, prevalence: Prevalence, seed: int = 0
) -> Results:
    """Measure a set of biopsies; 95% intervals from resampling them.

    Args:
        records: At least one.
        predictions: Of the differential; None where the bundle has none: then nothing is said of ranks and sets.
        prevalence: What predictive values hold for.
        seed: Of the resampling.
    """
    labels = final_labels(records, predictions)
    times = resample([record.name for record in records], seed)
    refused = np.array([label is PatternLabel.NOT_ASSESSABLE for label in labels])
    series = _label_series(records, labels, refused, times)
    series |= _predictive_series(records, labels, refused, prevalence, times)
    bins: dict[str, Floats] = {}
    if predictions is not None:
        ranked, bins = _ranked_series(records, refused, predictions, times)
        series |= ranked
    confusion = np.zeros((len(ROWS), len(COLUMNS)), np.int64)
    for record, label in zip(records, labels, strict=True):
        confusion[ROWS.index(record.pattern), COLUMNS.index(label)] += 1
    near = {
        disease: Counter(
            label.value for record, label in zip(records, labels, strict=True) if record.disease == disease
        )
        for disease in NEAR_MISSES
    }
    return Results(
        biopsies=len(records),
        metrics={name: interval_of(values, len(records)) for name, values in series.items() if np.isfinite(values[0])},
        confusion=confusion,
        refusals=Counter(record.refusal for record in records if record.refusal),
        near_misses={disease: dict(found) for disease, found in near.items() if found},
        misread=tuple(
            record.name
            for record, label in zip(records, labels, strict=True)
            if record.disease in NEVER and label is PatternLabel.NECROTIZING
        ),
        bins=bins,
    )


def _label_series(
    records: Sequence[Record], labels: Sequence[PatternLabel], refused: NDArray[np.bool_], times: Floats
) -> dict[str, Floats]:
    true = np.array([record.pattern.value for record in records])
    called = np.array([label.value for label in labels])
    named = np.isin(true, [label.value for label in NAMED_PATTERNS])
    claimed = np.isin(called, [label.value for label in NAMED_PATTERNS])
    necrotizing, said = true == PatternLabel.NECROTIZING, called == PatternLabel.NECROTIZING
    several = np.array([len(record.levels) > 1 for record in records])
    apart = np.array([len(set(record.levels)) > 1 for record in records])
    return {
        "refused": share(refused, np.ones(len(true)), times),
        "label.right": share(named & (called == true), named, times),
        "label.right_where_named": share(claimed & (called == true), claimed, times),
        "label.indeterminate": share(called == PatternLabel.INDETERMINATE, ~refused, times),
        "necrotizing.sensitivity": share(necrotizing & said, necrotizing, times),
        "necrotizing.specificity": share(~necrotizing & ~said & ~refused, ~necrotizing & ~refused, times),
        "levels.disagree": share(several & apart, several, times),
    }


def _predictive_series(
    records: Sequence[Record],
    labels: Sequence[PatternLabel],
    refused: NDArray[np.bool_],
    prevalence: Prevalence,
    times: Floats,
) -> dict[str, Floats]:
    """Of the label `necrotizing`, for IMNM and for the pattern, at the stated mix of diseases."""
    diseases = [record.disease for record in records]
    number = np.unique(diseases, return_inverse=True)[1]
    stated = np.array([prevalence.shares.get(disease, 0.0) for disease in diseases])
    # In every draw each disease keeps its share, however often its biopsies were drawn.
    drawn = np.stack([np.bincount(number, weights=one, minlength=number.max() + 1) for one in times])[:, number]
    weight = np.where(drawn > 0, times * stated / np.maximum(drawn, 1), 0)
    said = np.array([label is PatternLabel.NECROTIZING for label in labels])
    other = ~said & ~refused
    found = {}
    for name, true in (
        ("imnm", np.isin(diseases, IMNM)),
        ("pattern", np.array([record.pattern is PatternLabel.NECROTIZING for record in records])),
    ):
        found[f"ppv.{name}"] = share(said & true, said, weight)
        found[f"npv.{name}"] = share(other & ~true, other, weight)
        found[f"prevalence.{name}"] = share(true, np.ones(len(true)), weight)
    return found


def _ranked_series(
    records: Sequence[Record], refused: NDArray[np.bool_], predictions: Predictions, times: Floats
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Ranks and sets, of the biopsies that are not refused and show a pattern that is ranked."""
    known = ~refused & np.array([record.pattern in predictions.labels for record in records])
    rows = np.flatnonzero(known)
    if not len(rows):
        return {}, {}
    truth = np.array([predictions.labels.index(records[int(row)].pattern) for row in rows], np.int64)
    own, sets = times[:, rows], predictions.sets[rows]
    before, after = predictions.before[rows], predictions.after[rows]
    mean, each = macro_auc(after, truth, own)
    held, size = sets[np.arange(len(rows)), truth], sets.sum(axis=1)
    every = np.ones(len(rows))
    series = {
        "auc.macro": mean,
        "first.right": share(after.argmax(axis=1) == truth, every, own),
        "ece.before": calibration_error(before, truth, own),
        "ece.after": calibration_error(after, truth, own),
        "sets.coverage": share(held, every, own),
        "sets.size": share(size, every, own),
        "sets.empty": share(size == 0, every, own),
    }
    for column, label in enumerate(predictions.labels):
        of = truth == column
        series[f"auc.{label}"] = each[column]
        series[f"sets.coverage.{label}"] = share(held & of, of, own)
        series[f"sets.size.{label}"] = share(size * of, of, own)
    return series, {"before": reliability_bins(before, truth), "after": reliability_bins(after, truth)}
