"""How the structures between fibers are drawn: collagen, granulomas, fat, nerves, vessels, capillaries and tears."""

from __future__ import annotations

import cv2
import numpy as np
import shapely

from histo.findings import Compartment
from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.canvas import SUBPIXEL_BITS, Canvas, Plane, drawn_mask, near, put
from histo.phantom.drawing.structure_patches import (
    Patch,
    area_of,
    nerve_patch,
    spindle_patch,
    turned_strands,
    vessel_patch,
)
from histo.phantom.look import Look
from histo.phantom.scene import Scene
from histo.phantom.shapes import Polygons
from histo.phantom.structures import courses, glass_where_wide

_WHITE_BELOW = 0.07
"""Amount of dye below which a place looks like glass."""


def paint_structures(canvas: Canvas, scene: Scene, look: Look) -> None:
    """Lay structures over the interstitium, and call wide empty places glass; fibers are never covered."""
    rng = np.random.default_rng([scene.seed, 6])
    _bands(canvas, scene.structures.bands, look, rng)
    _granulomas(canvas, scene, look, rng)
    _fat(canvas, scene, look, rng)
    structures = scene.structures
    for row in _rows(canvas, structures.nerves):
        nerve = structures.nerves[row]
        _put(canvas, nerve_patch(nerve, look, _lot(scene, 7, row)), Compartment.NERVE_SPINDLE)
    for row in _rows(canvas, structures.spindles):
        spindle = structures.spindles[row]
        inner = structures.intrafusal[shapely.within(structures.intrafusal, spindle)]
        _put(canvas, spindle_patch(spindle, inner, look, _lot(scene, 8, row)), Compartment.NERVE_SPINDLE)
    for row in _rows(canvas, structures.vessels):
        patch = vessel_patch(structures.vessels[row], structures.lumens[row], look, _lot(scene, 9, row))
        _put(canvas, patch, Compartment.VESSEL)
    _capillaries(canvas, scene, look, rng)
    free = canvas.labels == 0
    tears = canvas.mask(structures.tears) & free
    torn = tears | (canvas.mask(structures.clefts) & free)
    if torn.any():
        soft = np.asarray(cv2.GaussianBlur(torn.astype(np.float32), (0, 0), 0.8), np.float32)
        _mix(canvas, soft * free, 0.0, 0.0)
        canvas.compartments[tears] = Compartment.GLASS
    dye = cv2.blur(canvas.eosin + canvas.hematoxylin + canvas.red_cell, (3, 3))
    glass_where_wide((dye < _WHITE_BELOW) & free, canvas.compartments)


def _lot(scene: Scene, layer: int, row: int) -> np.random.Generator:
    return np.random.default_rng([scene.seed, layer, row])


def _rows(canvas: Canvas, shapes: Polygons) -> list[int]:
    """Rows of the shapes that may be seen in the region."""
    if not len(shapes):
        return []
    tree = canvas.trees.get(id(shapes)) or shapely.STRtree(shapes)
    return [int(row) for row in near(tree, canvas.area)]


def _mix(canvas: Canvas, share: Plane, eosin: Plane | float, hematoxylin: Plane | float) -> None:
    """Replace a share of what is there."""
    for plane, amount in ((canvas.eosin, eosin), (canvas.hematoxylin, hematoxylin), (canvas.red_cell, 0.0)):
        plane += share * (np.float32(amount) - plane)


def _put(canvas: Canvas, patch: Patch, compartment: Compartment) -> None:
    """Lay a patch on the part of the canvas that it covers."""
    window, piece = _overlap(canvas.area, patch.area)
    free = canvas.labels[window] == 0
    share = cv2.GaussianBlur(patch.inside.astype(np.float32), (0, 0), 0.7)[piece] * free
    for plane, amount in (
        (canvas.eosin, patch.eosin),
        (canvas.hematoxylin, patch.hematoxylin),
        (canvas.red_cell, patch.red_cell),
    ):
        plane[window] += share * (amount[piece] - plane[window])
    canvas.compartments[window][patch.inside[piece] & free] = compartment


