"""What a region of a phantom is drawn on: planes of dye, the truth that grows with them, and the pixel arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.noise import sample
from histo.phantom.shapes import Polygons

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]

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
        inks: Colored dirt that lies over everything.
        hazes: Where the image is out of focus.
        trees: Search trees of the scene's own arrays of shapes, by `id`; see `trees_of`.
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
    inks: list[Ink]
    hazes: list[Haze]
    trees: dict[int, shapely.STRtree]

    def noise(self, name: str, shift: int = 0) -> Plane:
        """(H, W) float32, a sheet of noise over the region (see `sheets`); another `shift` gives another piece.

        The array is the caller's own: change it in place rather than make another.
        """
        return sample(name, self.area, self.offset + shift)

    def spread(self, values: NDArray[np.float32], labels: NDArray[np.int32] | None = None) -> Plane:
        """(H, W) float32, each fiber's value where it lies and 0 elsewhere.

        Args:
            values: (N,) by row of the scene.
            labels: (H, W) numbers of fibers; the canvas's own if None.
        """
        by_label = np.concatenate([np.zeros(1, np.float32), values[self.rows].astype(np.float32, copy=False)])
        plane: Plane = np.take(by_label, self.labels if labels is None else labels, mode="clip")
        return plane

    def near(self, shapes: Polygons) -> Polygons:
        """Those of many shapes whose bounds touch the region, by the tree of `trees` if they are the scene's own."""
        if len(shapes) == 0:
            return shapes
        tree = self.trees.get(id(shapes))
        return shapes[near(tree or shapely.STRtree(shapes), self.area)]

    def around(self, shapes: Polygons, margin_wpx: int = 8) -> Canvas | None:
        """The part of this canvas that these shapes may touch, as views: what is painted there is painted here.

        Args:
            shapes: In scene micrometers.
            margin_wpx: What is kept around them.

        Returns:
            A canvas of views, or None where no shape is near.
        """
        close = self.near(shapes)
        if len(close) == 0:
            return None
        left, top, right, bottom = WORKING_MPP.to_px(np.asarray(shapely.total_bounds(close)))
        x0 = max(self.area.x, int(np.floor(left)) - margin_wpx)
        y0 = max(self.area.y, int(np.floor(top)) - margin_wpx)
        x1 = min(self.area.right, int(np.ceil(right)) + margin_wpx)
        y1 = min(self.area.bottom, int(np.ceil(bottom)) + margin_wpx)
        if x0 >= x1 or y0 >= y1:
            return None
        return self.part(Region(x0, y0, x1 - x0, y1 - y0))

    def part(self, area: Region) -> Canvas:
        """A region of this canvas as views, not copies."""
        left, top = area.x - self.area.x, area.y - self.area.y
        window = np.s_[top : top + area.height, left : left + area.width]
        return replace(
            self, area=area, labels=self.labels[window], coverage=self.coverage[window],
            compartments=self.compartments[window], eosin=self.eosin[window], hematoxylin=self.hematoxylin[window],
            red_cell=self.red_cell[window], dirt=self.dirt[window],
        )  # fmt: skip

    def points(self, coordinates_um: NDArray[np.float64]) -> NDArray[np.int32]:
        """Scene micrometers to OpenCV's fixed-point pixels: see `fixed_points`."""
        return fixed_points(coordinates_um, self.area)

    def mask(self, shapes: Polygons | Iterable[shapely.Geometry]) -> NDArray[np.bool_]:
        """(H, W) bool, the pixels inside these shapes: see `drawn_mask`."""
        return drawn_mask(self.near(shapes) if isinstance(shapes, np.ndarray) else shapes, self.area)


@dataclass(frozen=True, eq=False)
class Ink:
    """Colored dirt on a region.

    Attributes:
        amount: (H, W) float32, how much lies where.
        density: Optical density (natural logarithm) per unit in R, G, B.
    """

    amount: Plane
    density: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Haze:
    """A part of a region that is out of focus.

    Attributes:
        weight: (H, W) float32, 0 to 1, how much of the blurred image is seen.
        sigma_wpx: Of the blur; at most 6, which the margin around a region allows.
    """

    weight: Plane
    sigma_wpx: float


def trees_of(arrays: Iterable[Polygons]) -> dict[int, shapely.STRtree]:
    """Search trees of arrays that live as long as the trees do, by their `id`."""
    return {id(array): shapely.STRtree(array) for array in arrays}


def put(plane: NDArray[Any], mask: NDArray[np.bool_], amount: NDArray[Any] | float) -> None:
    """Write amounts where a mask is true: `plane[mask] = amount[mask]` or `plane[mask] = amount`, many times faster."""
    np.copyto(plane, amount, where=mask, casting="unsafe")


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
    return mask.view(np.bool_)
