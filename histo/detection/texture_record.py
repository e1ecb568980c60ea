"""The texture of a slide's tissue: summed tile by tile, told in the end."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.appearance import Texture
from histo.geometry import WORKING_MPP
from histo.network import layout

Image = NDArray[np.float32]

_BANDS_UM = (0.5, 1.0, 2.0, 4.0)
"""Sigmas between which the bands lie."""


class TextureRecord:
    """Sums over pixels, which do not depend on how the slide was cut into tiles, but for rounding."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._bands = np.zeros(len(_BANDS_UM))
        self._pixels = 0

    def add(self, rgb: NDArray[np.uint8], halo_wpx: int, seen: NDArray[np.bool_]) -> None:
        """Add a tile.

        Args:
            rgb: (H, W, 3) uint8 at 0.5 um/px, core and halo.
            halo_wpx: Width of the halo.
            seen: (h, w) bool at 1 um/px, of the core.
        """
        if not seen.any():
            return
        halo = halo_wpx // layout.STRIDE
        rows, columns = (slice(halo, halo + side) for side in seen.shape)
        self._pixels += int(seen.sum())
        for band, values in enumerate(_bands(np.log(rgb[..., 1].astype(np.float32) + 1))):
            self._bands[band] += float(values[rows, columns][seen].sum(dtype=np.float64))

    def finished(self) -> Texture | None:
        """The texture; None where nothing was seen, or all of it is even."""
        if not self._bands.all():
            return None
        finest, fine, coarse, coarsest = self._bands / self._pixels
        return Texture(
            contrast=float(coarsest),
            finest=float(finest / fine),
            fine=float(fine / coarse),
            coarse=float(coarse / coarsest),
        )


def _bands(image: Image) -> Iterator[Image]:
    """Absolute difference of neighboring sigmas, at 1 um/px; what is finer than the first sigma comes first."""
    near = cv2.GaussianBlur(image, (0, 0), _BANDS_UM[0] / WORKING_MPP.um_per_px)
    yield _halved(np.asarray(np.abs(image - near), np.float32))
    small, near = _halved(image), _halved(np.asarray(near, np.float32))
    for sigma_um in _BANDS_UM[1:]:
        far = np.asarray(cv2.GaussianBlur(small, (0, 0), sigma_um / layout.MAP_MPP.um_per_px), np.float32)
        yield np.abs(near - far)
        near = far


def _halved(image: Image) -> Image:
    """The means of squares of 2 x 2 pixels."""
    height, width = image.shape
    return np.asarray(cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32)
