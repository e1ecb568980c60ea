"""Nuclei that belong to a structure: a vessel, a capillary, a nerve, a spindle, fat, collagen or a granuloma."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import CellClass
from histo.phantom.chance import log_uniform
from histo.phantom.nuclei.nuclei import Nuclei, NucleusLook, inside_points, nuclei_at, together
from histo.phantom.shapes import Polygons
from histo.phantom.structures import Structures, courses


def structure_nuclei(structures: Structures, rng: np.random.Generator) -> Nuclei:
    """All nuclei, and red cells, that lie where they do because of a structure.

    Those of granulomas are inflammatory: epithelioid cells and giant cells count as macrophages.
    """
    parts = [nuclei_at(np.zeros((0, 2)), NucleusLook.SMALL, rng), _of_capillaries(structures.capillaries, rng)]
    for wall, lumen in zip(structures.vessels, structures.lumens, strict=True):
        parts += _of_vessel(wall, lumen, rng)
    for nerve in structures.nerves:
        inside = _scattered(nerve.buffer(-1.5), rng.uniform(0.0015, 0.006), rng)
        turn = rng.normal(rng.uniform(0, np.pi), rng.uniform(0.15, 0.6), len(inside))
        parts += [nuclei_at(inside, NucleusLook.SPINDLE, rng, turn), _along(nerve.buffer(-0.8), 35, rng)]
    for spindle in structures.spindles:
        parts += [_along(spindle.buffer(-depth), rng.uniform(18, 45), rng) for depth in (1.5, 4.0)]
    for fiber in structures.intrafusal:
        center = np.array([[fiber.centroid.x, fiber.centroid.y]])
        count = int(rng.integers(0, 4))
        near = inside_points(fiber, count, 3.5, 2.5, rng) if count > 1 else center[:count]
        parts.append(nuclei_at(near, NucleusLook.SMALL, rng))
    for cell in structures.fat[rng.random(len(structures.fat)) < 0.4]:
        parts.append(_along(cell, cell.exterior.length, rng))
    for piece, turn in zip(structures.bands, courses(structures.bands)[1], strict=True):
        inside = _scattered(piece, log_uniform(rng, 2e-4, 3e-3), rng)
        parts.append(nuclei_at(inside, NucleusLook.SPINDLE, rng, rng.normal(turn, 0.12, len(inside))))
    for granuloma in structures.granulomas:
        giants = [cell for cell in structures.giants if granuloma.contains(cell)]
        parts += _of_granuloma(granuloma, giants, rng)
    return together(parts)


def _along(
    outline: shapely.Polygon, spacing_um: float, rng: np.random.Generator, look: NucleusLook | None = None
) -> Nuclei:
    """Flat nuclei on an outline, about so far apart, turned along it."""
    ring = max(shapely.get_parts(shapely.boundary(outline)), key=lambda part: part.length, default=shapely.LineString())
    at = np.sort(rng.random(rng.poisson(ring.length / spacing_um))) * ring.length
    here = shapely.get_coordinates(shapely.line_interpolate_point(ring, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(ring, (at + 1.0) % max(ring.length, 1.0)))
    turn = np.arctan2(*(ahead - here).T[::-1])
    flat = NucleusLook.SPINDLE if rng.random() < 0.7 else NucleusLook.SMALL
    return nuclei_at(here, flat if look is None else look, rng, turn)


def _scattered(
    shape: shapely.Geometry, per_um2: float, rng: np.random.Generator, pitch_um: float = 6.0
) -> NDArray[np.float64]:
    """(P, 2) points inside a shape, from a jittered grid, so that none lies on another."""
    if shape.is_empty:
        return np.zeros((0, 2))
    left, top, right, bottom = shape.bounds
    x, y = np.meshgrid(np.arange(left, right, pitch_um), np.arange(top, bottom, pitch_um))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    grid = grid[rng.random(len(grid)) < per_um2 * pitch_um**2]
    grid = grid + rng.uniform(0, 0.6 * pitch_um, grid.shape)
    inside: NDArray[np.float64] = grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])]
    return inside


def _of_capillaries(capillaries: Polygons, rng: np.random.Generator) -> Nuclei:
    """One flat endothelial nucleus in the wall of about half of them, a red cell in some."""
    centers = shapely.get_coordinates(shapely.centroid(capillaries))
    radius = np.sqrt(shapely.area(capillaries) / np.pi)
    lot, around = rng.random(len(centers)), rng.uniform(0, 2 * np.pi, len(centers))
    wall = centers + radius[:, None] * np.stack([np.cos(around), np.sin(around)], axis=1)
    lined, full = lot < 0.5, (lot > 0.8) & (radius > 2.2)
    red = nuclei_at(centers[full], NucleusLook.RED_CELL, rng)
    red = replace(red, semi_um=np.minimum(red.semi_um, 0.9 * radius[full][:, None]))
    return together([nuclei_at(wall[lined], NucleusLook.SMALL, rng, around[lined] + np.pi / 2), red])


def _of_vessel(wall: shapely.Polygon, lumen: shapely.Polygon, rng: np.random.Generator) -> list[Nuclei]:
    """Endothelium, elongated nuclei of muscle that circle in the wall, and red cells."""
    parts = [_along(lumen, rng.uniform(10, 30), rng)]
    thickness = float(np.sqrt(wall.area / np.pi) - np.sqrt(lumen.area / np.pi))
    spacing = rng.uniform(14, 40)
    for depth in np.arange(1.5, thickness - 1.0, 5.0):
        inner = wall.buffer(-depth)
        if not inner.is_empty:
            parts.append(_along(inner, spacing, rng))
    if rng.random() < 0.45:
        count = int(min(rng.integers(1, 40), lumen.area / 30))
        parts.append(nuclei_at(inside_points(lumen, count, 4.5, 1.5, rng), NucleusLook.RED_CELL, rng))
    return parts


def _of_granuloma(granuloma: shapely.Polygon, giants: list[shapely.Polygon], rng: np.random.Generator) -> list[Nuclei]:
    """Epithelioid cells, giant cells with their nuclei along the rim, and a rim of lymphocytes."""
    parts = []
    core = granuloma.buffer(-rng.uniform(4, 14))
    for cell in giants:
        nuclei = _along(cell.buffer(-0.22 * np.sqrt(cell.area)), rng.uniform(4.5, 7), rng, NucleusLook.OVAL)
        parts.append(_as_macrophages(nuclei))
        core = core.difference(cell.buffer(2))
    inside = _scattered(core, rng.uniform(0.005, 0.012), rng, 8.0)
    drawn_pale = rng.random(len(inside)) < 0.7
    parts.append(_as_macrophages(nuclei_at(inside[drawn_pale], NucleusLook.VESICULAR, rng)))
    parts.append(nuclei_at(inside[~drawn_pale], NucleusLook.MACROPHAGE, rng))
    rim = granuloma.buffer(rng.uniform(0, 6)).difference(core.buffer(1))
    for cell in giants:
        rim = rim.difference(cell)
    parts.append(nuclei_at(_scattered(rim, rng.uniform(0.002, 0.018), rng), NucleusLook.LYMPHOID, rng))
    return parts


def _as_macrophages(nuclei: Nuclei) -> Nuclei:
    return replace(nuclei, cell_class=np.full(len(nuclei.cell_class), CellClass.MACROPHAGE, np.uint8))
