"""Label maps of a phantom slide: which fiber and which compartment every pixel belongs to, tile by tile.

Tiles are compressed as they are drawn and wait on disk until the slide is done, so that memory does not grow with it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Size

MAP_TYPES: dict[str, type[np.generic]] = {"fibers": np.uint32, "compartments": np.uint8}
"""The maps, and the type of their pixels: fiber number (the row in fibers.parquet + 1; 0 is none), `Compartment`."""

MAP_TILE_WPX = 512
_LEVEL = 3  # of zlib; 9 is five times slower and 10% smaller


def compressed_tiles(labels: NDArray[np.generic]) -> list[bytes]:
    """A map's square block as compressed tiles, row by row.

    Args:
        labels: (B, B), B a multiple of `MAP_TILE_WPX`, of the type that the map has.
    """
    side = range(0, len(labels), MAP_TILE_WPX)
    tiles = [labels[y : y + MAP_TILE_WPX, x : x + MAP_TILE_WPX] for y in side for x in side]
    return [zlib.compress(np.ascontiguousarray(tile).data, _LEVEL) for tile in tiles]


@dataclass(frozen=True, eq=False, slots=True)
class TileSpool:
    """One map on its way to disk.

    Attributes:
        dtype: Of its pixels.
        size: Of the slide.
        waiting: File of compressed tiles, one after another.
        lengths: Bytes of each tile so far.
    """

    dtype: type[np.generic]
    size: Size
    waiting: Path
    lengths: list[int]

    @staticmethod
    def begin(name: str, size: Size, folder: Path) -> TileSpool:
        """An empty map of this name; its tiles wait in the folder."""
        return TileSpool(MAP_TYPES[name], size, folder / f"{name}.tiles", [])

    def add_band(self, blocks: Sequence[list[bytes]]) -> None:
        """Add blocks that lie side by side, from left to right; what lies beyond the slide is left out."""
        across, down = -(-self.size.width // MAP_TILE_WPX), -(-self.size.height // MAP_TILE_WPX)
        side = round(len(blocks[0]) ** 0.5)
        rows_left = down - len(self.lengths) // across
        with self.waiting.open("ab") as file:
            for row in range(min(side, rows_left)):
                tiles = [tile for block in blocks for tile in block[row * side : (row + 1) * side]][:across]
                file.writelines(tiles)
                self.lengths.extend(len(tile) for tile in tiles)

    def write(self, path: Path) -> None:
        """Write the finished map as a tiled TIFF with its scale."""
        with tifffile.TiffWriter(path, bigtiff=self.size.area * np.dtype(self.dtype).itemsize > 1 << 31) as writer:
            writer.write(
                self._tiles(),
                shape=(self.size.height, self.size.width),
                dtype=self.dtype,
                tile=(MAP_TILE_WPX, MAP_TILE_WPX),
                compression="zlib",
                photometric="minisblack",
                resolution=(1e4 / WORKING_MPP.um_per_px,) * 2,
                resolutionunit="CENTIMETER",
                software="histo phantom",
                metadata=None,
            )

    def _tiles(self) -> Iterator[bytes]:
        with self.waiting.open("rb") as file:
            for length in self.lengths:
                yield file.read(length)
