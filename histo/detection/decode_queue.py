"""Which block can be decoded when, and which maps are no longer needed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future

import numpy as np
from numpy.typing import NDArray

from histo.detection.ownership import Decoder, decode_core
from histo.detection.spool import MapSpool, map_region
from histo.findings import Cells, Fibers
from histo.tiling import Tile, TileGrid

Found = tuple[Fibers, Cells]

_BEHIND = 2
"""Blocks waiting to be decoded before the network waits for them."""


class DecodeQueue:
    """Decodes a block in a worker as soon as all tiles that it reaches are computed, and then lets go of their maps.

    Used from one thread; the workers only read the spool.
    """

    def __init__(self, grid: TileGrid, spool: MapSpool, margin: int, decode: Decoder, worker: Executor) -> None:
        """Find out which tiles each block reaches.

        Args:
            grid: All tiles that will be added.
            spool: Where maps are kept meanwhile.
            margin: Map pixels that a block reaches past its core.
            decode: The codec.
            worker: Where it runs.
        """
        self._spool, self._margin, self._decode, self._worker = spool, margin, decode, worker
        self._reached = _reach(grid, margin)
        self._missing = {tile: {tile, *others} for tile, others in self._reached.items()}
        self._needed_by = {tile: {tile, *others} for tile, others in self._reached.items()}
        self._running: deque[tuple[Tile, Future[Found]]] = deque()
        self._found: dict[Tile, Found] = {}

    def add(self, tile: Tile, maps: NDArray[np.float32], seen: NDArray[np.bool_]) -> None:
        """Take the maps of a tile's core, and start whatever can now be decoded."""
        self._spool.put(tile, maps, seen)
        for block in (tile, *self._reached[tile]):
            self._missing[block].discard(tile)
            if not self._missing[block]:
                self._running.append((block, self._worker.submit(self._run, block)))
        while self._running and (len(self._running) > _BEHIND or self._running[0][1].done()):
            self._collect()

    def finished(self) -> list[tuple[Tile, Found]]:
        """Findings of all blocks, in the order of the grid, whenever each was decoded."""
        while self._running:
            self._collect()
        return [(tile, self._found[tile]) for tile in self._reached]

    def _run(self, tile: Tile) -> Found:
        return decode_core(self._spool.block(tile, self._reached[tile], self._margin), tile, self._decode)

    def _collect(self) -> None:
        tile, future = self._running.popleft()
        self._found[tile] = future.result()
        for source in (tile, *self._reached[tile]):
            self._needed_by[source].discard(tile)
            if not self._needed_by[source]:
                self._spool.drop(source)


def _reach(grid: TileGrid, margin: int) -> dict[Tile, tuple[Tile, ...]]:
    """The other tiles that each tile's block reaches; whom I reach reaches me, as all cores are of one size."""
    if not grid.tiles:
        return {}
    core = map_region(grid.tiles[0].core_wpx)
    columns, rows = -(-margin // core.width), -(-margin // core.height)
    by_place = {(tile.row, tile.column): tile for tile in grid.tiles}
    around = [(r, c) for r in range(-rows, rows + 1) for c in range(-columns, columns + 1) if (r, c) != (0, 0)]
    return {
        tile: tuple(by_place[place] for r, c in around if (place := (tile.row + r, tile.column + c)) in by_place)
        for tile in grid.tiles
    }
