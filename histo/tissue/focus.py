"""Places so far out of focus that nuclei cannot be told apart, from sparse windows at 1 um/px."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.geometry import Mpp, Region
from histo.slide import SlideReader
from histo.tissue.tissue_map import TISSUE_MPP

Mask = NDArray[np.bool_]

_MPP = Mpp(1.0)
_BLOCK_PX = 32
"""Tissue pixels (256 um) that one window speaks for: 1/7 of the tissue is read, as blur comes in large areas."""
_WINDOW_PX = 96
_SHARP = 0.28
"""Fine over coarse contrast below which a window is out of focus. Real muscle in focus has 0.37 and more in 99 of 100
windows at 0.95 um/px and 0.65 and more at 0.28 um/px; blurred by a sigma of 3 um 0.31 to 0.44, by 6 um 0.16 to 0.20."""
_COARSEST_UM = 2.0
"""Coarser slides hold no fine contrast at all, and say nothing about the focus."""
_LEAST_CONTRAST = 2.0
"""Coarse contrast (gray levels) below which a window shows nothing to judge by."""


def find_out_of_focus(reader: SlideReader, tissue: Mask) -> Mask:
    """(H, W) bool at 8 um/px, tissue that is out of focus.

    A block is out of focus if its window is, and at least half of the judged windows around it are too.

    Args:
        reader: The slide.
        tissue: (H, W) bool, where to look.
    """
    found = np.zeros_like(tissue)
    if reader.info.scale.mpp.um_per_px > _COARSEST_UM:
        return found
    rows, columns = -(-tissue.shape[0] // _BLOCK_PX), -(-tissue.shape[1] // _BLOCK_PX)
    sharpness = np.full((rows, columns), np.nan)
    for row in range(rows):
        for column in range(columns):
            block = tissue[_block(row, column)]
            if np.count_nonzero(block) >= block.size / 2 and block.size >= _BLOCK_PX**2 / 4:
                sharpness[row, column] = _sharpness(reader, row, column, block)
    judged, blurred = np.isfinite(sharpness), sharpness < _SHARP
    around = np.ones((3, 3))
    near = ndimage.convolve(blurred.astype(float), around, mode="constant")
    of = ndimage.convolve(judged.astype(float), around, mode="constant")
    for row, column in np.argwhere(blurred & (near * 2 >= of)):
        found[_block(int(row), int(column))] = tissue[_block(int(row), int(column))]
    return found


def _block(row: int, column: int) -> tuple[slice, slice]:
    return slice(row * _BLOCK_PX, (row + 1) * _BLOCK_PX), slice(column * _BLOCK_PX, (column + 1) * _BLOCK_PX)


def _sharpness(reader: SlideReader, row: int, column: int, tissue: Mask) -> float:
    """Fine over coarse contrast of one window, in the middle of the block's tissue; nan if unknown."""
    y, x = np.argwhere(tissue).mean(axis=0)
    per_px = TISSUE_MPP.um_per_px / _MPP.um_per_px
    left = round((column * _BLOCK_PX + x + 0.5) * per_px) - _WINDOW_PX // 2
    top = round((row * _BLOCK_PX + y + 0.5) * per_px) - _WINDOW_PX // 2
    pixels = reader.read(Region(left, top, _WINDOW_PX, _WINDOW_PX), _MPP)
    if not pixels.valid.all():
        return float("nan")
    gray = pixels.rgb[..., 1].astype(np.float32)
    fine, coarse = _contrast(gray, 1.2), _contrast(gray, 4.0)
    return fine / coarse if coarse >= _LEAST_CONTRAST else float("nan")


def _contrast(gray: NDArray[np.float32], sigma_px: float) -> float:
    band = cv2.GaussianBlur(gray, (0, 0), sigma_px) - cv2.GaussianBlur(gray, (0, 0), 2 * sigma_px)
    return float(np.sqrt(np.mean(band**2)))
