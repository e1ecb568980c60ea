"""How well outlines or nuclei fit the pixels under them, for every shift at once.

The rims of fibers are steep in the picture and their insides are not, whatever the stain; nuclei are darker in red
light than what surrounds them. So outlines are drawn as a stencil, positive on rims and negative inside (nuclei:
positive inside, negative around), and correlated with a map of steepness (darkness). On the right place the correlation
stands out of that of all other shifts by many of their standard deviations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import fft

from histo.geometry import Mpp, Region
from histo.slide import Pixels, SlideReader

MATCH_MPP = Mpp(1.0)
"""Scale of matching: a rim is 2-3 um wide."""

REACH_UM = 200
"""Farthest shift that is looked for."""

HALF_UM = 200
"""Half the side of a window in which shapes are taken."""

SURE = 8.0
"""Least `Match.strength` that is believed: in phantom and real fields wrong places of fibers reached 5.8, right ones 10
to 50."""

CLEAR = 1.6
"""How many times its rival a match must be: where much of a window is glass chance is strong, but so are its rivals."""

_APART_UM = 15.0
"""Shifts nearer than this to the best one belong to its peak."""

_NUCLEUS_UM = 3.0
_RING_UM = (5.0, 8.0)

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """The best shift of one window.

    Attributes:
        center_um: Middle of the window, in slide micrometers.
        move_um: How shapes must be moved to fit best; whole micrometers.
        strength: How far the best correlation stands out of that of all other shifts, in their standard deviations.
        rival: The same of the next best shift elsewhere.
    """

    center_um: tuple[float, float]
    move_um: tuple[float, float]
    strength: float
    rival: float

    @property
    def believed(self) -> bool:
        """Whether this is a fit and no chance; not where the best shift lies at the end of what was looked at."""
        at_the_end = max(map(abs, self.move_um)) >= REACH_UM
        return self.strength >= max(SURE, CLEAR * self.rival) and not at_the_end


def match_window(
    reader: SlideReader,
    center_um: tuple[float, float],
    outlines: Sequence[shapely.Polygon],
    nuclei_um: NDArray[np.float64],
) -> Match:
    """Find the shift at which the shapes of one window fit the slide best.

    Args:
        reader: The slide.
        center_um: Middle of the window, in slide micrometers.
        outlines: Fibers, in slide micrometers; only their parts in the window count.
        nuclei_um: (M, 2) centers, used where there is no outline.
    """
    side = 2 * HALF_UM
    corner = np.round(np.array(center_um) - HALF_UM)
    around = Region(int(corner[0]) - REACH_UM, int(corner[1]) - REACH_UM, side + 2 * REACH_UM, side + 2 * REACH_UM)
    pixels = reader.read(around, MATCH_MPP)
    if outlines:
        picture, stencil = steepness(pixels), _rims(outlines, corner, side)
    else:
        picture, stencil = darkness(pixels), _nuclei(nuclei_um, corner, side)
    length = fft.next_fast_len(around.width, real=True)
    spectrum = fft.rfft2(picture, (length, length)) * np.conj(fft.rfft2(stencil, (length, length)))
    scores = fft.irfft2(spectrum, (length, length))[: 2 * REACH_UM + 1, : 2 * REACH_UM + 1]
    row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
    rows, columns = np.indices(scores.shape, sparse=True)
    others = scores[np.hypot(rows - row, columns - column) > _APART_UM]
    mean, spread = float(others.mean()), max(float(others.std()), 1e-12)
    return Match(
        center_um,
        (float(column) - REACH_UM, float(row) - REACH_UM),
        strength=(float(scores[row, column]) - mean) / spread,
        rival=(float(others.max()) - mean) / spread,
    )


def steepness(pixels: Pixels) -> Plane:
    """(H, W) float32, the slope of optical density, against what is usual around; 0 where pixels are missing."""
    density = cv2.GaussianBlur(_density(pixels.rgb).mean(axis=2), (0, 0), 1.0)
    slope = np.hypot(*(cv2.Sobel(density, cv2.CV_32F, dx, 1 - dx, scale=1 / 8) for dx in (1, 0)))
    # A missing pixel is black: its rim would be the steepest of all.
    slope[cv2.dilate((~pixels.valid).astype(np.uint8), np.ones((7, 7))) > 0] = 0
    usual = cv2.GaussianBlur(slope, (0, 0), 30.0)
    return np.asarray(np.minimum(slope / (usual + 0.01), 4.0), np.float32)


def darkness(pixels: Pixels) -> Plane:
    """(H, W) float32, optical density in red light, which hematoxylin takes and eosin lets through, against around."""
    density = _density(pixels.rgb)[..., 0]
    density[~pixels.valid] = 0
    relative = density - cv2.GaussianBlur(density, (0, 0), 12.0)
    relative[cv2.dilate((~pixels.valid).astype(np.uint8), np.ones((25, 25))) > 0] = 0
    return np.asarray(np.clip(relative, -1.0, 1.0), np.float32)


def _density(rgb: NDArray[np.uint8]) -> Plane:
    return -np.log((rgb.astype(np.float32) + 1) / 256)


def _rims(outlines: Sequence[shapely.Polygon], corner: NDArray[np.float64], side: int) -> Plane:
    rim, filled = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    for outline in outlines:
        # OpenCV's integers are pixel centers; it takes 4 more bits below them.
        ring = np.round((shapely.get_coordinates(outline.exterior) - corner - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(filled, [ring], 1, cv2.LINE_8, 4)
        cv2.polylines(rim, [ring], True, 1, 1, cv2.LINE_8, 4)
    inside = (filled > 0) & (cv2.dilate(rim, np.ones((7, 7))) == 0)
    soft = np.asarray(cv2.GaussianBlur(rim.astype(np.float32), (0, 0), 1.2), np.float32)
    return _contrast(soft, inside.astype(np.float32))


def _nuclei(centers_um: NDArray[np.float64], corner: NDArray[np.float64], side: int) -> Plane:
    blank = np.ones((side, side), np.uint8)
    column, row = np.floor(centers_um - corner).astype(int).T
    there = (column >= 0) & (row >= 0) & (column < side) & (row < side)
    blank[row[there], column[there]] = 0
    away = cv2.distanceTransform(blank, cv2.DIST_L2, 5) if there.any() else np.full(blank.shape, np.inf, np.float32)
    ring = (away >= _RING_UM[0]) & (away <= _RING_UM[1])
    return _contrast((away <= _NUCLEUS_UM).astype(np.float32), ring.astype(np.float32))


def _contrast(positive: Plane, negative: Plane) -> Plane:
    """A stencil whose two parts weigh the same, so that even ground gives 0."""
    return positive / max(float(positive.sum()), 1e-6) - negative / max(float(negative.sum()), 1e-6)
