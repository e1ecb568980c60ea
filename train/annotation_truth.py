"""What was drawn on a slide as the truth of one field: outlines become pixels, and what nobody drew becomes unknown."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.annotations import Annotations
from histo.findings import Compartment, FiberAttribute
from histo.geometry import WORKING_MPP, Region
from histo.phantom.truth import UNKNOWN_COMPARTMENT, FieldTruth
from train.matching import fill_polygon

_Bools = NDArray[np.bool_]

_OVER_FIBERS = (Compartment.ARTEFACT, Compartment.NERVE_SPINDLE)
"""Drawn over fibers: spoiled fibers are no fibers to learn from, and those in a spindle belong to it."""


def truth_of(annotations: Annotations, region_wpx: Region, readable: _Bools) -> FieldTruth:
    """The truth of a piece of a slide.

    Where outlines overlap, a pixel belongs to the smaller one. A fiber that lies mostly in what is unsure is left out,
    and its place is unknown.

    Args:
        annotations: Of the slide.
        region_wpx: The piece, in working pixels of the slide.
        readable: (H, W) bool, the pixels that hold data; nothing is known of the others.

    Returns:
        Truth of exactly the region's size. Frame: its own pixels.
    """
    view = _box_um(region_wpx)
    unsure = fill(annotations.unsure, region_wpx)
    fibers = annotations.fibers
    near = shapely.STRtree(fibers.outlines).query(view, predicate="intersects")
    near = near[np.lexsort((near, -shapely.area(fibers.outlines[near])))]
    labels = np.zeros(readable.shape, np.int32)
    kept: list[int] = []
    doubted = np.zeros_like(unsure)
    for row in near:
        window, mask = _fill_window(fibers.outlines[row], region_wpx)
        if 2 * np.count_nonzero(mask & unsure[window]) > np.count_nonzero(mask):
            doubted[window] |= mask
        elif mask.any():
            kept.append(int(row))
            labels[window][mask] = len(kept)
    known = readable & ~unsure & ~doubted
    compartments = _compartments(annotations, region_wpx, labels)
    compartments[~(known & fill(annotations.compartments_known, region_wpx))] = UNKNOWN_COMPARTMENT
    labels[~readable] = 0
    cells = annotations.cells
    center = WORKING_MPP.to_px(cells.center_um.astype(np.float64)) - [region_wpx.x, region_wpx.y]
    inside = np.all((center >= 0) & (center < [region_wpx.width, region_wpx.height]), axis=1)
    return FieldTruth(
        fiber_labels=labels,
        fiber_class=np.concatenate([np.zeros(1, np.uint8), fibers.fiber_class[kept]]),
        fiber_attributes=np.concatenate([np.zeros((1, len(FiberAttribute)), np.bool_), fibers.attributes[kept]]),
        cell_center_px=center[inside].astype(np.float32),
        cell_class=cells.cell_class[inside],
        compartments=compartments,
        fibers_known=known & fill(annotations.fibers_known, region_wpx),
        cells_known=readable & ~unsure & fill(annotations.cells_known, region_wpx),
        attributes_known=annotations.attributes_known.copy(),
        cell_classes_known=annotations.cell_classes_known.copy(),
    )


def fill(shape: shapely.Geometry, region_wpx: Region) -> _Bools:
    """Which pixels' middles lie in a (multi)polygon.

    Args:
        shape: Frame: slide micrometers.
        region_wpx: In working pixels of the slide.

    Returns:
        (H, W) bool of the region's size.
    """
    mask = np.zeros((region_wpx.height, region_wpx.width), np.bool_)
    # a pixel more on each side, so that the cut lies beyond the pixels that are asked about
    for part in shapely.get_parts(shapely.intersection(shape, _box_um(region_wpx.grown(1)))):
        if shapely.get_type_id(part) == shapely.GeometryType.POLYGON and not part.is_empty:
            window, inside = _fill_window(part, region_wpx)
            mask[window] |= inside
    return mask


def _compartments(annotations: Annotations, region: Region, labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    areas = annotations.areas
    codes = np.full(labels.shape, Compartment.ENDOMYSIUM, np.uint8)
    near = np.sort(shapely.STRtree(areas.outlines).query(_box_um(region), predicate="intersects"))
    over = np.isin(areas.compartment, _OVER_FIBERS)
    for rows, fibers_first in ((near[~over[near]], False), (near[over[near]], True)):
        if fibers_first:
            codes[labels > 0] = Compartment.FIBER
        for row in rows:
            window, mask = _fill_window(areas.outlines[row], region)
            codes[window][mask] = areas.compartment[row]
    return codes


def _fill_window(polygon: shapely.Polygon, region: Region) -> tuple[tuple[slice, slice], _Bools]:
    """The part of the region around a polygon, and which of its pixels' middles lie inside; holes are outside."""
    rings = [polygon.exterior, *polygon.interiors]
    corners = [WORKING_MPP.to_px(shapely.get_coordinates(ring)[:-1])[:, ::-1] for ring in rings]
    origin = np.array([region.y, region.x])
    rows_columns = [ring - origin - 0.5 for ring in corners]
    low = np.maximum(np.floor(rows_columns[0].min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(rows_columns[0].max(axis=0)).astype(int) + 1, [region.height, region.width])
    high = np.maximum(high, low)
    mask = np.zeros(tuple(high - low), np.bool_)
    if mask.size:
        for ring in rows_columns:
            mask ^= fill_polygon(ring - low, mask.shape)
    return (slice(low[0], high[0]), slice(low[1], high[1])), mask


def _box_um(region: Region) -> shapely.Polygon:
    left, top, right, bottom = (WORKING_MPP.to_um(float(v)) for v in (region.x, region.y, region.right, region.bottom))
    return shapely.box(left, top, right, bottom)
