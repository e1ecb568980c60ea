"""Cells between fibers: where there is room for them, and how densely they lie."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.geometry import UM2_PER_MM2
from histo.phantom.nuclei.nuclei import Nuclei, NucleusLook, nuclei_at
from histo.phantom.shapes import Polygons
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures import Structures

_FOCUS_REACH = 3.1
"""Radii of a focus within which cells belong to it: beyond, its density is below 1e-4 of its middle's."""

_SIEGE_UM = 7.0
"""Macrophages around a dying fiber lie within so much of its rim: one layer of them."""


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Coarse rasters of where there is room.

    Attributes:
        free_um: (H, W) float32, distance to the nearest fiber or glass, 0 inside them.
        fascicle: (H, W) bool, inside a fascicle.
        um_per_px: Scale of both.
    """

    free_um: NDArray[np.float32]
    fascicle: NDArray[np.bool_]
    um_per_px: float

    @staticmethod
    def draw(
        fibers: Polygons, fascicles: Polygons, section: shapely.Polygon, width_um: float, height_um: float
    ) -> Occupancy:
        """Rasterize; a large scene gets coarser rasters, so that memory stays small."""
        um_per_px = 1.0 if width_um * height_um < 2e6 else 2.0
        shape = (int(np.ceil(height_um / um_per_px)), int(np.ceil(width_um / um_per_px)))
        free, fascicle = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        cv2.fillPoly(free, _pixel_rings([section], um_per_px), 255)
        for group in np.array_split(fibers, max(1, len(fibers) // 500)):
            cv2.fillPoly(free, _pixel_rings(group, um_per_px), 0)
        for polygon in fascicles:
            cv2.fillPoly(fascicle, _pixel_rings(shapely.get_parts(polygon), um_per_px), 1)
        return Occupancy(cv2.distanceTransform(free, cv2.DIST_L2, 3) * um_per_px, fascicle.astype(np.bool_), um_per_px)

    def at(self, points_um: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Room in um, and whether inside a fascicle, at (P, 2) points."""
        rows = np.clip((points_um[:, 1] / self.um_per_px).astype(int), 0, self.free_um.shape[0] - 1)
        columns = np.clip((points_um[:, 0] / self.um_per_px).astype(int), 0, self.free_um.shape[1] - 1)
        return self.free_um[rows, columns], self.fascicle[rows, columns]


def _pixel_rings(shapes: Polygons | list[shapely.Polygon], um_per_px: float) -> list[NDArray[np.int32]]:
    """Exterior rings as whole-pixel arrays for OpenCV."""
    return [
        np.round(shapely.get_coordinates(s.exterior) / um_per_px).astype(np.int32) for s in shapes if not s.is_empty
    ]


