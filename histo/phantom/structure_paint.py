"""How vessels, nerves, fat and tears are drawn."""

from __future__ import annotations

import cv2
import numpy as np

from histo.findings import Compartment
from histo.phantom.canvas import Canvas
from histo.phantom.look import Look
from histo.phantom.scene import Scene


def paint_structures(canvas: Canvas, scene: Scene, look: Look) -> None:
    """Lay structures over the interstitium; fibers are never covered."""
    strands, mottle = canvas.noise("strands", 11), canvas.noise("mottle", 13)
    structures, eosin, blue = scene.structures, canvas.eosin, canvas.hematoxylin
    free, level = canvas.labels == 0, look.eosin_level
    walls, lumens = canvas.mask(structures.vessels), canvas.mask(structures.lumens)
    for shape, compartment, amount in (
        (walls, Compartment.VESSEL, 0.55 * level * np.clip(0.9 + 0.3 * strands + 0.15 * mottle, 0.1, None)),
        (lumens, Compartment.VESSEL, np.full(eosin.shape, 0.03, np.float32)),
        (canvas.mask(structures.nerves), Compartment.NERVE_SPINDLE, 0.3 * level * (1 + 0.25 * strands)),
    ):
        here = shape & free
        eosin[here] = amount[here]
        blue[here] = 0.1 * amount[here]
        canvas.compartments[here] = compartment
    fat = canvas.mask(structures.fat) & free
    membrane = cv2.morphologyEx(fat.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    eosin[fat], blue[fat] = 0.01, 0.0
    eosin[membrane & free] = 0.35 * level
    canvas.compartments[fat] = Compartment.FAT
    tears = canvas.mask(structures.tears) & free
    eosin[tears], blue[tears] = 0.01, 0.0
    canvas.compartments[tears] = Compartment.GLASS
