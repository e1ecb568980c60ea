"""A scene's truth in the same form as findings, so that both are stored, drawn and compared by the same code."""

from __future__ import annotations

import numpy as np
import shapely

from histo.findings import CellClass, Cells, Compartment, FiberClass, Fibers
from histo.phantom.inhabitants import NOT_A_CELL
from histo.phantom.scene import Scene


def known_findings(scene: Scene) -> tuple[Fibers, Cells]:
    """Every fiber and nucleus of the scene, with probability 1 for what it is.

    Args:
        scene: The scene.

    Returns:
        Fibers and cells in scene micrometers, in canonical order. A cell's compartment is `FIBER` inside a fiber and
        `ENDOMYSIUM` or `PERIMYSIUM` elsewhere.
    """
    rings = [shapely.get_coordinates(fiber.exterior)[:-1] for fiber in scene.fibers]
    n = len(rings)
    probability = np.zeros((n, len(FiberClass)), np.float32)
    probability[np.arange(n), scene.fiber_class] = 1
    fibers = Fibers(
        center_um=shapely.get_coordinates(shapely.centroid(scene.fibers)).astype(np.float32).reshape(-1, 2),
        area_um2=shapely.area(scene.fibers).astype(np.float32),
        min_feret_um=np.array([_min_feret(fiber) for fiber in scene.fibers], np.float32),
        fiber_class=scene.fiber_class,
        class_probability=probability,
        attribute_probability=scene.fiber_attributes.astype(np.float32),
        attributes=scene.fiber_attributes,
        cut=np.zeros(n, np.bool_),
        outline_um=np.concatenate([*rings, np.zeros((0, 2))]).astype(np.float32),
        outline_start=np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64),
    )
    order = np.lexsort((fibers.center_um[:, 0], fibers.center_um[:, 1]))
    place = np.full(n + 1, -1, np.int64)
    place[order] = np.arange(n)
    nuclei = scene.nuclei.select(scene.nuclei.cell_class != NOT_A_CELL)
    kind = np.zeros((len(nuclei.center_um), len(CellClass)), np.float32)
    kind[np.arange(len(kind)), nuclei.cell_class] = 1
    points = shapely.points(nuclei.center_um)
    in_fascicle = np.zeros(len(points), np.bool_)
    in_fascicle[shapely.STRtree(scene.fascicles).query(points, predicate="within")[0]] = True
    compartment = np.where(in_fascicle, Compartment.ENDOMYSIUM, Compartment.PERIMYSIUM)
    cells = Cells(
        center_um=nuclei.center_um.astype(np.float32),
        cell_class=nuclei.cell_class,
        class_probability=kind,
        compartment=np.where(nuclei.host >= 0, Compartment.FIBER, compartment).astype(np.uint8),
        fiber=place[nuclei.host].astype(np.int32),
    )
    return fibers.select(order), cells.sorted()


def _min_feret(fiber: shapely.Polygon) -> float:
    """Smallest caliper width: a convex hull is narrowest across one of its edges."""
    hull = shapely.get_coordinates(fiber.convex_hull)
    edges = np.diff(hull, axis=0)
    normals = np.stack([-edges[:, 1], edges[:, 0]], axis=1) / np.hypot(*edges.T)[:, None]
    reach = hull @ normals.T
    return float((reach.max(axis=0) - reach.min(axis=0)).min())