def interstitial_cells(
    spec: PhantomSpec, structures: Structures, occupancy: Occupancy, dying: Polygons, rng: np.random.Generator
) -> list[Nuclei]:
    """Inflammatory cells, fibroblasts and red cells, from one jittered grid, so that none lies on top of another.

    Args:
        spec: How many cells of each kind.
        structures: Foci, vessels and sheets, around and in which cells lie.
        occupancy: Where there is room.
        dying: (D,) necrotic fibers, some of which macrophages surround.
        rng: Source of chance.
    """
    height, width = (side * occupancy.um_per_px for side in occupancy.free_um.shape)
    area_mm2 = height * width / UM2_PER_MM2
    grid = _turned_grid(width, height, 6.3, rng)
    grid = grid + rng.uniform(-2.0, 2.0, grid.shape)
    room, in_fascicle = occupancy.at(grid)
    roomy = room > 1.6
    grid, in_fascicle = grid[roomy], in_fascicle[roomy]
    lymphocyte, macrophage = np.zeros(len(grid)), np.zeros(len(grid))
    endomysial, perimysial = max(1, np.count_nonzero(in_fascicle)), max(1, np.count_nonzero(~in_fascicle))
    lymphocyte += np.where(
        in_fascicle,
        spec.lymphocytes_mm2 * area_mm2 / endomysial,
        0.8 * spec.perimysial_mm2 * area_mm2 / perimysial,
    )
    macrophage += np.where(
        in_fascicle,
        spec.macrophages_mm2 * area_mm2 / endomysial,
        0.2 * spec.perimysial_mm2 * area_mm2 / perimysial,
    )
    tree = cKDTree(grid) if len(grid) else None
    for focus in structures.foci:
        peak, radius = rng.uniform(0.25, 0.9), spec.focus_um * rng.uniform(0.6, 1.3)
        near = _points_near(tree, focus, _FOCUS_REACH * radius)
        density = peak * np.exp(-((np.hypot(*(grid[near] - focus).T) / radius) ** 2))
        lymphocyte[near] += (1 - spec.focus_macrophages) * density
        macrophage[near] += spec.focus_macrophages * density
    for vessel in structures.vessels[structures.cuffed]:
        ring = vessel.buffer(rng.uniform(12, 40))
        lymphocyte[_points_inside(tree, grid, ring)] += rng.uniform(0.3, 0.8)
    for sheet in structures.sheets:
        inside = _points_inside(tree, grid, sheet)
        share, dense = rng.uniform(0.4, 0.95), rng.uniform(0.3, 0.95)
        macrophage[inside] += share * dense
        lymphocyte[inside] += (1 - share) * dense
    for fiber in dying[rng.random(len(dying)) < spec.besieged]:
        macrophage[_points_inside(tree, grid, fiber.buffer(_SIEGE_UM))] += rng.uniform(0.2, 0.9)
    spindle = np.where(in_fascicle, 0.006, 0.03) * rng.uniform(0.3, 1.8)
    red = np.full(len(grid), 0.004) * rng.uniform(0, 2)
    blocked = np.zeros(len(grid), np.bool_)
    for shape in structures.closed:
        blocked[_points_inside(tree, grid, shape)] = True
    dice = rng.random(len(grid))
    parts, floor = [], np.zeros(len(grid))
    for look, chance in (
        (NucleusLook.LYMPHOID, lymphocyte),
        (NucleusLook.MACROPHAGE, macrophage),
        (NucleusLook.SPINDLE, spindle),
        (NucleusLook.RED_CELL, red),
    ):
        chosen = (dice >= floor) & (dice < floor + chance) & ~blocked
        parts.append(nuclei_at(grid[chosen], look, rng))
        floor = floor + chance
    return parts


def _points_near(tree: cKDTree | None, at: NDArray[np.float64], reach_um: float) -> NDArray[np.int64]:
    """Rows of the points of a tree within reach; None is a tree without points."""
    return np.array([] if tree is None else tree.query_ball_point(at, reach_um, return_sorted=True), np.int64)


def _points_inside(tree: cKDTree | None, points: NDArray[np.float64], shape: shapely.Geometry) -> NDArray[np.int64]:
    """Rows of the (P, 2) points, of which the tree is made, that lie inside a shape."""
    if shape.is_empty:
        return np.zeros(0, np.int64)
    left, top, right, bottom = shape.bounds
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    near = _points_near(tree, middle, float(np.hypot(right - left, bottom - top)) / 2)
    shapely.prepare(shape)
    inside: NDArray[np.int64] = near[shapely.contains_xy(shape, points[near, 0], points[near, 1])]
    return inside


def _turned_grid(width: float, height: float, pitch: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(G, 2) points of a triangular grid, turned by any angle, that lie inside the scene."""
    reach, angle = np.hypot(width, height) / 2 + pitch, rng.uniform(0, np.pi / 3)
    column, row = np.meshgrid(np.arange(-reach, reach, pitch), np.arange(-reach, reach, pitch * np.sqrt(0.75)))
    column[::2] += pitch / 2
    x = column * np.cos(angle) - row * np.sin(angle) + width / 2
    y = column * np.sin(angle) + row * np.cos(angle) + height / 2
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return np.stack([x[inside], y[inside]], axis=1)
