"""Packing of fibers into fascicles: a weighted tessellation, shrunk to leave endomysium and perimysium.

Cells of a tessellation are disjoint, and every later step only shrinks them or moves all of them by one smooth field,
so fibers never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.phantom.chance import log_uniform
from histo.phantom.fibers.power_cells import as_polygons, relaxed_cells, spread_discs
from histo.phantom.fibers.sites import Sites, draw_sites, jittered_hexagons, stretch_matrix
from histo.phantom.shapes import Polygons
from histo.phantom.spec import PhantomSpec

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Packing:
    """Fibers and fascicles, in scene micrometers.

    Attributes:
        fibers: (N,) shapely polygons.
        fascicle: (N,) int, which fascicle a fiber belongs to.
        edge_um: (N,) float64, distance of a fiber's center to the rim of its fascicle.
        atrophic: (N,) bool.
        stretch: (N,) float64, ratio of the axes of the cut: 1 across the fiber.
        fascicles: (F,) shapely polygons.
    """

    fibers: Polygons
    fascicle: NDArray[np.int64]
    edge_um: NDArray[np.float64]
    atrophic: NDArray[np.bool_]
    stretch: NDArray[np.float64]
    fascicles: Polygons

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> Packing:
        """The fibers at these rows, with all fascicles."""
        return Packing(
            self.fibers[rows], self.fascicle[rows], self.edge_um[rows], self.atrophic[rows], self.stretch[rows],
            self.fascicles,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Cells:
    """Cells of the tessellation: fibers before they are shrunk. Arrays of one length."""

    shape: Polygons
    fascicle: NDArray[np.int64]
    atrophic: NDArray[np.bool_]
    angular: NDArray[np.bool_]
    stretch: NDArray[np.float64]


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
    pitch = spec.fiber_um + spec.endomysium_um
    low, high = np.zeros(2), np.array([width_um, height_um])
    seeds = jittered_hexagons(low - 2 * spec.fascicle_um, high + 2 * spec.fascicle_um, spec.fascicle_um, 0.6, rng)
    cells = _cells(spec, low - pitch, high + pitch, seeds, spec.elongation, rng)
    cells = _turned_fascicles(spec, cells, seeds, rng)
    cells, thin = _split(cells, spec.split, rng)

    warp = _SmoothWarp(rng)
    width = np.sqrt(shapely.area(cells.shape))
    gap = spec.endomysium_um * np.exp(rng.normal(0, spec.gap_spread, len(width)) + _SlowWave(rng)(cells.shape))
    gap = np.clip(gap, 0.4, 0.4 * width / np.sqrt(cells.stretch))
    gap = np.where(thin, np.minimum(gap, rng.uniform(0.5, 1.4, len(width))), gap)
    fascicles = np.array(
        [
            _without_holes(cells.shape[cells.fascicle == k]).buffer(-0.5 * spec.perimysium_um * rng.uniform(0.6, 1.4))
            for k in range(cells.fascicle.max() + 1)
        ],
        dtype=object,
    )
    shapely.prepare(fascicles)
    home = fascicles[cells.fascicle]
    fibers = shapely.buffer(cells.shape, -gap / 2, quad_segs=2)
    outside = ~shapely.contains_properly(home, fibers)
    fibers[outside] = shapely.intersection(fibers[outside], home[outside])
    fibers = _largest_part(fibers)
    corner = 0.12 + 0.6 * spec.roundness * rng.uniform(0.6, 1.2, len(fibers))
    corner[cells.atrophic] = np.where(cells.angular, 0.06, rng.uniform(0.4, 0.8, len(fibers)))[cells.atrophic]
    rounding = np.sqrt(shapely.area(fibers) / np.pi / cells.stretch) * np.clip(corner, 0, 0.8)
    fibers = _largest_part(shapely.buffer(shapely.buffer(fibers, -rounding, quad_segs=2), rounding, quad_segs=5))
    good = (shapely.area(fibers) > 0.3 * width**2) & (shapely.area(fibers) > 40)
    edge_um = shapely.distance(shapely.centroid(fibers[good]), shapely.boundary(home[good]))
    fibers = shapely.transform(shapely.segmentize(fibers[good], 5.0), warp)
    fascicles = shapely.transform(shapely.segmentize(fascicles, 10.0), warp)
    packing = Packing(
        fibers, cells.fascicle[good], edge_um, cells.atrophic[good], cells.stretch[good], fascicles
    )  # fmt: skip
    return packing.select(shapely.is_valid(fibers))


def _cells(
    spec: PhantomSpec, low: Points, high: Points, seeds: Points, elongation: float, rng: np.random.Generator
) -> _Cells:
    """Cells over a rectangle of the scene; what is cut by the hull of all sites is left out."""
    center, margin = (low + high) / 2, 1.5 * (spec.fiber_um + spec.endomysium_um) * np.sqrt(elongation)
    to_scene, to_unit = stretch_matrix(elongation, rng)
    box = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]]) - center
    corners = (box + np.sign(box) * margin) @ to_unit.T
    sites: Sites = draw_sites(spec, corners.min(axis=0), corners.max(axis=0), to_scene, center, seeds, rng)
    sites = sites.within(low - margin, high + margin, to_scene, center)
    at = spread_discs(sites.at, sites.radius)
    corners, cell, owner = relaxed_cells(at, sites.radius)
    shape = as_polygons(corners @ to_scene.T + center, cell)
    area = shapely.area(shape)
    x, y = shapely.get_coordinates(shapely.centroid(shape)).T
    pitch = spec.fiber_um + spec.endomysium_um
    inside = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
    sound = inside & (area > 30) & (area < 8 * pitch**2)
    shape, owner = shape[sound], owner[sound]
    _, nearest = cKDTree(seeds).query(np.stack([x, y], axis=1)[sound])
    _, fascicle = np.unique(nearest, return_inverse=True)
    return _Cells(
        shape, fascicle.astype(np.int64), sites.atrophic[owner], sites.angular[owner],
        np.full(len(shape), elongation),
    )  # fmt: skip


def _turned_fascicles(spec: PhantomSpec, cells: _Cells, seeds: Points, rng: np.random.Generator) -> _Cells:
    """Some fascicles run another way than the rest: their cells give way to stretched ones."""
    turned = np.flatnonzero(rng.random(cells.fascicle.max() + 1) < spec.oblique)
    if len(turned) == 0:
        return cells
    kept = ~np.isin(cells.fascicle, turned)
    parts = [_Cells(*(getattr(cells, name)[kept] for name in _Cells.__dataclass_fields__))]
    for fascicle in turned:
        region = _without_holes(cells.shape[cells.fascicle == fascicle])
        bounds = np.array(region.bounds)
        stretch = log_uniform(rng, 1.7, 9.0)
        new = _cells(spec, bounds[:2], bounds[2:], seeds, stretch, rng)
        shape = _largest_part(shapely.intersection(new.shape, region))
        good = shapely.area(shape) > np.maximum(0.35 * shapely.area(new.shape), 60)
        parts.append(
            _Cells(
                shape[good], np.full(np.count_nonzero(good), fascicle), new.atrophic[good], new.angular[good],
                new.stretch[good],
            )
        )  # fmt: skip
    return _Cells(*(np.concatenate([getattr(p, name) for p in parts]) for name in _Cells.__dataclass_fields__))


def _split(cells: _Cells, share: float, rng: np.random.Generator) -> tuple[_Cells, NDArray[np.bool_]]:
    """Some cells cut in two, and which cells are halves."""
    chosen = rng.random(len(cells.shape)) < share
    shapes, origin = [cells.shape[~chosen]], [np.flatnonzero(~chosen)]
    for index in np.flatnonzero(chosen):
        x, y = shapely.centroid(cells.shape[index]).coords[0]
        angle, far = rng.uniform(0, np.pi), 1e3
        along = far * np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        middle = np.array([x, y]) + rng.normal(0, 2, 2)
        for side in (across, -across):
            half = shapely.Polygon([middle - along, middle + along, middle + along + side, middle - along + side])
            part = cells.shape[index].intersection(half)
            if part.is_empty:  # the cut missed a thin cell
                continue
            shapes.append(np.array([part], dtype=object))
            origin.append(np.array([index]))
    rows = np.concatenate(origin)
    halves = np.arange(len(rows)) >= np.count_nonzero(~chosen)
    cut = _Cells(
        np.concatenate(shapes), cells.fascicle[rows], cells.atrophic[rows], cells.angular[rows], cells.stretch[rows]
    )
    return cut, halves


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

    def __init__(self, rng: np.random.Generator) -> None:
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


class _SlowWave:
    """A smooth random value over the plane, about -0.6 to 0.6: endomysium is wide here and narrow there."""

    def __init__(self, rng: np.random.Generator) -> None:
        length_um = rng.uniform(80, 500, 6)
        angle = rng.uniform(0, 2 * np.pi, len(length_um))
        self.wave = 2 * np.pi / length_um[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        self.phase = rng.uniform(0, 2 * np.pi, len(length_um))
        self.height = rng.uniform(0.05, 0.4) * np.ones(len(length_um))

    def __call__(self, shapes: Polygons) -> NDArray[np.float64]:
        at = shapely.get_coordinates(shapely.centroid(shapes))
        value: NDArray[np.float64] = (self.height * np.sin(at @ self.wave.T + self.phase)).sum(axis=1)
        return value
