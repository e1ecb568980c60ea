"""From a place on the slide to the pixels that show the implant there: the simulator's drawing in the slide's look."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.detection import fiber_polygons
from histo.findings import FiberClass, Findings
from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.canvas import Canvas, drawn_mask
from histo.phantom.drawing.nuclei import paint_nuclei
from histo.phantom.drawing.sarcoplasm import Sarcoplasm, draw_sarcoplasm, paint_sarcoplasm
from histo.phantom.look import Look
from histo.phantom.scene import Scene
from histo.recovery.choose import Site
from histo.recovery.measure import MARGIN_UM, SlideLook, amounts, fine_detail, region_around
from histo.recovery.overlay import Patch
from histo.recovery.scenes import canvas_over, implant_scene, nucleus_traits
from histo.recovery.sharpness import Floats, blurred
from histo.slide import SlideReader

_LEAST_CHANGE = 0.01
"""Amount of dye below which nothing was painted."""
_INNER_UM, _OUTER_UM, _RING_UM = 2.0, 0.5, 6.0
"""Rim left out of a fiber and kept off others, and how far around it lies what is between it and them."""
_LEAST_RING = 120
"""Pixels between fibers; with fewer the slide's median is taken."""
_NEIGHBORS_UM = 250.0
_GAP_TEXTURE = 0.2
"""Contrast of what is drawn between fibers."""
_NO_HOLES = -9.0
"""A level that noise never falls below."""
_SEEN_UM = 1.0
"""How far around an implant the slide must be readable."""
_NO_PIXEL = np.uint8(255)
_NOISE_SIGMAS = 3.0
"""Fine detail beyond this is an edge, which does not belong to the implant."""


def draw_implant(
    reader: SlideReader, findings: Findings, site: Site, look: SlideLook, seed: int
) -> tuple[Patch, shapely.Geometry] | None:
    """Draw one implant over the slide's own pixels.

    Args:
        reader: The slide.
        findings: Tells the fibers around it.
        site: What, and where.
        look: How the slide looks.
        seed: Of all implants; each has its own by its number.

    Returns:
        The pixels, and the outline of what they show (of a cell its center) in slide micrometers; None where the slide
        cannot be read.
    """
    region = region_around(site.shape, MARGIN_UM)
    pixels = reader.read(region, WORKING_MPP)
    if not pixels.valid[drawn_mask([site.shape.buffer(_SEEN_UM)], region)].all():
        return None
    rgb = np.where(pixels.valid[..., None], pixels.rgb, _NO_PIXEL)
    scene = implant_scene(site.kind, site.shape, (seed, site.number))
    here, blur_wpx = _look_at(rgb, region, site, findings, look)
    healthy = site.shape if site.fiber is not None else None
    patch = paint_over(rgb, region, scene, healthy, here, blur_wpx, offset=seed % 1000 + site.number)
    return patch, scene.fibers[0] if len(scene.fibers) else site.shape


