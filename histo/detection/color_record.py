"""The colors of a slide's tissue: counted tile by tile, told in the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from histo.appearance import Colors

Floats = NDArray[np.float64]

_LEVELS = 64
"""Of each color; 4 gray levels are one. The counts of all colors take 2 MB, however large the slide."""
_LIGHT_MIN = 180.0
"""Glass is at least this bright, as in the guess of the stain: a field without any is not taken to be white."""
_LIGHT_SHARE = 0.995
_STAINED = 0.15
"""Sum of the three densities (decadic) from which a pixel holds dye."""


class ColorRecord:
    """Counts of colors, which do not depend on how the slide was cut into tiles."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._counts = np.zeros(_LEVELS**3, np.int64)

    def add(self, rgb: NDArray[np.uint8], seen: NDArray[np.bool_]) -> None:
        """Count pixels.

        Args:
            rgb: (h, w, 3) uint8.
            seen: (h, w) bool, which of them count.
        """
        levels = (rgb[seen] // (256 // _LEVELS)).astype(np.int64)
        place = (levels[:, 0] * _LEVELS + levels[:, 1]) * _LEVELS + levels[:, 2]
        self._counts += np.bincount(place, minlength=_LEVELS**3)

    def finished(self) -> Colors | None:
        """The colors; None where nothing is stained."""
        place = np.flatnonzero(self._counts)
        counts = self._counts[place].astype(np.float64)
        levels = np.stack([place // _LEVELS**2, place // _LEVELS % _LEVELS, place % _LEVELS])
        gray = (levels + 0.5) * (256 / _LEVELS) - 0.5
        if not len(place):
            return None
        light = np.array([max(percentile(channel, counts, _LIGHT_SHARE), _LIGHT_MIN) for channel in gray])
        densities = np.maximum(np.log10(light[:, None] / gray), 0.0)
        total = densities.sum(axis=0)
        stained = total > _STAINED
        if not stained.any():
            return None
        weight = (counts * total)[stained]
        red, _, blue = densities[:, stained] / total[stained]
        return Colors(
            stained=float(counts[stained].sum() / counts.sum()),
            density=float(weight.sum() / counts[stained].sum()),
            red_middle=percentile(red, weight, 0.5),
            blue_middle=percentile(blue, weight, 0.5),
            red_high=percentile(red, weight, 0.97),
            blue_low=percentile(blue, weight, 0.03),
            blue_high=percentile(blue, weight, 0.97),
        )


def percentile(values: Floats, weight: Floats, share: float) -> float:
    """The value that a share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    return float(values[order[min(int(np.searchsorted(reached, share * reached[-1])), len(order) - 1)]])
