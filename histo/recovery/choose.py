"""Where implants go: healthy fibers found on the slide and room between fibers, at random, far from each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.detection import fiber_polygons
from histo.findings import Compartment, FiberAttribute, FiberClass, Fibers, Findings
from histo.geometry import WORKING_MPP
from histo.recovery.kinds import CELL_KINDS, CONTROL, FIBER_KINDS, ImplantKind
from histo.tiling import Tile, TileGrid

CORE_WPX = 768
"""Side of the windows that the network reads again: 384 um, some fifty fibers."""

_LEAST_CERTAIN = 0.8
"""Probability of being intact from which a fiber is taken to be healthy."""
_LEAST_UM = 12.0
_SPAN = (0.5, 2.0)
"""Diameters of healthy fibers that are used, relative to their median: neither atrophic nor a group outlined as one."""
_EDGE_UM = 12.0
"""What is kept between an implant and the rim of its window, so that it is outlined whole."""
_FIBER_GAP_UM = 30.0
_CELL_GAP_UM = 25.0
"""Least distance of two implants' outlines, and of a cell from any other implant."""
_FIBERS_PER_WINDOW, _CELLS_PER_WINDOW = 10, 8
_MOST_PASSES = 40
"""How often one window may be filled anew, for a slide too small to hold all implants at once."""
_ROOM_UM = (1.6, 12.0)
"""Distance of an implanted cell's center from the nearest fiber: the least is the simulator's, the rest is "beside"."""
_NUCLEUS_UM = 8.0
"""Least distance of an implanted cell from a nucleus that was found."""
_THROWS = 1500
"""Points per window at which room for a cell is looked for."""
_UNSOUND = (
    FiberAttribute.INVASION_CANDIDATE,
    FiberAttribute.VACUOLATED,
    FiberAttribute.OPAQUE,
    FiberAttribute.OBLIQUE,
    FiberAttribute.REMNANT,
)


@dataclass(frozen=True, eq=False)
class Site:
    """One place, and what is implanted there.

    Attributes:
        kind: What.
        number: Its number among all implants, from 0: the seed of its drawing.
        fiber: Row of the fiber that is drawn over; None for a cell.
        shape: The fiber's outline, or the point of a cell, in slide micrometers.
    """

    kind: ImplantKind
    number: int
    fiber: int | None
    shape: shapely.Polygon | shapely.Point


@dataclass(frozen=True, eq=False)
class Pass:
    """Implants that are put in at once, and the windows that hold them."""

    tiles: tuple[Tile, ...]
    sites: tuple[Site, ...]


def healthy_fibers(fibers: Fibers) -> NDArray[np.int64]:
    """Rows of the fibers that are surely intact, whole, transverse and of an ordinary size."""
    sound = (fibers.fiber_class == FiberClass.INTACT) & ~fibers.cut
    sound &= ~fibers.attributes[:, list(_UNSOUND)].any(axis=1)
    sound &= fibers.class_probability[:, FiberClass.INTACT] >= _LEAST_CERTAIN
    sound &= fibers.min_feret_um >= _LEAST_UM
    if sound.any():
        relative = fibers.min_feret_um / np.median(fibers.min_feret_um[sound])
        sound &= (relative >= _SPAN[0]) & (relative <= _SPAN[1])
    return np.flatnonzero(sound)


def plan(
    findings: Findings, grid: TileGrid, wanted: Mapping[ImplantKind, int], rng: np.random.Generator
) -> tuple[Pass, ...]:
    """Deal implants out to windows.

    Args:
        findings: What was found on the slide as it is.
        grid: All windows there are.
        wanted: How many implants of each kind.
        rng: Chooses windows, fibers and points.

    Returns:
        Passes that together hold what was wanted, or what the slide has room for. A fiber may serve in several passes.
    """
    places = _Places(findings)
    left = {kind: count for kind, count in wanted.items() if count}
    tiles = [grid.tiles[place] for place in rng.permutation(len(grid.tiles))]
    passes: list[Pass] = []
    number = 0
    for _ in range(_MOST_PASSES):
        used, sites = [], []
        for tile in tiles:
            if not any(left.values()):
                break
            here = places.fill(tile, left, number, rng)
            number += len(here)
            sites.extend(here)
            used.extend([tile] * bool(here))
        if not sites:
            break
        passes.append(Pass(tuple(sorted(used, key=lambda tile: (tile.row, tile.column))), tuple(sites)))
    return tuple(passes)


