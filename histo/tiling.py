"""Large tiles with a halo, laid over the assessable tissue so that each tissue pixel is computed once.

All coordinates are working pixels (0.5 um/px). Every tile starts on a multiple of `STRIDE_WPX`, the deepest stride of
the network: so the network sees every place of the slide at the same phase of its strides, whatever the tiles' origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Region, Size
from histo.tissue import TissueMap

STRIDE_WPX = 16
"""The deepest stride of the network; tissue pixels of 8 um are as wide."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One piece of work.

    Attributes:
        column: Place in the grid, from the left.
        row: Place in the grid, from the top.
        core_wpx: The part whose results count; may reach past the slide.
        read_wpx: The core with its halo: what is read and computed.
    """

    column: int
    row: int
    core_wpx: Region
    read_wpx: Region


@dataclass(frozen=True)
class TileGrid:
    """The tiles of one slide, row by row.

    Attributes:
        tiles: Only tiles whose core holds assessable tissue, ordered by row, then column.
        slide_wpx: Size of the slide.
        read_size_wpx: The one shape of every `read_wpx`.
        halo_wpx: Width of the halo.
    """

    tiles: tuple[Tile, ...]
    slide_wpx: Size
    read_size_wpx: Size
    halo_wpx: int

    def __len__(self) -> int:
        """Number of tiles."""
        return len(self.tiles)

    @property
    def core_area_wpx(self) -> int:
        """Core pixels inside the slide, over all tiles: what speed is counted in."""
        return sum(core_area_inside(tile, self.slide_wpx) for tile in self.tiles)


def core_area_inside(tile: Tile, slide_wpx: Size) -> int:
    """Working pixels of a tile's core that lie inside the slide."""
    inside = tile.core_wpx.intersection(Region(0, 0, slide_wpx.width, slide_wpx.height))
    return 0 if inside is None else inside.area


def lay_tiles(
    size_wpx: Size, tissue: TissueMap, *, core_wpx: int, halo_wpx: int, origin_wpx: tuple[int, int] = (0, 0)
) -> TileGrid:
    """Lay tiles over the assessable tissue.

    The cores are squares of `core_wpx` at most: where the slide is not a multiple of it they shrink evenly, so that as
    little glass as possible is computed, and a slide smaller than a tile gets one small tile.

    Args:
        size_wpx: The slide.
        tissue: Its tissue map; pixels past its end count as glass.
        core_wpx: Largest width of a core, a multiple of 16.
        halo_wpx: What is read around a core on every side, a multiple of 16.
        origin_wpx: A corner of the grid of cores; taken down to multiples of 16.

    Returns:
        Tiles of one shape. Their cores are disjoint and cover every assessable pixel of the slide exactly once.

    Raises:
        ValueError: If core or halo is not a multiple of 16, or the tissue map's pixel is not 16 working pixels wide.
    """
    if core_wpx < STRIDE_WPX or core_wpx % STRIDE_WPX or halo_wpx < 0 or halo_wpx % STRIDE_WPX:
        raise ValueError(f"core and halo must be multiples of {STRIDE_WPX} wpx, not {core_wpx} and {halo_wpx}")
    if WORKING_MPP.to_um(float(STRIDE_WPX)) != tissue.mpp.um_per_px:
        raise ValueError(
            f"a tissue pixel must be {STRIDE_WPX} working pixels wide, not of {tissue.mpp.um_per_px} um/px"
        )
    # In units of tissue pixels ("cells"), to which cores, halo and origin are all aligned.
    width, height = -(-size_wpx.width // STRIDE_WPX), -(-size_wpx.height // STRIDE_WPX)
    core_w, core_h = _even_core(width, core_wpx // STRIDE_WPX), _even_core(height, core_wpx // STRIDE_WPX)
    left = (origin_wpx[0] // STRIDE_WPX) % core_w
    top = (origin_wpx[1] // STRIDE_WPX) % core_h
    left, top = left - core_w if left else 0, top - core_h if top else 0
    rows, columns = np.nonzero(tissue.assessable[:height, :width])
    grid_rows, grid_columns = (rows - top) // core_h, (columns - left) // core_w
    held = np.zeros((-(-(height - top) // core_h), -(-(width - left) // core_w)), bool)
    held[grid_rows, grid_columns] = True
    tiles = tuple(
        _tile(int(row), int(column), left, top, core_w, core_h, halo_wpx) for row, column in np.argwhere(held)
    )
    read = Size(core_w * STRIDE_WPX + 2 * halo_wpx, core_h * STRIDE_WPX + 2 * halo_wpx)
    return TileGrid(tiles, size_wpx, read, halo_wpx)


def _even_core(extent: int, largest: int) -> int:
    pieces = -(-extent // largest)
    return -(-extent // pieces)


def _tile(row: int, column: int, left: int, top: int, core_w: int, core_h: int, halo_wpx: int) -> Tile:
    core = Region(
        (left + column * core_w) * STRIDE_WPX,
        (top + row * core_h) * STRIDE_WPX,
        core_w * STRIDE_WPX,
        core_h * STRIDE_WPX,
    )
    return Tile(column, row, core, core.grown(halo_wpx))


def assessable_at(tissue: TissueMap, region_wpx: Region) -> NDArray[np.bool_]:
    """(H, W) bool at 1 um/px: the assessable tissue of a region that lies on multiples of 2 working pixels.

    Pixels outside the map are False.
    """
    cell = STRIDE_WPX // 2
    x, y, width, height = region_wpx.x // 2, region_wpx.y // 2, region_wpx.width // 2, region_wpx.height // 2
    columns = np.arange(x, x + width) // cell
    rows = np.arange(y, y + height) // cell
    inside_columns = (columns >= 0) & (columns < tissue.tissue.shape[1])
    inside_rows = (rows >= 0) & (rows < tissue.tissue.shape[0])
    found = np.zeros((height, width), bool)
    found[np.ix_(inside_rows, inside_columns)] = tissue.assessable[np.ix_(rows[inside_rows], columns[inside_columns])]
    return found
