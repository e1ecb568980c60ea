"""The two real muscle fields with machine-made fiber masks: a check of plausibility, not of accuracy for patients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass, Fibers
from histo.geometry import WORKING_MPP, Mpp
from histo.network import Engine, Metric, OperatingPoints
from histo.phantom.truth import FieldTruth
from train.evaluate import findings_of, maps_of
from train.infiltrated import covered_by_necrosis
from train.matching import draw_fibers, match_fibers
from train.metrics import MatchedFibers, pair_fibers

REAL_FIELDS = ("fibers_01", "fibers_04")


@dataclass(frozen=True)
class MissedFiber:
    """A diseased fiber that the masks lack.

    Attributes:
        at_wpx: x and y of a place inside it, in working pixels.
        reads_as: What it is, in words, read by eye.
        family: The classes that would be right: necrosis of any kind for a remnant packed with nuclei, else
            regenerating.
    """

    at_wpx: tuple[float, float]
    reads_as: str
    family: tuple[FiberClass, ...]


@dataclass(frozen=True, eq=False)
class RealField:
    """A real field at the working scale, with what is known of it. Frame: working pixels.

    Attributes:
        name: Of its file.
        mpp: Of its file.
        rgb: (H, W, 3) uint8.
        truth: Masks, resampled; no cells and no compartments are known. Uncertain fibers are called `REGENERATING`, so
            that they do not count as intact.
        missed: Fibers that the masks miss.
    """

    name: str
    mpp: Mpp
    rgb: NDArray[np.uint8]
    truth: FieldTruth
    missed: tuple[MissedFiber, ...]


@dataclass(frozen=True, eq=False)
class RealReading:
    """What a bundle finds on a real field.

    Attributes:
        field: The field.
        fibers: Found, in micrometers from the field's corner.
        drawn: (H, W) int32, row r of `fibers` is r + 1.
        paired: With which masks. Masks cut by the field's border do not count; a found fiber counts if the mask that it
            is paired with does, and without a partner if the border does not cut it.
        at_missed: By `field.missed`, the row of the fiber that holds the place and is paired with no mask, or -1.
    """

    field: RealField
    fibers: Fibers
    drawn: NDArray[np.int32]
    paired: MatchedFibers
    at_missed: tuple[int, ...]

    @property
    def false_rows(self) -> NDArray[np.int64]:
        """Found fibers that count as false: without a mask, neither cut by the border nor at a missed place."""
        strange = self.paired.predicted_counts.copy()
        strange[self.paired.predicted] = False
        strange[[row for row in self.at_missed if row >= 0]] = False
        return np.flatnonzero(strange)

    @property
    def missed_masks(self) -> NDArray[np.int64]:
        """Numbers of the masks that count and that no found fiber is paired with."""
        unmatched = self.paired.truth_counts.copy()
        unmatched[self.paired.truth] = False
        return np.flatnonzero(unmatched)


def load_real_field(folder: Path, name: str) -> RealField:
    """Read a field and resample it to the working scale.

    Args:
        folder: The real data's `muscle` folder.
        name: One of `REAL_FIELDS`.
    """
    facts = json.loads((folder / "labels.json").read_text(encoding="utf-8"))[name]
    pixels = tifffile.imread(folder / f"{name}.tif")
    masks = np.asarray(cv2.imread(str(folder / f"{name}_masks.png"), cv2.IMREAD_UNCHANGED))
    mpp = Mpp(facts["mpp"])
    factor = mpp.um_per_px / WORKING_MPP.um_per_px
    size = tuple(2 * round(side * factor / 2) for side in pixels.shape[1::-1])
    rgb: NDArray[np.uint8] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    labels = cv2.resize(masks, size, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.int32)
    fiber_class = np.full(int(labels.max()) + 1, FiberClass.INTACT, np.uint8)
    fiber_class[facts.get("regenerating_masks", []) + facts.get("uncertain_masks", [])] = FiberClass.REGENERATING
    truth = FieldTruth(
        fiber_labels=labels,
        fiber_class=fiber_class,
        fiber_attributes=np.zeros((len(fiber_class), len(FiberAttribute)), np.bool_),
        cell_center_px=np.zeros((0, 2), np.float32),
        cell_class=np.zeros(0, np.uint8),
        compartments=np.zeros(labels.shape, np.uint8),
    )
    missed = tuple(
        MissedFiber((miss["at"][0] * factor, miss["at"][1] * factor), miss["reads_as"], _family(miss["reads_as"]))
        for miss in facts["missed"]
    )
    return RealField(name, mpp, rgb, truth, missed)


def _family(reads_as: str) -> tuple[FiberClass, ...]:
    return NECROTIC_CLASSES if "packed with nuclei" in reads_as else (FiberClass.REGENERATING,)


def read_real_fields(engine: Engine, points: OperatingPoints, folder: Path) -> tuple[RealReading, ...]:
    """Read every field of `REAL_FIELDS`.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        folder: The real data, holding `muscle`.
    """
    fields = [load_real_field(folder / "muscle", name) for name in REAL_FIELDS]
    return tuple(compare(field, findings_of(maps_of(engine, field.rgb), points)[0]) for field in fields)


def compare(field: RealField, fibers: Fibers) -> RealReading:
    """What was found on a field, beside its masks."""
    height, width = field.truth.fiber_labels.shape
    drawn = draw_fibers(fibers, (height, width), field.truth.mpp)
    paired = pair_fibers(field.truth, fibers)
    rows = [int(drawn[int(y), int(x)]) - 1 for x, y in (miss.at_wpx for miss in field.missed)]
    return RealReading(field, fibers, drawn, paired, tuple(-1 if row in paired.predicted else row for row in rows))


def real_figures(readings: Sequence[RealReading]) -> dict[str, Metric]:
    """Fiber F1 against the masks, intact fibers called necrotic, and what became of the fibers that the masks miss.

    Args:
        readings: Of the fields.

    Returns:
        For each field: `NAME.fiber_f1` (fibers cut by the field's border, and fibers found where the masks are known to
        miss one, do not count), `NAME.fiber_f1_every_mask_taken_as_truth` (the latter count as false),
        `NAME.fiber_f1_border_included` (all count), `NAME.fiber_mean_iou` (0 without a match),
        `NAME.intact_called_necrotic` (share of the intact masks that the border does not cut: paired with a fiber that
        is called necrotic, or covered by such at least to half), `NAME.intact_called_necrotic_fibers` (their number),
        `NAME.called_necrotic` (fibers, all), `NAME.missed_found` and `NAME.missed_right_family` (counts of what the
        masks miss: outlined, and outlined with a class that is right).
        `n` is how many could be hit.
    """
    found: dict[str, Metric] = {}
    for reading in readings:
        figures = _figures(reading)
        found |= {f"{reading.field.name}.{name}": Metric(value, None, None, n) for name, (value, n) in figures.items()}
    return found


def _figures(reading: RealReading) -> dict[str, tuple[float, int]]:
    truth, fibers, paired = reading.field.truth, reading.fibers, reading.paired
    hits, whole, false = len(paired.truth), int(paired.truth_counts.sum()), len(reading.false_rows)
    every_pair, _ = match_fibers(truth.fiber_labels, reading.drawn)
    every = len(np.unique(truth.fiber_labels[truth.fiber_labels > 0]))
    necrotic = np.isin(fibers.fiber_class, NECROTIC_CLASSES)
    intact = paired.truth_counts & (truth.fiber_class == FiberClass.INTACT)
    called = covered_by_necrosis(truth, np.append(False, necrotic)[reading.drawn])
    called[paired.truth[necrotic[paired.predicted]]] = True
    wrong = int((intact & called).sum())
    missed = list(zip(reading.field.missed, reading.at_missed, strict=True))
    right = sum(row >= 0 and fibers.fiber_class[row] in miss.family for miss, row in missed)
    figures = {
        "fiber_f1": (2 * hits / (hits + false + whole), whole),
        "fiber_f1_every_mask_taken_as_truth": (2 * hits / (int(paired.predicted_counts.sum()) + whole), whole),
        "fiber_f1_border_included": (2 * len(every_pair) / (len(fibers) + every), every),
        "called_necrotic": (float(necrotic.sum()), max(len(fibers), 1)),
        "missed_found": (float(sum(row >= 0 for row in reading.at_missed)), len(missed)),
        "missed_right_family": (float(right), len(missed)),
        "fiber_mean_iou": (float(paired.iou.mean()) if hits else 0.0, max(hits, 1)),
    }
    if intact.any():
        figures["intact_called_necrotic"] = (wrong / int(intact.sum()), int(intact.sum()))
        figures["intact_called_necrotic_fibers"] = (float(wrong), int(intact.sum()))
    return figures
