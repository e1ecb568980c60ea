"""How the tissue between fibers is drawn: endomysium, perimysium, sheets of cells, and smooth collagen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from histo.findings import Compartment
from histo.phantom.drawing.canvas import Canvas, Plane, put
from histo.phantom.drawing.midline import midlines
from histo.phantom.look import Look
from histo.phantom.scene import Scene

_PALER_TORN, _OPENER_TORN = 0.35, 2.2
"""How much paler a wholly fragmented perimysium is, and how much higher the level of noise below which it is open."""

_VEIL = 0.6
"""Mean amount of bluish ground substance, relative to that of solid collagen."""


@dataclass(frozen=True, slots=True)
class Interstitium:
    """What one scene's interstitium looks like.

    Attributes:
        endomysium: Amount of eosin between fibers.
        perimysium: Amount of eosin between fascicles.
        blueness: Amount of hematoxylin, relative to eosin: mucoid or edematous ground substance is bluish.
        wisps: Contrast of the streaks of collagen.
        patches: Contrast of its patches.
        endomysial_crack: Level of noise below which the endomysium is torn open.
        perimysial_crack: The same of the perimysium.
        crack_edge: How gradually a crack begins, in units of that noise.
        crack_floor: What is left of the dye in a crack, 0 to 1: few are as white as glass.
        retraction_wpx: Width of the halo that fibers have shrunk away from; 0 is none.
        retraction: How empty the halo is, 0 to 1.
        membrane: Amount of eosin in the thin line midway between neighboring fibers; 0 is none.
        sheet_eosin: Amount of eosin behind sheets of cells.
        sheet_blue: Amount of hematoxylin there.
        scar_eosin: Amount of eosin in smooth collagen.
    """

    endomysium: float
    perimysium: float
    blueness: float
    wisps: float
    patches: float
    endomysial_crack: float
    perimysial_crack: float
    crack_edge: float
    crack_floor: float
    retraction_wpx: float
    retraction: float
    membrane: float
    sheet_eosin: float
    sheet_blue: float
    scar_eosin: float


def draw_interstitium(scene: Scene, look: Look) -> Interstitium:
    """Draw one scene's interstitium by lot."""
    rng = np.random.default_rng([scene.seed, 5])
    torn = scene.spec.perimysial_fragmentation
    endomysium = rng.uniform(0.08, 0.65)
    retraction_wpx = rng.uniform(1.5, 5.0) if rng.random() < 0.5 else 0.0
    if retraction_wpx and rng.random() < 0.5:  # edema or fibrosis as pink as fibers, which halos set apart
        endomysium = rng.uniform(0.4, 0.95)
    return Interstitium(
        endomysium=endomysium * look.eosin_level,
        perimysium=rng.uniform(0.12, 0.65) * look.eosin_level * (1 - _PALER_TORN * torn),
        blueness=rng.choice([0.03, 0.1, 0.3, 0.6]) * rng.uniform(0.5, 1.3),
        wisps=rng.uniform(0.03, 0.2) if rng.random() < 0.75 else rng.uniform(0.2, 0.4),
        patches=rng.uniform(0.03, 0.35),
        endomysial_crack=rng.uniform(-0.3, 0.9) - 2.2 * scene.spec.endomysium_fill,
        perimysial_crack=rng.uniform(-3.0, -0.3) + _OPENER_TORN * torn,
        crack_edge=rng.uniform(0.1, 1.2),
        crack_floor=rng.uniform(0.03, 0.1) if rng.random() < 0.5 else rng.uniform(0.1, 0.6),
        retraction_wpx=retraction_wpx,
        retraction=rng.uniform(0.25, 0.95),
        membrane=rng.uniform(0.1, 0.7) * look.eosin_level if rng.random() < 0.7 else 0.0,
        sheet_eosin=rng.uniform(0.1, 0.9) * look.eosin_level,
        sheet_blue=rng.uniform(0.0, 0.35),
        scar_eosin=rng.uniform(0.35, 1.0) * look.eosin_level,
    )


def paint_interstitium(canvas: Canvas, scene: Scene, traits: Interstitium) -> None:
    """Lay collagen, cracks, sheets of cells and scars; fibers come over it."""
    strands, cloud, mottle = (canvas.noise(name, 7) for name in ("strands", "cloud", "mottle"))
    compartments, eosin = canvas.compartments, canvas.eosin
    fibrous = mottle + cloud
    fibrous *= np.float32(0.5 * traits.patches)
    fibrous += np.float32(traits.wisps) * strands
    fibrous += 1
    np.maximum(fibrous, np.float32(0.05), out=fibrous)
    veil = np.clip(np.float32(_VEIL) + np.float32(0.2) * cloud, np.float32(0.1), 1)
    for compartment, amount, noise, share, level in (
        (Compartment.ENDOMYSIUM, traits.endomysium, mottle, 0.6, traits.endomysial_crack),
        (Compartment.PERIMYSIUM, traits.perimysium, strands, 0.7, traits.perimysial_crack),
    ):
        here = compartments == compartment
        if not here.any():
            continue
        solid = np.float32(share) * cloud
        solid += noise
        solid -= np.float32(level)
        solid *= np.float32(1 / traits.crack_edge)
        np.clip(solid, np.float32(traits.crack_floor), 1, out=solid)
        solid *= fibrous
        solid *= np.float32(amount)
        put(eosin, here, solid)
        # ground substance is bluish all through: following the cracks, it would make violet spots as large as nuclei
        put(canvas.hematoxylin, here, np.float32(traits.blueness * amount) * veil)
    if len(canvas.near(scene.structures.sheets)):
        sheets = canvas.mask(scene.structures.sheets)
        put(eosin, sheets, np.float32(traits.sheet_eosin) * fibrous)
        put(canvas.hematoxylin, sheets, traits.sheet_blue)
    if len(canvas.near(scene.structures.scars)):
        scars = canvas.mask(scene.structures.scars) & (compartments != Compartment.GLASS)
        put(eosin, scars, np.float32(traits.scar_eosin) * (1 + np.float32(0.12) * strands))
    _soften(eosin)
    _soften(canvas.hematoxylin)


def paint_retraction(canvas: Canvas, traits: Interstitium) -> None:
    """Where fibers have shrunk away: a clear halo around each, and the membrane that stays midway between two."""
    outside = (canvas.labels == 0).astype(np.uint8)
    if traits.retraction_wpx:
        clear = cv2.distanceTransform(outside, cv2.DIST_L2, 3)
        clear = np.clip((np.float32(traits.retraction_wpx + 1) - clear) * np.float32(0.5), 0, 1, out=clear)
        clear *= outside * np.float32(traits.retraction)
        np.subtract(1, clear, out=clear)
        canvas.eosin[:] *= clear
        canvas.hematoxylin[:] *= clear
    if traits.membrane:
        line = midlines(canvas.labels, canvas.area, 14)
        line *= np.float32(1.6 * traits.membrane)
        line *= outside & (canvas.compartments == Compartment.ENDOMYSIUM)
        np.maximum(canvas.eosin, line, out=canvas.eosin)


def _soften(plane: Plane) -> None:
    """Make hard edges a third of a micrometer wide."""
    cv2.GaussianBlur(plane, (0, 0), 0.7, dst=plane)
