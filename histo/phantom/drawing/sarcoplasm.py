"""How the inside of a fiber is drawn, by class, attribute and stage: amounts of dye per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP
from histo.phantom.chance import log_uniform
from histo.phantom.drawing.canvas import Canvas, Plane, put
from histo.phantom.drawing.fiber_damage import is_damaged, paint_damage
from histo.phantom.fibers import FiberLook
from histo.phantom.look import Look
from histo.phantom.scene import Scene

Values = NDArray[np.float32]

_RAGGED_WPX = 8.0
"""Depth of the granular rim of a fiber full of mitochondria."""

_NOWHERE = -9.0
"""A level that noise never falls below."""


@dataclass(frozen=True, eq=False)
class Sarcoplasm:
    """Dye and texture of every fiber of a scene; (N,) float32 where nothing else is said.

    Attributes:
        eosin: Mean amount of eosin.
        blue: Mean amount of hematoxylin.
        grain: Strength of the fine texture.
        mottle: Strength of the patchy texture.
        rim: Relative eosin at the very rim; 1 is no rim.
        rim_wpx: How deep the rim goes, of the whole scene.
        rim_blue: Granular hematoxylin along the rim; 0 is none.
        edge_wpx: Sigma of the border: fibers are rarely cut at a right angle.
        sloped: Whether fibers are visibly thicker on one side.
        slope: (N, 2) float32, relative change of eosin per working pixel to the right and down: sections are no plates.
        level: (N,) float32, what a fiber's slope is counted from, so that its middle keeps its eosin.
        holes: Level of the patchy noise below which the sarcoplasm is lost; `_NOWHERE` is nowhere.
        striation: Strength of cross striation, of the whole scene; 0 is none.
        striation_wave: Its turn per working pixel, and its direction, in radians.
    """

    eosin: Values
    blue: Values
    grain: Values
    mottle: Values
    rim: Values
    rim_wpx: float
    rim_blue: Values
    edge_wpx: float
    sloped: bool
    slope: Values
    level: Values
    holes: Values
    striation: float
    striation_wave: tuple[float, float]


def draw_sarcoplasm(scene: Scene, look: Look) -> Sarcoplasm:
    """Draw the dye and texture of every fiber."""
    rng = np.random.default_rng([scene.seed, 1])
    n = len(scene.fibers)
    kind, stage = scene.fiber_class, scene.stage
    spread, ice = log_uniform(rng, 0.012, 0.15), rng.random() < 0.08
    eosin = look.eosin_level * np.exp(rng.normal(0, spread, n))
    if rng.random() < 0.25:  # two fiber types that take up the dye differently, as poor or old stains show
        eosin *= np.where(rng.random(n) < rng.uniform(0.2, 0.6), rng.uniform(0.6, 0.95), 1.0)
    blue = look.sarcoplasm_blue * np.exp(rng.normal(0, log_uniform(rng, 0.05, 0.4), n))
    grain = look.texture * log_uniform(rng, 0.004, 0.07) * np.exp(rng.normal(0, 0.3, n))
    mottle = look.texture * log_uniform(rng, 0.008, 0.08) * np.exp(rng.normal(0, 0.3, n))
    rim = np.full(n, rng.uniform(0.85, 1.35)) * np.exp(rng.normal(0, 0.05, n))
    holes = np.full(n, rng.uniform(-2.2, -1.5) if ice else _NOWHERE)

    pale = kind == FiberClass.NECROTIC_PALE
    m = np.count_nonzero(pale)
    washed_out = rng.uniform(0.2, 0.8, m)
    smooth = (washed_out < 0.55) & (rng.random(m) < 0.5)  # pallor alone; a fiber less pale shows that it falls apart
    eosin[pale] *= washed_out
    blue[pale] += rng.uniform(0, 0.12, m)
    grain[pale] = np.where(smooth, rng.uniform(0.01, 0.1, m), rng.uniform(0.06, 0.3, m))
    mottle[pale] = np.where(smooth, rng.uniform(0.03, 0.15, m), rng.uniform(0.12, 0.45, m))
    rim[pale] = rng.uniform(0.7, 1.5, m)
    holes[pale] = np.where(smooth, _NOWHERE, rng.uniform(-1.8, -0.3, m))

    eaten = kind == FiberClass.MYOPHAGOCYTOSIS
    dug = eaten & (scene.fiber_look == FiberLook.EATEN_INTO)
    hyaline = (kind == FiberClass.NECROTIC_HYALINE) | dug
    m = np.count_nonzero(hyaline)
    # In muscle that was injured as a whole every fiber may be as dark: then clefts and smoothness tell, not color.
    glassy = (0.95, 1.35) if rng.random() < 0.4 else (1.25, 1.95)
    eosin[hyaline] = look.eosin_level * rng.uniform(*glassy, m)
    blue[hyaline] *= 0.3
    grain[hyaline] *= 0.2
    mottle[hyaline] = rng.uniform(0.0, 0.06, m)
    rim[hyaline] = rng.uniform(0.6, 1.2, m)

    eaten &= ~dug
    m = np.count_nonzero(eaten)
    eosin[eaten] *= rng.uniform(0.35, 0.9, m) * (1 - 0.6 * stage[eaten])
    blue[eaten] += rng.uniform(0.05, 0.3, m)
    grain[eaten] = rng.uniform(0.1, 0.3, m)
    mottle[eaten] = rng.uniform(0.15, 0.4, m)
    rim[eaten] = rng.uniform(0.9, 2.4, m)  # the outline of a phagocytosed fiber is kept
    holes[eaten] = rng.uniform(-2.2, -0.8, m)

    young = kind == FiberClass.REGENERATING
    m = np.count_nonzero(young)
    how_young = rng.beta(1.2, 1.2, m)  # from nearly pink, late in regeneration, to violet
    eosin[young] *= 1 - how_young * rng.uniform(0.2, 0.55, m)
    blue[young] += look.hematoxylin_level * (0.03 + 0.3 * how_young) * rng.uniform(0.6, 1.2, m)
    grain[young] = rng.uniform(0.02, 0.22, m)
    mottle[young] = rng.uniform(0.02, 0.2, m)
    holes[young] = np.where(rng.random(m) < 0.25, rng.uniform(-2.2, -1.0, m), _NOWHERE)  # foamy ones

    opaque = scene.fiber_attributes[:, FiberAttribute.OPAQUE]
    eosin[opaque] *= rng.uniform(1.12, 1.45, np.count_nonzero(opaque))
    grain[opaque] *= 0.4
    striation, wave = rng.uniform(0.0, 0.06) * (rng.random() < 0.25), (rng.uniform(0.5, 1.4), rng.uniform(0, np.pi))
    width_wpx = np.sqrt(np.maximum(shapely.area(scene.fibers), 1.0)) / WORKING_MPP.um_per_px
    sloped = rng.random() < 0.6
    slope = (rng.normal(0, rng.uniform(0.02, 0.13), (n, 2)) / width_wpx[:, None]).astype(np.float32)
    center_wpx = shapely.get_coordinates(shapely.centroid(scene.fibers)).reshape(-1, 2) / WORKING_MPP.um_per_px
    ragged = scene.fiber_look == FiberLook.GRANULAR_RIM
    rim_blue = np.where(ragged, look.hematoxylin_level * rng.uniform(0.1, 0.3, n), 0.0)
    return Sarcoplasm(
        eosin=eosin.astype(np.float32),
        blue=blue.astype(np.float32),
        grain=grain.astype(np.float32),
        mottle=mottle.astype(np.float32),
        rim=rim.astype(np.float32),
        rim_wpx=log_uniform(rng, 1.5, 12.0),
        rim_blue=rim_blue.astype(np.float32),
        edge_wpx=rng.uniform(0.1, 1.3),
        sloped=sloped,
        slope=slope,
        level=1 - (slope * center_wpx.astype(np.float32)).sum(axis=1),
        holes=holes.astype(np.float32),
        striation=striation,
        striation_wave=wave,
    )


def paint_sarcoplasm(canvas: Canvas, scene: Scene, traits: Sarcoplasm) -> None:
    """Lay the inside of every fiber over what is between them."""
    labels = canvas.labels
    # The soft rim belongs to a fiber beside it: grow the labels by two pixels for drawing only.
    shown = cv2.dilate(labels.astype(np.float32), np.ones((5, 5))).astype(np.int32)
    put(shown, labels > 0, labels)
    mottle = canvas.noise("mottle", 3)
    texture = canvas.noise("fine", 1)
    texture *= np.float32(0.7)
    texture += canvas.noise("grain")
    texture *= canvas.spread(traits.grain, shown)
    slow = canvas.noise("cloud", 5)
    slow += np.float32(0.6) * mottle
    slow *= canvas.spread(traits.mottle, shown)
    texture += slow
    if traits.striation:
        texture += _striation(canvas, traits)
    fiber = np.maximum(1 + texture, np.float32(0.05))
    fiber *= canvas.spread(traits.eosin, shown)
    fiber *= _rim(labels, canvas.spread(traits.rim, shown), traits.rim_wpx)
    if traits.sloped:
        fiber *= _slope(canvas, traits, shown)
    if (traits.holes[canvas.rows] > _NOWHERE).any():
        lost = mottle + np.float32(0.6) * canvas.noise("grain", 9) < canvas.spread(traits.holes, shown)
        fiber *= 1 - np.float32(0.75) * lost
    _paint_damaged(canvas, scene, fiber, shown)
    coverage = cv2.GaussianBlur(canvas.coverage, (5, 5), traits.edge_wpx)
    texture *= np.float32(1.5)
    texture += 1
    np.maximum(texture, 0, out=texture)
    texture *= canvas.spread(traits.blue, shown)
    if traits.rim_blue[canvas.rows].any():
        granules = np.maximum(1 + np.float32(0.5) * (canvas.noise("grain", 5) + mottle), 0)
        texture += (_rim(labels, canvas.spread(1 + traits.rim_blue, shown), _RAGGED_WPX) - 1) * granules
    for plane, amount in ((canvas.eosin, fiber), (canvas.hematoxylin, texture)):
        amount -= plane
        amount *= coverage
        plane += amount


def _striation(canvas: Canvas, traits: Sarcoplasm) -> Plane:
    area, (turns, angle) = canvas.area, traits.striation_wave
    x = np.arange(area.x, area.right, dtype=np.float32) * np.float32(np.cos(angle))
    y = np.arange(area.y, area.bottom, dtype=np.float32) * np.float32(np.sin(angle))
    wave: Plane = np.float32(traits.striation) * np.sin((x[None] + y[:, None]) * np.float32(turns))
    return wave


def _rim(labels: NDArray[np.int32], rim: Plane, rim_wpx: float) -> Plane:
    """(H, W) float32, how much more eosin there is than deep in a fiber; takes the place of `rim`."""
    depth = np.asarray(cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    depth *= np.float32(-1 / rim_wpx)
    rim -= 1
    rim *= np.asarray(cv2.exp(depth), np.float32)
    rim += 1
    return rim


def _slope(canvas: Canvas, traits: Sarcoplasm, shown: NDArray[np.int32]) -> Plane:
    """(H, W) float32, how much thicker or thinner every fiber is at a pixel than in its middle."""
    thickness = canvas.spread(traits.level, shown)
    x = np.arange(canvas.area.x, canvas.area.right, dtype=np.float32)[None, :]
    y = np.arange(canvas.area.y, canvas.area.bottom, dtype=np.float32)[:, None]
    for axis, place in enumerate((x, y)):
        rise = canvas.spread(traits.slope[:, axis], shown)
        rise *= place
        thickness += rise
    clipped: Plane = np.clip(thickness, np.float32(0.6), np.float32(1.5), out=thickness)
    return clipped


def _paint_damaged(canvas: Canvas, scene: Scene, fiber: Plane, shown: NDArray[np.int32]) -> None:
    height, width = fiber.shape
    for local in np.flatnonzero(is_damaged(scene, canvas.rows)):
        row = int(canvas.rows[local])
        left, top, right, bottom = scene.fibers[row].bounds
        first = np.floor(WORKING_MPP.to_px(np.array([left, top]))).astype(int) - [canvas.area.x + 6, canvas.area.y + 6]
        last = np.ceil(WORKING_MPP.to_px(np.array([right, bottom]))).astype(int) - [
            canvas.area.x - 6,
            canvas.area.y - 6,
        ]
        (x0, y0), (x1, y1) = np.clip(first, 0, [width, height]), np.clip(last, 0, [width, height])
        if x0 < x1 and y0 < y1:
            window = np.s_[y0:y1, x0:x1]
            origin = (float(canvas.area.x + x0), float(canvas.area.y + y0))
            paint_damage(scene, row, fiber[window], shown[window] == local + 1, origin)
