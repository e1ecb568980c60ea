"""OpenSlide: the only module that imports it.

A read error is terminal for a handle, so a failed read is repeated cell by cell on fresh handles: one bad tile costs
one tile. Alpha 0 is "no data", never white.
"""

from __future__ import annotations

import importlib.metadata
import re
import threading
from pathlib import Path

import cv2
import numpy as np
import openslide

from histo.errors import SlideUnreadable
from histo.geometry import Region, Size
from histo.slide.properties import allowed_properties, scale_tags
from histo.slide.reader import Pixels
from histo.slide.source import SourceFacts

_CACHE_BYTES = 32 << 20
_CELL_PX = 512
_EXACT_PX = 1e-3
_SAFE_BIN = (4, 0, 1, 1)
"""openslide-bin before 4.0.1.1 writes out of bounds (CVE-2026-48977) and shows stale memory (CVE-2026-54604)."""

_cache_lock = threading.Lock()
_cache: list[openslide.OpenSlideCache] = []


def detect(path: Path) -> str | None:
    """The format that OpenSlide sees in a file, or None."""
    try:
        vendor: str | None = openslide.OpenSlide.detect_format(str(path))
    except openslide.OpenSlideError:
        return None
    return vendor


def library_versions() -> dict[str, str]:
    """Versions of OpenSlide, for the record of a reading."""
    try:
        wheel = importlib.metadata.version("openslide-bin")
    except importlib.metadata.PackageNotFoundError:
        wheel = "none (system library)"
    return {"openslide": openslide.__library_version__, "openslide-bin": wheel}


def library_warnings() -> tuple[str, ...]:
    """Warns of a library with known holes, or of one whose patches cannot be told."""
    wheel = library_versions()["openslide-bin"]
    numbers = tuple(int(part) for part in re.findall(r"\d+", wheel))
    if numbers >= _SAFE_BIN:
        return ()
    found = f"openslide-bin {wheel}" if numbers else f"the system's OpenSlide {openslide.__library_version__}"
    return (f"{found} may lack security fixes: install openslide-bin 4.0.1.1 or newer",)


