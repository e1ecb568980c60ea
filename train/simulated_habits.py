"""How a simulated pathologist draws on a phantom: a few rectangles, outlines a little inside, some cells overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import CellClass, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP
from histo.phantom.scene import Scene

Feature = dict[str, Any]

FIBER_NAMES = {
    FiberClass.INTACT: "Faser",
    FiberClass.REGENERATING: "Regenerat",
    FiberClass.NECROTIC_PALE: "Nekrose",
    FiberClass.NECROTIC_HYALINE: "Nekrose hyalin",
    FiberClass.MYOPHAGOCYTOSIS: "Phagozytose",
}
OPAQUE_NAME = "Faser hyperkontrakt"
CELL_NAMES = {CellClass.LYMPHOCYTE: "Lymphozyt", CellClass.MACROPHAGE: "Makrophage"}
REGION_NAME, UNSURE_NAME = "Region fertig", "unklar"

MAPPING = f"""\
# What the class names of the simulated laboratory mean.
[classes]
"{FIBER_NAMES[FiberClass.INTACT]}" = "intact"
"{OPAQUE_NAME}" = {{ class = "intact", attributes = ["opaque"] }}
"{FIBER_NAMES[FiberClass.REGENERATING]}" = "regenerating"
"{FIBER_NAMES[FiberClass.NECROTIC_PALE]}" = "necrotic pale"
"{FIBER_NAMES[FiberClass.NECROTIC_HYALINE]}" = "necrotic hyaline"
"{FIBER_NAMES[FiberClass.MYOPHAGOCYTOSIS]}" = "myophagocytosis"
"{CELL_NAMES[CellClass.LYMPHOCYTE]}" = "lymphocyte"
"{CELL_NAMES[CellClass.MACROPHAGE]}" = "macrophage"
"Perimysium" = "perimysium"
"Gefäß" = "vessel"
"Fettgewebe" = "fat"
"Nerv" = "nerve spindle"
"Artefakt" = "artefact"
"Glas" = "glass"
"{REGION_NAME}" = "annotated"
"{UNSURE_NAME}" = "unsure"
"""

_GIVEN_UP_AFTER = 400


@dataclass(frozen=True)
class Habits:
    """How one pathologist draws.

    Attributes:
        regions: Rectangles a slide.
        region_um: Width and height of each.
        inside_um: How far inside the true border outlines run: from, to.
        overlooked: Share of the inflammatory cells that are not marked.
        off_um: Standard deviation of a mark from its nucleus's middle.
        touching: A fiber is drawn if at least this share of it lies in the rectangle.
        doubted: Chance that one fiber of a rectangle is marked as unclear instead.
    """

    regions: int = 4
    region_um: tuple[float, float] = (340.0, 280.0)
    inside_um: tuple[float, float] = (1.0, 2.0)
    overlooked: float = 0.1
    off_um: float = 0.7
    touching: float = 0.15
    doubted: float = 0.3


def draw_on(scene: Scene, habits: Habits, rng: np.random.Generator) -> dict[str, Any]:
    """Everything that the pathologist draws on one slide.

    Args:
        scene: What is truly on it.
        habits: Of the pathologist.
        rng: Source of chance.

    Returns:
        A GeoJSON feature collection as QuPath writes it: level-0 pixels, which are working pixels here.
    """
    features: list[Feature] = []
    for region in choose_regions(scene, habits, rng):
        features.append(_feature(REGION_NAME, region))
        features += _fibers(scene, region, habits, rng)
        features += _cells(scene, region, habits, rng)
        features += _areas(scene, region)
    return {"type": "FeatureCollection", "features": features}


def choose_regions(scene: Scene, habits: Habits, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Rectangles on tissue that do not overlap: every other one where a fiber is not intact, if there is any."""
    centers = shapely.get_coordinates(shapely.centroid(scene.fibers))
    rare = np.flatnonzero(scene.fiber_class != FiberClass.INTACT)
    chosen: list[shapely.Polygon] = []
    half = np.array(habits.region_um) / 2
    for _ in range(_GIVEN_UP_AFTER):
        if len(chosen) == habits.regions:
            break
        wanted = rare if len(rare) and len(chosen) % 2 == 0 else np.arange(len(centers))
        middle = centers[rng.choice(wanted)] + rng.uniform(-0.3, 0.3, 2) * half
        region = shapely.box(*(middle - half), *(middle + half))
        on_tissue = region.intersection(scene.section).area > 0.8 * region.area
        if on_tissue and not any(region.intersects(other.buffer(10)) for other in chosen):
            chosen.append(region)
    return chosen


def _fibers(scene: Scene, region: shapely.Polygon, habits: Habits, rng: np.random.Generator) -> Iterator[Feature]:
    near = np.sort(shapely.STRtree(scene.fibers).query(region, predicate="intersects"))
    share = shapely.area(shapely.intersection(scene.fibers[near], region)) / shapely.area(scene.fibers[near])
    near = near[share >= habits.touching]
    unclear = int(rng.choice(near)) if len(near) and rng.random() < habits.doubted else None
    for row in near:
        outline = scene.fibers[row].buffer(-rng.uniform(*habits.inside_um)).simplify(0.5)
        outline = max(shapely.get_parts(outline), key=shapely.area, default=outline)
        if row == unclear:
            yield _feature(UNSURE_NAME, shapely.convex_hull(scene.fibers[row]))
        elif outline.area > 20:
            opaque = scene.fiber_attributes[row, FiberAttribute.OPAQUE]
            yield _feature(OPAQUE_NAME if opaque else FIBER_NAMES[FiberClass(scene.fiber_class[row])], outline)


def _cells(scene: Scene, region: shapely.Polygon, habits: Habits, rng: np.random.Generator) -> Iterator[Feature]:
    left, top, right, bottom = region.bounds
    nuclei = scene.nuclei
    inside = np.all((nuclei.center_um > [left, top]) & (nuclei.center_um < [right, bottom]), axis=1)
    for kind, name in CELL_NAMES.items():
        points = nuclei.center_um[inside & (nuclei.cell_class == kind)]
        points = points[rng.random(len(points)) >= habits.overlooked]
        if len(points):
            yield _feature(name, shapely.multipoints(points + rng.normal(0, habits.off_um, points.shape)))


def _areas(scene: Scene, region: shapely.Polygon) -> Iterator[Feature]:
    structures = scene.structures
    septa = shapely.difference(scene.section, shapely.union_all([*scene.fascicles, *structures.sheets]))
    glass = shapely.union_all([shapely.difference(region, scene.section), *structures.tears])
    drawn = {
        "Perimysium": septa,
        "Gefäß": shapely.union_all(structures.vessels),
        "Fettgewebe": shapely.union_all(structures.fat).buffer(1.0),
        "Nerv": shapely.union_all(structures.nerves),
        "Artefakt": shapely.union_all([*structures.folds, *structures.debris]),
        "Glas": glass,
    }
    for name, shape in drawn.items():
        for part in shapely.get_parts(shapely.intersection(shape, region)):
            outline = part.simplify(1.0)
            if outline.geom_type == "Polygon" and outline.area > 60:
                yield _feature(name, outline)


def _feature(name: str, shape_um: shapely.Geometry) -> Feature:
    def in_px(points_um: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(WORKING_MPP.to_px(points_um), 1)

    geometry = shapely.geometry.mapping(shapely.transform(shape_um, in_px))
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"objectType": "annotation", "classification": {"name": name, "color": [200, 60, 60]}},
    }
