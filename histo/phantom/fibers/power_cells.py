"""Cells of a weighted tessellation whose sites are spread as discs of given sizes: large and small fibers side by side.

A plain Voronoi tessellation of irregular points gives slivers; a power diagram of discs that have pushed each other
apart gives rounded polygons of the sizes that were asked for, and squeezes small ones into the corners of large ones.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

from histo.phantom.shapes import Polygons

Points = NDArray[np.float64]

_ROUNDS = 14
_NEIGHBORS = 8


def spread_discs(points: Points, radius: NDArray[np.float64]) -> Points:
    """Push overlapping discs apart, the smaller one further.

    Args:
        points: (N, 2) float64 centers.
        radius: (N,) float64.

    Returns:
        (N, 2) float64 centers with little overlap left.
    """
    points = points.copy()
    share = radius[:, None] ** 2
    for _ in range(_ROUNDS):
        distance, neighbor = cKDTree(points).query(points, k=min(_NEIGHBORS, len(points)))
        distance, neighbor = distance[:, 1:], neighbor[:, 1:]
        overlap = np.clip(0.97 * (radius[:, None] + radius[neighbor]) - distance, 0, None)
        push = overlap * share[neighbor, 0] / (share + share[neighbor, 0]) / np.maximum(distance, 1e-6)
        points += 0.6 * ((points[:, None, :] - points[neighbor]) * push[..., None]).sum(axis=1)
    return points


def power_cells(points: Points, radius: NDArray[np.float64]) -> tuple[Points, NDArray[np.int64], NDArray[np.int64]]:
    """The cells of the power diagram of discs.

    Args:
        points: (N, 2) float64 centers.
        radius: (N,) float64; a disc much larger than its neighbors may swallow them, and they have no cell then.

    Returns:
        (K, 2) corners of all cells, one cell after the other and each counterclockwise; (K,) the running number of the
        cell that a corner belongs to; and (C,) the site of each cell. Cells at the hull of all sites are left out.
    """
    origin = points.mean(axis=0)
    at = points - origin
    lifted = np.column_stack([at, (at**2).sum(axis=1) - radius**2])
    hull = ConvexHull(lifted)
    lower = hull.equations[:, 2] < -1e-12
    plane = hull.equations[lower]
    corner = -plane[:, :2] / (2 * plane[:, 2:3])
    triangles = hull.simplices[lower]
    site = triangles.ravel()
    where = np.repeat(corner, 3, axis=0)
    # An open cell at the hull has as many triangles as neighbors less one: an edge of it belongs to one triangle only.
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    is_open = np.zeros(len(points), np.bool_)
    is_open[edges[uses == 1].ravel()] = True
    site, where = site[~is_open[site]], where[~is_open[site]]
    counts = np.bincount(site, minlength=len(points))
    total = np.stack([np.bincount(site, where[:, axis], len(points)) for axis in (0, 1)], axis=1)
    middle = total / np.maximum(counts, 1)[:, None]
    turn = np.arctan2(*(where - middle[site]).T[::-1])
    order = np.lexsort((turn, site))
    sites, cell = np.unique(site[order], return_inverse=True)
    return where[order] + origin, cell.astype(np.int64), sites.astype(np.int64)


def relaxed_cells(
    points: Points, radius: NDArray[np.float64], rounds: int = 2
) -> tuple[Points, NDArray[np.int64], NDArray[np.int64]]:
    """As `power_cells`, after moving every site some rounds towards the middle of its cell (Lloyd)."""
    for _ in range(rounds):
        corners, cell, sites = power_cells(points, radius)
        counts = np.bincount(cell)
        middle = np.stack([np.bincount(cell, corners[:, axis]) for axis in (0, 1)], axis=1) / counts[:, None]
        shift = np.clip(middle - points[sites], -radius[sites, None], radius[sites, None])
        points = points.copy()
        points[sites] += 0.7 * shift
    return power_cells(points, radius)


def as_polygons(corners: Points, cell: NDArray[np.int64]) -> Polygons:
    """(C,) shapely polygons of cells with at least three corners each."""
    polygons: Polygons = shapely.polygons(shapely.linearrings(corners, indices=cell))
    return polygons