class OpenSlideSource:
    """A `LevelSource` over OpenSlide.

    Args:
        path: A file that `detect` recognizes.

    Raises:
        SlideUnreadable: If OpenSlide cannot open it.
    """

    _current: openslide.OpenSlide | None

    def __init__(self, path: Path) -> None:
        """Open the file and keep its facts."""
        self._path = path
        self._closed = False
        self._last_error: str | None = None
        self._bad: set[tuple[int, int, int]] = set()
        self._reset()
        try:
            handle = self._handle()
            self._facts = _facts_of(handle)
            self._downsamples: tuple[float, ...] = tuple(handle.level_downsamples)
            self._cells = tuple(_cell_of(handle, level) for level in range(handle.level_count))
        except openslide.OpenSlideError as error:
            remedy = "copy it again from the scanner, or export it anew"
            raise SlideUnreadable(path, f"it cannot be opened: {error}", remedy) from error

    @property
    def facts(self) -> SourceFacts:
        """The header's facts."""
        return self._facts

    @property
    def last_error(self) -> str | None:
        """What OpenSlide said when a read last failed."""
        return self._last_error

    def read_level(self, level: int, region: Region) -> Pixels:
        """Pixels of one level; see `LevelSource.read_level`."""
        handle: openslide.OpenSlide | None = None
        try:
            handle = self._handle()
            # At a fractional downsample OpenSlide shifts by part of a pixel and blurs: only whole cells are repeatable.
            if self._downsamples[level].is_integer() and not self._bad:
                return self._read(handle, level, region)
            return self._read_cells(handle, level, region)
        except openslide.OpenSlideError as error:
            self._last_error = str(error)
            self._drop(handle)
            return self._repair(level, region)

    def is_aligned(self, level: int, region: Region) -> bool:
        """Whether OpenSlide reads a region's pixels as stored, not shifted by part of a pixel and blurred."""
        scale = self._downsamples[level]
        return all(abs(start * scale - round(start * scale)) < _EXACT_PX for start in (region.x, region.y))

    def close(self) -> None:
        """Let go of the file."""
        # Not handle.close(): another thread may be inside it. The last reference closes it.
        self._closed = True
        self._current = None

    def __getstate__(self) -> dict[str, object]:
        """Without handles and locks, which cannot cross a process border."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_current", "_lock", "_repair_lock")}

    def __setstate__(self, state: dict[str, object]) -> None:
        """The handle opens again at the first read."""
        self.__dict__.update(state)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._repair_lock = threading.Lock()
        self._current = None

    def _handle(self) -> openslide.OpenSlide:
        with self._lock:
            if self._closed:
                raise ValueError(f"{self._path} is closed")
            if self._current is None:
                self._current = _opened(self._path)
            return self._current

    def _drop(self, handle: openslide.OpenSlide | None) -> None:
        with self._lock:
            if self._current is handle:
                self._current = None

    def _read(self, handle: openslide.OpenSlide, level: int, region: Region) -> Pixels:
        scale = self._downsamples[level]
        corner = (round(region.x * scale), round(region.y * scale))
        rgba = np.asarray(handle.read_region(corner, level, (region.width, region.height)))
        rgb = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8)
        valid = rgba[..., 3] != 0
        return Pixels(rgb, valid)

    def _read_cells(self, handle: openslide.OpenSlide, level: int, region: Region) -> Pixels:
        """Read whole cells of a fixed grid, leaving out those known to be bad."""
        rgb = np.zeros((region.height, region.width, 3), np.uint8)
        valid = np.zeros((region.height, region.width), np.bool_)
        failed = False
        for key, cell in self._cells_of(level, region):
            if key in self._bad:
                failed = True
                continue
            shared = cell.intersection(region)
            if shared is not None:
                pixels = self._read(handle, level, cell)
                source, target = shared.shifted(-cell.x, -cell.y).slices, shared.shifted(-region.x, -region.y).slices
                rgb[target], valid[target] = pixels.rgb[source], pixels.valid[source]
        return Pixels(rgb, valid, failed)

    def _repair(self, level: int, region: Region) -> Pixels:
        """Find the bad cells on handles that no other thread can spoil."""
        with self._repair_lock:
            private: openslide.OpenSlide | None = None
            for key, cell in self._cells_of(level, region):
                if key in self._bad:
                    continue
                try:
                    private = private or _opened(self._path)
                    self._read(private, level, cell)
                except openslide.OpenSlideError as error:
                    self._last_error = str(error)
                    self._bad.add(key)
                    private = None
            try:
                return self._read_cells(private or _opened(self._path), level, region)
            except openslide.OpenSlideError as error:
                self._last_error = str(error)
                shape = (region.height, region.width)
                return Pixels(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.bool_), failed=True)

    def _cells_of(self, level: int, region: Region) -> list[tuple[tuple[int, int, int], Region]]:
        size, cell = self._facts.level_sizes_px[level], self._cells[level]
        whole = Region(0, 0, size.width, size.height)
        found = []
        for row in range(region.y // cell.height, -(-region.bottom // cell.height)):
            for column in range(region.x // cell.width, -(-region.right // cell.width)):
                square = Region(column * cell.width, row * cell.height, cell.width, cell.height).intersection(whole)
                if square is not None:
                    found.append(((level, row, column), square))
        return found


def _opened(path: Path) -> openslide.OpenSlide:
    with _cache_lock:
        if not _cache:
            _cache.append(openslide.OpenSlideCache(_CACHE_BYTES))
    handle = openslide.OpenSlide(str(path))
    handle.set_cache(_cache[0])
    return handle


def _cell_of(handle: openslide.OpenSlide, level: int) -> Size:
    """The file's own tile where it is handy, so that a bad tile costs no more than itself."""
    sides = [handle.properties.get(f"openslide.level[{level}].tile-{side}", "0") for side in ("width", "height")]
    width, height = (int(side) if side.isdecimal() else 0 for side in sides)
    handy = min(width, height) >= 64 and max(width, height) <= 2048
    return Size(width, height) if handy else Size(_CELL_PX, _CELL_PX)


def _facts_of(handle: openslide.OpenSlide) -> SourceFacts:
    told = dict(handle.properties)
    sizes = tuple(Size(*size) for size in handle.level_dimensions)
    vendor = told.get("openslide.vendor", "openslide")
    return SourceFacts(vendor, sizes, scale_tags(vendor, told), allowed_properties(told))
