"""What a network gets right, counted field by field: hits, false alarms, misses, and what follows from their sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.findings import (
    INFLAMMATORY_CLASSES,
    NECROTIC_CLASSES,
    CellClass,
    Cells,
    Compartment,
    FiberAttribute,
    FiberClass,
    Fibers,
)
from histo.network import Metric
from histo.phantom.truth import UNKNOWN_COMPARTMENT, FieldTruth
from train.intervals import interval_of, resample
from train.matching import draw_fibers, match_fibers, pair_points

_Bools = NDArray[np.bool_]

FIBER_GROUPS: dict[str, tuple[FiberClass, ...]] = {
    **{kind.name.lower(): (kind,) for kind in FiberClass},
    "necrotic": NECROTIC_CLASSES,
}
CELL_GROUPS: dict[str, tuple[CellClass, ...]] = {
    **{kind.name.lower(): (kind,) for kind in CellClass},
    "inflammatory": INFLAMMATORY_CLASSES,
    "all": tuple(CellClass),
}
ROWS = (
    "fiber",
    *(f"fiber.{name}" for name in FIBER_GROUPS),
    *(f"attribute.{kind.name.lower()}" for kind in FiberAttribute),
    *(f"cell.{name}" for name in CELL_GROUPS),
    *(f"compartment.{kind.name.lower()}" for kind in Compartment),
)
"""What is counted; compartments in map pixels, so that their F1 is the Dice coefficient."""

FALSE_NECROTIC = "fiber.false_necrotic_per_1000_among_disease"
"""Calls of necrosis where there is none, debris called a fiber included, per 1,000 fibers that are not necrotic, in
fields crowded with disease and decoys; for healthy muscle see `train.healthy`."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts of one field, or of several added up.

    Attributes:
        counts: (rows, 3) int64 over `ROWS`: hits, false alarms, misses.
        iou_sum: Sum of the intersection over union of the fibers that were hit.
        confusion: (5, 5) int64, truth by prediction, of the fibers that were hit.
        compartments: (8, 8) int64, truth by prediction, in map pixels whose truth is known.
    """

    counts: NDArray[np.int64]
    iou_sum: float
    confusion: NDArray[np.int64]
    compartments: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MatchedFibers:
    """Fibers of truth and prediction, paired, and which of them count.

    Attributes:
        truth: (K,) int64, the numbers of the paired true fibers.
        predicted: (K,) int64, the rows of the fibers they are paired with.
        iou: (K,) float64.
        truth_counts: (N + 1,) bool by fiber number; False for those cut by the field's edge or mostly outside of what
            is known, and for number 0.
        predicted_counts: (P,) bool by row; False for those that have no partner and are cut or mostly outside of what
            is known.
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    iou: NDArray[np.float64]
    truth_counts: _Bools
    predicted_counts: _Bools


def pair_fibers(truth: FieldTruth, fibers: Fibers) -> MatchedFibers:
    """Pair fibers by overlap; those cut by the field's edge, or that nobody knows, are neither missed nor false."""
    labels = truth.fiber_labels
    drawn = draw_fibers(fibers, (labels.shape[0], labels.shape[1]), truth.mpp)
    pairs, iou = match_fibers(labels, drawn)
    number, row = pairs[:, 0], pairs[:, 1] - 1
    whole = _mostly_known(labels, len(truth.fiber_class), truth.fibers_known)
    whole[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1], [0]])] = False
    counted = ~np.asarray(fibers.cut)
    if truth.fibers_known is not None:
        counted &= _mostly_known(drawn, len(fibers) + 1, truth.fibers_known)[1:]
    counted[row] = whole[number]
    keep = whole[number]
    return MatchedFibers(number[keep], row[keep], iou[keep], whole, counted)


def _mostly_known(labels: NDArray[np.int32], count: int, known: _Bools | None) -> _Bools:
    """(count,) bool, which labels have pixels, at least half of them where the truth is known."""
    pixels = np.bincount(labels.ravel(), minlength=count)
    seen = pixels if known is None else np.bincount(labels[known], minlength=count)
    return (pixels > 0) & (2 * seen >= pixels)


def tally_field(
    truth: FieldTruth,
    fibers: Fibers,
    cells: Cells,
    compartments: NDArray[np.uint8],
    paired: MatchedFibers | None = None,
) -> Tally:
    """Count one field.

    Args:
        truth: What was drawn.
        fibers: What was found, in micrometers from the field's corner.
        cells: Likewise.
        compartments: (h, w) uint8 at 1 um/px.
        paired: The fibers, if they are paired already.

    Returns:
        The counts.
    """
    paired = paired or pair_fibers(truth, fibers)
    rows = [_triple(len(paired.truth), paired.predicted_counts, paired.truth_counts)]
    for group in FIBER_GROUPS.values():
        rows.append(count_hits(paired, np.isin(truth.fiber_class, group), np.isin(fibers.fiber_class, group)))
    for kind in FiberAttribute:
        looked_for = bool(truth.attributes_known[kind])
        counts = count_hits(paired, truth.fiber_attributes[:, kind], fibers.attributes[:, kind])
        rows.append(counts if looked_for else (0, 0, 0))
    for kinds in CELL_GROUPS.values():
        rows.append(count_cells(truth, kinds, cells.center_um[np.isin(cells.cell_class, kinds)]))
    mixed = _count_compartments(truth.compartments[::2, ::2], compartments)
    hits, found, true = np.diag(mixed), mixed.sum(axis=0), mixed.sum(axis=1)
    rows += [(int(h), int(f - h), int(t - h)) for h, f, t in zip(hits, found, true, strict=True)]
    confusion = np.zeros((len(FiberClass), len(FiberClass)), np.int64)
    np.add.at(confusion, (truth.fiber_class[paired.truth], fibers.fiber_class[paired.predicted]), 1)
    return Tally(np.array(rows, np.int64), float(paired.iou.sum()), confusion, mixed)


