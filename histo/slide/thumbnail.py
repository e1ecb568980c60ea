"""A small look at a whole slide, cheap for any file."""

from __future__ import annotations

import cv2
import numpy as np

from histo.geometry import Region, Size
from histo.slide.reader import Pixels
from histo.slide.source import LevelSource

_WHOLE_PX = 4_000_000
_SIDE_PX = 768
_GRID = 16
_PATCH_PX = 48


def thumbnail(source: LevelSource, levels: tuple[int, ...]) -> Pixels:
    """The whole slide in at most 768 px, or a mosaic of patches where even the coarsest level is too large to read.

    Args:
        source: Open pixels.
        levels: Levels that can be read, finest first.
    """
    sizes = source.facts.level_sizes_px
    level = next((level for level in levels if sizes[level].area <= _WHOLE_PX), levels[-1])
    size = sizes[level]
    if size.area > _WHOLE_PX:
        return _mosaic(source, level, size)
    pixels = source.read_level(level, Region(0, 0, size.width, size.height))
    shrink = max(size.width, size.height) / _SIDE_PX
    if shrink <= 1:
        return pixels
    target = (max(1, round(size.width / shrink)), max(1, round(size.height / shrink)))
    rgb = cv2.resize(pixels.rgb, target, interpolation=cv2.INTER_AREA)
    valid = cv2.resize(pixels.valid.astype(np.uint8), target, interpolation=cv2.INTER_NEAREST)
    return Pixels(np.asarray(rgb, np.uint8), valid.astype(np.bool_), pixels.failed)


def _mosaic(source: LevelSource, level: int, size: Size) -> Pixels:
    columns = np.linspace(0, max(0, size.width - _PATCH_PX), _GRID).astype(int)
    rows = np.linspace(0, max(0, size.height - _PATCH_PX), _GRID).astype(int)
    width, height = min(_PATCH_PX, size.width), min(_PATCH_PX, size.height)
    patches = [source.read_level(level, Region(int(x), int(y), width, height)) for y in rows for x in columns]
    rgb = np.concatenate([patch.rgb.reshape(-1, 3) for patch in patches])[None]
    valid = np.concatenate([patch.valid.ravel() for patch in patches])[None]
    return Pixels(rgb, valid, any(patch.failed for patch in patches))
