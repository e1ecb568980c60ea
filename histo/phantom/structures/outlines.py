"""Outlines of single structures: vessels, lobules of fat, muscle spindles, bands of collagen; in scene micrometers."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi
from shapely import affinity

from histo.phantom.chance import log_uniform
from histo.phantom.shapes import Polygons, blob, polygon_array


def _wavy_line(x: float, y: float, length: float, bend: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(P, 2) points of a line through a point, in any direction, that swings by `bend` of its length."""
    along = np.linspace(-length / 2, length / 2, max(12, int(length / 25)))
    aside = bend * length * np.sin(2 * np.pi * along / length * rng.uniform(0.3, 1.4) + rng.uniform(0, 2 * np.pi))
    aside -= aside[len(aside) // 2]
    angle = rng.uniform(0, np.pi)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([x + along * c - aside * s, y + along * s + aside * c], axis=1)


def vessel(x: float, y: float, rng: np.random.Generator) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Wall and lumen of an arteriole, a venule, a small solid-looking vessel, or one that is cut lengthwise."""
    kind = rng.choice(4, p=[0.35, 0.22, 0.23, 0.2])
    if kind == 3:
        line = _wavy_line(x, y, rng.uniform(40, 260), rng.uniform(0, 0.12), rng)
        half = log_uniform(rng, 4, 22)
        wall, lumen = _tube(line, half, rng), _tube(line[1:-1], half * rng.uniform(0.3, 0.8), rng)
        lumen = lumen.intersection(wall.buffer(-1.0))
    elif kind == 2:
        wall = blob(x, y, rng.uniform(8, 50), rng, rng.uniform(1, 2.6), 0.3)
        lumen = wall.buffer(-rng.uniform(1.2, 3.0))
    else:
        radius = rng.uniform(5, 14) if kind == 1 else log_uniform(rng, 8, 45)
        wall = blob(x, y, radius, rng, rng.uniform(1, 1.9), 0.12)
        lumen = wall.buffer(-rng.uniform(*((0.55, 0.95) if kind == 1 else (0.3, 0.7))) * np.sqrt(wall.area / np.pi))
        if rng.random() < 0.35 and not lumen.is_empty:
            slit = affinity.rotate(affinity.scale(lumen, 1.1, rng.uniform(0.15, 0.5)), rng.uniform(0, 180))
            lumen = slit.intersection(wall.buffer(-1.0))
    parts = [part for part in shapely.get_parts(lumen) if part.geom_type == "Polygon" and part.area > 2]
    center = wall.representative_point().buffer(0.8)
    return wall, max(parts, key=lambda part: part.area, default=center)


def _tube(line: NDArray[np.float64], half_um: float, rng: np.random.Generator) -> shapely.Polygon:
    """A line as wide as twice `half_um`, give or take, that narrows at both ends."""
    at = np.linspace(0.02, 0.98, len(line))
    reach = (
        half_um * np.clip(4 * at * (1 - at), 0, 1) ** 0.3 * np.clip(1 + rng.normal(0, 0.08, (2, len(line))), 0.5, 1.5)
    )
    across = _across(line)
    outline = np.concatenate([line + reach[0, :, None] * across, (line - reach[1, :, None] * across)[::-1]])
    parts = shapely.get_parts(shapely.Polygon(outline).buffer(0).buffer(1.0))
    widest: shapely.Polygon = max(parts, key=lambda part: part.area)
    return widest


def _across(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P, 2) unit vectors square to a line of (P, 2) points, to its left."""
    ahead = np.gradient(line, axis=0)
    across: NDArray[np.float64] = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    across /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    return across


def adipocyte(x: float, y: float, rng: np.random.Generator) -> tuple[shapely.Polygon, Polygons]:
    """Outline of a single fat cell, and what its membrane encloses."""
    cell = blob(x, y, rng.uniform(14, 40), rng, rng.uniform(1, 1.4), 0.1)
    return cell, polygon_array([cell.buffer(-rng.uniform(0.4, 1.2))])


def lobule(x: float, y: float, rng: np.random.Generator) -> tuple[shapely.Polygon, Polygons]:
    """Outline of a group of adipocytes, and the cells that fill it, a membrane apart."""
    size = log_uniform(rng, 28, 80)
    outline = blob(x, y, size * rng.uniform(0.8, 3.5), rng, rng.uniform(1, 2.5), 0.3)
    left, top, right, bottom = outline.bounds
    columns, rows = np.meshgrid(np.arange(left - size, right + size, size), np.arange(top - size, bottom + size, size))
    columns[::2] += size / 2
    points = np.stack([columns.ravel(), rows.ravel()], axis=1) + rng.normal(0, 0.16 * size, (columns.size, 2))
    far = 20 * size * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]) + [x, y]
    diagram = Voronoi(np.concatenate([points, far]))
    rings = [diagram.regions[region] for region in diagram.point_region[: len(points)]]
    held = shapely.contains_xy(outline, points[:, 0], points[:, 1])
    cells = polygon_array(
        shapely.Polygon(diagram.vertices[ring]) for ring, kept in zip(rings, held, strict=True) if kept
    )
    if not len(cells):
        return adipocyte(x, y, rng)
    soft = rng.uniform(0.08, 0.3) * size
    outline = shapely.union_all(shapely.buffer(cells, 0.5))
    outline = max(shapely.get_parts(outline.buffer(-soft).buffer(soft)), key=lambda part: part.area, default=outline)
    cells = shapely.intersection(cells, shapely.Polygon(outline.exterior))
    inset, soft = rng.uniform(0.3, 1.1), rng.uniform(0.04, 0.2) * size
    cells = shapely.get_parts(shapely.buffer(shapely.buffer(cells, -inset - soft, quad_segs=3), soft, quad_segs=3))
    return shapely.Polygon(outline.exterior), cells[shapely.area(cells) > 60]


