"""Fibers give way to what lies between them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.phantom.shapes import Polygons
from histo.phantom.structures.structures import Structures


def carve(fibers: Polygons, structures: Structures, rng: np.random.Generator) -> tuple[Polygons, NDArray[np.int64]]:
    """Make room: fibers give way to structures, and most of those inside a sheet of cells are gone.

    Returns:
        The fibers that remain, and their rows among those given.
    """
    fibers = fibers.copy()
    if len(structures.tears):
        fibers[_torn_away(fibers, structures.tears)] = shapely.Polygon()
    firm = np.concatenate([structures.vessels, structures.nerves, structures.spindles, structures.lobules])
    solid = np.concatenate([firm, structures.granulomas, structures.scars, structures.bands, structures.clefts])
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


def _torn_away(fibers: Polygons, tears: Polygons) -> NDArray[np.int64]:
    """Rows of the fibers that a tear has taken: it runs along fibers and leaves those whole that it only grazes."""
    tree = shapely.STRtree(tears)
    fiber, tear = tree.query(fibers, predicate="intersects")
    taken = shapely.area(shapely.intersection(fibers[fiber], tears[tear])) > 0.3 * shapely.area(fibers[fiber])
    return np.unique(fiber[taken])
