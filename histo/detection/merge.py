"""One list of findings from those of all blocks: no fiber twice, and every nucleus in its fiber."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import Cells, CompartmentMap, Fibers
from histo.geometry import WORKING_MPP, Region

_SAME = 0.5
"""Two fibers of different blocks are one if they share this part of the smaller one's area."""

_AT_ONCE = 8_000
"""Fibers that are looked at together: polygons take kilobytes each, and a slide may hold half a million."""


def merge(parts: list[tuple[Region, Fibers, Cells]], compartments: CompartmentMap) -> tuple[Fibers, Cells]:
    """Join what the blocks found.

    Args:
        parts: Core (working pixels), fibers and cells of every block, in any order.
        compartments: The slide's compartment map, to look up each nucleus's compartment.

    Returns:
        Fibers and cells in canonical order; `Cells.fiber` and `Cells.compartment` are set anew.
    """
    fibers = _without_doubles(Fibers.concatenate([part for _, part, _ in parts]), [region for region, _, _ in parts])
    columns = {field.name: field for field in dataclasses.fields(Cells)}
    if not parts:
        return fibers, Cells.empty()
    cells = Cells(**{name: np.concatenate([getattr(part, name) for _, _, part in parts]) for name in columns}).sorted()
    return fibers, dataclasses.replace(
        cells,
        compartment=compartments.at_um(cells.center_um),
        fiber=_holding_fiber(fibers, cells.center_um),
    )


def fiber_polygons(fibers: Fibers) -> NDArray[np.object_]:
    """(N,) valid shapely polygons of the outlines, in slide micrometers."""
    owner = np.repeat(np.arange(len(fibers)), np.diff(fibers.outline_start))
    rings = shapely.linearrings(fibers.outline_um.astype(np.float64), indices=owner)
    polygons = np.asarray(shapely.polygons(rings), dtype=object)
    broken = ~shapely.is_valid(polygons)
    polygons[broken] = shapely.make_valid(polygons[broken])
    return polygons


def _without_doubles(fibers: Fibers, cores: list[Region]) -> Fibers:
    """Drop fibers that another block found too.

    Where both blocks saw a fiber whole they agree on its center, and one of them owns it. A fiber longer than a block's
    margin is cut by both blocks, each may own its part, and the parts overlap: then the whole one stays, or the larger.
    """
    if len(fibers) < 2 or len(cores) < 2:
        return fibers
    block, boxes_um = _core_of(fibers.center_um, cores), _boxes_um(fibers)
    cores_um = WORKING_MPP.to_um(np.array([(c.x, c.y, c.right, c.bottom) for c in cores], np.float64))[block]
    crossing = np.flatnonzero(
        (boxes_um[:, :2] < cores_um[:, :2]).any(axis=1) | (boxes_um[:, 2:] > cores_um[:, 2:]).any(axis=1)
    )
    area = np.zeros(len(fibers))
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(crossing), _AT_ONCE):
        rows = crossing[start : start + _AT_ONCE]
        near = _near(boxes_um, boxes_um[rows])
        polygons = fiber_polygons(fibers.select(near))
        area[near] = shapely.area(polygons)
        query, other = shapely.STRtree(polygons).query(polygons[np.searchsorted(near, rows)], predicate="intersects")
        pairs = np.sort(np.stack([rows[query], near[other]], axis=1), axis=1)
        pairs = np.unique(pairs[block[pairs[:, 0]] != block[pairs[:, 1]]], axis=0)
        one, two = (polygons[np.searchsorted(near, side)] for side in pairs.T)
        found.append(pairs[shapely.area(shapely.intersection(one, two)) > _SAME * area[pairs].min(axis=1)])
    pairs = np.unique(np.concatenate(found), axis=0)
    keep = np.ones(len(fibers), bool)
    rank = np.empty(len(fibers), np.int64)
    rank[np.lexsort((np.arange(len(fibers)), -area, fibers.cut))] = np.arange(len(fibers))
    better = np.where(rank[pairs[:, 0]] < rank[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    worse = pairs.sum(axis=1) - better
    for place in np.argsort(rank[better], kind="stable"):
        if keep[better[place]]:
            keep[worse[place]] = False
    return fibers.select(keep)


def _boxes_um(fibers: Fibers) -> NDArray[np.float64]:
    """(N, 4) float64: left, top, right, bottom of each outline."""
    begin = fibers.outline_start[:-1]
    ends = [extreme.reduceat(fibers.outline_um, begin) for extreme in (np.minimum, np.maximum)]
    return np.concatenate(ends, axis=1).astype(np.float64)


def _near(boxes_um: NDArray[np.float64], of_um: NDArray[np.float64]) -> NDArray[np.int64]:
    """(M,) int64, rising: the boxes that touch the rectangle around some."""
    low, high = of_um[:, :2].min(axis=0), of_um[:, 2:].max(axis=0)
    return np.flatnonzero((boxes_um[:, :2] <= high).all(axis=1) & (boxes_um[:, 2:] >= low).all(axis=1))


def _core_of(center_um: NDArray[np.float32], cores: list[Region]) -> NDArray[np.int64]:
    """(N,) the core that holds each center; cores are disjoint and each center lies in one."""
    boxes = WORKING_MPP.to_um(np.array([(c.x, c.y, c.right, c.bottom) for c in cores], np.float64))
    x, y = center_um.astype(np.float64).T
    found = np.zeros(len(center_um), np.int64)
    for number, (left, top, right, bottom) in enumerate(boxes):
        found[(x >= left) & (x < right) & (y >= top) & (y < bottom)] = number
    return found


def _holding_fiber(fibers: Fibers, center_um: NDArray[np.float32]) -> NDArray[np.int32]:
    """(M,) int32, the row of the fiber that holds each point, or -1; of nested ones the smallest."""
    holder = np.full(len(center_um), -1, np.int32)
    if not len(fibers) or not len(center_um):
        return holder
    held = [np.empty((0, 2), np.int64)]
    boxes_um, points_um = _boxes_um(fibers), center_um.astype(np.float64)
    specks_um = np.tile(points_um, 2)
    for start in range(0, len(fibers), _AT_ONCE):
        part = np.arange(start, min(start + _AT_ONCE, len(fibers)))
        near = _near(specks_um, boxes_um[part])
        tree = shapely.STRtree(fiber_polygons(fibers.select(part)))
        point, row = tree.query(shapely.points(points_um[near]), predicate="intersects")
        held.append(np.stack([near[point], part[row]], axis=1))
    point, row = np.concatenate(held).T
    order = np.lexsort((row, -fibers.area_um2[row]))  # the smallest is written last
    holder[point[order]] = row[order]
    return holder
