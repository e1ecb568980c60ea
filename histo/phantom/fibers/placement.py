"""Which fibers a change falls on: at random, along the fascicle's edge, in groups, or in one sheet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.phantom.spec import Placement

_GROUP = 6
"""Changed fibers per group, where they lie in groups."""


def likelihood(
    placement: Placement, centers: NDArray[np.float64], edge_um: NDArray[np.float64], fiber_um: float, count: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """How likely a change is to fall on each fiber.

    Args:
        placement: The habit of the change.
        centers: (N, 2) float64 centers of fibers, in micrometers.
        edge_um: (N,) float64 distance to the rim of the fascicle.
        fiber_um: Mean diameter.
        count: How many fibers will change.
        rng: Source of chance.

    Returns:
        (N,) float64, relative.
    """
    if placement is Placement.FASCICLE_EDGE:
        near: NDArray[np.float64] = np.exp(-np.clip(edge_um - 0.4 * fiber_um, 0, None) / (0.35 * fiber_um)) + 1e-4
        return near
    if placement is Placement.RANDOM or len(centers) == 0:
        return np.ones(len(centers))
    if placement is Placement.SHEET:
        focus = centers[rng.integers(len(centers))]
        away = np.hypot(*(centers - focus).T)
        return np.where(away <= np.quantile(away, 0.35), 1.0, 1e-4)
    foci = centers[rng.integers(len(centers), size=max(1, round(count / _GROUP)))]
    away, _ = cKDTree(foci).query(centers)
    clustered: NDArray[np.float64] = np.exp(-((away / (1.5 * fiber_um)) ** 2)) + 1e-4
    return clustered


def draw_rows(
    count: int, weight: NDArray[np.float64], free: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Up to `count` different rows among the free ones, by weight."""
    pool = np.flatnonzero(free)
    count = min(count, len(pool))
    if count == 0:
        return np.zeros(0, np.int64)
    chosen: NDArray[np.int64] = rng.choice(pool, size=count, replace=False, p=weight[pool] / weight[pool].sum())
    return chosen
