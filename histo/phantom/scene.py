"""The vector scene of a phantom biopsy: every fiber, nucleus and structure, before a single pixel is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass
from histo.phantom.inhabitants import Nuclei, Occupancy, populate, together
from histo.phantom.spec import PhantomSpec, Placement
from histo.phantom.structure_nuclei import structure_nuclei
from histo.phantom.structures import Structures, carve, place_structures, with_capillaries
from histo.phantom.tessellation import Packing, Polygons, pack


@dataclass(frozen=True, eq=False)
class Scene:
    """A biopsy as shapes, in scene micrometers (origin top left).

    Attributes:
        spec: What was asked for.
        width_um: Width.
        height_um: Height.
        section: Outline of the tissue.
        fascicles: (F,) shapely polygons.
        fibers: (N,) shapely polygons, disjoint.
        fiber_class: (N,) uint8, a `FiberClass`.
        fiber_attributes: (N, 6) bool, over `FiberAttribute`.
        stage: (N,) float64, 0 to 1, how far a change has gone within its class; what it means is up to the renderer.
        nuclei: All nuclei.
        structures: Vessels, nerves, fat, sheets of cells, and artefacts.
        seed: Seed of the textures.
    """

    spec: PhantomSpec
    width_um: float
    height_um: float
    section: shapely.Polygon
    fascicles: Polygons
    fibers: Polygons
    fiber_class: NDArray[np.uint8]
    fiber_attributes: NDArray[np.bool_]
    stage: NDArray[np.float64]
    nuclei: Nuclei
    structures: Structures
    seed: int


def build_scene(
    spec: PhantomSpec, width_um: float, height_um: float, seed: int, section: shapely.Polygon | None = None
) -> Scene:
    """Draw up a biopsy.

    Args:
        spec: What it is made of.
        width_um: Width of the scene.
        height_um: Height of the scene.
        seed: Reproduces the scene exactly.
        section: Outline of the tissue; None fills the whole scene, as in a field cut from a larger section.

    Returns:
        The scene.
    """
    rng = np.random.default_rng(seed)
    packing = pack(spec, width_um, height_um, rng)
    section = section or shapely.box(-500, -500, width_um + 500, height_um + 500)
    packing = _inside(packing, section)
    structures = place_structures(spec, packing, section, width_um, height_um, rng)
    fibers, kept = carve(packing.fibers, structures, rng)
    fascicle, edge_um = packing.fascicle[kept], packing.edge_um[kept]
    fiber_class, attributes = _assign(spec, fibers, fascicle, edge_um, rng)
    stage = rng.random(len(fibers))
    late = (fiber_class == FiberClass.MYOPHAGOCYTOSIS) & (rng.random(len(fibers)) < spec.late)
    stage = np.where(late, 0.75 + 0.25 * stage, np.where(fiber_class == FiberClass.MYOPHAGOCYTOSIS, 0.7 * stage, stage))
    fibers = _reshape(spec, fibers, fiber_class, edge_um, stage, attributes, rng)
    occupancy = Occupancy.draw(fibers, packing.fascicles, section, width_um, height_um)
    structures = with_capillaries(structures, fibers, occupancy.free_um, occupancy.um_per_px, spec.capillaries, rng)
    nuclei, attributes = populate(spec, fibers, fiber_class, attributes, stage, structures, occupancy, rng)
    nuclei = together([nuclei, structure_nuclei(structures, rng)])
    return Scene(
        spec, width_um, height_um, section, packing.fascicles, fibers, fiber_class, attributes, stage, nuclei,
        structures, seed,
    )  # fmt: skip


def _inside(packing: Packing, section: shapely.Polygon) -> Packing:
    shapely.prepare(section)
    whole = shapely.contains(section, packing.fibers)
    return Packing(packing.fibers[whole], packing.fascicle[whole], packing.edge_um[whole], packing.fascicles)


def _weights(
    placement: Placement, centers: NDArray[np.float64], edge_um: NDArray[np.float64], fiber_um: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """(N,) float64, how likely a change is to fall on each fiber."""
    if placement is Placement.FASCICLE_EDGE:
        near: NDArray[np.float64] = np.exp(-np.clip(edge_um - 0.4 * fiber_um, 0, None) / (0.35 * fiber_um)) + 1e-4
        return near
    if placement is Placement.RANDOM or len(centers) == 0:
        return np.ones(len(centers))
    if placement is Placement.SHEET:
        focus = centers[rng.integers(len(centers))]
        away = np.hypot(*(centers - focus).T)
        return np.where(away <= np.quantile(away, 0.35), 1.0, 1e-4)
    # One group of about 3 fibers' radius per 60 fibers, the rest nearly spared.
    foci = centers[rng.integers(len(centers), size=max(1, len(centers) // 60))]
    away = np.min(np.hypot(*(centers[:, None, :] - foci[None]).transpose(2, 0, 1)), axis=1)
    clustered: NDArray[np.float64] = np.exp(-((away / (1.8 * fiber_um)) ** 2)) + 1e-3
    return clustered


def _draw(
    count: int, weight: NDArray[np.float64], free: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    pool = np.flatnonzero(free)
    count = min(count, len(pool))
    if count == 0:
        return np.zeros(0, np.int64)
    chosen: NDArray[np.int64] = rng.choice(pool, size=count, replace=False, p=weight[pool] / weight[pool].sum())
    return chosen


def _assign(
    spec: PhantomSpec, fibers: Polygons, fascicle: NDArray[np.int64], edge_um: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:  # fmt: skip
    n = len(fibers)
    centers = shapely.get_coordinates(shapely.centroid(fibers))
    fiber_class = np.full(n, FiberClass.INTACT, np.uint8)
    attributes = np.zeros((n, len(FiberAttribute)), np.bool_)
    necrosis = _weights(spec.necrosis_placement, centers, edge_um, spec.fiber_um, rng)
    shares = {
        FiberClass.NECROTIC_PALE: spec.pale,
        FiberClass.NECROTIC_HYALINE: spec.hyaline,
        FiberClass.MYOPHAGOCYTOSIS: spec.myophagocytosis,
        FiberClass.REGENERATING: spec.regenerating,
    }
    for kind, share in shares.items():
        weight = necrosis if kind in NECROTIC_CLASSES else np.sqrt(necrosis)
        chosen = _draw(rng.poisson(share * n), weight, fiber_class == FiberClass.INTACT, rng)
        fiber_class[chosen] = kind
    intact = fiber_class == FiberClass.INTACT
    for attribute, share in (
        (FiberAttribute.VACUOLATED, spec.vacuolated),
        (FiberAttribute.OPAQUE, spec.opaque),
        (FiberAttribute.INVASION_CANDIDATE, spec.invaded),
    ):
        free = intact & ~attributes.any(axis=1)
        attributes[_draw(rng.poisson(share * n), np.ones(n), free, rng), attribute] = True
    attributes[:, FiberAttribute.OBLIQUE] = spec.elongation > 1.6
    return fiber_class, attributes


def _reshape(
    spec: PhantomSpec, fibers: Polygons, fiber_class: NDArray[np.uint8], edge_um: NDArray[np.float64],
    stage: NDArray[np.float64], attributes: NDArray[np.bool_], rng: np.random.Generator,
) -> Polygons:  # fmt: skip
    """Atrophic, regenerating and collapsed fibers shrink; swollen ones lose their corners."""
    fibers = fibers.copy()
    centers = shapely.get_coordinates(shapely.centroid(fibers))
    weight = _weights(spec.atrophy_placement, centers, edge_um, spec.fiber_um, rng)
    small = _draw(rng.poisson(spec.atrophic * len(fibers)), weight, fiber_class == FiberClass.INTACT, rng)
    scale = np.ones(len(fibers))
    scale[small] = rng.uniform(0.3, 0.65, len(small))
    regenerating = fiber_class == FiberClass.REGENERATING
    scale[regenerating] = rng.uniform(0.45, 0.95, np.count_nonzero(regenerating))
    collapsed = (fiber_class == FiberClass.MYOPHAGOCYTOSIS) & (stage > 0.75) & (rng.random(len(fibers)) < 0.5)
    scale[collapsed] = rng.uniform(0.55, 0.85, np.count_nonzero(collapsed))
    attributes[collapsed, FiberAttribute.REMNANT] = True
    swollen = (fiber_class == FiberClass.NECROTIC_HYALINE) | attributes[:, FiberAttribute.OPAQUE]
    for index in np.flatnonzero(scale < 1):
        x, y = centers[index]
        s = scale[index]
        fibers[index] = shapely.transform(fibers[index], lambda p, x=x, y=y, s=s: (p - [x, y]) * s + [x, y])
    for index in np.flatnonzero(swollen & (rng.random(len(fibers)) < 0.7)):
        radius = np.sqrt(fibers[index].area / np.pi) * rng.uniform(0.3, 0.7)
        rounder = fibers[index].buffer(-radius).buffer(radius)
        if rounder.geom_type == "Polygon" and rounder.area > 0.6 * fibers[index].area:
            fibers[index] = rounder
    eaten = np.isin(fiber_class, NECROTIC_CLASSES) & (stage < 0.75)
    for index in np.flatnonzero(eaten & (rng.random(len(fibers)) < 0.4)):
        fibers[index] = _nibbled(fibers[index], rng)
    return fibers


def _nibbled(fiber: shapely.Polygon, rng: np.random.Generator) -> shapely.Polygon:
    """A necrotic fiber whose rim macrophages have eaten into."""
    rim, radius = fiber.exterior, float(np.sqrt(fiber.area / np.pi))
    places = [rim.interpolate(at, normalized=True) for at in rng.random(rng.integers(3, 11))]
    bites = shapely.union_all([place.buffer(radius * rng.uniform(0.08, 0.28), quad_segs=3) for place in places])
    parts = shapely.get_parts(fiber.difference(bites))
    largest: shapely.Polygon = max(parts, key=lambda part: part.area)
    return largest if largest.area > 0.55 * fiber.area else fiber
