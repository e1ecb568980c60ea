"""The two real muscle fields with machine-made fiber masks: a check of plausibility, not of accuracy for patients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP, Mpp
from histo.network import Engine, Metric, OperatingPoints
from histo.phantom.truth import FieldTruth
from train.evaluate import findings_of, maps_of
from train.matching import draw_fibers, match_fibers
from train.metrics import pair_fibers

REAL_FIELDS = ("fibers_01", "fibers_04")


@dataclass(frozen=True, eq=False)
class RealField:
    """A real field at the working scale, with what is known of it. Frame: working pixels.

    Attributes:
        name: Of its file.
        rgb: (H, W, 3) uint8.
        truth: Masks, resampled; no cells and no compartments are known. Uncertain fibers are called `REGENERATING`, so
            that they do not count as intact.
        missed_wpx: (K, 2) x and y of fibers that the masks miss.
    """

    name: str
    rgb: NDArray[np.uint8]
    truth: FieldTruth
    missed_wpx: NDArray[np.float64]


def load_real_field(folder: Path, name: str) -> RealField:
    """Read a field and resample it to the working scale.

    Args:
        folder: The real data's `muscle` folder.
        name: One of `REAL_FIELDS`.
    """
    facts = json.loads((folder / "labels.json").read_text(encoding="utf-8"))[name]
    pixels = tifffile.imread(folder / f"{name}.tif")
    masks = np.asarray(cv2.imread(str(folder / f"{name}_masks.png"), cv2.IMREAD_UNCHANGED))
    factor = Mpp(facts["mpp"]).um_per_px / WORKING_MPP.um_per_px
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
    missed = np.array([miss["at"] for miss in facts["missed"]], np.float64).reshape(-1, 2) * factor
    return RealField(name, rgb, truth, missed)


def evaluate_real(engine: Engine, points: OperatingPoints, folder: Path) -> dict[str, Metric]:
    """Fiber F1 against the masks, and intact fibers called necrotic.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        folder: The real data, holding `muscle`.

    Returns:
        For each field: `NAME.fiber_f1` (fibers cut by the field's border, and fibers found where the masks are known to
        miss one, do not count), `NAME.fiber_f1_every_mask_taken_as_truth` (the latter count as false),
        `NAME.fiber_f1_border_included` (all count), `NAME.fiber_mean_iou`, `NAME.intact_called_necrotic` (share of
        intact fibers that were found), `NAME.called_necrotic` (fibers, all). `n` is how many could be hit.
    """
    found: dict[str, Metric] = {}
    for name in REAL_FIELDS:
        found |= _evaluate_one(engine, points, load_real_field(folder / "muscle", name))
    return found


def _evaluate_one(engine: Engine, points: OperatingPoints, field: RealField) -> dict[str, Metric]:
    truth = field.truth
    fibers, _, _ = findings_of(maps_of(engine, field.rgb), points)
    paired = pair_fibers(truth, fibers)
    drawn = draw_fibers(fibers, (truth.fiber_labels.shape[0], truth.fiber_labels.shape[1]), truth.mpp)
    column, row = field.missed_wpx.astype(int).T
    known = np.zeros(len(fibers) + 1, bool)
    known[drawn[row, column]] = True
    known[paired.predicted + 1] = False
    hits, whole = len(paired.truth), int(paired.truth_counts.sum())
    strict = int(paired.predicted_counts.sum())
    allowed = int((paired.predicted_counts & ~known[1:]).sum())
    every_pair, _ = match_fibers(truth.fiber_labels, drawn)
    every = len(np.unique(truth.fiber_labels[truth.fiber_labels > 0]))
    necrotic = np.isin(fibers.fiber_class, NECROTIC_CLASSES)
    intact = truth.fiber_class[paired.truth] == FiberClass.INTACT
    wrong = int((intact & necrotic[paired.predicted]).sum())
    figures = {
        "fiber_f1": (2 * hits / (allowed + whole), whole),
        "fiber_f1_every_mask_taken_as_truth": (2 * hits / (strict + whole), whole),
        "fiber_f1_border_included": (2 * len(every_pair) / (len(fibers) + every), every),
        "called_necrotic": (float(necrotic.sum()), max(len(fibers), 1)),
    }
    if hits:
        figures["fiber_mean_iou"] = (float(paired.iou.mean()), hits)
    if intact.any():
        figures["intact_called_necrotic"] = (wrong / int(intact.sum()), int(intact.sum()))
    return {f"{field.name}.{name}": Metric(value, None, None, n) for name, (value, n) in figures.items()}
