"""How sharp a place of a slide is, by its sharpest edges, and the blur that makes drawn edges as soft."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_WINDOW_WPX = 13
"""Side of the window in which the height of an edge is taken: whole for blurs up to about 3 pixels."""
_PER_STEP = float(np.sqrt(2 * np.pi))
"""A step blurred by sigma rises by 1 / (sigma sqrt(2 pi)) per pixel at its steepest."""
_SMOOTHING_WPX = 0.7
_LEAST_HEIGHT, _STRONG = 0.12, 0.5
"""Optical density of an edge that counts, and its share of the highest edges of the place."""
_LEAST_PIXELS = 60
_SHARPEST_PERCENT = 10.0
"""Optics show in the sharpest edges; the rest is soft because tissue is."""
_BLURS_WPX = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
_SIDE_WPX, _DISCS = 320, 60


def edge_softness(density: Floats) -> float | None:
    """The softness of the sharpest strong edges of a place, in working pixels.

    Args:
        density: (H, W) float32 optical density.

    Returns:
        Sigma of a blurred step, that of the measurement included; None where the place has no strong edges.
    """
    smooth = blurred(density, _SMOOTHING_WPX)
    down, right = np.gradient(smooth)
    kernel = np.ones((_WINDOW_WPX, _WINDOW_WPX), np.uint8)
    height = cv2.dilate(smooth, kernel) - cv2.erode(smooth, kernel)
    steepest = cv2.dilate(np.hypot(down, right).astype(np.float32), kernel)
    strong = height >= max(_LEAST_HEIGHT, _STRONG * float(np.percentile(height, 95)))
    if np.count_nonzero(strong) < _LEAST_PIXELS:
        return None
    return float(np.percentile(height[strong] / (steepest[strong] * _PER_STEP), _SHARPEST_PERCENT))


@dataclass(frozen=True, slots=True)
class SharpnessScale:
    """What drawn edges measure at every blur.

    Attributes:
        blurs_wpx: Sigmas, ascending.
        softness_wpx: What `edge_softness` gives at each, never falling.
    """

    blurs_wpx: tuple[float, ...]
    softness_wpx: tuple[float, ...]

    def blur_of(self, softness_wpx: float) -> float:
        """The blur at which drawn edges are as soft as that; at most the largest that was tried."""
        return float(np.interp(softness_wpx, self.softness_wpx, self.blurs_wpx))


def sharpness_scale(noise: float, seed: int) -> SharpnessScale:
    """Measure discs that are drawn as implants are, at every blur.

    Args:
        noise: Standard deviation of the slide's noise, in optical density.
        seed: Draws them.
    """
    rng = np.random.default_rng(seed)
    discs = np.zeros((_SIDE_WPX, _SIDE_WPX), np.uint8)
    for x, y in rng.uniform(0, _SIDE_WPX * 16, (_DISCS, 2)).astype(int).tolist():
        cv2.circle(discs, (x, y), int(rng.uniform(4, 20) * 16), int(rng.uniform(80, 255)), -1, cv2.LINE_AA, 4)
    edges = discs.astype(np.float32) / np.float32(255)
    grain = rng.normal(0, noise, edges.shape).astype(np.float32)
    measured = [edge_softness(blurred(edges, blur_wpx) + grain) or 0.0 for blur_wpx in _BLURS_WPX]
    return SharpnessScale(_BLURS_WPX, tuple(np.maximum.accumulate(measured).tolist()))


def blurred(plane: Floats, sigma_wpx: float) -> Floats:
    """The same out of focus; below 0.2 pixels nothing is done."""
    if sigma_wpx < 0.2:
        return plane
    soft: Floats = np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_wpx), np.float32)
    return soft
