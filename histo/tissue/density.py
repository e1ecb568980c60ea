"""Optical densities against the slide's own glass, at the scale of the tissue map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.tissue.overview import Overview

Floats = NDArray[np.float32]

_DARKEST_WHITE = 120.0
_SMOOTHING_PX = 1.0
"""One tissue pixel: single fibers and gaps between them blur into tissue, JPEG noise of the glass goes."""


@dataclass(frozen=True, eq=False)
class Densities:
    """Optical densities (log10) against the glass, smoothed, each (H, W) float32; 0 where nothing could be read."""

    red: Floats
    green: Floats
    blue: Floats

    @property
    def eosin(self) -> Floats:
        """Green density that is not hematoxylin's: hematoxylin absorbs green 1.08 times as much as red (Ruifrok)."""
        found: Floats = self.green - np.float32(0.70 / 0.65) * self.red
        return found


def glass_color(overview: Overview) -> Floats | None:
    """(3,) float32, the color of empty glass, or None for a picture too dark to be transmitted light.

    Glass is the commonest bright, nearly neutral color that is not pinkish. A field full of tissue shows none: then
    glass is taken to be as bright as its brightest channel, and neutral.
    """
    colors = overview.rgb[overview.valid].astype(np.float32)
    if not len(colors):
        return None
    luma = colors.mean(axis=1)
    top = float(np.percentile(luma, 99.5))
    if top < _DARKEST_WHITE:
        return None
    neutral = (luma > max(_DARKEST_WHITE, 0.75 * top)) & (np.ptp(colors, axis=1) <= 22)
    bare = neutral & (colors[:, 1] >= colors[:, 0] - 12)
    if np.count_nonzero(bare) < max(16, 0.002 * len(colors)):
        return np.full(3, max(float(np.percentile(colors, 99.5)), 200.0), np.float32)
    counts = np.bincount(luma[bare].astype(np.int64), minlength=256).astype(np.float64)
    commonest = int(np.argmax(ndimage.gaussian_filter1d(counts, 2.0)))
    near = colors[bare & (np.abs(luma - commonest) < 6)]
    color: Floats = np.median(near, axis=0).astype(np.float32)
    return color


def densities(overview: Overview, glass: Floats) -> Densities:
    """Densities of an overview against its glass; unreadable pixels neither count nor bleed into their neighbors."""
    weight = overview.valid.astype(np.float32)
    norm = np.maximum(ndimage.gaussian_filter(weight, _SMOOTHING_PX), 1e-6)
    channels = []
    for channel in range(3):
        transmitted = np.maximum(overview.rgb[..., channel], 1).astype(np.float32)
        density = (np.log10(glass[channel]) - np.log10(transmitted)) * weight
        smooth = ndimage.gaussian_filter(density.astype(np.float32), _SMOOTHING_PX) / norm
        channels.append(np.where(overview.valid, smooth, 0).astype(np.float32))
    return Densities(*channels)
