"""TIFF and OME-TIFF through tifffile, tile by tile: a large picture is never decoded whole if it is cut into tiles."""

from __future__ import annotations

import logging
import struct
import threading
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.errors import SlideUnreadable, SlideUnsafe
from histo.geometry import Region, Size
from histo.slide.colors import ColorModel, to_rgb
from histo.slide.flat_tags import tiff_scale_tags
from histo.slide.reader import Pixels
from histo.slide.source import SourceFacts

logging.getLogger("tifffile").addHandler(logging.NullHandler())

LARGEST_SEGMENT_PX = 200_000_000
"""A strip or tile is decoded whole: 200 Mpx of color are 600 MB."""
_CACHE_BYTES = 48 << 20
_DECODE_ERRORS = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SyntaxError,  # what a damaged OME-XML raises inside tifffile
    ArithmeticError,
    OSError,
    EOFError,
    struct.error,
    tifffile.TiffFileError,
)
_REMEDY = "export it as 8-bit RGB TIFF, or as OME-TIFF"

Segment = tuple[NDArray[Any], tuple[int, ...]]


class TiffSource:
    """A `LevelSource` over the tiles or strips of a TIFF's first series.

    Args:
        path: A TIFF file.

    Raises:
        SlideUnreadable: If it is not a picture in color, grey or palette, or its header is damaged.
        SlideUnsafe: If a tile or strip is too large to be decoded whole.
    """

    _file: BinaryIO | None

    def __init__(self, path: Path) -> None:
        """Read the header."""
        self._path = path
        self._closed = False
        self._last_error: str | None = None
        self._open()

    @property
    def facts(self) -> SourceFacts:
        """The header's facts."""
        return self._facts

    @property
    def last_error(self) -> str | None:
        """Why a tile could last not be decoded."""
        return self._last_error

    def is_tiled(self, level: int) -> bool:
        """Whether a level is cut into tiles, not strips."""
        return bool(self._pages[level].is_tiled)

    def tiles(self, level: int, region: Region) -> list[Region]:
        """Places of the tiles or strips that a region of a level touches."""
        return list(dict.fromkeys(place for _, place in _segments_of(self._pages[level], region)))

    def tile_at_origin(self, level: int) -> Region:
        """Place of a level's first tile."""
        return self.tiles(level, Region(0, 0, 1, 1))[0]

    def richest_tiles(self, level: int, count: int) -> list[Region]:
        """Places of the tiles that take most bytes: those with most content."""
        size = self._facts.level_sizes_px[level]
        places = _segments_of(self._pages[level], Region(0, 0, size.width, size.height))
        counts = self._pages[level].databytecounts
        ranked = sorted((item for item in places if item[0] < len(counts)), key=lambda item: -counts[item[0]])
        return [place for _, place in ranked[:count]]

    def read_level(self, level: int, region: Region) -> Pixels:
        """Pixels of one level; see `LevelSource.read_level`."""
        page, model = self._pages[level], self._models[level]
        raw = np.zeros((region.height, region.width, model.samples), page.dtype)
        valid = np.zeros((region.height, region.width), np.bool_)
        broken = np.zeros((region.height, region.width), np.bool_)
        for index, place in _segments_of(page, region):
            shared = place.intersection(region)
            if shared is None:
                continue
            target = shared.shifted(-region.x, -region.y).slices
            try:
                found = self._segment(level, index)
            except _DECODE_ERRORS as error:
                self._last_error = str(error) or type(error).__name__
                broken[target] = True
                continue
            if found is None:
                continue
            part, plane = found[0][shared.shifted(-place.x, -place.y).slices], found[1][0]
            if page.planarconfig == 2:
                raw[(*target, plane)] = part[..., 0]
            else:
                raw[target] = part
            valid[target] = True
        rgb, opaque = to_rgb(raw, model)
        valid &= opaque & ~broken
        return Pixels(rgb, valid, bool(broken.any()))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
            self._cache.clear()

    def __getstate__(self) -> dict[str, object]:
        """The path alone: the header is read again on the other side."""
        return {"_path": self._path, "_closed": self._closed, "_last_error": self._last_error}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Open again, unless it was closed."""
        self.__dict__.update(state)
        self._open()

    def _open(self) -> None:
        self._lock = threading.Lock()
        self._cache: OrderedDict[tuple[int, int], Segment] = OrderedDict()
        self._cached_bytes = 0
        self._file = None
        try:
            with tifffile.TiffFile(self._path) as tif:
                series = tif.series[0]
                firsts: list[Any] = [level.pages[0] for level in series.levels]
                self._pages = [page.aspage() for page in firsts]
                self._models = [_model_of(self._path, page) for page in self._pages]
                sizes = tuple(Size(page.imagewidth, page.imagelength) for page in self._pages)
                tags = tiff_scale_tags(tif, self._pages[0])
                vendor = "ome-tiff" if tif.is_ome else "flat tiff"
                for page in self._pages:
                    # Cached on the page, so that reading needs the open TiffFile no more.
                    _ = page.decode, page.dataoffsets, page.databytecounts, page.jpegtables, page.jpegheader
        except _DECODE_ERRORS as error:
            raise SlideUnreadable(self._path, f"its TIFF header is damaged: {_one_line(error)}", _REMEDY) from error
        self._facts = SourceFacts(vendor, sizes, tags, {})
        if not self._closed:
            self._file = self._path.open("rb")
            weakref.finalize(self, self._file.close)

    def _segment(self, level: int, index: int) -> Segment | None:
        """One decoded tile or strip, (H, W, S), and its place; None where the file holds no data for it."""
        key = (level, index)
        page = self._pages[level]
        with self._lock:
            if self._closed or self._file is None:
                raise LookupError(f"{self._path} is closed")
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
            offset, count = page.dataoffsets[index], page.databytecounts[index]
            if count == 0:
                return None
            self._file.seek(offset)
            data = self._file.read(count)
        if len(data) < count:
            raise ValueError("the file ends inside a tile")
        tables = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader} if int(page.compression) == 7 else {}
        array, place, _ = page.decode(data, index, **tables)
        if array is None:
            return None
        found = (array[0], place)
        with self._lock:
            if key not in self._cache:
                self._cache[key] = found
                self._cached_bytes += array.nbytes
            while self._cached_bytes > _CACHE_BYTES and len(self._cache) > 1:
                _, oldest = self._cache.popitem(last=False)
                self._cached_bytes -= oldest[0].nbytes
        return found


def _segments_of(page: Any, region: Region) -> list[tuple[int, Region]]:  # noqa: ANN401 - tifffile is untyped
    """The tiles or strips that a region touches: index, and place cut to the picture, for every color plane."""
    width = page.tilewidth if page.is_tiled else page.imagewidth
    height = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    across, down = -(-page.imagewidth // width), -(-page.imagelength // height)
    whole = Region(0, 0, page.imagewidth, page.imagelength)
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    found = []
    for plane in range(planes):
        for row in range(region.y // height, min(down, -(-region.bottom // height))):
            for column in range(region.x // width, min(across, -(-region.right // width))):
                place = Region(column * width, row * height, width, height).intersection(whole)
                if place is not None:
                    found.append(((plane * down + row) * across + column, place))
    return found


def _model_of(path: Path, page: Any) -> ColorModel:  # noqa: ANN401
    """How the page's samples become RGB, or an error that says why they cannot."""
    segment = page.tilewidth * page.tilelength if page.is_tiled else page.imagewidth * page.rowsperstrip
    segment = min(segment, max(page.imagewidth * page.imagelength, page.tilewidth * page.tilelength))
    if segment > LARGEST_SEGMENT_PX:
        problem = f"it is stored in pieces of {segment / 1e6:.0f} Mpx, and {LARGEST_SEGMENT_PX / 1e6:.0f} is the limit"
        raise SlideUnsafe(path, problem, "convert it to a tiled pyramidal TIFF")
    samples, kind = page.samplesperpixel, page.photometric.name if page.photometric is not None else "unknown"
    if page.dtype not in (np.uint8, np.uint16):
        raise SlideUnreadable(path, f"its pixels are {page.dtype}, not 8 or 16 bits", _REMEDY)
    if samples in (1, 2) and kind == "PALETTE" and page.colormap is not None:
        return ColorModel(samples, page.dtype.itemsize * 8, palette=(page.colormap >> 8).astype(np.uint8).T)
    if samples in (1, 2) and kind in ("MINISBLACK", "MINISWHITE"):
        return ColorModel(samples, page.dtype.itemsize * 8, inverted=kind == "MINISWHITE")
    if samples in (3, 4) and kind in ("RGB", "YCBCR"):
        return ColorModel(samples, page.dtype.itemsize * 8)
    raise SlideUnreadable(path, f"it has {samples} channels of kind {kind.lower()}, not a color picture", _REMEDY)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
