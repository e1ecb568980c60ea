"""What a region of a phantom is drawn on: planes of dye, the truth that grows with them, and the pixel arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Region
from histo.phantom.look import Plane
from histo.phantom.noise import sample
from histo.phantom.tessellation import Polygons

SUBPIXEL_BITS = 4
"""Bits of OpenCV's fixed-point pixel positions behind the point."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """One region while it is drawn; layers change its arrays in place.

    Attributes:
        area: The region, in working pixels of the scene.
        offset: Moves all noise sheets, so that phantoms differ.
        labels: (H, W) int32; 0 is no fiber, k is the k-th of `rows`.
        coverage: (H, W) float32, how much of a pixel fibers cover.
        rows: (R,) int64, rows of the scene's fibers that may be in the region.
        compartments: (H, W) uint8, a `Compartment`.
        eosin: (H, W) float32, amount of eosin.
        hematoxylin: (H, W) float32, amount of hematoxylin.
        red_cell: (H, W) float32, amount of red-cell color.
        dirt: (H, W) float32, neutral optical density.
    """

    area: Region
    offset: int
    labels: NDArray[np.int32]
    coverage: Plane
    rows: NDArray[np.int64]
    compartments: NDArray[np.uint8]
    eosin: Plane
    hematoxylin: Plane
    red_cell: Plane
    dirt: Plane

    def noise(self, name: str, shift: int = 0) -> Plane:
        """(H, W) float32, a sheet of `histo.phantom.noise` over the region; another `shift` gives another piece."""
        return sample(name, self.area, self.offset + shift)

    def points(self, coordinates_um: NDArray[np.float64]) -> NDArray[np.int32]:
        """Scene micrometers to OpenCV's fixed-point pixels: see `fixed_points`."""
        return fixed_points(coordinates_um, self.area)

    def mask(self, shapes: Polygons | Iterable[shapely.Geometry]) -> NDArray[np.bool_]:
        """(H, W) bool, the pixels inside these shapes: see `drawn_mask`."""
        return drawn_mask(shapes, self.area)


def fixed_points(coordinates_um: NDArray[np.float64], area: Region) -> NDArray[np.int32]:
    """Scene micrometers to OpenCV's fixed-point pixels of a region, whose integers are pixel centers."""
    pixels = WORKING_MPP.to_px(coordinates_um) - [area.x + 0.5, area.y + 0.5]
    return np.round(pixels * (1 << SUBPIXEL_BITS)).astype(np.int32)


def box_of(area: Region) -> shapely.Polygon:
    """A region's rectangle in scene micrometers."""
    box: shapely.Polygon = shapely.box(
        *[WORKING_MPP.to_um(float(side)) for side in (area.x, area.y, area.right, area.bottom)]
    )
    return box


def near(tree: shapely.STRtree, area: Region) -> NDArray[np.int64]:
    """Rows of the tree's shapes whose bounds touch a region, in ascending order."""
    found: NDArray[np.int64] = np.sort(tree.query(box_of(area)))
    return found


def drawn_mask(shapes: Polygons | Iterable[shapely.Geometry], area: Region) -> NDArray[np.bool_]:
    """(H, W) bool, the pixels of a region inside polygons given in scene micrometers; holes are filled."""
    mask, box = np.zeros((area.height, area.width), np.uint8), box_of(area)
    for shape in shapes:
        for part in shapely.get_parts(shape):
            if part.intersects(box):
                ring = fixed_points(np.asarray(part.exterior.coords), area)
                cv2.fillPoly(mask, [ring], 1, cv2.LINE_8, SUBPIXEL_BITS)
    return mask.astype(np.bool_)
