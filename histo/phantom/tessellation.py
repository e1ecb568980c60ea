"""Packing of fibers into fascicles: a relaxed Voronoi tessellation, shrunk to leave endomysium and perimysium.

Cells of a tessellation are disjoint, and every later step only shrinks them or moves all of them by one smooth field,
so fibers never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

from histo.phantom.spec import PhantomSpec

Points = NDArray[np.float64]
Polygons = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Packing:
    """Fibers and fascicles, in scene micrometers.

    Attributes:
        fibers: (N,) shapely polygons.
        fascicle: (N,) int, which fascicle a fiber belongs to.
        edge_um: (N,) float64, distance of a fiber's center to the rim of its fascicle.
        fascicles: (F,) shapely polygons.
    """

    fibers: Polygons
    fascicle: NDArray[np.int64]
    edge_um: NDArray[np.float64]
    fascicles: Polygons


def pack(spec: PhantomSpec, width_um: float, height_um: float, rng: np.random.Generator) -> Packing:
    """Fill a rectangle with fascicles of fibers.

    Args:
        spec: Sizes, gaps and irregularity.
        width_um: Width of the scene.
        height_um: Height of the scene.
        rng: Source of all chance.

    Returns:
        The packing; fibers cut by the scene's border are left out of it, so ask for a scene larger than the view.
    """
    to_scene, to_unit = _stretch(spec.elongation, rng)
    pitch = spec.fiber_um + spec.endomysium_um
    center = np.array([width_um, height_um]) / 2
    corners = (np.array([[0, 0], [width_um, 0], [width_um, height_um], [0, height_um]]) - center) @ to_unit.T
    low, high = corners.min(0) - 3 * pitch, corners.max(0) + 3 * pitch
    points = _relaxed(_jittered_hexagons(low, high, pitch, min(1.0, 3 * spec.size_spread), rng), pitch)
    in_scene = points @ to_scene.T + center
    keep = np.all((in_scene > -2 * pitch) & (in_scene < [width_um + 2 * pitch, height_um + 2 * pitch]), axis=1)
    points = points[keep]

    cells, owner = _voronoi_cells(points, to_scene, center)
    sites = points[owner] @ to_scene.T + center
    fascicle = _fascicle_of(sites, spec.fascicle_um, rng)
    cells, origin = _split(cells, spec.split, rng)
    fascicle = fascicle[origin]
    thin = np.bincount(origin, minlength=origin.max() + 1)[origin] > 1

    warp = _SmoothWarp(rng, spec)
    gap = spec.endomysium_um * np.exp(rng.normal(0, spec.gap_spread, len(cells)))
    gap = np.where(thin, np.minimum(gap, rng.uniform(0.5, 1.4, len(cells))), np.clip(gap, 0.4, 0.45 * spec.fiber_um))
    fascicles = np.array(
        [
            _without_holes(cells[fascicle == k]).buffer(-0.5 * spec.perimysium_um * rng.uniform(0.6, 1.4))
            for k in range(fascicle.max() + 1)
        ],
        dtype=object,
    )
    shapely.prepare(fascicles)
    fibers = shapely.buffer(cells, -gap / 2, quad_segs=2)
    outside = ~shapely.contains_properly(fascicles[fascicle], fibers)
    fibers[outside] = shapely.intersection(fibers[outside], fascicles[fascicle[outside]])
    whole = shapely.area(cells)
    fibers = _largest_part(fibers)
    radius = np.sqrt(shapely.area(fibers) / np.pi)
    rounding = radius * np.clip(0.12 + 0.6 * spec.roundness * rng.uniform(0.6, 1.2, len(fibers)), 0, 0.8)
    fibers = _largest_part(shapely.buffer(shapely.buffer(fibers, -rounding, quad_segs=2), rounding, quad_segs=5))
    good = (shapely.area(fibers) > 0.3 * whole) & (shapely.area(fibers) > 40)
    fibers, fascicle = fibers[good], fascicle[good]
    edge_um = shapely.distance(shapely.centroid(fibers), shapely.boundary(fascicles[fascicle]))
    fibers = shapely.transform(shapely.segmentize(fibers, 5.0), warp)
    fascicles = shapely.transform(shapely.segmentize(fascicles, 10.0), warp)
    sound = shapely.is_valid(fibers)
    return Packing(fibers[sound], fascicle[sound], edge_um[sound], fascicles)


def _stretch(elongation: float, rng: np.random.Generator) -> tuple[Points, Points]:
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([np.sqrt(elongation), 1 / np.sqrt(elongation)]) @ turn.T
    return matrix, np.linalg.inv(matrix)


def _jittered_hexagons(low: Points, high: Points, pitch: float, jitter: float, rng: np.random.Generator) -> Points:
    step_x, step_y = pitch * 1.0, pitch * np.sqrt(3) / 2
    columns = np.arange(int((high[0] - low[0]) / step_x) + 2)
    rows = np.arange(int((high[1] - low[1]) / step_y) + 2)
    x = low[0] + step_x * (columns[None, :] + 0.5 * (rows[:, None] % 2))
    y = np.broadcast_to(low[1] + step_y * rows[:, None], x.shape)
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    return points + rng.normal(0, 0.42 * jitter * pitch, points.shape)


def _relaxed(points: Points, pitch: float) -> Points:
    """One soft Lloyd step: takes away slivers and keeps the size variation."""
    tree = cKDTree(points)
    distance, neighbor = tree.query(points, k=4)
    away = points[:, None, :] - points[neighbor[:, 1:]]
    gap = np.maximum(distance[:, 1:], 1e-6)
    push = np.clip(0.6 * pitch - gap, 0, None) / gap / 2
    moved: Points = points + (away * push[..., None]).sum(axis=1)
    return moved


def _voronoi_cells(points: Points, to_scene: Points, center: Points) -> tuple[Polygons, NDArray[np.int64]]:
    diagram = Voronoi(points)
    vertices = diagram.vertices @ to_scene.T + center
    rings, owner = [], []
    for site, region in enumerate(diagram.point_region):
        ring = diagram.regions[region]
        if len(ring) >= 3 and -1 not in ring:
            rings.append(shapely.Polygon(vertices[ring]))
            owner.append(site)
    cells = np.array(rings, dtype=object)
    area = shapely.area(cells)
    finite = area < 12 * np.median(area)
    return cells[finite], np.array(owner)[finite]


def _fascicle_of(sites: Points, fascicle_um: float, rng: np.random.Generator) -> NDArray[np.int64]:
    low, high = sites.min(0), sites.max(0)
    seeds = _jittered_hexagons(low - fascicle_um, high + fascicle_um, fascicle_um, 0.6, rng)
    _, nearest = cKDTree(seeds).query(sites)
    _, compact = np.unique(nearest, return_inverse=True)
    numbers: NDArray[np.int64] = compact.astype(np.int64)
    return numbers


def _split(cells: Polygons, share: float, rng: np.random.Generator) -> tuple[Polygons, NDArray[np.int64]]:
    chosen = rng.random(len(cells)) < share
    parts, origin = [cells[~chosen]], [np.flatnonzero(~chosen)]
    for index in np.flatnonzero(chosen):
        x, y = shapely.centroid(cells[index]).coords[0]
        angle, far = rng.uniform(0, np.pi), 1e3
        along = far * np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        middle = np.array([x, y]) + rng.normal(0, 2, 2)
        for side in (across, -across):
            half = shapely.Polygon([middle - along, middle + along, middle + along + side, middle - along + side])
            parts.append(np.array([cells[index].intersection(half)], dtype=object))
            origin.append(np.array([index]))
    return np.concatenate(parts), np.concatenate(origin)


def _without_holes(cells: Polygons) -> shapely.MultiPolygon:
    merged = shapely.union_all(shapely.buffer(cells, 0.5, quad_segs=1))
    return shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(merged)])


def _largest_part(shapes: Polygons) -> Polygons:
    several = np.flatnonzero(shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON)
    for index in several:
        polygons = [p for p in shapely.get_parts(shapes[index]) if p.geom_type == "Polygon"]
        shapes[index] = max(polygons, key=lambda p: p.area, default=shapely.Polygon())
    return shapes


class _SmoothWarp:
    """A smooth displacement of the plane: a sum of a few sine waves, mild enough to stay one-to-one."""

    def __init__(self, rng: np.random.Generator, spec: PhantomSpec) -> None:
        length_um = np.concatenate([rng.uniform(150, 500, 4), rng.uniform(25, 70, 6)])
        angle = rng.uniform(0, 2 * np.pi, len(length_um))
        self.wave = 2 * np.pi / length_um[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        self.phase = rng.uniform(0, 2 * np.pi, (len(length_um), 2))
        slope = rng.uniform(0.02, 0.09, (len(length_um), 2)) * rng.uniform(0.3, 1.0)
        self.height = slope * length_um[:, None] / (2 * np.pi)

    def __call__(self, points: Points) -> Points:
        turn = points @ self.wave.T
        shift = [(self.height[:, axis] * np.sin(turn + self.phase[:, axis])).sum(axis=1) for axis in (0, 1)]
        moved: Points = points + np.stack(shift, axis=1)
        return moved
