"""Simple truths, and the maps that a perfect network would give for them."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import strategies as st

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.network.card import Card, Metric, Training
from histo.network.targets import IGNORE, Targets
from histo.phantom.truth import FieldTruth

GRID_WPX = 96
"""Every ellipse has a square of 48 um for itself."""


def truth_of(labels: np.ndarray, cells: list[tuple[float, float, CellClass]] | None = None) -> FieldTruth:
    """Truth with fibers of one class, and nuclei given as x and y in working pixels."""
    count = int(labels.max()) + 1
    attributes = np.zeros((count, len(FiberAttribute)), bool)
    attributes[1:, FiberAttribute.OPAQUE] = True
    cells = cells or []
    return FieldTruth(
        fiber_labels=labels.astype(np.int32),
        fiber_class=np.full(count, FiberClass.NECROTIC_PALE, np.uint8),
        fiber_attributes=attributes,
        cell_center_px=np.array([cell[:2] for cell in cells], np.float32).reshape(-1, 2),
        cell_class=np.array([cell[2] for cell in cells], np.uint8),
        compartments=np.where(labels > 0, Compartment.FIBER, Compartment.ENDOMYSIUM).astype(np.uint8),
    )


def perfect_maps(targets: Targets) -> np.ndarray:
    """(26, h, w) float32: what an engine would return if the network had learned everything."""
    classes = np.eye(len(FiberClass))[np.where(targets.fiber_class == IGNORE, 0, targets.fiber_class)]
    parts = [
        np.stack([targets.foreground, targets.distance, targets.boundary]),
        np.moveaxis(classes, -1, 0),
        targets.attributes,
        targets.cells,
        np.moveaxis(np.eye(len(Compartment))[targets.compartments], -1, 0),
    ]
    return np.concatenate(parts).astype(np.float32)


@st.composite
def ellipse_truths(draw: st.DrawFn, across: int = 3) -> FieldTruth:
    """A field of disjoint ellipses of all classes, with nuclei at least 8 um apart."""
    seed = draw(st.integers(0, 2**32 - 1))
    filled = draw(st.lists(st.booleans(), min_size=across**2, max_size=across**2))
    rng = np.random.default_rng(seed)
    labels = np.zeros((across * GRID_WPX, across * GRID_WPX), np.int32)
    cells = []
    for place in range(across**2):
        middle = (np.array([place % across, place // across]) + 0.5) * GRID_WPX
        if filled[place]:
            axes = rng.uniform(14, 42, 2)
            center = middle + rng.uniform(-1, 1, 2) * 4
            label = int(labels.max()) + 1
            shape = (tuple(center.astype(float)), tuple((2 * axes).astype(float)), float(rng.uniform(0, 180)))
            cv2.ellipse(labels, shape, label, thickness=-1)
        offset = rng.uniform(-30, 30, 2)
        cells.append((*(middle + offset), rng.integers(0, len(CellClass))))
    count = int(labels.max()) + 1
    return FieldTruth(
        fiber_labels=labels,
        fiber_class=rng.integers(0, len(FiberClass), count).astype(np.uint8),
        fiber_attributes=rng.random((count, len(FiberAttribute))) < 0.3,
        cell_center_px=np.array([cell[:2] for cell in cells], np.float32),
        cell_class=np.array([cell[2] for cell in cells], np.uint8),
        compartments=np.where(labels > 0, Compartment.FIBER, Compartment.PERIMYSIUM).astype(np.uint8),
    )


SMALL_CHANNELS = (4, 8, 8, 16)
"""A network that runs in milliseconds."""


def small_card() -> Card:
    """The card of a network that was never trained."""
    return Card(
        name="untrained",
        version="1",
        training=Training(data="nothing", data_sha256="0" * 64, recipe="none", seeds=(1, 2)),
        phantom_metrics={"f1": Metric(0.9, 0.85, 0.95, 30)},
        real_metrics={"fibers_found": Metric(0.5, None, None, 1)},
        intended_use="Tests only.",
        limits=("It has learned nothing.",),
        license="Apache-2.0",
        channels=SMALL_CHANNELS,
    )
