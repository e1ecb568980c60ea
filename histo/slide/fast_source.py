"""A faster way to the pixels of tiled TIFF and SVS, used only where it gives exactly what OpenSlide gives.

OpenSlide stays the judge: on opening, each level is compared with `read_region` at its corner and at its richest tiles,
and a level that differs in one pixel is read by OpenSlide. So is every tile that is missing or cannot be decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from histo.errors import SlideError
from histo.geometry import Region
from histo.slide.openslide_source import OpenSlideSource
from histo.slide.reader import Pixels
from histo.slide.source import LevelSource, SourceFacts
from histo.slide.tiff_source import TiffSource

_VENDORS = ("aperio", "generic-tiff")
_RICHEST_TILES = 4
_SHIFT_TOLERANCE = 8.0
"""Mean difference in 8-bit steps that a shift by part of a pixel may make; wrong colors make tens."""


class FastTileSource:
    """A `LevelSource` that decodes tiles itself, and asks OpenSlide for those it cannot.

    Args:
        slow: OpenSlide's view of the file.
        tiff: tifffile's view of the same file.
        levels: OpenSlide's levels that were found equal, and their number in `tiff`.
    """

    def __init__(self, slow: OpenSlideSource, tiff: TiffSource, levels: Mapping[int, int]) -> None:
        """Join both views."""
        self._slow = slow
        self._tiff = tiff
        self._levels = dict(levels)

    @property
    def facts(self) -> SourceFacts:
        """The header's facts, from OpenSlide."""
        return self._slow.facts

    @property
    def last_error(self) -> str | None:
        """Why OpenSlide's last failed read failed."""
        return self._slow.last_error

    @property
    def fast_levels(self) -> tuple[int, ...]:
        """Levels that are read the faster way."""
        return tuple(self._levels)

    def read_level(self, level: int, region: Region) -> Pixels:
        """Pixels of one level; see `LevelSource.read_level`."""
        if level not in self._levels:
            return self._slow.read_level(level, region)
        pixels = self._tiff.read_level(self._levels[level], region)
        if pixels.valid.all():
            return pixels
        rgb, valid, failed = pixels.rgb.copy(), pixels.valid.copy(), False
        for place in self._tiff.tiles(self._levels[level], region):
            shared = place.intersection(region)
            if shared is None:
                continue
            target = shared.shifted(-region.x, -region.y).slices
            if not valid[target].all():
                whole = self._slow.read_level(level, place)
                part = shared.shifted(-place.x, -place.y).slices
                rgb[target], valid[target] = whole.rgb[part], whole.valid[part]
                failed |= whole.failed and not whole.valid[part].all()
        return Pixels(rgb, valid, failed)

    def close(self) -> None:
        """Let go of the file."""
        self._slow.close()
        self._tiff.close()


def quickest(path: Path, slow: OpenSlideSource, levels: tuple[int, ...]) -> LevelSource:
    """The fastest source that gives what OpenSlide gives.

    Args:
        path: The file.
        slow: It, opened by OpenSlide.
        levels: Levels that can be read at all.
    """
    if slow.facts.vendor not in _VENDORS:
        return slow
    try:
        tiff = TiffSource(path)
    except SlideError:
        return slow
    numbers = {size: number for number, size in reversed(list(enumerate(tiff.facts.level_sizes_px)))}
    pairs = {level: numbers.get(slow.facts.level_sizes_px[level], -1) for level in levels}
    equal = {level: number for level, number in pairs.items() if number >= 0 and _agree(slow, level, tiff, number)}
    if not equal:
        tiff.close()
        return slow
    return FastTileSource(slow, tiff, equal)


def _agree(slow: OpenSlideSource, level: int, tiff: TiffSource, number: int) -> bool:
    """Whether both views show the same pixels at the corner and at the tiles that take most bytes."""
    if not tiff.is_tiled(number):
        return False
    places = [tiff.tile_at_origin(number), *tiff.richest_tiles(number, _RICHEST_TILES)]
    for place in places:
        expected, found = slow.read_level(level, place), tiff.read_level(number, place)
        if not (expected.valid.all() and found.valid.all()):
            return False
        difference = np.abs(expected.rgb.astype(np.int16) - found.rgb)
        # OpenSlide itself shifts by part of a pixel away from the corner of a level with a fractional downsample.
        exact = slow.is_aligned(level, place)
        if difference.max() > 0 if exact else difference.mean() > _SHIFT_TOLERANCE:
            return False
    return True
