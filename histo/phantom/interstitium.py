"""How the tissue between fibers is drawn: endomysium, perimysium, sheets of cells, and smooth collagen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from histo.findings import Compartment
from histo.phantom.canvas import Canvas
from histo.phantom.look import Look, Plane
from histo.phantom.scene import Scene


@dataclass(frozen=True, slots=True)
class Interstitium:
    """What one scene's interstitium looks like.

    Attributes:
        endomysium: Amount of eosin between fibers.
        perimysium: Amount of eosin between fascicles.
        endomysial_crack: Level of noise below which the endomysium is torn open.
        perimysial_crack: The same of the perimysium.
        retraction_wpx: Width of the halo that fibers have shrunk away from; 0 is none.
        sheet_eosin: Amount of eosin behind sheets of cells.
        sheet_blue: Amount of hematoxylin there.
        scar_eosin: Amount of eosin in smooth collagen.
    """

    endomysium: float
    perimysium: float
    endomysial_crack: float
    perimysial_crack: float
    retraction_wpx: float
    sheet_eosin: float
    sheet_blue: float
    scar_eosin: float


def draw_interstitium(scene: Scene, look: Look) -> Interstitium:
    """Draw one scene's interstitium by lot."""
    rng = np.random.default_rng([scene.seed, 5])
    endomysium = rng.uniform(0.05, 0.6)
    retraction_wpx = rng.uniform(1.5, 5.0) if rng.random() < 0.35 else 0.0
    if retraction_wpx and rng.random() < 0.6:  # edema or fibrosis as pink as fibers, which halos set apart
        endomysium = rng.uniform(0.4, 0.95)
    return Interstitium(
        endomysium=endomysium * look.eosin_level,
        perimysium=rng.uniform(0.15, 0.5) * look.eosin_level,
        endomysial_crack=rng.uniform(-0.3, 0.9) - 2.2 * scene.spec.endomysium_fill,
        perimysial_crack=rng.uniform(-1.8, 0.2),
        retraction_wpx=retraction_wpx,
        sheet_eosin=rng.uniform(0.1, 0.9) * look.eosin_level,
        sheet_blue=rng.uniform(0.0, 0.35),
        scar_eosin=rng.uniform(0.35, 1.0) * look.eosin_level,
    )


def paint_interstitium(canvas: Canvas, scene: Scene, traits: Interstitium) -> None:
    """Lay collagen, cracks, sheets of cells and scars; fibers come over it."""
    strands, cloud, mottle = (canvas.noise(name, 7) for name in ("strands", "cloud", "mottle"))
    compartments, eosin = canvas.compartments, canvas.eosin
    endomysium, perimysium = compartments == Compartment.ENDOMYSIUM, compartments == Compartment.PERIMYSIUM
    collagen = np.clip(traits.endomysium * (0.8 + 0.3 * strands + 0.15 * mottle), 0, None)
    cracked = mottle + 0.6 * cloud < traits.endomysial_crack
    eosin[endomysium] = np.where(cracked, 0.04 * traits.endomysium, collagen)[endomysium]
    collagen = np.clip(traits.perimysium * (0.75 + 0.4 * strands + 0.1 * mottle), 0.02, None)
    cracked = strands + 0.7 * cloud < traits.perimysial_crack
    eosin[perimysium] = np.where(cracked, 0.05 * traits.perimysium, collagen)[perimysium]
    sheets = canvas.mask(scene.structures.sheets)
    eosin[sheets] = np.clip(traits.sheet_eosin * (0.85 + 0.3 * mottle), 0.02, None)[sheets]
    canvas.hematoxylin[:] = np.where(sheets, np.float32(traits.sheet_blue), np.float32(0.08) * eosin)
    scars = canvas.mask(scene.structures.scars) & (compartments != Compartment.GLASS)
    eosin[scars] = (traits.scar_eosin * (1 + 0.12 * strands + 0.05 * mottle))[scars]
    _soften(eosin)
    _soften(canvas.hematoxylin)


def paint_retraction(canvas: Canvas, traits: Interstitium) -> None:
    """Open a clear halo around every fiber, where fibers have shrunk away from what lies between them."""
    if not traits.retraction_wpx:
        return
    away = cv2.distanceTransform((canvas.labels == 0).astype(np.uint8), cv2.DIST_L2, 3) - traits.retraction_wpx
    canvas.eosin[:] *= np.where(canvas.labels > 0, 1, np.clip(0.1 + 0.5 * away, 0.1, 1)).astype(np.float32)


def _soften(plane: Plane) -> None:
    """Make hard edges a third of a micrometer wide."""
    cv2.GaussianBlur(plane, (0, 0), 0.7, dst=plane)