def _count_compartments(truth: NDArray[np.uint8], found: NDArray[np.uint8]) -> NDArray[np.int64]:
    kinds = len(Compartment)
    known = truth != UNKNOWN_COMPARTMENT
    codes = truth[known].astype(np.int64) * kinds + found[known]
    return np.bincount(codes, minlength=kinds**2).reshape(kinds, kinds)


def count_hits(paired: MatchedFibers, is_true: _Bools, is_found: _Bools) -> tuple[int, int, int]:
    """Hits, false alarms and misses of one kind of fiber.

    Args:
        paired: The fibers.
        is_true: (N + 1,) bool by fiber number, which truly are of the kind.
        is_found: (P,) bool by row, which are called so.
    """
    hits = int(np.count_nonzero(is_true[paired.truth] & is_found[paired.predicted]))
    return _triple(hits, is_found & paired.predicted_counts, is_true & paired.truth_counts)


def count_cells(truth: FieldTruth, kinds: Sequence[CellClass], found_um: NDArray[np.floating]) -> tuple[int, int, int]:
    """Hits, false alarms and misses of nuclei of some kinds.

    Nuclei where nobody marked any count for nothing, and so do all if one of the kinds was not marked at all.

    Args:
        truth: What is known.
        kinds: Which nuclei.
        found_um: (M, 2) centers of the nuclei called so, in micrometers from the field's corner.
    """
    if not truth.cell_classes_known[list(kinds)].all():
        return 0, 0, 0
    centers_px = truth.cell_center_px[np.isin(truth.cell_class, kinds)]
    pairs = pair_points(truth.mpp.to_um(centers_px), found_um)
    true = cells_known_at(truth, centers_px)
    found = cells_known_at(truth, truth.mpp.to_px(np.asarray(found_um, np.float32)))
    found[pairs[:, 1]] = true[pairs[:, 0]]  # of a pair across the border of what is known, the truth's side decides
    return _triple(int(true[pairs[:, 0]].sum()), found, true)


def cells_known_at(truth: FieldTruth, centers_px: NDArray[np.float32]) -> _Bools:
    """(M,) bool, whether each of the (M, 2) x and y, in the field's pixels, lies where every nucleus was marked."""
    if truth.cells_known is None:
        return np.ones(len(centers_px), np.bool_)
    height, width = truth.cells_known.shape
    column, row = np.floor(centers_px).astype(np.int64).T.reshape(2, -1)
    known: _Bools = truth.cells_known[row.clip(0, height - 1), column.clip(0, width - 1)].copy()
    return known


def _triple(hits: int, found: _Bools, true: _Bools) -> tuple[int, int, int]:
    return hits, int(found.sum()) - hits, int(true.sum()) - hits


def summarize(tallies: Sequence[Tally], patients: Sequence[str] | None = None, seed: int = 0) -> dict[str, Metric]:
    """Precision, recall and F1 of every row, with 95% intervals from resampling the patients.

    Counts are added over fields before anything is divided, so that a field with more counts for more.

    Args:
        tallies: One a field.
        patients: Of each field; None takes every field for a patient of its own, as phantom fields are.
        seed: Of the resampling.

    Returns:
        By name: `fiber.necrotic.f1`, `fiber.pq` (panoptic quality, Kirillov 2019, arXiv 1801.00868),
        `compartment.perimysium.dice`, `compartment.mean.dice`, `fiber.mean_iou`, `fiber.intact_called_necrotic`, ...;
        what never occurs and is never claimed has no entry. `n` is the number of patients.
    """
    patients = patients or [str(place) for place in range(len(tallies))]
    share = resample(patients, seed)
    counts = np.stack([tally.counts for tally in tallies]).astype(np.float64)
    iou = np.array([tally.iou_sum for tally in tallies])
    confusion = np.stack([tally.confusion for tally in tallies]).astype(np.float64)
    hits, false, missed = np.moveaxis(np.einsum("df,frk->drk", share, counts), -1, 0)
    mixed = np.einsum("df,ftp->dtp", share, confusion)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall, f1 = hits / (hits + false), hits / (hits + missed), 2 * hits / (2 * hits + false + missed)
        series = {"fiber.mean_iou": share @ iou / hits[:, 0]}
        series["fiber.pq"] = share @ iou / (hits + (false + missed) / 2)[:, 0]
        intact = mixed[:, FiberClass.INTACT]
        series["fiber.intact_called_necrotic"] = intact[:, NECROTIC_CLASSES].sum(axis=1) / intact.sum(axis=1)
        all_fibers, necrotic = ROWS.index("fiber"), ROWS.index("fiber.necrotic")
        healthy = (hits + missed)[:, all_fibers] - (hits + missed)[:, necrotic]
        series[FALSE_NECROTIC] = 1000 * false[:, necrotic] / healthy
    dice = [place for place, row in enumerate(ROWS) if row.startswith("compartment.")]
    for place, row in enumerate(ROWS):
        if place in dice:
            series[f"{row}.dice"] = f1[:, place]
        else:
            series |= {f"{row}.precision": precision[:, place], f"{row}.recall": recall[:, place]}
            series[f"{row}.f1"] = f1[:, place]
    occurring = [place for place in dice if counts[:, place].any()]
    if occurring:
        series["compartment.mean.dice"] = np.nanmean(f1[:, occurring], axis=1)
    people = len(set(patients))
    return {name: interval_of(values, people) for name, values in series.items() if np.isfinite(values[0])}
