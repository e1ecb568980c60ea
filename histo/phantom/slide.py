"""A phantom biopsy as a pyramidal TIFF that OpenSlide opens, rendered and written band by band."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
import tifffile
from numpy.typing import NDArray

from histo.errors import OutputError, UsageError
from histo.findings import Cells, Fibers
from histo.geometry import WORKING_MPP, Region, Size
from histo.phantom.known import known_findings
from histo.phantom.look import Look, typical_look
from histo.phantom.render import Renderer
from histo.phantom.scene import Scene, build_scene
from histo.phantom.spec import PATTERN_SPECS
from histo.phantom.structures import UM2_PER_MM2, blob

BLOCK_WPX = 1024
TILE_WPX = 512
GLASS_UM = 250.0
REDUCTIONS = (4, 16)
JPEG_LEVEL = 90


@dataclass(frozen=True, eq=False)
class PhantomSlide:
    """A phantom biopsy on disk, and what is truly on it.

    Attributes:
        path: The TIFF.
        pattern: The pattern that was simulated.
        seed: Reproduces it.
        size_px: Level-0 size; the scale is 0.5 um/px.
        tissue_mm2: Area of the section.
        fibers: True fibers, in slide micrometers.
        cells: True nuclei, in slide micrometers.
    """

    path: Path
    pattern: str
    seed: int
    size_px: Size
    tissue_mm2: float
    fibers: Fibers
    cells: Cells


def phantom_biopsy(pattern: str, seed: int, tissue_mm2: float) -> tuple[Scene, Look]:
    """The scene and look of a whole phantom biopsy.

    Args:
        pattern: A key of `PATTERN_SPECS`.
        seed: Reproduces it exactly.
        tissue_mm2: Area of the section.

    Raises:
        UsageError: If the pattern is unknown or the area is not between 0.2 and 1,000 mm2.
    """
    if pattern not in PATTERN_SPECS:
        raise UsageError(pattern, "is not a pattern that can be simulated", f"choose one of {', '.join(PATTERN_SPECS)}")
    if not 0.2 <= tissue_mm2 <= 1000:
        raise UsageError(f"{tissue_mm2:g} mm2", "is not a size of a section", "choose 0.2 to 1000 mm2")
    rng = np.random.default_rng([seed, 42])
    radius = float(np.sqrt(tissue_mm2 * UM2_PER_MM2 / np.pi))
    shape = blob(0.0, 0.0, radius, rng, aspect=rng.uniform(1.05, 1.5), roughness=0.16)
    scale = float(np.sqrt(tissue_mm2 * UM2_PER_MM2 / shape.area))
    left, top, right, bottom = (scale * side for side in shape.bounds)
    section = shapely.transform(shape, lambda points: points * scale + [GLASS_UM - left, GLASS_UM - top])
    width, height = right - left + 2 * GLASS_UM, bottom - top + 2 * GLASS_UM
    scene = build_scene(PATTERN_SPECS[pattern], width, height, int(rng.integers(2**31)), section)
    return scene, typical_look(rng)


def write_phantom_slide(
    path: Path,
    *,
    pattern: str,
    seed: int,
    tissue_mm2: float,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
) -> PhantomSlide:
    """Simulate a biopsy and write it as a tiled JPEG pyramid at 0.5 um/px.

    Args:
        path: Where to write; replaced only when complete.
        pattern: A key of `PATTERN_SPECS`.
        seed: Reproduces the slide exactly.
        tissue_mm2: Area of the section.
        progress: Called with blocks done and blocks in all.
        workers: Processes that render; the number of cores if None.

    Returns:
        The slide and its truth.

    Raises:
        UsageError: If the pattern is unknown or the area is out of range.
        OutputError: If the file cannot be written.
    """
    scene, look = phantom_biopsy(pattern, seed, tissue_mm2)
    size = Size(int(WORKING_MPP.to_px(scene.width_um)), int(WORKING_MPP.to_px(scene.height_um)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".phantom-", dir=path.parent) as folder:
            partial = Path(folder) / "slide.tif"
            write_pyramid(partial, scene, look, size, Path(folder), progress, workers or os.cpu_count() or 1)
            partial.replace(path)
    except OSError as error:
        raise OutputError(
            path, f"the phantom cannot be written ({error.strerror})", "choose a writable folder"
        ) from error
    fibers, cells = known_findings(scene)
    return PhantomSlide(path, pattern, seed, size, scene.section.area / UM2_PER_MM2, fibers, cells)


def write_pyramid(
    path: Path, scene: Scene, look: Look, size: Size, folder: Path, progress: Callable[[int, int], None] | None,
    workers: int,
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
    """
    smaller = {
        factor: np.lib.format.open_memmap(
            folder / f"level-{factor}.npy", "w+", np.uint8, (-(-size.height // factor), -(-size.width // factor), 3)
        )
        for factor in REDUCTIONS
    }

    def tiles() -> Iterator[NDArray[np.uint8]]:
        for top, band in _bands(scene, look, size, progress, workers):
            for factor, level in smaller.items():
                height = -(-len(band) // factor)
                reduced = cv2.resize(band, (level.shape[1], height), interpolation=cv2.INTER_AREA)
                level[top // factor : top // factor + height] = reduced
            yield from _tiles_of(band)

    options: dict[str, Any] = {
        "tile": (TILE_WPX, TILE_WPX),
        "compression": "jpeg",
        "compressionargs": {"level": JPEG_LEVEL},
        "photometric": "rgb",  # 'ycbcr' would silently write magenta
        "resolutionunit": "CENTIMETER",
        "metadata": None,
    }
    dots_per_cm = 1e4 / WORKING_MPP.um_per_px
    with tifffile.TiffWriter(path, bigtiff=size.area > 1_000_000_000) as writer:
        shape = (size.height, size.width, 3)
        writer.write(
            tiles(), shape=shape, dtype=np.uint8, resolution=(dots_per_cm,) * 2, software="histo phantom", **options
        )
        for factor, level in smaller.items():
            writer.write(level, subfiletype=1, resolution=(dots_per_cm / factor,) * 2, **options)


def _tiles_of(band: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for y in range(0, band.shape[0], TILE_WPX):
        for x in range(0, band.shape[1], TILE_WPX):
            yield band[y : y + TILE_WPX, x : x + TILE_WPX]


def _bands(
    scene: Scene, look: Look, size: Size, progress: Callable[[int, int], None] | None, workers: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(top row, full-width band of `BLOCK_WPX` rows) from top to bottom; at most one band is held."""
    columns, rows = -(-size.width // BLOCK_WPX), -(-size.height // BLOCK_WPX)
    regions = [Region(c * BLOCK_WPX, r * BLOCK_WPX, BLOCK_WPX, BLOCK_WPX) for r in range(rows) for c in range(columns)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker, (scene, look)) as pool:
        # A bounded window of blocks ahead of the writer keeps memory constant.
        ahead = deque(pool.submit(_render_block, region) for region in regions[: 2 * workers])
        parts = []
        for index in range(len(regions)):
            parts.append(ahead.popleft().result())
            if index + 2 * workers < len(regions):
                ahead.append(pool.submit(_render_block, regions[index + 2 * workers]))
            if progress:
                progress(index + 1, len(regions))
            if len(parts) == columns:
                top = index // columns * BLOCK_WPX
                yield top, np.concatenate(parts, axis=1)[: size.height - top, : size.width]
                parts = []


_renderer: Renderer | None = None


def _start_worker(scene: Scene, look: Look) -> None:
    global _renderer
    cv2.setNumThreads(1)
    _renderer = Renderer(scene, look)


def _render_block(region: Region) -> NDArray[np.uint8]:
    if _renderer is None:
        raise RuntimeError("the worker was not started with a scene")
    corners_um = [WORKING_MPP.to_um(float(v)) for v in (region.x, region.y, region.right, region.bottom)]
    if not _renderer.scene.section.intersects(shapely.box(*corners_um).buffer(20)):
        return _renderer.glass(region)
    return _renderer.render(region).rgb
