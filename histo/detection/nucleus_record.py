"""How large the nuclei of a slide are, told from its pixels alone: what a wrong scale is known by."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.detection.color_record import percentile
from histo.geometry import WORKING_MPP
from histo.network import layout

Plane = NDArray[np.float32]

_SMOOTHING_UM = 0.5
_SURROUNDINGS_UM = 16.0
"""Sigma of what a place is compared with: wider than the nuclei of a slide whose scale is wrong by a factor of two."""
_COARSER = 8
"""The surroundings are taken from a picture of every eighth pixel."""
_LEVELS = tuple(0.06 * 2 ** (step / 2) for step in range(11))
"""Densities (natural logarithm, red light) above the surroundings, at which dark places are cut out."""
_STEPS = 256
_STEP = 3.0 / _STEPS
_DARKEST_SHARE = 0.995
"""Nuclei cover more than the other 0.5% of nearly every section; that is how dark a nucleus is."""
_LEAST_UM2 = 1.5
_LEAST_EXTENT = 0.45
"""Area over that of the upright box around it: an ellipse has 0.5 to 0.79, a clump of nuclei or a septum less."""
_BINS_PER_OCTAVE = 8
_BINS = 10 * _BINS_PER_OCTAVE


class NucleusRecord:
    """Counts of dark places by the level that they were cut out at, and by size; they do not depend on the tiles."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._darkness = np.zeros(_STEPS, np.int64)
        self._sizes = np.zeros((len(_LEVELS), _BINS))

    def add(self, rgb: NDArray[np.uint8], halo_wpx: int, seen: NDArray[np.bool_]) -> None:
        """Add a tile.

        Args:
            rgb: (H, W, 3) uint8 at 0.5 um/px, core and halo.
            halo_wpx: Width of the halo.
            seen: (h, w) bool at 1 um/px, of the core.
        """
        if not seen.any():
            return
        darkness = _darkness(rgb)
        stride = layout.STRIDE
        core = darkness[halo_wpx::stride, halo_wpx::stride][: seen.shape[0], : seen.shape[1]][seen]
        self._darkness += np.bincount((core.clip(0, 2.999) / _STEP).astype(np.int64), minlength=_STEPS)
        for row, level in enumerate(_LEVELS):
            um2 = _sizes_um2((darkness > level).astype(np.uint8), halo_wpx, seen)
            place = np.round(np.log2(um2 / _LEAST_UM2) * _BINS_PER_OCTAVE).astype(np.int64).clip(0, _BINS - 1)
            self._sizes[row] += np.bincount(place, np.sqrt(um2), _BINS)

    def finished(self) -> float | None:
        """Typical diameter in um, of a disc of a nucleus's area; None where nothing is dark.

        The places are cut out at half of a nucleus's darkness, and half of their summed diameters is of smaller ones.
        """
        if not self._darkness.any():
            return None
        steps = np.asarray((np.arange(_STEPS) + 0.5) * _STEP, np.float64)
        half = percentile(steps, self._darkness.astype(np.float64), _DARKEST_SHARE) / 2
        row = int(np.argmin(np.abs(np.log(np.array(_LEVELS) / half))))
        if not self._sizes[row].any():
            return None
        sizes_um2 = np.asarray(_LEAST_UM2 * 2 ** (np.arange(_BINS) / _BINS_PER_OCTAVE), np.float64)
        um2 = percentile(sizes_um2, self._sizes[row], 0.5)
        return float(2 * np.sqrt(um2 / np.pi))


def _darkness(rgb: NDArray[np.uint8]) -> Plane:
    """(H, W), density in red light above the surroundings: hematoxylin absorbs red, eosin hardly."""
    density = -np.log(rgb[..., 0].astype(np.float32) + 1)
    height, width = density.shape
    small = cv2.resize(density, (-(-width // _COARSER), -(-height // _COARSER)), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), WORKING_MPP.to_px(_SURROUNDINGS_UM) / _COARSER)
    around = cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(density, (0, 0), WORKING_MPP.to_px(_SMOOTHING_UM)) - around, np.float32)


def _sizes_um2(dark: NDArray[np.uint8], halo_wpx: int, seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N,) areas of the compact dark places whose centers were seen."""
    _, _, boxes, centers = cv2.connectedComponentsWithStats(dark, connectivity=4)
    area_px = boxes[1:, cv2.CC_STAT_AREA].astype(np.float64)
    um2 = area_px * WORKING_MPP.area_um2(1.0)
    extent = area_px / (boxes[1:, cv2.CC_STAT_WIDTH] * boxes[1:, cv2.CC_STAT_HEIGHT])
    column, row = ((centers[1:].T - halo_wpx) // layout.STRIDE).astype(np.int64)
    inside = (row >= 0) & (column >= 0) & (row < seen.shape[0]) & (column < seen.shape[1])
    kept = inside & (um2 >= _LEAST_UM2) & (extent >= _LEAST_EXTENT)
    kept[kept] = seen[row[kept], column[kept]]
    found: NDArray[np.float64] = um2[kept]
    return found
