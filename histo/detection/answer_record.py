"""What the network's maps are like over a slide: summed tile by tile, told in the end."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.appearance import Answers
from histo.geometry import UM2_PER_MM2
from histo.network import layout

Maps = NDArray[np.float32]

_PEAK = 0.3
"""Height from which a peak counts, whatever the card's thresholds: they may change without the weights."""
_SMOOTHING_PX = 0.7
"""A saturated nucleus is flat on top, and has one peak only after this blur."""


class AnswerRecord:
    """Sums over map pixels, which do not depend on how the slide was cut into tiles, but for rounding."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._sums = np.zeros(9)

    def add(self, maps: Maps, seen: NDArray[np.bool_]) -> None:
        """Add a tile's core.

        Args:
            maps: (26, h, w) float32.
            seen: (h, w) bool.
        """
        fiber = maps[layout.FOREGROUND][seen]
        heat = maps[layout.CELLS].max(axis=0)
        smooth = cv2.GaussianBlur(heat, (0, 0), _SMOOTHING_PX)
        around = cv2.dilate(smooth, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
        peaks = (smooth == around) & (heat >= _PEAK) & seen
        per_pixel = (
            np.ones_like(fiber),
            fiber,
            4 * fiber * (1 - fiber),
            fiber * _entropy(maps[layout.CLASSES], seen),
            _entropy(maps[layout.COMPARTMENTS], seen),
            fiber * maps[layout.DISTANCE][seen],
            maps[layout.BOUNDARY][seen],
            peaks[seen],
            heat[seen],
        )
        self._sums += [float(values.sum(dtype=np.float64)) for values in per_pixel]

    def finished(self) -> Answers | None:
        """What the answers are like; None where nothing was seen."""
        pixels, fiber, doubt, class_doubt, compartment_doubt, depth, rim, peaks, heat = self._sums
        if not pixels:
            return None
        um2 = layout.MAP_MPP.area_um2(1.0)
        inside = max(fiber, 1.0)
        return Answers(
            fiber=float(fiber / pixels),
            fiber_doubt=float(doubt / pixels),
            class_doubt=float(class_doubt / inside),
            compartment_doubt=float(compartment_doubt / pixels),
            depth=float(depth / inside),
            rim=float(rim / inside),
            nuclei_per_mm2=float(peaks / (pixels * um2) * UM2_PER_MM2),
            nucleus_um2=float(heat * um2 / max(peaks, 1.0)),
        )


def _entropy(shares: Maps, seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(N,) entropy over the maps at the places seen, in units of its maximum."""
    total = np.zeros(int(seen.sum()), np.float32)
    for share in shares:
        value = np.clip(share[seen], 1e-7, 1.0)
        total -= value * np.log(value)
    return total / np.float32(np.log(len(shares)))
