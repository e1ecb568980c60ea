"""Where fibers begin: sites with the sizes that a specification asks for, atrophic ones among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.phantom.fibers.placement import draw_rows, likelihood
from histo.phantom.spec import PhantomSpec, Placement

Points = NDArray[np.float64]

_HEXAGON = 0.952
"""Step of a hexagonal grid over the diameter of the disc that has the area of its cell."""


@dataclass(frozen=True, eq=False)
class Sites:
    """Sites of fibers, in the unit frame, in which no fiber is stretched.

    Attributes:
        at: (N, 2) float64.
        radius: (N,) float64, of the disc with the area that is wanted.
        atrophic: (N,) bool.
        angular: (N,) bool, which of the atrophic ones are angular.
    """

    at: Points
    radius: NDArray[np.float64]
    atrophic: NDArray[np.bool_]
    angular: NDArray[np.bool_]

    def within(self, low: Points, high: Points, to_scene: Points, center: Points) -> Sites:
        """The sites that lie in a rectangle of the scene."""
        there = self.at @ to_scene.T + center
        kept = np.all((there > low) & (there < high), axis=1)
        return Sites(self.at[kept], self.radius[kept], self.atrophic[kept], self.angular[kept])


def stretch_matrix(elongation: float, rng: np.random.Generator) -> tuple[Points, Points]:
    """A (2, 2) stretch along any direction that keeps areas, and its inverse."""
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([np.sqrt(elongation), 1 / np.sqrt(elongation)]) @ turn.T
    return matrix, np.linalg.inv(matrix)


def jittered_hexagons(low: Points, high: Points, pitch: float, jitter: float, rng: np.random.Generator) -> Points:
    """(N, 2) points of a triangular grid over a rectangle, each moved at random."""
    step_x, step_y = pitch * 1.0, pitch * np.sqrt(3) / 2
    columns = np.arange(int((high[0] - low[0]) / step_x) + 2)
    rows = np.arange(int((high[1] - low[1]) / step_y) + 2)
    x = low[0] + step_x * (columns[None, :] + 0.5 * (rows[:, None] % 2))
    y = np.broadcast_to(low[1] + step_y * rows[:, None], x.shape)
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    return points + rng.normal(0, 0.42 * jitter * pitch, points.shape)


def draw_sites(
    spec: PhantomSpec, low: Points, high: Points, to_scene: Points, center: Points, seeds: Points,
    rng: np.random.Generator,
) -> Sites:  # fmt: skip
    """Draw sites over a rectangle of the unit frame.

    Args:
        spec: Sizes, their spread, atrophy and its place.
        low: (2,) float64 corner.
        high: (2,) float64 opposite corner.
        to_scene: (2, 2) stretch to the scene.
        center: (2,) float64, what the unit frame's origin is in the scene.
        seeds: (S, 2) float64 middles of the fascicles, in the scene.
        rng: Source of chance.

    Returns:
        Sites, some of them overlapping.
    """
    spread = spec.size_spread
    typical = (spec.fiber_um + spec.endomysium_um) * np.exp(-(spread**2) / 2)
    mean_square = typical**2 * np.exp(2 * spread**2) * (1 + 1.4 * spec.hypertrophic)
    at = jittered_hexagons(low, high, _HEXAGON * float(np.sqrt(mean_square)), 0.55, rng)
    radius = typical / 2 * np.exp(np.clip(rng.normal(0, spread, len(at)), -2.2 * spread, 2.2 * spread))
    radius[rng.random(len(at)) < spec.hypertrophic] *= rng.uniform(1.3, 1.8)
    if spec.atrophic == 0:
        return Sites(at, radius, np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_))
    there = at @ to_scene.T + center
    distance, _ = cKDTree(seeds).query(there, k=min(2, len(seeds)))
    edge_um = (distance[:, 1] - distance[:, 0]) / 2 if distance.ndim > 1 else distance
    scale = rng.uniform(0.3, 0.65, len(at))
    # Where atrophy lies in groups or rows, one fiber's place is taken by several small ones; else it only shrinks.
    single = spec.atrophy_placement is Placement.RANDOM
    children = np.ones(len(at), np.int64) if single else np.clip(np.round(0.75 / scale**2), 1, 5).astype(np.int64)
    count = int(rng.poisson(spec.atrophic * len(at) / children.mean()))
    weight = likelihood(spec.atrophy_placement, there, edge_um, spec.fiber_um, count, rng)
    parents = draw_rows(count, weight, np.ones(len(at), np.bool_), rng)
    born = np.repeat(parents, children[parents])
    whole = np.ones(len(at), np.bool_)
    whole[parents] = False
    small = at[born] + rng.normal(0, 0.45, (len(born), 2)) * radius[born, None]
    angular = rng.random(len(born)) < spec.angular
    return Sites(
        np.concatenate([at[whole], small]),
        np.concatenate([radius[whole], radius[born] * scale[born]]),
        np.concatenate([np.zeros(np.count_nonzero(whole), np.bool_), np.ones(len(born), np.bool_)]),
        np.concatenate([np.zeros(np.count_nonzero(whole), np.bool_), angular]),
    )
