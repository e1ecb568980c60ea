"""How dark and large a slide's nuclei are, against those that the simulator draws."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.nuclei import paint_nuclei
from histo.phantom.look import Look
from histo.recovery.scenes import canvas_over, nucleus_traits, sample_nuclei
from histo.recovery.sharpness import Floats, blurred

WINDOW_WPX = 33
"""Side of the window in which one nucleus is measured."""

_MIDDLE_WPX, _AROUND_WPX = 4.0, 12.0
"""Radii: of a nucleus's middle, and from where on lies what is around."""
_FAINTEST = 0.12
"""Hematoxylin above its surroundings below which nothing stands out."""
_DRAWN, _DRAWN_SIZE = 40, 0.9
_SIZES = (0.65, 1.15)
"""Range of the size of nuclei: the simulator's own, and a little more."""
_LEVELS = (0.5, 3.0)
"""Range of their hematoxylin: likewise."""


@dataclass(frozen=True, slots=True)
class NucleusMeasure:
    """Medians over nuclei.

    Attributes:
        depth: Hematoxylin of their middle above that around them.
        area_um2: Where at least half of that lies.
    """

    depth: float
    area_um2: float


def measure_nuclei(windows: Floats) -> NucleusMeasure | None:
    """Measure nuclei.

    Args:
        windows: (K, 33, 33) float32 amounts of hematoxylin, a nucleus in the middle of each.

    Returns:
        None where no nucleus stands out.
    """
    found = [measure for window in windows if (measure := _measure(window)) is not None]
    if not found:
        return None
    depth, area_um2 = np.median(np.array(found), axis=0).tolist()
    return NucleusMeasure(depth, area_um2)


def level_and_size(measured: NucleusMeasure, blur_wpx: float, seed: int) -> tuple[float, float]:
    """At which level of hematoxylin and which size the simulator's nuclei measure the same at a blur.

    Args:
        measured: The slide's nuclei.
        blur_wpx: The slide's.
        seed: Draws nuclei to compare with.

    Returns:
        `Look.hematoxylin_level`, and the size relative to the simulator's shapes.
    """
    drawn = measure_nuclei(blurred_windows(blur_wpx, seed))
    if drawn is None:
        return 1.0, _DRAWN_SIZE
    level = float(np.clip(measured.depth / drawn.depth, *_LEVELS))
    size = float(np.clip(_DRAWN_SIZE * np.sqrt(measured.area_um2 / max(drawn.area_um2, 1.0)), *_SIZES))
    return level, size


def blurred_windows(blur_wpx: float, seed: int) -> Floats:
    """(40, 33, 33) float32, drawn nuclei of level 1 at a blur, on nothing."""
    side = _DRAWN * WINDOW_WPX
    middles = (np.arange(_DRAWN) + 0.5) * WINDOW_WPX
    points_um = WORKING_MPP.to_um(np.asarray(np.stack([middles, np.full(_DRAWN, WINDOW_WPX / 2)], axis=1), np.float64))
    scene = sample_nuclei(points_um, seed)
    nothing = np.zeros((WINDOW_WPX, side), np.float32)
    canvas = canvas_over(Region(0, 0, side, WINDOW_WPX), scene.fibers, nothing, nothing, seed % 1000)
    paint_nuclei(canvas, scene, nucleus_traits(scene, Look(hematoxylin_level=1.0), _DRAWN_SIZE), np.arange(_DRAWN))
    shown = blurred(canvas.hematoxylin, blur_wpx)
    return shown.reshape(WINDOW_WPX, _DRAWN, WINDOW_WPX).swapaxes(0, 1)


def nucleus_windows(rgb: NDArray[np.uint8], region: Region, center_um: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(K, 33, 33, 3) uint8, the pixels around those nuclei whose window lies within a region's pixels."""
    column, row = np.floor(WORKING_MPP.to_px(center_um.astype(np.float64))).astype(int).reshape(-1, 2).T
    left, top = column - region.x - WINDOW_WPX // 2, row - region.y - WINDOW_WPX // 2
    whole = (left >= 0) & (top >= 0) & (left + WINDOW_WPX <= region.width) & (top + WINDOW_WPX <= region.height)
    found = np.empty((np.count_nonzero(whole), WINDOW_WPX, WINDOW_WPX, 3), np.uint8)
    for place, (x, y) in enumerate(zip(left[whole], top[whole], strict=True)):
        found[place] = rgb[y : y + WINDOW_WPX, x : x + WINDOW_WPX]
    return found


def _measure(window: Floats) -> tuple[float, float] | None:
    """Depth and area of the nucleus in the middle of a window."""
    smooth = blurred(window, 0.7)
    middle = WINDOW_WPX // 2
    y, x = np.mgrid[-middle : middle + 1, -middle : middle + 1]
    away = np.hypot(x, y)
    around = float(np.median(smooth[away >= _AROUND_WPX]))
    depth = float(np.percentile(smooth[away <= _MIDDLE_WPX], 90)) - around
    if depth < _FAINTEST:
        return None
    _, labels = cv2.connectedComponents((smooth - around > depth / 2).astype(np.uint8))
    inner = labels[away <= _MIDDLE_WPX]
    here = int(np.bincount(inner[inner > 0]).argmax())
    return depth, WORKING_MPP.area_um2(float(np.count_nonzero(labels == here)))
