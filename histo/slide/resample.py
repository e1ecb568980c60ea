"""Resampling that is exact: a place gets the same color whatever region asked for it.

Only whole-number arithmetic: halvings on a grid anchored at the origin, then weights in 256ths that depend on a pixel's
absolute index alone. Order, vector width and the asked-for region therefore change nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.slide.reader import Pixels

_UNIT = 256
_STRIP_VALUES = 1 << 17
"""Values per pass: the 16-bit strip then stays in a core's cache."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class AxisPlan:
    """How the output pixels of one axis are made from source pixels.

    Attributes:
        first: First source pixel that is needed.
        count: Source pixels that are needed, from `first` on, as far as the source goes.
        halvings: How often the source is halved first.
        halved: Pixels that remain after the halvings.
        index: (N, T) int64, halved pixels of each output pixel; None where output is the halved source itself.
        weight: (N, T) uint16, 256ths; rows sum to 256.
    """

    first: int
    count: int
    halvings: int
    halved: int
    index: NDArray[np.int64] | None
    weight: NDArray[np.uint16] | None


def halvings_of(factor: float) -> int:
    """How often a source is halved before the rest, in [1, 2), is averaged; 0 for factors below 2."""
    return max(0, math.floor(math.log2(factor) + 1e-12))


def plan_axis(first_out: int, count_out: int, factor: float, source_length: int, halvings: int) -> AxisPlan:
    """Plan consecutive output pixels along one axis.

    Output pixel `i` covers the source interval [i * factor, (i + 1) * factor). Going coarser it is that interval's
    average; going finer it is linear between the two nearest source pixels, and the border pixel is repeated.

    Args:
        first_out: Index of the first output pixel.
        count_out: How many; all must begin inside the source.
        factor: Source pixels per output pixel.
        source_length: Source pixels in all.
        halvings: The same for both axes of an image.
    """
    step = 2**halvings
    rest = factor / step
    length = math.ceil(source_length / step)
    out = np.arange(first_out, first_out + count_out, dtype=np.float64)
    if rest == 1:
        first, halved = first_out, count_out
        index = weight = None
    else:
        index, parts = _averaging(out, rest) if rest > 1 else _interpolating(out, rest)
        # A tap past the end reaches padding when averaging, and repeats the border when interpolating.
        index = np.clip(index, 0, None if rest > 1 else length - 1)
        used = parts > 0
        first = int(index[used].min())
        halved = int(index[used].max()) - first + 1
        index = np.clip(index - first, 0, halved - 1)
        weight = parts.astype(np.uint16)
    begin = first * step
    return AxisPlan(begin, min((first + halved) * step, source_length) - begin, halvings, halved, index, weight)


def _averaging(out: NDArray[np.float64], factor: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    begin = (out * factor)[:, None]
    index = np.floor(begin).astype(np.int64) + np.arange(math.ceil(factor) + 1)
    # Rounding the running sum, not each weight, keeps the total at exactly 256 and every weight >= 0.
    covered = np.clip(index + 1 - begin, 0.0, factor) / factor
    return index, np.diff(np.floor(covered * _UNIT + 0.5), axis=1, prepend=0.0)


def _interpolating(out: NDArray[np.float64], factor: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    center = (out + 0.5) * factor - 0.5
    left = np.floor(center)
    right = np.floor((center - left) * _UNIT + 0.5)
    return left.astype(np.int64)[:, None] + np.arange(2), np.stack([_UNIT - right, right], axis=1)


def resample(source: Pixels, rows: AxisPlan, columns: AxisPlan) -> Pixels:
    """Resample pixels; a result is valid where at least half of what it covers is.

    Args:
        source: (rows.count, columns.count) pixels.
        rows: Plan of the vertical axis.
        columns: Plan of the horizontal axis.
    """
    step = 2**rows.halvings
    below, beside = rows.halved * step - rows.count, columns.halved * step - columns.count
    if below == 0 and beside == 0 and bool(source.valid.all()):
        rgb = _along_both(source.rgb, rows, columns)
        return Pixels(rgb, np.ones(rgb.shape[:2], np.bool_), source.failed)
    mask = np.pad(source.valid.astype(np.uint8) * np.uint8(255), ((0, below), (0, beside)))
    color = np.pad(source.rgb, ((0, below), (0, beside), (0, 0)))
    color[mask == 0] = 0
    rgb = _along_both(color, rows, columns)
    share = _along_both(mask[..., None], rows, columns)[..., 0]
    part = (share > 0) & (share < 255)
    rgb[part] = np.minimum(rgb[part] * (255.0 / share[part, None]) + 0.5, 255.0).astype(np.uint8)
    valid = share >= 128
    rgb[~valid] = 0
    return Pixels(rgb, valid, source.failed)


def _along_both(values: Bytes, rows: AxisPlan, columns: AxisPlan) -> Bytes:
    """(h, w, C) of (H, W, C)."""
    for _ in range(rows.halvings):
        height, width, channels = values.shape
        halved = cv2.resize(values, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        values = np.asarray(halved, np.uint8).reshape(height // 2, width // 2, channels)
    return _turned(_down(_turned(_down(values, rows)), columns))


def _down(values: Bytes, plan: AxisPlan) -> Bytes:
    """Weigh rows: at most 255 * 256, so 16 bits hold every sum."""
    if plan.index is None or plan.weight is None:
        return values
    flat = values.reshape(len(values), -1)
    result = np.empty((len(plan.index), flat.shape[1]), np.uint8)
    strip = max(1, _STRIP_VALUES // flat.shape[1])
    for top in range(0, len(result), strip):
        place = slice(top, top + strip)
        index, weight = plan.index[place], plan.weight[place]
        low = int(index.min())
        part = flat[low : int(index.max()) + 1].astype(np.uint16)
        total = part[index[:, 0] - low]
        total *= weight[:, :1]
        for tap in range(1, index.shape[1]):
            term = part[index[:, tap] - low]
            term *= weight[:, tap : tap + 1]
            total += term
        total += _UNIT // 2
        total >>= 8
        result[place] = total
    return result.reshape(len(result), *values.shape[1:])


def _turned(values: Bytes) -> Bytes:
    turned = np.asarray(cv2.transpose(values), np.uint8)
    return turned.reshape(values.shape[1], values.shape[0], values.shape[2])
