"""Reading a pyramid of levels at any scale, on a grid anchored at the slide's origin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from histo.geometry import Mpp, Region, Size
from histo.slide.reader import Pixels, SlideInfo
from histo.slide.resample import halvings_of, plan_axis, resample
from histo.slide.source import LevelSource

_FINE_ENOUGH = 0.98
"""A level up to 2% coarser than asked still serves: as good as a finer one, and far cheaper."""
_SNAP_PX = 0.05
"""A factor is taken as a whole number when that moves no pixel of the slide by more than this."""

_LARGEST_SOURCE_PX = 1 << 24
"""Source pixels held at once: memory stays flat however large the region and the slide."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of one level: its length and how many level-0 pixels its pixel spans."""

    length: int
    downsample: float


def level_axis(length_px: int, level_length: int) -> _Axis:
    """The exact downsample of a level's axis: whole if rounding the level's length explains the difference."""
    ratio = length_px / level_length
    whole = max(1, round(ratio))
    return _Axis(level_length, float(whole) if abs(length_px / whole - level_length) <= 1 else ratio)


class PyramidReader:
    """A `SlideReader` over any `LevelSource`. Thread-safe and picklable if the source is."""

    def __init__(self, source: LevelSource, info: SlideInfo, levels: tuple[int, ...] | None = None) -> None:
        """Join pixels and facts.

        Args:
            source: Where pixels come from.
            info: Facts of the slide; `info.level_sizes_px` must be the sizes of `levels`.
            levels: Levels of the source that can be read, finest first; None for all.
        """
        self._source = source
        self._info = info
        self._levels = levels if levels is not None else tuple(range(len(info.level_sizes_px)))
        width, height = info.size_px.width, info.size_px.height
        self._axes = tuple(
            (level_axis(width, size.width), level_axis(height, size.height)) for size in info.level_sizes_px
        )

    @property
    def info(self) -> SlideInfo:
        """Facts of the slide."""
        return self._info

    def read(self, region_px: Region, mpp: Mpp) -> Pixels:
        """The region, resampled to a scale; see `SlideReader.read`."""
        choice = self._choose(mpp)
        x_axis, y_axis = self._axes[choice]
        x_factor, y_factor = self._factor(mpp, x_axis), self._factor(mpp, y_axis)
        extent = Size(_covering(x_axis.length, x_factor), _covering(y_axis.length, y_factor))
        inside = region_px.intersection(Region(0, 0, extent.width, extent.height))
        if inside is None:
            shape = (region_px.height, region_px.width)
            return Pixels(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.bool_))
        side = max(1, int(math.sqrt(_LARGEST_SOURCE_PX / (x_factor * y_factor))))
        if inside == region_px and inside.width <= side and inside.height <= side:
            return self._read_block(choice, inside, x_factor, y_factor)
        rgb = np.zeros((region_px.height, region_px.width, 3), np.uint8)
        valid = np.zeros((region_px.height, region_px.width), np.bool_)
        failed = False
        for y in range(inside.y, inside.bottom, side):
            for x in range(inside.x, inside.right, side):
                block = Region(x, y, min(side, inside.right - x), min(side, inside.bottom - y))
                pixels = self._read_block(choice, block, x_factor, y_factor)
                place = block.shifted(-region_px.x, -region_px.y).slices
                rgb[place], valid[place] = pixels.rgb, pixels.valid
                failed |= pixels.failed
        return Pixels(rgb, valid, failed)

    def _read_block(self, choice: int, block: Region, x_factor: float, y_factor: float) -> Pixels:
        """A block inside the slide, small enough to hold its source in memory."""
        level = self._levels[choice]
        if x_factor == 1 and y_factor == 1:
            return self._source.read_level(level, block)
        x_axis, y_axis = self._axes[choice]
        halvings = halvings_of(min(x_factor, y_factor))
        columns = plan_axis(block.x, block.width, x_factor, x_axis.length, halvings)
        rows = plan_axis(block.y, block.height, y_factor, y_axis.length, halvings)
        needed = Region(columns.first, rows.first, columns.count, rows.count)
        return resample(self._source.read_level(level, needed), rows, columns)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _choose(self, mpp: Mpp) -> int:
        """The coarsest level that is fine enough; depends on the scale alone, so that overlapping reads agree."""
        wanted = self._info.scale.mpp.downsample_to(mpp)
        fine = [
            index
            for index, axes in enumerate(self._axes)
            if max(axis.downsample for axis in axes) * _FINE_ENOUGH <= wanted
        ]
        return max(fine, key=lambda index: self._axes[index][0].downsample, default=0)

    def _factor(self, mpp: Mpp, axis: _Axis) -> float:
        """Level pixels per output pixel."""
        factor = self._info.scale.mpp.downsample_to(mpp) / axis.downsample
        whole = round(factor)
        if whole >= 1 and abs(factor - whole) * axis.length / factor < _SNAP_PX:
            return float(whole)
        return factor


def _covering(length: int, factor: float) -> int:
    return max(1, math.ceil(length / factor - 1e-6))
