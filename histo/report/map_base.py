"""The tissue in quiet grays, on which maps are drawn: no pixels of the slide are needed for it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import Compartment, CompartmentMap, Fibers
from histo.geometry import Mpp
from histo.report.pictures import Picture

Rgb = NDArray[np.uint8]

GRAYS: dict[Compartment, tuple[int, int, int]] = {
    Compartment.GLASS: (255, 255, 255),
    Compartment.FIBER: (225, 226, 230),
    Compartment.ENDOMYSIUM: (241, 242, 245),
    Compartment.PERIMYSIUM: (178, 186, 197),
    Compartment.VESSEL: (202, 192, 194),
    Compartment.FAT: (249, 244, 228),
    Compartment.NERVE_SPINDLE: (212, 222, 214),
    Compartment.ARTEFACT: (150, 150, 150),
}

MARGIN_UM = 60.0

LONGEST_PX = 1600
"""Of a map: a figure shows no more, and a large section would fill the memory."""


def quiet_picture(compartments: CompartmentMap) -> Picture:
    """The scored tissue as a picture in grays, with a margin; the whole map where nothing was scored."""
    rows, columns = np.nonzero(compartments.scored)
    margin = round(float(compartments.mpp.to_px(MARGIN_UM)))
    height, width = compartments.codes.shape
    top, bottom, left, right = 0, height, 0, width
    if len(rows):
        top, bottom = max(0, int(rows.min()) - margin), min(height, int(rows.max()) + 1 + margin)
        left, right = max(0, int(columns.min()) - margin), min(width, int(columns.max()) + 1 + margin)
    table = np.zeros((len(Compartment), 3), np.uint8)
    for compartment, gray in GRAYS.items():
        table[compartment] = gray
    step = max(1, -(-max(bottom - top, right - left) // LONGEST_PX))
    rgb = table[compartments.codes[top:bottom:step, left:right:step]]
    um = compartments.mpp.um_per_px
    return Picture(rgb, np.ones(rgb.shape[:2], bool), (left * um, top * um), Mpp(step * um))


def paint_fibers(
    picture: Picture, fibers: Fibers, kinds: tuple[tuple[NDArray[np.int64], tuple[int, int, int]], ...]
) -> Picture:
    """The picture with fibers filled by their outlines.

    Args:
        picture: What to paint on.
        fibers: All fibers of the slide.
        kinds: Rows of fibers, and the color that they get; later ones lie on top.

    Returns:
        A picture of twice as many pixels to a side, so that outlines stay smooth, unless it is large.
    """
    finer = 2 if 2 * max(picture.valid.shape) <= LONGEST_PX else 1
    rgb: Any = np.ascontiguousarray(np.repeat(np.repeat(picture.rgb, finer, axis=0), finer, axis=1))
    mpp = Mpp(picture.mpp.um_per_px / finer)
    origin = np.array(picture.origin_um)
    for rows, color in kinds:
        for row in rows:
            ring = np.round(mpp.to_px(fibers.outline(int(row)) - origin)).astype(np.int32)
            cv2.fillPoly(rgb, [ring], color)
    return Picture(rgb, np.ones(rgb.shape[:2], bool), picture.origin_um, mpp)
