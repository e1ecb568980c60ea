"""The exact truth of a phantom field: what was drawn, pixel by pixel and object by object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Mpp


@dataclass(frozen=True, eq=False)
class FieldTruth:
    """Truth of one field. Frame: the field's own pixels, at `mpp`.

    Attributes:
        fiber_labels: (H, W) int32; 0 is no fiber, k is fiber number k.
        fiber_class: (N + 1,) uint8, a `FiberClass` by fiber number; entry 0 is unused.
        fiber_attributes: (N + 1, 6) bool by fiber number, over `FiberAttribute`; row 0 is unused.
        cell_center_px: (M, 2) float32, x and y of nuclei.
        cell_class: (M,) uint8, a `CellClass`.
        compartments: (H, W) uint8, a `Compartment`.
        mpp: Scale.
    """

    fiber_labels: NDArray[np.int32]
    fiber_class: NDArray[np.uint8]
    fiber_attributes: NDArray[np.bool_]
    cell_center_px: NDArray[np.float32]
    cell_class: NDArray[np.uint8]
    compartments: NDArray[np.uint8]
    mpp: Mpp = WORKING_MPP


@dataclass(frozen=True, eq=False)
class Field:
    """A rendered piece of a phantom biopsy with its truth.

    Attributes:
        rgb: (H, W, 3) uint8.
        truth: What was drawn.
    """

    rgb: NDArray[np.uint8]
    truth: FieldTruth
