"""Where a section is spoiled, as shapes: folds, bubbles, dirt, bleeding, and what knife, forceps and scanner did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.geometry import UM2_PER_MM2
from histo.phantom.chance import log_uniform
from histo.phantom.look.section_quality import SectionQuality
from histo.phantom.scene import Scene
from histo.phantom.shapes import Polygons, blob, polygon_array


class BlemishKind(StrEnum):
    """What spoils a section, in the order in which it is laid over it."""

    CHATTER = "knife chatter"
    ICE = "ice crystals"
    HEMORRHAGE = "hemorrhage"
    CRUSH = "crush"
    FOLD = "fold"
    SOFT_FOCUS = "slightly out of focus"
    DEFOCUS = "out of focus"
    BUBBLE = "air bubble"
    LINT = "lint"
    DUST = "dust"
    PEN = "pen"


HIDING = frozenset({BlemishKind.DUST, BlemishKind.PEN})
"""Kinds that nothing can be seen through: fibers and cells under them leave the truth."""

JUDGED_THROUGH = frozenset({BlemishKind.CHATTER, BlemishKind.ICE, BlemishKind.HEMORRHAGE, BlemishKind.SOFT_FOCUS})
"""Kinds that tissue can be judged through; under all others the compartment is `ARTEFACT`."""


@dataclass(frozen=True, eq=False)
class Blemishes:
    """All blemishes of one section, in the order of `BlemishKind`.

    Attributes:
        shapes: (B,) polygons in scene micrometers; they may reach beyond the section.
        kinds: What each is.
        strength: (B,) float64, 0 to 1, how bad each is within its kind.
        seed: Of their looks.
    """

    shapes: Polygons
    kinds: tuple[BlemishKind, ...]
    strength: NDArray[np.float64]
    seed: int


def draw_blemishes(scene: Scene, quality: SectionQuality) -> Blemishes:
    """Scatter blemishes over a scene by lot.

    Args:
        scene: Its size and seed are used, not what it holds.
        quality: How many of each kind.
    """
    rng = np.random.default_rng([scene.seed, 6])
    area_mm2 = scene.width_um * scene.height_um / UM2_PER_MM2
    density = {
        BlemishKind.CHATTER: quality.chatter_mm2,
        BlemishKind.ICE: quality.ice_mm2,
        BlemishKind.HEMORRHAGE: quality.hemorrhages_mm2,
        BlemishKind.CRUSH: quality.crushes_mm2,
        BlemishKind.FOLD: quality.folds_mm2,
        BlemishKind.SOFT_FOCUS: quality.soft_focus_mm2,
        BlemishKind.DEFOCUS: quality.defocus_mm2,
        BlemishKind.BUBBLE: quality.bubbles_mm2,
        BlemishKind.LINT: quality.lint_mm2,
        BlemishKind.DUST: quality.dust_mm2,
        BlemishKind.PEN: quality.pen_mm2,
    }
    shapes: list[shapely.Polygon] = []
    kinds: list[BlemishKind] = []
    for kind, per_mm2 in density.items():
        count = max(1, rng.poisson(per_mm2 * area_mm2)) if per_mm2 > 0 else 0
        for _ in range(count):
            # Not at the very rim, where a field of a scene would not show it.
            x, y = rng.uniform(0.15, 0.85, 2) * [scene.width_um, scene.height_um]
            shapes.append(_outline(kind, float(x), float(y), rng))
            kinds.append(kind)
    return Blemishes(polygon_array(shapes), tuple(kinds), rng.random(len(shapes)), scene.seed)


def _outline(kind: BlemishKind, x: float, y: float, rng: np.random.Generator) -> shapely.Polygon:
    if kind is BlemishKind.FOLD:
        return _band(x, y, rng.uniform(200, 1500), rng.uniform(4, 28), 0.25, rng)
    if kind is BlemishKind.LINT:
        return _band(x, y, rng.uniform(80, 900), rng.uniform(1.5, 6), 0.8, rng)
    if kind is BlemishKind.PEN:
        return _band(x, y, rng.uniform(1000, 6000), rng.uniform(20, 140), 0.1, rng)
    if kind is BlemishKind.BUBBLE:
        return blob(x, y, log_uniform(rng, 20, 260), rng, rng.uniform(1, 1.3), 0.05)
    low, high, aspect, roughness = {
        BlemishKind.CHATTER: (100.0, 500.0, 2.0, 0.3),
        BlemishKind.ICE: (80.0, 400.0, 2.0, 0.5),
        BlemishKind.HEMORRHAGE: (25.0, 160.0, 2.5, 0.7),
        BlemishKind.CRUSH: (30.0, 180.0, 3.0, 0.6),
        BlemishKind.SOFT_FOCUS: (60.0, 300.0, 2.0, 0.3),
        BlemishKind.DEFOCUS: (60.0, 300.0, 2.0, 0.3),
        BlemishKind.DUST: (1.5, 22.0, 3.0, 0.6),
    }[kind]
    radius = log_uniform(rng, low, high)
    made = blob(x, y, radius, rng, rng.uniform(1, aspect), roughness)
    return _largest(made)


def _band(
    x: float, y: float, length: float, half_width: float, bend: float, rng: np.random.Generator
) -> shapely.Polygon:
    """A wavering band through a point."""
    angle = rng.uniform(0, 2 * np.pi) + bend * np.cumsum(rng.normal(0, 0.6, 24))
    steps = length / 24 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    path = np.cumsum(steps, axis=0)
    path += [x, y] - path[rng.integers(6, 18)]
    widths = half_width * np.clip(1 + 0.35 * np.sin(np.linspace(0, rng.uniform(3, 9), 24)), 0.2, None)
    discs = shapely.buffer(shapely.points(path), widths, quad_segs=6)
    joined = [shapely.convex_hull(discs[at] | discs[at + 1]) for at in range(23)]
    return _largest(shapely.union_all(joined))


def _largest(shape: shapely.Geometry) -> shapely.Polygon:
    largest: shapely.Polygon = max(shapely.get_parts(shape), key=lambda part: part.area)
    return largest
