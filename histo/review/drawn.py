"""Outlines that a reader drew by hand, made into polygons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from histo.geometry import Mpp, Size

TOLERANCE_UM = 0.5
"""A hand is no more exact than the network's own grid."""

SMALLEST_UM2 = 20.0
LARGEST_CHANGE = 0.05
"""Of the area: more than this, and the mended outline is not the one that was drawn."""


def drawn_outline(flat_um: Sequence[float], mpp: Mpp, size_px: Size) -> list[float]:
    """A valid outline as x, y, x, y, ..., not closed twice.

    Args:
        flat_um: What was drawn, in slide micrometers.
        mpp: Of level 0.
        size_px: Of level 0.

    Raises:
        ValueError: If it is too small, crosses itself, or lies outside the slide.
    """
    drawn = shapely.Polygon(np.array(flat_um, np.float64).reshape(-1, 2))
    whole = shapely.make_valid(drawn)
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    largest = max(parts, key=lambda part: part.area, default=shapely.Polygon())
    all_um2 = sum(part.area for part in parts)
    if largest.area < SMALLEST_UM2:
        raise ValueError("the outline is too small for a fiber")
    if all_um2 - largest.area > LARGEST_CHANGE * all_um2:
        raise ValueError("the outline crosses itself")
    slide = shapely.box(0, 0, mpp.to_um(float(size_px.width)), mpp.to_um(float(size_px.height)))
    if not slide.contains(largest):
        raise ValueError("the outline leaves the slide")
    simple = shapely.simplify(shapely.Polygon(largest.exterior), TOLERANCE_UM, preserve_topology=True)
    return [round(float(value), 2) for value in shapely.get_coordinates(simple.exterior)[:-1].ravel()]
