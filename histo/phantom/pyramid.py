"""A scene as a pyramidal TIFF that OpenSlide opens, rendered and written band by band: memory does not grow with it."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.findings import Compartment
from histo.geometry import WORKING_MPP, Region, Size
from histo.phantom.drawing import Renderer
from histo.phantom.label_maps import TileSpool, compressed_tiles
from histo.phantom.look import Look
from histo.phantom.scene import Scene

BLOCK_WPX = 1024
TILE_WPX = 512
REDUCTIONS = (4, 16)
JPEG_LEVEL = 90


def write_pyramid(
    path: Path, scene: Scene, look: Look, size: Size, folder: Path, progress: Callable[[int, int], None] | None,
    workers: int, *, spools: Mapping[str, TileSpool] = MappingProxyType({}),
    scene_row: NDArray[np.int64] | None = None,
) -> None:  # fmt: skip
    """Render a scene band by band into a tiled JPEG pyramid at 0.5 um/px.

    Args:
        path: The TIFF; written in place.
        scene: What is on the slide.
        look: Its stain and scanner.
        size: Of level 0, in pixels.
        folder: For the smaller levels while they grow.
        progress: Called with blocks done and blocks in all.
        workers: Processes that render.
        spools: Where the label maps go, by name; those that are not there are not drawn.
        scene_row: (N,) int64, the scene's row of the fiber with number 1, 2, ... in the label map.
    """
    smaller = {factor: _Level.begin(factor, size, folder) for factor in REDUCTIONS}

    def tiles() -> Iterator[NDArray[np.uint8]]:
        for band in _bands(scene, look, size, progress, workers, scene_row if spools else None):
            for level in smaller.values():
                level.add(band.rgb)
            for name, spool in spools.items():
                spool.add_band([maps[name] for maps in band.maps])
            yield from _tiles_of(band.rgb)

    options: dict[str, Any] = {
        "tile": (TILE_WPX, TILE_WPX),
        "compression": "jpeg",
        "compressionargs": {"level": JPEG_LEVEL},
        "photometric": "rgb",  # 'ycbcr' would silently write magenta
        "resolutionunit": "CENTIMETER",
        "metadata": None,
        "dtype": np.uint8,
    }
    dots_per_cm = 1e4 / WORKING_MPP.um_per_px
    with tifffile.TiffWriter(path, bigtiff=size.area > 1_000_000_000) as writer:
        shape = (size.height, size.width, 3)
        writer.write(tiles(), shape=shape, resolution=(dots_per_cm,) * 2, software="histo phantom", **options)
        for factor, level in smaller.items():
            shape, resolution = (level.height, level.width, 3), (dots_per_cm / factor,) * 2
            writer.write(level.tiles(), shape=shape, subfiletype=1, resolution=resolution, **options)


@dataclass(frozen=True, slots=True)
class _Level:
    """A smaller level while it grows, as rows in a file; pages of a memory map would count as memory in use."""

    factor: int
    height: int
    width: int
    rows: Path

    @staticmethod
    def begin(factor: int, size: Size, folder: Path) -> _Level:
        rows = folder / f"level-{factor}.rows"
        rows.touch()
        return _Level(factor, -(-size.height // factor), -(-size.width // factor), rows)

    def add(self, band: NDArray[np.uint8]) -> None:
        height = -(-len(band) // self.factor)
        with self.rows.open("ab") as file:
            file.write(cv2.resize(band, (self.width, height), interpolation=cv2.INTER_AREA).data)

    def tiles(self) -> Iterator[NDArray[np.uint8]]:
        with self.rows.open("rb") as file:
            while rows := file.read(TILE_WPX * self.width * 3):
                yield from _tiles_of(np.frombuffer(rows, np.uint8).reshape(-1, self.width, 3))


def _tiles_of(band: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for y in range(0, band.shape[0], TILE_WPX):
        for x in range(0, band.shape[1], TILE_WPX):
            yield band[y : y + TILE_WPX, x : x + TILE_WPX]


@dataclass(frozen=True, eq=False)
class _Block:
    """A rendered block: its pixels, and the compressed tiles of its label maps by name; none if they are not wanted."""

    rgb: NDArray[np.uint8]
    maps: dict[str, list[bytes]]


@dataclass(frozen=True, eq=False)
class _Band:
    """A full-width band of the slide, and the label maps of its blocks from left to right."""

    rgb: NDArray[np.uint8]
    maps: list[dict[str, list[bytes]]]


def _bands(
    scene: Scene, look: Look, size: Size, progress: Callable[[int, int], None] | None, workers: int,
    scene_row: NDArray[np.int64] | None,
) -> Iterator[_Band]:  # fmt: skip
    """Full-width bands of `BLOCK_WPX` rows from top to bottom; at most one is held."""
    columns, rows = -(-size.width // BLOCK_WPX), -(-size.height // BLOCK_WPX)
    regions = [Region(c * BLOCK_WPX, r * BLOCK_WPX, BLOCK_WPX, BLOCK_WPX) for r in range(rows) for c in range(columns)]
    if progress:
        progress(0, len(regions))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker, (scene, look, scene_row)) as pool:
        # A bounded window of blocks ahead of the writer keeps memory constant.
        ahead = deque(pool.submit(_render_block, region) for region in regions[: 2 * workers])
        blocks: list[_Block] = []
        for index in range(len(regions)):
            blocks.append(ahead.popleft().result())
            if index + 2 * workers < len(regions):
                ahead.append(pool.submit(_render_block, regions[index + 2 * workers]))
            if progress:
                progress(index + 1, len(regions))
            if len(blocks) == columns:
                top = index // columns * BLOCK_WPX
                rgb = np.concatenate([block.rgb for block in blocks], axis=1)[: size.height - top, : size.width]
                yield _Band(rgb, [block.maps for block in blocks])
                blocks = []


_renderer: Renderer | None = None
_fiber_number: NDArray[np.uint32] | None = None


def _start_worker(scene: Scene, look: Look, scene_row: NDArray[np.int64] | None) -> None:
    global _renderer, _fiber_number
    cv2.setNumThreads(1)
    _renderer = Renderer(scene, look)
    if scene_row is not None:
        _fiber_number = np.zeros(len(scene.fibers) + 1, np.uint32)
        _fiber_number[scene_row] = np.arange(1, len(scene_row) + 1)


def _render_block(region: Region) -> _Block:
    if _renderer is None:
        raise RuntimeError("the worker was not started with a scene")
    if _renderer.is_bare(region):
        rgb = _renderer.glass(region)
        compartments = np.full(rgb.shape[:2], Compartment.GLASS, np.uint8)
    else:
        field = _renderer.render(region)
        rgb, compartments = field.rgb, field.truth.compartments
    if _fiber_number is None:
        return _Block(rgb, {})
    # The last entry is 0, which the row -1 of no fiber picks.
    numbers = _fiber_number[_renderer.fiber_rows(region)]
    return _Block(rgb, {"fibers": compressed_tiles(numbers), "compartments": compressed_tiles(compartments)})
