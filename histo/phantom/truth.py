"""The truth of a field, pixel by pixel and object by object: all of a phantom's, and of a real slide what was drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from histo.findings import CellClass, FiberAttribute
from histo.geometry import WORKING_MPP, Mpp

UNKNOWN_COMPARTMENT = 255
"""Value of `FieldTruth.compartments` where nobody said what it is."""


def _every_attribute() -> NDArray[np.bool_]:
    return np.ones(len(FiberAttribute), np.bool_)


def _every_cell_class() -> NDArray[np.bool_]:
    return np.ones(len(CellClass), np.bool_)


@dataclass(frozen=True, eq=False)
class FieldTruth:
    """Truth of one field. Frame: the field's own pixels, at `mpp`.

    Of a phantom everything is known. Of a real slide only what somebody drew: outside `fibers_known` the absence of a
    fiber means nothing, though a fiber that is drawn there keeps its class.

    Attributes:
        fiber_labels: (H, W) int32; 0 is no fiber, k is fiber number k.
        fiber_class: (N + 1,) uint8, a `FiberClass` by fiber number; entry 0 is unused.
        fiber_attributes: (N + 1, 6) bool by fiber number, over `FiberAttribute`; row 0 is unused.
        cell_center_px: (M, 2) float32, x and y of nuclei.
        cell_class: (M,) uint8, a `CellClass`.
        compartments: (H, W) uint8, a `Compartment`, or `UNKNOWN_COMPARTMENT`.
        mpp: Scale.
        fibers_known: (H, W) bool, where every fiber was drawn; None is everywhere.
        cells_known: (H, W) bool, where every nucleus of the kinds in `cell_classes_known` was marked; None is
            everywhere.
        attributes_known: (6,) bool, over `FiberAttribute`: those that were looked for in every fiber.
        cell_classes_known: (4,) bool, over `CellClass`: those that were marked.
    """

    fiber_labels: NDArray[np.int32]
    fiber_class: NDArray[np.uint8]
    fiber_attributes: NDArray[np.bool_]
    cell_center_px: NDArray[np.float32]
    cell_class: NDArray[np.uint8]
    compartments: NDArray[np.uint8]
    mpp: Mpp = WORKING_MPP
    fibers_known: NDArray[np.bool_] | None = None
    cells_known: NDArray[np.bool_] | None = None
    attributes_known: NDArray[np.bool_] = field(default_factory=_every_attribute)
    cell_classes_known: NDArray[np.bool_] = field(default_factory=_every_cell_class)


@dataclass(frozen=True, eq=False)
class Field:
    """A piece of a biopsy, rendered or cut from a slide, with its truth.

    Attributes:
        rgb: (H, W, 3) uint8.
        truth: What is known of it.
    """

    rgb: NDArray[np.uint8]
    truth: FieldTruth
