"""What lies between and over the fibers: vessels, nerves, fat, sheets of cells, tears, folds and debris."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.phantom.spec import PhantomSpec
from histo.phantom.tessellation import Packing, Polygons

UM2_PER_MM2 = 1e6


@dataclass(frozen=True, eq=False)
class Structures:
    """Shapes other than fibers, in scene micrometers.

    Attributes:
        vessels: (V,) polygons, walls included.
        lumens: (V,) polygons, one inside each vessel.
        cuffed: (V,) bool, which vessels carry a cuff of lymphocytes.
        nerves: (K,) polygons of nerve twigs and spindles.
        fat: (A,) polygons of single adipocytes.
        sheets: (S,) polygons where cells have replaced fibers.
        scars: (C,) polygons of smooth collagen that look like fibers without being any.
        foci: (G, 2) float64 centers of dense infiltrate.
        tears: (T,) polygons that show glass.
        folds: (D,) polygons where the section lies double.
        debris: (B,) polygons of dark dirt.
    """

    vessels: Polygons
    lumens: Polygons
    cuffed: NDArray[np.bool_]
    nerves: Polygons
    fat: Polygons
    sheets: Polygons
    scars: Polygons
    foci: NDArray[np.float64]
    tears: Polygons
    folds: Polygons
    debris: Polygons

    @property
    def closed(self) -> Polygons:
        """Polygons in which no scattered cell lies; their own nuclei come from `structure_nuclei`."""
        closed: Polygons = np.concatenate([self.vessels, self.nerves, self.fat, self.tears])
        return closed


def blob(
    x: float, y: float, radius: float, rng: np.random.Generator, aspect: float = 1.0, roughness: float = 0.25
) -> shapely.Polygon:
    """A closed wobbly outline around a point."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    r = np.ones_like(turn)
    for k in range(2, 8):
        r = r + roughness / k * rng.normal() * np.cos(k * turn + rng.uniform(0, 2 * np.pi))
    r = radius * np.clip(r, 0.3, 2.0)
    angle = rng.uniform(0, np.pi)
    u, v = r * np.cos(turn) * np.sqrt(aspect), r * np.sin(turn) / np.sqrt(aspect)
    ring = np.stack([x + u * np.cos(angle) - v * np.sin(angle), y + u * np.sin(angle) + v * np.cos(angle)], axis=1)
    return shapely.Polygon(ring).buffer(0)


def place_structures(
    spec: PhantomSpec, packing: Packing, section: shapely.Polygon, width_um: float, height_um: float,
    rng: np.random.Generator,
) -> Structures:  # fmt: skip
    """Scatter structures; vessels, nerves and fat prefer the perimysium."""
    area_mm2 = width_um * height_um / UM2_PER_MM2
    shapely.prepare(packing.fascicles)
    tree = shapely.STRtree(packing.fascicles)

    def spots(per_mm2: float, perimysial: bool) -> NDArray[np.float64]:
        points = rng.uniform(
            [0, 0], [width_um, height_um], (rng.poisson(per_mm2 * area_mm2) * (4 if perimysial else 1), 2)
        )
        if perimysial and len(points):
            inside = np.zeros(len(points), np.bool_)
            inside[tree.query(shapely.points(points), predicate="within")[0]] = True
            points = np.concatenate([points[~inside], points[inside]])[: len(points) // 4]
        return points[shapely.contains_xy(section, points[:, 0], points[:, 1])] if len(points) else points

    vessels, lumens = [], []
    for x, y in spots(spec.vessels_mm2, True):
        wall = blob(x, y, rng.uniform(8, 40), rng, rng.uniform(1, 2.2), 0.12)
        lumen = wall.buffer(-rng.uniform(0.25, 0.6) * np.sqrt(wall.area / np.pi))
        if not lumen.is_empty and lumen.geom_type == "Polygon":
            vessels.append(wall)
            lumens.append(lumen)
    nerves = [blob(x, y, rng.uniform(12, 45), rng, rng.uniform(1, 2), 0.15) for x, y in spots(spec.nerves_mm2, True)]
    fat: list[shapely.Polygon] = []
    for x, y in spots(spec.fat_mm2, True):
        radius = rng.uniform(18, 40)
        for _ in range(rng.integers(1, 14)):
            shift_x, shift_y = rng.normal(0, 2.2 * radius, 2)
            cell = blob(x + shift_x, y + shift_y, radius * rng.uniform(0.7, 1.3), rng, 1.1, 0.1)
            if not any(cell.intersects(other) for other in fat):
                fat.append(cell)
    sheets = [blob(x, y, rng.uniform(40, 130), rng, rng.uniform(1, 2), 0.5) for x, y in spots(spec.sheets_mm2, False)]
    scars = [blob(x, y, rng.uniform(8, 35), rng, rng.uniform(1, 4), 0.35) for x, y in spots(spec.scars_mm2, False)]
    tears = [blob(x, y, rng.uniform(6, 45), rng, rng.uniform(1, 9), 0.7) for x, y in spots(spec.tears_mm2, False)]
    folds = [blob(x, y, rng.uniform(25, 70), rng, rng.uniform(4, 12), 0.2) for x, y in spots(spec.folds_mm2, False)]
    debris = [blob(x, y, rng.uniform(3, 25), rng, rng.uniform(1, 3), 0.8) for x, y in spots(spec.debris_mm2, False)]
    return Structures(
        vessels=_array(vessels),
        lumens=_array(lumens),
        cuffed=rng.random(len(vessels)) < spec.cuffs,
        nerves=_array(nerves),
        fat=_array(fat),
        sheets=_array(sheets),
        scars=_array(scars),
        foci=spots(spec.foci_mm2, False),
        tears=_array(tears),
        folds=_array(folds),
        debris=_array(debris),
    )


def carve(fibers: Polygons, structures: Structures, rng: np.random.Generator) -> tuple[Polygons, NDArray[np.int64]]:
    """Make room: fibers give way to structures, and most of those inside a sheet of cells are gone.

    Returns:
        The fibers that remain, and their rows among those given.
    """
    fibers = fibers.copy()
    solid = np.concatenate([structures.vessels, structures.nerves, structures.fat, structures.scars, structures.tears])
    if len(solid):
        tree = shapely.STRtree(solid)
        whole = shapely.area(fibers)
        for fiber, other in tree.query(fibers, predicate="intersects").T:
            fibers[fiber] = fibers[fiber].difference(solid[other].buffer(1.0))
        split = shapely.get_type_id(fibers) != shapely.GeometryType.POLYGON
        split |= shapely.get_num_interior_rings(fibers) > 0
        fibers[split | (shapely.area(fibers) < 0.55 * whole)] = shapely.Polygon()
    if len(structures.sheets):
        inside = np.unique(shapely.STRtree(structures.sheets).query(shapely.centroid(fibers), predicate="within")[0])
        fibers[inside[rng.random(len(inside)) < 0.8]] = shapely.Polygon()
    if len(structures.foci):
        spread = shapely.STRtree(shapely.points(structures.foci))
        near = np.unique(spread.query(fibers, predicate="dwithin", distance=60.0)[0])
        fibers[near] = shapely.buffer(fibers[near], -rng.uniform(0.0, 3.5, len(near)))
    usable = (shapely.get_type_id(fibers) == shapely.GeometryType.POLYGON) & (shapely.area(fibers) > 40)
    return fibers[usable], np.flatnonzero(usable)


def _array(shapes: list[shapely.Polygon]) -> Polygons:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array
