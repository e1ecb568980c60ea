"""What a change does to a fiber's outline: it shrinks, swells, splits or is eaten. It never grows, so none overlap."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass
from histo.phantom.fibers.fate import Fate
from histo.phantom.shapes import Polygons
from histo.phantom.spec import PhantomSpec


def reshape(
    spec: PhantomSpec, fibers: Polygons, fate: Fate, rng: np.random.Generator
) -> tuple[Polygons, NDArray[np.bool_]]:
    """Give every fiber the outline that its change asks for.

    Args:
        spec: The share of fibers with a cleft.
        fibers: (N,) outlines of the fibers before the change.
        fate: What becomes of them.
        rng: Source of chance.

    Returns:
        (N,) outlines, each within the former one; and (N,) bool, which phagocytosed fibers collapsed to a remnant.
    """
    fibers, n = fibers.copy(), len(fibers)
    kind, stage = fate.fiber_class, fate.stage
    scale = np.ones(n)
    regenerating = kind == FiberClass.REGENERATING
    scale[regenerating] = rng.uniform(0.45, 1.0, np.count_nonzero(regenerating))
    collapsed = (kind == FiberClass.MYOPHAGOCYTOSIS) & (stage > 0.75) & (rng.random(n) < 0.7)
    scale[collapsed] = rng.uniform(0.5, 0.85, np.count_nonzero(collapsed))
    centers = shapely.get_coordinates(shapely.centroid(fibers))
    for index in np.flatnonzero(scale < 1):
        middle, s = centers[index], scale[index]
        fibers[index] = shapely.transform(fibers[index], lambda p, m=middle, s=s: (p - m) * s + m)
    swollen = (kind == FiberClass.NECROTIC_HYALINE) | fate.attributes[:, FiberAttribute.OPAQUE]
    for index in np.flatnonzero(swollen & (rng.random(n) < 0.7)):
        radius = np.sqrt(fibers[index].area / np.pi) * rng.uniform(0.3, 0.7)
        rounder = fibers[index].buffer(-radius).buffer(radius)
        if rounder.geom_type == "Polygon" and rounder.area > 0.6 * fibers[index].area:
            fibers[index] = rounder
    cleft = np.isin(kind, (FiberClass.INTACT, FiberClass.REGENERATING)) & (rng.random(n) < spec.cleft)
    for index in np.flatnonzero(cleft):
        fibers[index] = _cleft(fibers[index], rng)
    eaten = np.isin(kind, NECROTIC_CLASSES) & (stage < 0.75)
    for index in np.flatnonzero(eaten & (rng.random(n) < 0.4)):
        fibers[index] = _nibbled(fibers[index], rng)
    return fibers, collapsed


def _cleft(fiber: shapely.Polygon, rng: np.random.Generator) -> shapely.Polygon:
    """A fiber split part of the way: a narrow, slightly bent wedge from the rim into it."""
    rim, radius = fiber.exterior, float(np.sqrt(fiber.area / np.pi))
    start = np.array(rim.interpolate(rng.random(), normalized=True).coords[0])
    inward = np.array(fiber.centroid.coords[0]) + rng.normal(0, 0.25 * radius, 2) - start
    across = np.array([-inward[1], inward[0]])
    depth, bend, width = rng.uniform(0.5, 1.4), rng.normal(0, 0.12), rng.uniform(0.02, 0.07)
    middle, tip = start + 0.5 * depth * inward + bend * across, start + depth * inward
    mouth = start - 0.2 * inward
    wedge = shapely.Polygon(
        [
            mouth + width * across,
            middle + 0.6 * width * across,
            tip,
            middle - 0.6 * width * across,
            mouth - width * across,
        ]
    )
    return _largest(fiber.difference(wedge.buffer(0)), fiber, 0.6)


def _nibbled(fiber: shapely.Polygon, rng: np.random.Generator) -> shapely.Polygon:
    """A necrotic fiber whose rim macrophages have eaten into."""
    rim, radius = fiber.exterior, float(np.sqrt(fiber.area / np.pi))
    places = [rim.interpolate(at, normalized=True) for at in rng.random(rng.integers(3, 11))]
    bites = shapely.union_all([place.buffer(radius * rng.uniform(0.08, 0.28), quad_segs=3) for place in places])
    return _largest(fiber.difference(bites), fiber, 0.55)


def _largest(remains: shapely.Geometry, fiber: shapely.Polygon, share: float) -> shapely.Polygon:
    """The largest part that remains, or the whole fiber if that is less than a share of it."""
    parts = [part for part in shapely.get_parts(remains) if part.geom_type == "Polygon"]
    largest: shapely.Polygon = max(parts, key=lambda part: part.area, default=fiber)
    return largest if largest.area > share * fiber.area else fiber
