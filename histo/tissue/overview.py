"""The whole slide at the tissue map's scale, read piece by piece."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.geometry import Region
from histo.slide import SlideReader
from histo.tissue.tissue_map import TISSUE_MPP

_PIECE_PX = 4096
"""Level-0 pixels that one read may span on a side: 48 MB of RGB, should a reader have only the finest level."""


@dataclass(frozen=True, eq=False)
class Overview:
    """The slide at 8 um/px.

    Attributes:
        rgb: (H, W, 3) uint8, meaningless where not `valid`.
        valid: (H, W) bool.
        unreadable: (H, W) bool, wholly inside the slide but not valid, except for what the scanner left out: places
            without data, though no read failed, that reach the slide's border.
    """

    rgb: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]


def read_overview(reader: SlideReader) -> Overview:
    """Read the whole slide at 8 um/px, in pieces, so that memory does not grow with the slide's finest level."""
    info = reader.info
    size = info.size_px.rescaled(info.scale.mpp, TISSUE_MPP)
    downsample = info.scale.mpp.downsample_to(TISSUE_MPP)
    piece = max(16, int(_PIECE_PX / downsample))
    rgb = np.zeros((size.height, size.width, 3), np.uint8)
    valid = np.zeros((size.height, size.width), bool)
    failed = np.zeros((size.height, size.width), bool)
    for top in range(0, size.height, piece):
        for left in range(0, size.width, piece):
            region = Region(left, top, min(piece, size.width - left), min(piece, size.height - top))
            pixels = reader.read(region, TISSUE_MPP)
            rgb[region.slices] = pixels.rgb
            valid[region.slices] = pixels.valid
            failed[region.slices] = pixels.failed & ~pixels.valid
    unreadable = ~valid & (failed | ~_left_out(valid))
    # A last row or column that lies partly outside the slide is nobody's loss.
    unreadable[math.floor(info.size_px.height / downsample) :] = False
    unreadable[:, math.floor(info.size_px.width / downsample) :] = False
    return Overview(rgb, valid, unreadable)


def _left_out(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) bool, places without data that reach the border: scanners store nothing where they saw only glass."""
    labels, count = ndimage.label(~valid)
    outer = np.zeros(count + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outer[side] = True
    outer[0] = False
    left_out: NDArray[np.bool_] = outer[labels]
    return left_out
