"""Vessels, nerves and spindles, each drawn once as a whole, so that every region that shows a part of it agrees."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.canvas import SUBPIXEL_BITS, Plane, drawn_mask, fixed_points
from histo.phantom.drawing.noise import PERIOD_WPX, sample, sheets
from histo.phantom.look import Look
from histo.phantom.shapes import Polygons


@dataclass(frozen=True, eq=False)
class Patch:
    """A structure's own picture.

    Attributes:
        area: Where it lies, in working pixels of the scene.
        inside: (H, W) bool, the pixels that are the structure.
        eosin: (H, W) float32.
        hematoxylin: (H, W) float32.
        red_cell: (H, W) float32.
    """

    area: Region
    inside: NDArray[np.bool_]
    eosin: Plane
    hematoxylin: Plane
    red_cell: Plane


def vessel_patch(wall: shapely.Polygon, lumen: shapely.Polygon, look: Look, rng: np.random.Generator) -> Patch:
    """A wall of circling muscle, as pink as sarcoplasm or paler, around a lumen: empty, or with plasma or blood."""
    area = area_of(wall)
    inside, open_space = drawn_mask([wall], area), drawn_mask([lumen], area)
    away = cv2.distanceTransform((~open_space).astype(np.uint8), cv2.DIST_L2, 5)
    mottle, cloud = sample("mottle", area, look.offset + 23), sample("cloud", area, look.offset + 23)
    layers = np.cos(
        away * np.float32(2 * np.pi / rng.uniform(3.0, 7.0)) + np.float32(1.2) * mottle + np.float32(2) * cloud
    )
    eosin = np.float32(look.eosin_level * rng.uniform(0.35, 1.15)) * (
        1 + np.float32(rng.uniform(0.0, 0.15)) * layers + np.float32(rng.uniform(0.03, 0.2)) * mottle
    )
    if rng.random() < 0.4:  # the elastic layer around the lumen
        eosin *= 1 + np.float32(rng.uniform(0.2, 0.6)) * (away < 2.0)
    blue = np.float32(rng.uniform(0.02, 0.3)) * eosin
    red = np.zeros_like(eosin)
    content, lot = np.full_like(eosin, 0.01), rng.random()
    if lot < 0.3:  # plasma
        content = np.float32(look.eosin_level * rng.uniform(0.08, 0.5)) * (1 + np.float32(0.06) * cloud)
    elif lot < 0.6:  # blood
        filled = np.clip(mottle + np.float32(rng.uniform(-0.5, 2.5)), 0, 1) * open_space
        red += np.float32(rng.uniform(0.3, 0.9)) * filled * (1 + np.float32(0.15) * sample("grain", area, look.offset))
    soft = _soft(open_space)
    return Patch(area, inside, eosin + soft * (content - eosin), blue * (1 - soft), red * soft)


def nerve_patch(nerve: shapely.Polygon, look: Look, rng: np.random.Generator) -> Patch:
    """A rim of perineurium around a pale wavy inside with the small clear rings of myelin."""
    area = area_of(nerve)
    inside = drawn_mask([nerve], area)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    waves = turned_strands(area, rng.uniform(0, np.pi), look.offset + 29, rng.uniform(0.0, 4.0), rng.uniform(24, 60))
    level = look.eosin_level
    eosin = np.float32(level * rng.uniform(0.12, 0.5)) * np.clip(1 + np.float32(rng.uniform(0.1, 0.5)) * waves, 0.1, 3)
    if rng.random() < 0.75:
        pitch, radius = rng.uniform(8, 17), rng.uniform(2.0, 5.5)
        clear, axon = np.zeros(eosin.shape, np.uint8), np.zeros(eosin.shape, np.uint8)
        x, y = np.meshgrid(np.arange(0, area.width, pitch), np.arange(0, area.height, pitch))
        places = np.stack([x.ravel(), y.ravel()], axis=1) + rng.uniform(-0.35, 0.35, (x.size, 2)) * pitch
        sizes = np.minimum(radius * rng.uniform(0.5, 1.2, len(places)), 0.5 * pitch)
        for (cx, cy), size in zip(places[rng.random(len(places)) < rng.uniform(0.4, 0.95)], sizes, strict=False):
            center = (int(cx * 16), int(cy * 16))
            cv2.circle(clear, center, int(size * 16), 255, -1, cv2.LINE_AA, SUBPIXEL_BITS)
            cv2.circle(axon, center, max(8, int(size * 5)), 255, -1, cv2.LINE_AA, SUBPIXEL_BITS)
        eosin *= 1 - clear * np.float32(rng.uniform(0.5, 0.95) / 255)
        eosin += axon * np.float32(level * rng.uniform(0.1, 0.5) / 255)
    thick = 2 * rng.uniform(1.0, 4.0)
    if rng.random() < 0.4:  # shrunk away from its rim
        eosin *= np.clip(np.abs(depth - np.float32(thick + 3)) * np.float32(0.4), np.float32(0.15), 1)
    rim = np.clip(np.float32(thick) - depth, 0, 1)
    fibers = 1 + np.float32(0.3) * np.cos(depth * np.float32(rng.uniform(1.2, 2.2)))
    eosin += rim * (np.float32(level * rng.uniform(0.3, 0.9)) * fibers - eosin)
    blue = np.float32(rng.uniform(0.05, 0.35)) * eosin
    return Patch(area, inside, eosin, blue, np.zeros_like(eosin))


def spindle_patch(spindle: shapely.Polygon, intrafusal: Polygons, look: Look, rng: np.random.Generator) -> Patch:
    """A capsule of thin lamellae around fluid in which a few tiny fibers lie."""
    area = area_of(spindle)
    inside = drawn_mask([spindle], area)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    mottle = sample("mottle", area, look.offset + 31)
    level = look.eosin_level
    eosin = np.float32(level * rng.uniform(0.01, 0.2)) * np.clip(1 + np.float32(0.5) * mottle, 0.1, 3)
    lamellae = np.clip(np.cos((depth + mottle) * np.float32(2 * np.pi / rng.uniform(3.5, 7.0))) + 0.6, 0, 1)
    rim = np.clip(np.float32(2 * rng.uniform(2.0, 7.0)) - depth, 0, 1)
    eosin += rim * lamellae * np.float32(level * rng.uniform(0.25, 0.8))
    blue = np.float32(rng.uniform(0.05, 0.3)) * eosin
    bodies, rims = np.zeros(eosin.shape, np.uint8), np.zeros(eosin.shape, np.uint8)
    for fiber in intrafusal:
        ring = [fixed_points(np.asarray(fiber.exterior.coords), area)]
        cv2.fillPoly(bodies, ring, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.polylines(rims, ring, True, 255, 2, cv2.LINE_AA, SUBPIXEL_BITS)
    pink = np.float32(level * rng.uniform(0.5, 1.1)) * (1 + np.float32(0.1) * sample("grain", area, look.offset + 31))
    eosin += bodies * np.float32(1 / 255) * (pink - eosin)
    eosin += rims * np.float32(level * rng.uniform(0.0, 0.4) / 255)
    blue += bodies * np.float32(1 / 255) * (np.float32(look.sarcoplasm_blue) - blue)
    return Patch(area, inside, eosin, blue, np.zeros_like(eosin))


def turned_strands(
    area: Region, angle: float, offset: int, crimp_wpx: float = 0.0, period_wpx: float = 40.0,
    begin_wpx: tuple[float, float] = (0.0, 0.0), along_wpx: float = 0.0,
) -> Plane:  # fmt: skip
    """The sheet `strands` turned by an angle, perhaps crimped like collagen; regions agree.

    Args:
        area: In working pixels.
        angle: Radians of the strands.
        offset: Moves the sheet.
        crimp_wpx: How far the strands swing; 0 is straight.
        period_wpx: How soon they swing back.
        begin_wpx: Where the strands are as far along as `along_wpx`.
        along_wpx: Makes pieces of one band go on into each other.

    Returns:
        (H, W) float32 of unit variance.
    """
    x = np.arange(area.x, area.right, dtype=np.float64)[None, :] - begin_wpx[0]
    y = np.arange(area.y, area.bottom, dtype=np.float64)[:, None] - begin_wpx[1]
    along, across = x * np.cos(angle) + y * np.sin(angle) + along_wpx, y * np.cos(angle) - x * np.sin(angle)
    if crimp_wpx:
        across = across + crimp_wpx * np.sin(2 * np.pi / period_wpx * along + 0.02 * across)
    column = np.mod(along + offset * 631, PERIOD_WPX).astype(np.float32)
    row = np.mod(across + offset * 389, PERIOD_WPX).astype(np.float32)
    turned = cv2.remap(sheets()["strands"], column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(turned, np.float32)


def _soft(mask: NDArray[np.bool_]) -> Plane:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8), np.float32)


def area_of(shape: shapely.Polygon) -> Region:
    """The working pixels that a shape in scene micrometers covers, and a few around them."""
    left, top, right, bottom = WORKING_MPP.to_px(np.asarray(shape.bounds))
    x, y = int(np.floor(left)) - 4, int(np.floor(top)) - 4
    return Region(x, y, int(np.ceil(right)) + 4 - x, int(np.ceil(bottom)) + 4 - y)
