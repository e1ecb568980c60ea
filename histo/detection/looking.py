"""From a tile of the slide to what the network needs, and what of its answer may count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Region, Size
from histo.network import layout
from histo.slide import SlideReader
from histo.tiling import Tile, assessable_at
from histo.tissue import TissueMap

GLASS_COLOR = (240, 240, 240)
"""What the network is shown where there are no pixels; nothing that it says there is used."""

_STRIP_WPX = 512
"""Rows read at once: what a reader needs besides, at the slide's finest level, stays small."""


@dataclass(frozen=True, eq=False)
class View:
    """A tile, ready for the network.

    Attributes:
        tile: Which.
        rgb: (H, W, 3) uint8 of the tile with its halo; glass where there are no pixels.
        seen: (h, w) bool, map pixels of the core that are assessable tissue and could be read.
        unreadable_um2: Assessable tissue of the core that could not be read.
    """

    tile: Tile
    rgb: NDArray[np.uint8]
    seen: NDArray[np.bool_]
    unreadable_um2: float


def look(reader: SlideReader, tissue: TissueMap, tile: Tile, slide_wpx: Size) -> View:
    """Read one tile."""
    read = tile.read_wpx
    rgb = np.empty((read.height, read.width, 3), np.uint8)
    valid = np.empty((read.height, read.width), bool)
    for top in range(0, read.height, _STRIP_WPX):
        strip = Region(read.x, read.y + top, read.width, min(_STRIP_WPX, read.height - top))
        pixels = reader.read(strip, WORKING_MPP)
        rgb[top : top + strip.height], valid[top : top + strip.height] = pixels.rgb, pixels.valid
    rgb[~valid] = GLASS_COLOR
    core = tile.core_wpx
    stride = layout.STRIDE
    squares = valid[core.shifted(-read.x, -read.y).slices]
    squares = squares.reshape(core.height // stride, stride, core.width // stride, stride)
    known: NDArray[np.bool_] = np.logical_and.reduce(squares, axis=(1, 3))
    assessable = assessable_at(tissue, core)
    lost = assessable & ~known & _wholly_inside(core, slide_wpx)
    return View(tile, rgb, assessable & known, layout.MAP_MPP.area_um2(float(np.count_nonzero(lost))))


def _wholly_inside(core: Region, slide_wpx: Size) -> NDArray[np.bool_]:
    """Map pixels no part of which is past the slide's last whole working pixel."""
    stride = layout.STRIDE
    right = np.arange(core.x, core.right, stride) + stride
    bottom = np.arange(core.y, core.bottom, stride) + stride
    inside: NDArray[np.bool_] = (bottom < slide_wpx.height)[:, None] & (right < slide_wpx.width)[None, :]
    left, top = np.arange(core.x, core.right, stride) >= 0, np.arange(core.y, core.bottom, stride) >= 0
    return inside & top[:, None] & left[None, :]
