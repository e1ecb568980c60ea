"""Arrays of polygons, and the wobbly outline that most things in a phantom have; in scene micrometers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

Polygons = NDArray[np.object_]


def polygon_array(shapes: Iterable[shapely.Geometry]) -> Polygons:
    """Shapes as a one-dimensional array."""
    shapes = list(shapes)
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array


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
