"""The slide's compartment map, assembled from the network's maps tile by tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from histo.findings import COMPARTMENT_MPP, Compartment, CompartmentMap
from histo.geometry import Region
from histo.network import layout
from histo.slide import SlideInfo

_PER_PX = round(layout.MAP_MPP.downsample_to(COMPARTMENT_MPP))
"""Map pixels (1 um) per compartment pixel (4 um)."""


class CompartmentCanvas:
    """A compartment map in the making."""

    def __init__(self, info: SlideInfo) -> None:
        """Begin with a slide on which nothing was looked at."""
        size = info.size_px.rescaled(info.scale.mpp, COMPARTMENT_MPP)
        self._codes = np.full((size.height, size.width), Compartment.GLASS, np.uint8)
        self._scored = np.zeros((size.height, size.width), bool)

    def paint(self, core: Region, maps: NDArray[np.float32], seen: NDArray[np.bool_]) -> None:
        """Add a core: the likeliest compartment of each 4 um square, by the mean over what was seen of it.

        Args:
            core: In map pixels, on multiples of 4.
            maps: (26, h, w) float32.
            seen: (h, w) bool; a square counts as scored when at least half of it was seen.
        """
        share = _means(seen.astype(np.float32))
        weighted = [_means(probability * seen) for probability in maps[layout.COMPARTMENTS]]
        codes = np.argmax(np.stack(weighted), axis=0).astype(np.uint8)
        scored = share >= 0.5
        whole = Region(0, 0, self._codes.shape[1], self._codes.shape[0])
        place = Region(core.x // _PER_PX, core.y // _PER_PX, core.width // _PER_PX, core.height // _PER_PX)
        common = place.intersection(whole)
        if common is None:
            return
        part = common.shifted(-place.x, -place.y).slices
        self._scored[common.slices] = scored[part]
        self._codes[common.slices] = np.where(scored[part], codes[part], np.uint8(Compartment.GLASS))

    def finished(self) -> CompartmentMap:
        """The map."""
        return CompartmentMap(self._codes, self._scored)


def _means(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape
    squares = values.reshape(height // _PER_PX, _PER_PX, width // _PER_PX, _PER_PX)
    means: NDArray[np.float32] = squares.mean(axis=(1, 3), dtype=np.float32)
    return means