class _Places:
    """Healthy fibers and free points, window by window."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._shapes = fiber_polygons(findings.fibers)
        self._healthy = healthy_fibers(findings.fibers)
        self._bounds = shapely.bounds(self._shapes[self._healthy])
        self._tree = shapely.STRtree(self._shapes)
        self._nuclei = shapely.STRtree(shapely.points(findings.cells.center_um.astype(np.float64)))

    def fill(self, tile: Tile, left: dict[ImplantKind, int], number: int, rng: np.random.Generator) -> list[Site]:
        """Implants for one window; what is placed is taken from `left`."""
        core = tile.core_wpx
        low = WORKING_MPP.to_um(np.array([core.x, core.y], np.float64)) + _EDGE_UM
        high = WORKING_MPP.to_um(np.array([core.right, core.bottom], np.float64)) - _EDGE_UM
        sites: list[Site] = []
        inside = np.all(self._bounds[:, :2] >= low, axis=1) & np.all(self._bounds[:, 2:] <= high, axis=1)
        for row in rng.permutation(self._healthy[inside]):
            kind = _most_wanted(left, (*FIBER_KINDS, CONTROL))
            if kind is None or len(sites) == _FIBERS_PER_WINDOW:
                break
            shape = self._shapes[row]
            if shape.geom_type == "Polygon" and _is_apart(shape, sites, _FIBER_GAP_UM):
                sites.append(Site(kind, number + len(sites), int(row), shape))
                left[kind] -= 1
        fibers = len(sites)
        for point in self._room(low, high, rng):
            kind = _most_wanted(left, tuple(CELL_KINDS))
            if kind is None or len(sites) - fibers == _CELLS_PER_WINDOW:
                break
            if _is_apart(point, sites, _CELL_GAP_UM):
                sites.append(Site(kind, number + len(sites), None, point))
                left[kind] -= 1
        return sites

    def _room(
        self, low_um: NDArray[np.float64], high_um: NDArray[np.float64], rng: np.random.Generator
    ) -> list[shapely.Point]:
        """Points between fibers with room for a cell, in random order."""
        if not len(self._shapes) or np.any(low_um >= high_um):
            return []
        thrown = rng.uniform(low_um, high_um, (_THROWS, 2))
        compartment = self._findings.compartments.at_um(thrown.astype(np.float32))
        thrown = thrown[np.isin(compartment, (Compartment.ENDOMYSIUM, Compartment.PERIMYSIUM))]
        points = shapely.points(thrown)
        if not len(points):
            return []
        (asked, _), away = self._tree.query_nearest(points, return_distance=True, all_matches=False)
        roomy = np.zeros(len(points), np.bool_)
        roomy[asked] = (away > _ROOM_UM[0]) & (away < _ROOM_UM[1])
        roomy[np.unique(self._nuclei.query(points, predicate="dwithin", distance=_NUCLEUS_UM)[0])] = False
        return list(points[roomy])


def _most_wanted(left: Mapping[ImplantKind, int], kinds: tuple[ImplantKind, ...]) -> ImplantKind | None:
    """The kind of which most are missing; None if nothing is."""
    best = max(kinds, key=lambda kind: left.get(kind, 0))
    return best if left.get(best, 0) else None


def _is_apart(shape: shapely.Geometry, sites: list[Site], gap_um: float) -> bool:
    return all(shape.distance(site.shape) >= gap_um for site in sites)
