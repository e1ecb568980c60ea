"""Small slide files with known pixels."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.slide import SlideInspection, inspect_slide

Rgb = NDArray[np.uint8]


@cache
def inspected(path: Path) -> SlideInspection:
    """A file that no test changes, inspected once for all tests."""
    return inspect_slide(path)


def tissue_like(width: int, height: int, seed: int = 0) -> Rgb:
    """(H, W, 3) uint8: smooth pink blobs with grain, so that shifts and blurs show."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 1, (height // 16 + 2, width // 16 + 2)).astype(np.float32)
    blob = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    color = 245 - np.clip(blob, 0, 1) * np.array([45, 150, 70], np.float32)
    return np.clip(color + rng.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8)


def halved(rgb: Rgb) -> Rgb:
    """The next level: 2 x 2 means, an odd last row or column left out."""
    height, width = rgb.shape[0] // 2, rgb.shape[1] // 2
    return np.asarray(cv2.resize(rgb[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA))


def write_pyramid(
    path: Path,
    rgb: Rgb,
    mpp: float | None,
    levels: int = 1,
    compression: str | None = "deflate",
    tile: int = 128,
    unit: str = "CENTIMETER",
) -> Path:
    """A tiled pyramid that OpenSlide opens as generic TIFF; lossless unless the compression says otherwise."""
    with tifffile.TiffWriter(path) as writer:
        for level in range(levels):
            resolution = (1e4 / (mpp * 2**level),) * 2 if mpp is not None else (1.0, 1.0)
            writer.write(
                rgb,
                tile=(tile, tile),
                photometric="rgb",
                compression=compression,
                subfiletype=1 if level else 0,
                resolution=resolution,
                resolutionunit=unit if mpp is not None else "NONE",
                metadata=None,
            )
            rgb = halved(rgb)
    return path


def spoil_tile(path: Path, index: int, page: int = 0) -> None:
    """Overwrite one tile's bytes with what no decoder accepts."""
    with tifffile.TiffFile(path) as tif:
        offset, count = tif.pages[page].dataoffsets[index], tif.pages[page].databytecounts[index]
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(b"\x55" * count)


def forget_tile(path: Path, index: int) -> None:
    """Declare one tile of the first page as empty, as scanners do where they saw nothing."""
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tag = tif.pages[0].tags["TileByteCounts"]
        counts = list(tag.value)
        counts[index] = 0
        tag.overwrite(counts)