def paint_over(
    rgb: NDArray[np.uint8],
    region: Region,
    scene: Scene,
    healthy: shapely.Polygon | None,
    look: SlideLook,
    blur_wpx: float,
    offset: int,
) -> Patch:
    """Lay a scene over pixels, in optical density, blurred and grained like them; the rest stays as it is.

    Args:
        rgb: (H, W, 3) uint8 of the region.
        region: In working pixels.
        scene: The implant.
        healthy: Outline of the fiber that it takes the place of; what it no longer fills shows what lies between
            fibers. None for a cell.
        look: How the slide looks.
        blur_wpx: Sigma of the optics there.
        offset: Moves the sheets of noise that textures are made of.

    Returns:
        The region with the implant.
    """
    stain = look.stain
    density = stain.density(rgb)
    before_blue, before_eosin = stain.amounts(density)
    canvas = canvas_over(region, scene.fibers, before_eosin, before_blue, offset)
    phantom_look = Look(
        hematoxylin=stain.hematoxylin,
        eosin=stain.eosin,
        eosin_level=look.eosin_level,
        hematoxylin_level=look.nucleus_level,
        sarcoplasm_blue=look.sarcoplasm_blue,
    )
    rest = np.zeros(3, np.float32)
    if healthy is not None:
        inside = drawn_mask([healthy], region)
        rest = np.median((density - stain.color(before_blue, before_eosin))[inside], axis=0)
        _empty(canvas, inside, look.between)
        paint_sarcoplasm(canvas, scene, _sarcoplasm(scene, phantom_look))
    traits = nucleus_traits(scene, phantom_look, look.nucleus_size)
    paint_nuclei(canvas, scene, traits, np.arange(len(scene.nuclei.look)))
    change = np.abs(canvas.eosin - before_eosin) + np.abs(canvas.hematoxylin - before_blue)
    changed = (change > _LEAST_CHANGE).astype(np.uint8)
    if not changed.any():
        return Patch(region, rgb.copy(), changed.view(np.bool_))
    weight = blurred(cv2.dilate(changed, np.ones((3, 3), np.uint8)).astype(np.float32), max(0.7, blur_wpx))[..., None]
    drawn = blurred(stain.color(canvas.hematoxylin, canvas.eosin), blur_wpx) + rest
    shown = np.exp(-(density + (drawn - density) * weight)) * np.asarray(stain.glass, np.float32)
    shown += _noise(rgb, look.noise) * weight
    seen = weight[..., 0] > 1 / 128
    pixels = np.where(seen[..., None], np.clip(np.rint(shown), 0, 255).astype(np.uint8), rgb)
    return Patch(region, pixels, seen)


def _look_at(
    rgb: NDArray[np.uint8], region: Region, site: Site, findings: Findings, look: SlideLook
) -> tuple[SlideLook, float]:
    """The slide's look with the dye that this fiber itself has, and that between it and its neighbors; and the blur."""
    blur_wpx = look.blur_at(rgb)
    if site.fiber is None:
        return look, blur_wpx
    eosin, blue = amounts(look.stain, rgb[drawn_mask([site.shape.buffer(-_INNER_UM)], region)])
    center = findings.fibers.center_um
    near = np.hypot(*(center - center[site.fiber]).T) < _NEIGHBORS_UM
    fibers = shapely.buffer(fiber_polygons(findings.fibers.select(near)), _OUTER_UM)
    ring = drawn_mask([site.shape.buffer(_RING_UM)], region) & ~drawn_mask(fibers, region)
    between = amounts(look.stain, rgb[ring]) if np.count_nonzero(ring) >= _LEAST_RING else look.between
    return replace(look, eosin_level=eosin, sarcoplasm_blue=blue, between=between), blur_wpx


def _sarcoplasm(scene: Scene, look: Look) -> Sarcoplasm:
    """As drawn, but without ice-crystal holes, which a whole section has or has not."""
    traits = draw_sarcoplasm(scene, look)
    if np.isin(scene.fiber_class, (FiberClass.INTACT, FiberClass.NECROTIC_HYALINE)).all():
        traits = replace(traits, holes=np.full(len(scene.fibers), _NO_HOLES, np.float32))
    return traits


def _empty(canvas: Canvas, inside: NDArray[np.bool_], between: tuple[float, float]) -> None:
    """Take a fiber away: what lies between fibers takes its place, in place."""
    soft = blurred(inside.astype(np.float32), 0.7)
    texture = 1 + np.float32(_GAP_TEXTURE) * np.clip(canvas.noise("mottle") + canvas.noise("cloud", 3), -2, 2)
    for plane, amount in ((canvas.eosin, between[0]), (canvas.hematoxylin, between[1])):
        plane += (np.float32(amount) * texture - plane) * soft


def _noise(rgb: NDArray[np.uint8], noise: float) -> Floats:
    """(H, W, 3) float32, the place's own fine detail without its edges, as strong as the slide's noise."""
    detail = fine_detail(rgb)
    spread = 1.4826 * float(np.median(np.abs(detail)))
    if spread <= 0:
        return np.zeros_like(detail)
    grain: Floats = np.clip(detail, -_NOISE_SIGMAS * spread, _NOISE_SIGMAS * spread) * np.float32(
        min(1.0, noise / spread)
    )
    return grain
