"""Pixels of a slide as a browser asks for them: tiles of a pyramid in which each level halves the one above.

The pyramid is DeepZoom's: level `top_level` is level 0 of the slide, and level 0 is a single pixel. Only pixels that a
`SlideReader` gives are served, so label and macro images cannot be.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.geometry import Mpp, Region, Size
from histo.slide import Pixels, SlideReader

TILE_PX = 512
JPEG_QUALITY = 85
NO_DATA_GRAY = 176
"""Of places without pixels: never white, never tissue; the same as in the report."""


def top_level(size_px: Size) -> int:
    """The number of the level with all pixels."""
    return max(1, math.ceil(math.log2(max(size_px.width, size_px.height))))


def level_mpp(mpp: Mpp, size_px: Size, level: int) -> Mpp:
    """The scale of a level; levels above the top are finer than the slide, and serve outlines alone."""
    return Mpp(mpp.um_per_px * 2.0 ** (top_level(size_px) - level))


def tile_region(size_px: Size, level: int, column: int, row: int) -> Region | None:
    """The tile in pixels of its level, cut at the slide's border; None where there is none."""
    shrink = 2 ** (top_level(size_px) - level) if 0 <= level <= top_level(size_px) else None
    if shrink is None:
        return None
    whole = Region(0, 0, math.ceil(size_px.width / shrink), math.ceil(size_px.height / shrink))
    return Region(column * TILE_PX, row * TILE_PX, TILE_PX, TILE_PX).intersection(whole)


def tile_jpeg(reader: SlideReader, mpp: Mpp, level: int, column: int, row: int) -> bytes | None:
    """One tile as JPEG; None where there is none.

    Args:
        reader: The slide.
        mpp: Of its level 0.
        level: Of the DeepZoom pyramid.
        column: Of the tile.
        row: Of the tile.
    """
    size = reader.info.size_px
    region = tile_region(size, level, column, row)
    return None if region is None else jpeg(shown(reader.read(region, level_mpp(mpp, size, level))))


def shown(pixels: Pixels) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, with gray where there are no pixels."""
    if pixels.valid.all():
        return pixels.rgb
    return np.where(pixels.valid[..., None], pixels.rgb, np.uint8(NO_DATA_GRAY)).astype(np.uint8)


def jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """An image as JPEG."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)
