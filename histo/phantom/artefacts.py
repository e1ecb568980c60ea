"""What spoils a section: folds and debris."""

from __future__ import annotations

import cv2
import numpy as np

from histo.findings import Compartment
from histo.phantom.canvas import Canvas
from histo.phantom.scene import Scene


def paint_artefacts(canvas: Canvas, scene: Scene) -> None:
    """Lay artefacts over everything; what lies under debris cannot be seen and is no longer true."""
    folds = canvas.mask(scene.structures.folds) & (canvas.compartments != Compartment.GLASS)
    if folds.any():
        doubled = 1 + cv2.GaussianBlur(folds.astype(np.float32), (0, 0), 2.0) * 0.9
        for plane in (canvas.eosin, canvas.hematoxylin, canvas.red_cell):
            plane *= doubled
        canvas.compartments[folds] = Compartment.ARTEFACT
    debris = canvas.mask(scene.structures.debris)
    if debris.any():
        canvas.dirt[:] += cv2.GaussianBlur(debris.astype(np.float32), (0, 0), 1.0) * np.float32(2.2)
        canvas.compartments[debris] = Compartment.ARTEFACT
        canvas.labels[debris] = 0