def _overlap(area: Region, other: Region) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where two regions overlap, as slices of each; empty slices where they do not."""
    left, top = max(area.x, other.x), max(area.y, other.y)
    right, bottom = max(left, min(area.right, other.right)), max(top, min(area.bottom, other.bottom))
    one = np.s_[top - area.y : bottom - area.y, left - area.x : right - area.x]
    two = np.s_[top - other.y : bottom - other.y, left - other.x : right - other.x]
    return one, two


def _bands(canvas: Canvas, bands: Polygons, look: Look, rng: np.random.Generator) -> None:
    """Dense wavy collagen in each band's own direction, split by clefts."""
    level, blueness = look.eosin_level * rng.uniform(0.35, 1.15), rng.choice([0.03, 0.1, 0.35])
    contrast, crimp, period = rng.uniform(0.04, 0.25), rng.uniform(0, 5) * rng.integers(2), rng.uniform(20, 70)
    cleft = rng.uniform(-4.0, -1.2)
    begins, angles, along = courses(bands)
    begins_wpx, along_wpx = WORKING_MPP.to_px(begins), WORKING_MPP.to_px(along)
    for row in _rows(canvas, bands):
        whole = area_of(bands[row])
        window, piece = _overlap(canvas.area, whole)
        here = drawn_mask([bands[row]], whole)[piece] & (canvas.labels[window] == 0)
        if not here.any():
            continue
        area = Region(whole.x + piece[1].start, whole.y + piece[0].start, here.shape[1], here.shape[0])
        begin = float(begins_wpx[row, 0]), float(begins_wpx[row, 1])
        strands = turned_strands(area, angles[row], look.offset + 19, crimp, period, begin, along_wpx[row])
        eosin = np.float32(level) * np.clip(1 + np.float32(contrast) * strands, np.float32(0.2), 3)
        eosin *= np.clip((strands - np.float32(cleft)) * 3, np.float32(0.1), 1)
        put(canvas.eosin[window], here, eosin)
        put(canvas.hematoxylin[window], here, np.float32(blueness) * eosin)
        canvas.compartments[window][here] = Compartment.PERIMYSIUM


def _granulomas(canvas: Canvas, scene: Scene, look: Look, rng: np.random.Generator) -> None:
    """The pale foamy ground of epithelioid cells, and pinker giant cells."""
    level = look.eosin_level
    pink, blue = rng.uniform(0.25, 0.8) * level, rng.uniform(0.05, 0.3)
    giant_pink, giant_blue = rng.uniform(0.5, 1.0) * level, rng.uniform(0.05, 0.3)
    part = canvas.around(scene.structures.granulomas)
    if part is None:
        return
    free = part.labels == 0
    nodules = part.mask(scene.structures.granulomas) & free
    ground = 1 + np.float32(0.1) * part.noise("mottle", 37) + np.float32(0.12) * part.noise("cloud", 37)
    share = np.asarray(cv2.GaussianBlur(nodules.astype(np.float32), (0, 0), 2.0), np.float32) * free
    _mix(part, share, np.float32(pink) * ground, np.float32(blue) * ground)
    part.compartments[nodules & (part.compartments == Compartment.GLASS)] = Compartment.ENDOMYSIUM
    giants = part.mask(scene.structures.giants).astype(np.float32)
    _mix(part, np.asarray(cv2.GaussianBlur(giants, (0, 0), 1.0), np.float32) * nodules, giant_pink, giant_blue)


def _fat(canvas: Canvas, scene: Scene, look: Look, rng: np.random.Generator) -> None:
    """Lobules of thin membranes around cells that the solvent has emptied, or nearly."""
    membrane, content = rng.uniform(0.15, 0.7) * look.eosin_level, rng.uniform(0.0, 0.05) * rng.integers(2)
    part = canvas.around(scene.structures.lobules)
    if part is None:
        return
    lobules = part.mask(scene.structures.lobules) & (part.labels == 0)
    cells = np.zeros(lobules.shape, np.uint8)
    for row in _rows(part, scene.structures.fat):
        ring = [part.points(np.asarray(scene.structures.fat[row].exterior.coords))]
        cv2.fillPoly(cells, ring, 255, cv2.LINE_AA, SUBPIXEL_BITS)
    wall = np.float32(membrane) * np.clip(1 + np.float32(0.2) * part.noise("mottle", 41), np.float32(0.3), 2)
    eosin = wall + cells * np.float32(1 / 255) * (np.float32(content) - wall)
    put(part.eosin, lobules, eosin)
    put(part.hematoxylin, lobules, np.float32(0.1) * eosin)
    part.compartments[lobules] = Compartment.FAT


def _capillaries(canvas: Canvas, scene: Scene, look: Look, rng: np.random.Generator) -> None:
    """Thin pink rings, most of them open; too small to be a compartment."""
    pink, clear = rng.uniform(0.25, 0.8) * look.eosin_level, rng.uniform(0.3, 1.0)
    rows = _rows(canvas, scene.structures.capillaries)
    if not rows:
        return
    ring, hole = np.zeros(canvas.eosin.shape, np.uint8), np.zeros(canvas.eosin.shape, np.uint8)
    shapes = scene.structures.capillaries[rows]
    centers = canvas.points(shapely.get_coordinates(shapely.centroid(shapes)))
    scale = 2 * (1 << SUBPIXEL_BITS)
    for (x, y), radius in zip(centers.tolist(), np.sqrt(shapely.area(shapes) / np.pi).tolist(), strict=True):
        cv2.circle(ring, (x, y), int(radius * scale), 255, -1, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.circle(hole, (x, y), max(1, int((radius - 0.9) * scale)), 255, -1, cv2.LINE_AA, SUBPIXEL_BITS)
    here = (ring > 0) & (canvas.labels == 0)
    wall, open_space = ring[here] * np.float32(1 / 255), hole[here] * np.float32(clear / 255)
    for plane, amount in ((canvas.eosin, pink), (canvas.hematoxylin, 0.1 * pink)):
        dye = plane[here]
        dye += wall * (np.float32(amount) - dye)
        plane[here] = dye * (1 - open_space)
