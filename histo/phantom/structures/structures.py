"""What lies between and over the fibers: vessels, nerves, fat, sheets of cells, tears, folds and debris."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi

from histo.geometry import UM2_PER_MM2
from histo.phantom.fibers import Packing
from histo.phantom.shapes import Polygons, blob, polygon_array
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures.glass import GLASS_WIDTH_UM
from histo.phantom.structures.outlines import adipocyte, band, giant_cells, intrafusal_fibers, lobule, rim_band, vessel

Candidate = TypeVar("Candidate")


@dataclass(frozen=True, eq=False)
class Structures:
    """Shapes other than fibers, in scene micrometers.

    Attributes:
        vessels: (V,) polygons, walls included.
        lumens: (V,) polygons, one inside each vessel.
        cuffed: (V,) bool, which vessels carry a cuff of lymphocytes.
        capillaries: (P,) small circles at the corners of fibers.
        nerves: (K,) polygons of nerve twigs.
        spindles: (M,) polygons of muscle spindles, capsules included.
        intrafusal: (I,) polygons of the small fibers inside spindles.
        lobules: (L,) polygons of groups of adipocytes, membranes included.
        fat: (A,) polygons of single adipocytes, all within lobules.
        bands: (E,) four-sided pieces of tendon, fascia and epimysium; see `courses`.
        granulomas: (R,) polygons of nodules of epithelioid cells.
        giants: (T,) polygons of giant cells, all within granulomas.
        sheets: (S,) polygons where cells have replaced fibers.
        scars: (C,) polygons of smooth collagen that look like fibers without being any.
        foci: (G, 2) float64 centers of dense infiltrate.
        tears: (T,) polygons that show glass, everywhere wider than `GLASS_WIDTH_UM`.
        clefts: (T,) polygons of narrow tears.
        folds: (D,) polygons where the section lies double.
        debris: (B,) polygons of dark dirt.
    """

    vessels: Polygons
    lumens: Polygons
    cuffed: NDArray[np.bool_]
    capillaries: Polygons
    nerves: Polygons
    spindles: Polygons
    intrafusal: Polygons
    lobules: Polygons
    fat: Polygons
    bands: Polygons
    granulomas: Polygons
    giants: Polygons
    sheets: Polygons
    scars: Polygons
    foci: NDArray[np.float64]
    tears: Polygons
    clefts: Polygons
    folds: Polygons
    debris: Polygons

    @property
    def closed(self) -> Polygons:
        """Polygons in which no scattered cell lies; their own nuclei come from `structure_nuclei`."""
        closed: Polygons = np.concatenate(
            [self.vessels, self.nerves, self.spindles, self.lobules, self.granulomas, self.tears]
        )
        return closed


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

    taken = _Room(section)
    granulomas = taken.fitting(
        (blob(x, y, rng.uniform(30, 120), rng, rng.uniform(1, 1.7), 0.2) for x, y in spots(spec.granulomas_mm2, False))
    )
    vessels = taken.fitting((vessel(x, y, rng) for x, y in spots(spec.vessels_mm2, True)), lambda pair: pair[0])
    spindles = taken.fitting(
        (blob(x, y, rng.uniform(22, 75), rng, rng.uniform(1, 1.9), 0.12) for x, y in spots(spec.spindles_mm2, True))
    )
    nerves = taken.fitting(
        (blob(x, y, rng.uniform(9, 45), rng, rng.uniform(1, 2.4), 0.12) for x, y in spots(spec.nerves_mm2, True))
    )
    groups = spots(spec.fat_mm2, True)
    lobules = taken.fitting((lobule(x, y, rng) for x, y in groups), lambda pair: pair[0])
    lobules += taken.fitting((adipocyte(x, y, rng) for x, y in _beside(groups, rng)), lambda pair: pair[0])
    bands = [_within(band(x, y, rng), section) for x, y in spots(spec.bands_mm2, True)]
    if spec.epimysium_um:
        bands.append(rim_band(section, spec.epimysium_um, shapely.box(0, 0, width_um, height_um), rng))
    sheets = [blob(x, y, rng.uniform(40, 130), rng, rng.uniform(1, 2), 0.5) for x, y in spots(spec.sheets_mm2, False)]
    scars = [blob(x, y, rng.uniform(8, 35), rng, rng.uniform(1, 4), 0.35) for x, y in spots(spec.scars_mm2, False)]
    torn = polygon_array(
        blob(x, y, rng.uniform(6, 45), rng, rng.uniform(1, 9), 0.7) for x, y in spots(spec.tears_mm2, False)
    )
    if len(torn):  # the section tears beside what is firm
        torn = shapely.difference(torn, shapely.buffer(shapely.union_all(taken.shapes), 1.0))
    reach = GLASS_WIDTH_UM / 2
    tears = shapely.buffer(shapely.buffer(torn, -reach), reach) if len(torn) else torn
    folds = [blob(x, y, rng.uniform(25, 70), rng, rng.uniform(4, 12), 0.2) for x, y in spots(spec.folds_mm2, False)]
    debris = [blob(x, y, rng.uniform(3, 25), rng, rng.uniform(1, 3), 0.8) for x, y in spots(spec.debris_mm2, False)]
    return Structures(
        vessels=polygon_array(wall for wall, _ in vessels),
        lumens=polygon_array(lumen for _, lumen in vessels),
        cuffed=rng.random(len(vessels)) < spec.cuffs,
        capillaries=polygon_array([]),
        nerves=polygon_array(nerves),
        spindles=polygon_array(spindles),
        intrafusal=polygon_array(fiber for spindle in spindles for fiber in intrafusal_fibers(spindle, rng)),
        lobules=polygon_array(outline for outline, _ in lobules),
        fat=np.concatenate([polygon_array([]), *[cells for _, cells in lobules]]),
        bands=np.concatenate([polygon_array([]), *bands]),
        granulomas=polygon_array(granulomas),
        giants=polygon_array(cell for nodule in granulomas for cell in giant_cells(nodule, rng)),
        sheets=polygon_array(sheets),
        scars=polygon_array(scars),
        foci=spots(spec.foci_mm2, False),
        tears=_polygons_in(tears),
        clefts=_polygons_in(shapely.difference(torn, tears)),
        folds=polygon_array(folds),
        debris=polygon_array(debris),
    )


def with_capillaries(
    structures: Structures, fibers: Polygons, room_um: NDArray[np.float32], um_per_px: float, share: float,
    rng: np.random.Generator,
) -> Structures:  # fmt: skip
    """Put capillaries at the corners of fibers, where three of them leave most room.

    Args:
        structures: Without capillaries.
        fibers: (N,) polygons.
        room_um: (H, W) float32, distance to the nearest fiber.
        um_per_px: Scale of `room_um`.
        share: Share of the corners that get one.
        rng: Source of all chance.

    Returns:
        The structures with capillaries of 3 to 9 um.
    """
    if len(fibers) < 4:
        return structures
    corners = Voronoi(shapely.get_coordinates(shapely.centroid(fibers))).vertices
    corners = corners[rng.random(len(corners)) < share]
    height, width = room_um.shape
    column, row = np.floor(corners / um_per_px).T
    inside = (column >= 3) & (column < width - 3) & (row >= 3) & (row < height - 3)
    column, row = column[inside].astype(np.int64), row[inside].astype(np.int64)
    steps = np.stack(np.meshgrid(np.arange(-2, 3), np.arange(-2, 3)), axis=-1).reshape(-1, 2)
    for _ in range(3):  # uphill, to where there is most room
        near_column = np.clip(column[:, None] + steps[:, 0], 0, width - 1)
        near_row = np.clip(row[:, None] + steps[:, 1], 0, height - 1)
        best = room_um[near_row, near_column].argmax(axis=1)[:, None]
        column = np.take_along_axis(near_column, best, axis=1)[:, 0]
        row = np.take_along_axis(near_row, best, axis=1)[:, 0]
    row, column = np.unique(np.stack([row, column]), axis=1)
    room = room_um[row, column]
    radius = np.minimum(rng.uniform(1.5, 4.4, len(row)), room + 0.8)
    points = shapely.points((np.stack([column, row], axis=1) + 0.5) * um_per_px)
    free = (room > 1.2) & (room < 14)
    if len(structures.closed):
        free[shapely.STRtree(structures.closed).query(points, predicate="dwithin", distance=4.0)[0]] = False
    return replace(structures, capillaries=shapely.buffer(points[free], radius[free], quad_segs=3))


class _Room:
    """Keeps structures within the section and out of each other: whoever comes later and does not fit is left out."""

    def __init__(self, section: shapely.Polygon) -> None:
        shapely.prepare(section)
        self._section = section
        self._bounds = np.zeros((0, 4))
        self.shapes: list[shapely.Polygon] = []

    def fitting(
        self, candidates: Iterable[Candidate], outline: Callable[[Candidate], shapely.Polygon] = lambda shape: shape
    ) -> list[Candidate]:
        kept = []
        for candidate in candidates:
            left, top, right, bottom = outline(candidate).bounds
            b = self._bounds
            alone = not np.any((b[:, 0] < right) & (b[:, 2] > left) & (b[:, 1] < bottom) & (b[:, 3] > top))
            if alone and self._section.contains(outline(candidate)):
                self._bounds = np.concatenate([b, [[left, top, right, bottom]]])
                self.shapes.append(outline(candidate))
                kept.append(candidate)
        return kept


def _beside(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Around each point none to four, for the single adipocytes beside lobules."""
    repeated = np.repeat(points, rng.integers(0, 5, len(points)), axis=0)
    beside: NDArray[np.float64] = repeated + rng.normal(0, 110, repeated.shape)
    return beside


def _within(shapes: Polygons, section: shapely.Polygon) -> Polygons:
    inside: Polygons = shapes[shapely.within(shapes, section)]
    return inside


def _polygons_in(shapes: Polygons) -> Polygons:
    parts = shapely.get_parts(shapes)
    found: Polygons = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 1)]
    return found
