"""Outlines of masks, exactly along pixel borders."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray


def mask_polygons(mask: NDArray[np.bool_]) -> list[shapely.Polygon]:
    """The outlines of a mask's pieces, exactly along pixel borders, in mask pixels, top to bottom.

    Every run of a row becomes a box and the boxes are united: unlike contour tracing this loses no half pixel and keeps
    holes.
    """
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    row, left = np.nonzero(steps == 1)
    _, right = np.nonzero(steps == -1)
    united = shapely.union_all(shapely.box(left, row, right, row + 1))
    pieces = [part for part in shapely.get_parts(united) if part.area > 0]
    return sorted((shapely.simplify(part, 0.0) for part in pieces), key=lambda part: (part.bounds[1], part.bounds[0]))
