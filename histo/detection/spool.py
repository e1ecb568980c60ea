"""Maps of tile cores, kept on disk until every block that needs them is decoded: memory stays flat on large slides."""

from __future__ import annotations

import math
import mmap
import tempfile
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from histo.errors import OutputError
from histo.findings import Compartment, FiberClass
from histo.geometry import Region
from histo.network import layout
from histo.tiling import Tile

_STEPS = np.iinfo(np.uint16).max
"""Maps lie between 0 and 1 and are kept in steps of 1/65535: half the bytes, and no decision hangs on less."""


def nothing(height: int, width: int) -> NDArray[np.float32]:
    """(26, h, w) float32, maps of a place where nothing was seen: no fiber, no nucleus, glass."""
    maps = np.zeros((layout.CHANNELS, height, width), np.float32)
    maps[layout.CLASSES] = 1.0 / len(FiberClass)
    maps[layout.COMPARTMENTS.start + Compartment.GLASS] = 1.0
    return maps


@dataclass(frozen=True, eq=False)
class Block:
    """Maps of a core and of its surroundings, as far as they were computed.

    Attributes:
        maps: (26, h, w) float32; where not `seen`, `nothing`.
        seen: (h, w) bool, the assessable tissue that could be read.
        region: Place of the block in map pixels (1 um/px).
    """

    maps: NDArray[np.float32]
    seen: NDArray[np.bool_]
    region: Region


def map_region(region_wpx: Region) -> Region:
    """A region of working pixels, aligned to the network's output stride, in map pixels."""
    stride = layout.STRIDE
    if region_wpx.x % stride or region_wpx.y % stride or region_wpx.width % stride or region_wpx.height % stride:
        raise ValueError(f"{region_wpx} does not lie on map pixels")
    return Region(
        region_wpx.x // stride, region_wpx.y // stride, region_wpx.width // stride, region_wpx.height // stride
    )


class MapSpool:
    """Maps of cores in one nameless file, which the system removes however the process ends, even when it is killed.

    Every core has a place of the same size; places of dropped cores are used again, so the file stays as small as the
    most cores that were kept at once. One thread puts and drops; any may read blocks.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Use an open, empty, unbuffered file, e.g. `tempfile.TemporaryFile(buffering=0)`."""
        self._file = file
        self._place: dict[Tile, int] = {}
        self._free: list[int] = []

    def put(self, tile: Tile, maps: NDArray[np.float32], seen: NDArray[np.bool_]) -> None:
        """Keep the maps of a tile's core.

        Args:
            tile: Whose core it is; all cores are of one shape.
            maps: (26, h, w) float32 of the core.
            seen: (h, w) bool; elsewhere the maps are dropped.

        Raises:
            OutputError: If the disk is full.
        """
        steps = np.empty((layout.CHANNELS + 1, *seen.shape), np.uint16)
        for channel in range(layout.CHANNELS):  # one after another: no second copy of all maps
            steps[channel] = np.rint(np.clip(maps[channel], 0.0, 1.0) * _STEPS)
        steps[-1] = seen
        place = self._free.pop() if self._free else len(self._place)
        try:
            self._file.seek(place * _place_bytes(steps.nbytes))
            rest = steps.data.cast("B")
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise no_room(error) from error
        self._place[tile] = place

    def drop(self, tile: Tile) -> None:
        """Give a tile's place to others."""
        self._free.append(self._place.pop(tile))

    def block(self, tile: Tile, others: tuple[Tile, ...], margin: int) -> Block:
        """The maps of a core grown by a margin.

        Args:
            tile: The core.
            others: Tiles whose cores may reach into the margin; all must have been put.
            margin: Map pixels around the core.
        """
        region = map_region(tile.core_wpx).grown(margin)
        maps = nothing(region.height, region.width)
        seen = np.zeros((region.height, region.width), bool)
        for source in (tile, *others):
            core = map_region(source.core_wpx)
            common = core.intersection(region)
            if common is None:
                continue
            rows, columns = common.shifted(-core.x, -core.y).slices
            into = common.shifted(-region.x, -region.y).slices
            steps = self._kept(source, core)
            here = np.array(steps[-1, rows, columns], bool)
            seen[into] = here
            for channel in range(layout.CHANNELS):
                target = maps[channel][into]
                np.copyto(target, steps[channel, rows, columns].astype(np.float32) / _STEPS, where=here)
        return Block(maps, seen, region)

    def _kept(self, tile: Tile, core: Region) -> NDArray[np.uint16]:
        """Mapped, not read: of a neighbor only the margin is touched. Does not move the file's position."""
        shape = (layout.CHANNELS + 1, core.height, core.width)
        length = 2 * math.prod(shape)
        start = self._place[tile] * _place_bytes(length)
        mapped = mmap.mmap(self._file.fileno(), length, access=mmap.ACCESS_READ, offset=start)
        return np.frombuffer(mapped, np.uint16).reshape(shape)


def no_room(error: OSError) -> OutputError:
    """What a user is told when maps cannot be kept."""
    return OutputError(
        tempfile.gettempdir(),
        f"maps cannot be kept there ({error.strerror})",
        "free some space, or set TMPDIR to a roomier folder",
    )


def _place_bytes(length: int) -> int:
    """Bytes from one place to the next: only there may a mapping begin."""
    grain = mmap.ALLOCATIONGRANULARITY
    return -(-length // grain) * grain
