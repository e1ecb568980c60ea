"""What a reader might answer to stand-in fields: fibers and nuclei as they truly are, and maps that are less sure."""

from __future__ import annotations

import numpy as np
from stand_in import draw_field

from histo.findings import Cells, FiberClass, Fibers
from histo.network import encode_targets
from histo.network.layout import ATTRIBUTES, BOUNDARY, CELLS, CHANNELS, CLASSES, COMPARTMENTS, DISTANCE, FOREGROUND
from histo.phantom.truth import FieldTruth

SIZE = 256
FIELDS = {seed: draw_field(seed, SIZE) for seed in (300, 301)}


class UnsureEngine:
    """Answers with the truth of stand-in fields, less sure than it could be; anything else it finds empty."""

    name, device, precision = "unsure", "cpu", "f32"

    def run(self, rgb: np.ndarray) -> np.ndarray:
        maps = np.zeros((CHANNELS, rgb.shape[0] // 2, rgb.shape[1] // 2), np.float32)
        field = next((field for field in FIELDS.values() if np.array_equal(field.rgb, rgb)), None)
        if field is None:
            return maps
        targets = encode_targets(field.truth)
        maps[FOREGROUND], maps[DISTANCE], maps[BOUNDARY] = targets.foreground, targets.distance, targets.boundary
        likely = np.where(np.arange(len(FiberClass))[:, None, None] == targets.fiber_class, 0.6, 0.1)
        maps[CLASSES] = likely / likely.sum(axis=0)
        maps[ATTRIBUTES] = 0.2 + 0.6 * targets.attributes
        maps[CELLS] = 0.6 * targets.cells
        maps[COMPARTMENTS] = np.where(np.arange(8)[:, None, None] == targets.compartments, 0.65, 0.05)
        return maps


def perfect_fibers(truth: FieldTruth, drop: int = 0) -> Fibers:
    """Squares around every true fiber's box would not do: these outlines are the fibers' own pixels, row by row."""
    parts = []
    for number in range(1, len(truth.fiber_class)):
        row, column = np.nonzero(truth.fiber_labels == number)
        if number <= drop or len(row) < 50:
            continue
        left = {r: column[row == r].min() for r in np.unique(row)}
        right = {r: column[row == r].max() + 1 for r in np.unique(row)}
        ring = [point for r, c in left.items() for point in ((c, r), (c, r + 1))]
        ring += [point for r, c in reversed(right.items()) for point in ((c, r + 1), (c, r))]
        outline = np.array(ring, np.float32) * np.float32(truth.mpp.um_per_px)
        probability = np.eye(len(FiberClass), dtype=np.float32)[truth.fiber_class[number]]
        edge = row.min() == 0 or column.min() == 0 or max(row.max(), column.max()) == len(truth.fiber_labels) - 1
        parts.append(
            Fibers(
                center_um=outline.mean(axis=0)[None],
                area_um2=np.array([len(row) / 4], np.float32),
                min_feret_um=np.ones(1, np.float32),
                fiber_class=truth.fiber_class[number : number + 1],
                class_probability=probability[None],
                attribute_probability=truth.fiber_attributes[number][None].astype(np.float32),
                attributes=truth.fiber_attributes[number][None],
                cut=np.array([edge]),
                outline_um=outline,
                outline_start=np.array([0, len(outline)], np.int64),
            )
        )
    return Fibers.concatenate(parts)


def perfect_cells(truth: FieldTruth) -> Cells:
    count = len(truth.cell_class)
    return Cells(
        center_um=truth.cell_center_px * np.float32(0.5),
        cell_class=truth.cell_class,
        class_probability=np.ones((count, 4), np.float32),
        compartment=np.zeros(count, np.uint8),
        fiber=np.full(count, -1, np.int32),
    )