def intrafusal_fibers(capsule: shapely.Polygon, rng: np.random.Generator) -> list[shapely.Polygon]:
    """The small fibers inside a muscle spindle: they keep apart from each other and from its capsule."""
    middle = capsule.centroid
    fibers: list[shapely.Polygon] = []
    room = capsule.buffer(-0.25 * np.sqrt(capsule.area / np.pi))
    for _ in range(40):
        x, y = np.array([middle.x, middle.y]) + rng.normal(0, 0.4 * np.sqrt(capsule.area / np.pi), 2)
        fiber = blob(x, y, rng.uniform(4, 10), rng, rng.uniform(1, 1.5), 0.12)
        if room.contains(fiber) and all(fiber.distance(other) > 0.8 for other in fibers):
            fibers.append(fiber)
        if len(fibers) == 10:
            break
    return fibers


def giant_cells(granuloma: shapely.Polygon, rng: np.random.Generator) -> list[shapely.Polygon]:
    """None to two giant cells of many nuclei in a granuloma."""
    room = granuloma.buffer(-0.25 * np.sqrt(granuloma.area / np.pi))
    left, top, right, bottom = room.bounds
    cells: list[shapely.Polygon] = []
    for _ in range(rng.integers(0, 4)):
        x, y = rng.uniform([left, top], [right, bottom])
        cell = blob(x, y, rng.uniform(9, 24), rng, rng.uniform(1, 1.6), 0.2)
        if room.contains(cell) and not any(cell.intersects(other) for other in cells):
            cells.append(cell)
    return cells


def band(x: float, y: float, rng: np.random.Generator) -> Polygons:
    """A band of tendon or fascia as a row of four-sided pieces; see `courses`."""
    line = _wavy_line(x, y, rng.uniform(200, 1500), rng.uniform(0, 0.08), rng)
    width = log_uniform(rng, 12, 140)
    reach = width / 2 * np.clip(1 + np.cumsum(rng.normal(0, 0.08, (2, len(line))), axis=1), 0.3, 2)
    at = np.linspace(0.02, 0.98, len(line))
    reach *= np.sqrt(4 * at * (1 - at))
    across = _across(line)
    return _pieces(line + reach[0, :, None] * across, line - reach[1, :, None] * across)


def rim_band(section: shapely.Polygon, width_um: float, view: shapely.Polygon, rng: np.random.Generator) -> Polygons:
    """Epimysium: a band of about this width along the part of a section's rim that lies in view, in pieces."""
    rim = section.exterior
    if not rim.intersects(view):
        return polygon_array([])
    at = np.linspace(0, rim.length, max(8, int(rim.length / 40)))
    line = shapely.get_coordinates(shapely.line_interpolate_point(rim, at))
    inward = _across(line) * (1 if shapely.is_ccw(rim) else -1)
    wave = sum(np.sin(2 * np.pi * k * at / rim.length * 9 + rng.uniform(0, 2 * np.pi)) / k for k in range(1, 5))
    reach = width_um * np.clip(0.8 + 0.6 * wave, 0.02, 2.2)
    pieces = _pieces(line, line + reach[:, None] * inward)
    in_view: Polygons = pieces[shapely.intersects(pieces, view)]
    return in_view


def courses(pieces: Polygons) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How the collagen runs in the pieces of bands: on from piece to piece wherever one begins where the last ended.

    Args:
        pieces: (E,) four-sided polygons, as `band` and `rim_band` make them.

    Returns:
        (E, 2) where the middle of each piece begins, (E,) its direction in radians, and (E,) how far along its band
        that is.
    """
    corners = shapely.get_coordinates(pieces).reshape(-1, 5, 2)
    begin, end = (corners[:, 0] + corners[:, 3]) / 2, (corners[:, 1] + corners[:, 2]) / 2
    length = np.hypot(*(end - begin).T)
    along = np.concatenate([[0.0], np.cumsum(length)[:-1]]) if len(length) else length
    return begin, np.arctan2(*(end - begin).T[::-1]), along


def _pieces(left: NDArray[np.float64], right: NDArray[np.float64]) -> Polygons:
    pieces: Polygons = shapely.polygons(np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1))
    usable: Polygons = pieces[shapely.is_valid(pieces) & (shapely.area(pieces) > 20)]
    return usable
