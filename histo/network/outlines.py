"""From fiber labels to smooth outlines with sub-pixel accuracy, and their calipers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtri

from histo.network.layout import MAP_MPP

_SMOOTHING_PX = 1.0
"""Blur before the half-height contour: takes out the pixel stairs, moves the rim of a 20 um fiber by 0.05 um."""

_EDGE_SPREAD_PX = (_SMOOTHING_PX**2 + 1 / 12) ** 0.5
"""Spread of a blurred edge: the blur's own, and that of a pixel."""

_PAD = 5
_TOLERANCE_UM = 0.2
"""How far a simplified outline may lie from the contour: well below the map's pixel of 1 um."""

_Ring = NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """One fiber's shape, in micrometers from the block's corner.

    Attributes:
        label: The fiber's number in the label map.
        ring_um: (V, 2) float64, x and y; not closed twice.
        polygon: The same as a valid polygon.
    """

    label: int
    ring_um: _Ring
    polygon: shapely.Polygon


def trace_outlines(labels: NDArray[np.int32], minimum_area_um2: float) -> list[Outline]:
    """The outer outline of every label that is large enough; holes are part of the fiber.

    Args:
        labels: (h, w) at 1 um/px; 0 is no fiber.
        minimum_area_um2: Smaller outlines are left out.

    Returns:
        Outlines in the order of their labels.
    """
    least_px2 = minimum_area_um2 / MAP_MPP.area_um2(1)
    numbers: list[int] = []
    rings: list[_Ring] = []
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is None or (window[0].stop - window[0].start) * (window[1].stop - window[1].start) < least_px2:
            continue
        ring = _outer_ring(labels[window] == label)
        if ring is not None:
            numbers.append(label)
            rings.append(np.asarray(MAP_MPP.to_um(np.add(ring, (window[1].start, window[0].start)))))
    polygons = _polygons(rings)
    for place in np.flatnonzero(~shapely.is_valid(polygons)):
        polygons[place] = _largest_part(polygons[place])
        rings[place] = np.asarray(shapely.get_coordinates(polygons[place].exterior)[:-1], dtype=np.float64)
    large = np.flatnonzero(shapely.area(polygons) >= minimum_area_um2)
    return [Outline(numbers[place], rings[place], polygons[place]) for place in large]


def min_feret(ring_um: _Ring) -> float:
    """The smallest distance between two parallel lines that hold a ring: the width of its convex hull.

    The narrowest pair of calipers always lies along one side of the hull (Toussaint 1983, rotating calipers).
    """
    hull = cv2.convexHull(ring_um.astype(np.float32))[:, 0].astype(np.float64)
    side = np.concatenate([hull[1:], hull[:1]]) - hull
    normal = np.stack([-side[:, 1], side[:, 0]]) / np.maximum(np.hypot(side[:, 0], side[:, 1]), 1e-9)
    along = hull @ normal
    return float((along.max(axis=0) - along.min(axis=0)).min())


def _outer_ring(mask: NDArray[np.bool_]) -> _Ring | None:
    """The largest outer outline of a mask as x, y; pixel (0, 0) of the mask spans 0 to 1.

    The chain of the outermost pixels is moved out, along the slope of the blurred mask, to where that crosses one half:
    the blurred height tells how far that is, exactly so for a straight edge.
    """
    solid = cv2.copyMakeBorder(mask.astype(np.float32), _PAD, _PAD, _PAD, _PAD, cv2.BORDER_CONSTANT)
    soft = cv2.GaussianBlur(solid, (0, 0), _SMOOTHING_PX)
    chains, _ = cv2.findContours((soft >= 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not chains:
        return None
    chain = max(chains, key=cv2.contourArea)[:, 0]
    place = (chain[:, 1], chain[:, 0])
    slope = np.stack([cv2.Scharr(soft, cv2.CV_32F, 1, 0)[place], cv2.Scharr(soft, cv2.CV_32F, 0, 1)[place]], axis=1)
    inward = slope / np.maximum(np.hypot(slope[:, 0], slope[:, 1]), 1e-6)[:, None]
    depth = _EDGE_SPREAD_PX * ndtri(np.minimum(soft[place], 0.9))
    ring = (chain - depth[:, None] * inward).astype(np.float32)
    corners = cv2.approxPolyDP(ring, MAP_MPP.to_px(_TOLERANCE_UM), True)[:, 0]
    return corners + (0.5 - _PAD) if len(corners) >= 3 else None


def _polygons(rings: list[_Ring]) -> NDArray[np.object_]:
    if not rings:
        return np.zeros(0, dtype=object)
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return np.asarray(shapely.polygons(shapely.linearrings(np.concatenate(rings), indices=owner)), dtype=object)


def _largest_part(polygon: shapely.Polygon) -> shapely.Polygon:
    """Where a thin spike made an outline cross itself: the largest valid piece, without holes."""
    parts = shapely.get_parts(shapely.make_valid(polygon))
    largest = max((part for part in parts if part.geom_type == "Polygon"), key=shapely.area, default=shapely.Polygon())
    return shapely.Polygon(largest.exterior)
