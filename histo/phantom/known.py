"""A scene's truth in the same form as findings, so that both are stored, drawn and compared by the same code.

Outlines and centers are rounded to 32 bits first, as they are stored, and everything else is measured on those: so
that all forms of the truth agree exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import CellClass, Cells, Compartment, FiberClass, Fibers
from histo.phantom.known_areas import NO_FASCICLE, KnownAreas, known_areas, rows_within
from histo.phantom.look import Look, draw_blemishes
from histo.phantom.nuclei import NOT_A_CELL
from histo.phantom.scene import Scene
from histo.phantom.shapes import Polygons


@dataclass(frozen=True, eq=False)
class KnownSection:
    """All that is true of a section. Frame: scene micrometers, which are slide micrometers.

    Attributes:
        fibers: N fibers in canonical order, with probability 1 for what they are.
        scene_row: (N,) int64, the row of each in the scene.
        fascicle: (N,) int32, the number of the fascicle that holds the fiber's center, or -1.
        stage: (N,) float32, 0 to 1, how far a change has gone within its class.
        look: (N,) uint8, a `FiberLook`: what a disease adds to the fiber's class.
        fiber_covered: (N,) float32, share of the fiber's area that lies under artefacts.
        cells: M nuclei in canonical order; `fiber` is the fiber that holds the center, `compartment` the tissue there.
        cell_covered: (M,) bool, whether the center lies under an artefact.
        areas: Fascicles, structures and artefacts.
    """

    fibers: Fibers
    scene_row: NDArray[np.int64]
    fascicle: NDArray[np.int32]
    stage: NDArray[np.float32]
    look: NDArray[np.uint8]
    fiber_covered: NDArray[np.float32]
    cells: Cells
    cell_covered: NDArray[np.bool_]
    areas: KnownAreas


def known_section(scene: Scene, look: Look) -> KnownSection:
    """Everything that is true of a scene.

    Args:
        scene: The scene.
        look: What its section is spoiled by.

    Returns:
        Its truth, in scene micrometers.
    """
    outlines = _stored_outlines(scene.fibers)
    centers = shapely.get_coordinates(shapely.centroid(outlines)).astype(np.float32).reshape(-1, 2)
    row = np.lexsort((centers[:, 0], centers[:, 1]))
    outlines, centers = outlines[row], centers[row]
    areas = known_areas(scene, draw_blemishes(scene, look.section))
    artefacts = shapely.get_parts(shapely.union_all(areas.covers))
    fibers = _fibers(scene, row, outlines, centers)
    cells = _cells(scene, outlines, areas)
    covered = np.zeros(len(outlines))
    fiber, artefact = shapely.STRtree(artefacts).query(outlines, predicate="intersects")
    np.add.at(covered, fiber, shapely.area(shapely.intersection(outlines[fiber], artefacts[artefact])))
    return KnownSection(
        fibers=fibers,
        scene_row=row,
        fascicle=rows_within(areas.fascicles, centers, NO_FASCICLE),
        stage=scene.stage[row].astype(np.float32),
        look=scene.fiber_look[row],
        fiber_covered=(covered / shapely.area(outlines)).astype(np.float32),
        cells=cells,
        cell_covered=rows_within(artefacts, cells.center_um, -1) >= 0,
        areas=areas,
    )


def _stored_outlines(fibers: Polygons) -> Polygons:
    """The fibers as their outlines are stored: 32 bits, without holes."""
    rings = shapely.get_exterior_ring(fibers)
    stored: Polygons = shapely.polygons(shapely.transform(rings, lambda points: points.astype(np.float32)))
    return stored


def _fibers(scene: Scene, row: NDArray[np.int64], outlines: Polygons, centers: NDArray[np.float32]) -> Fibers:
    rings = [shapely.get_coordinates(outline)[:-1] for outline in outlines]
    n, kind = len(rings), scene.fiber_class[row]
    probability = np.zeros((n, len(FiberClass)), np.float32)
    probability[np.arange(n), kind] = 1
    attributes = scene.fiber_attributes[row]
    return Fibers(
        center_um=centers,
        area_um2=shapely.area(outlines).astype(np.float32),
        min_feret_um=np.array([_min_feret(outline) for outline in outlines], np.float32),
        fiber_class=kind,
        class_probability=probability,
        attribute_probability=attributes.astype(np.float32),
        attributes=attributes,
        cut=np.zeros(n, np.bool_),
        outline_um=np.concatenate([*rings, np.zeros((0, 2))]).astype(np.float32),
        outline_start=np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64),
    )


def _cells(scene: Scene, outlines: Polygons, areas: KnownAreas) -> Cells:
    nuclei = scene.nuclei.select(scene.nuclei.cell_class != NOT_A_CELL)
    centers = nuclei.center_um.astype(np.float32)
    kind = np.zeros((len(centers), len(CellClass)), np.float32)
    kind[np.arange(len(kind)), nuclei.cell_class] = 1
    fiber = rows_within(outlines, centers, -1)
    tissue = areas.compartments_at(centers)
    return Cells(
        center_um=centers,
        cell_class=nuclei.cell_class,
        class_probability=kind,
        compartment=np.where(fiber >= 0, Compartment.FIBER, tissue).astype(np.uint8),
        fiber=fiber,
    ).sorted()


def _min_feret(fiber: shapely.Polygon) -> float:
    """Smallest caliper width: a convex hull is narrowest across one of its edges."""
    hull = shapely.get_coordinates(fiber.convex_hull)
    edges = np.diff(hull, axis=0)
    normals = np.stack([-edges[:, 1], edges[:, 0]], axis=1) / np.hypot(*edges.T)[:, None]
    reach = hull @ normals.T
    return float((reach.max(axis=0) - reach.min(axis=0)).min())
