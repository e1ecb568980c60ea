"""Which backend opens which file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from histo.errors import SlideError
from histo.geometry import Region
from histo.slide.flat_image import is_flat_image, open_flat_image
from histo.slide.intake import not_a_slide
from histo.slide.openslide_source import OpenSlideSource, detect
from histo.slide.source import LevelSource
from histo.slide.tiff_header import is_tiff
from histo.slide.tiff_source import TiffSource

_TEST_PX = 64


class Backend(StrEnum):
    """Who reads the pixels."""

    OPENSLIDE = "openslide"
    TIFF = "tiff"
    FLAT = "flat"


def choose_backend(path: Path, head: bytes) -> tuple[Backend, LevelSource]:
    """Open a file with the first backend that can.

    Args:
        path: The file.
        head: Its first bytes.

    Raises:
        NotASlide: If no backend knows the format.
        SlideUnreadable: If one knows it, but cannot open it.
        SlideUnsafe: If it is too large to be decoded in one piece.
    """
    if detect(path) is not None:
        try:
            return Backend.OPENSLIDE, OpenSlideSource(path)
        except SlideError:
            # tifffile knows compressions that OpenSlide does not; OpenSlide's reason stands if it fails as well.
            if not is_tiff(head) or (source := working_tiff(path)) is None:
                raise
            return Backend.TIFF, source
    for backend, fits in ((Backend.TIFF, is_tiff), (Backend.FLAT, is_flat_image)):
        if fits(head):
            return backend, open_with(backend, path)
    raise not_a_slide(path, head)


def open_with(backend: Backend, path: Path) -> LevelSource:
    """Open a file with a backend that is known to fit."""
    match backend:
        case Backend.OPENSLIDE:
            return OpenSlideSource(path)
        case Backend.TIFF:
            return TiffSource(path)
        case Backend.FLAT:
            return open_flat_image(path)


def working_tiff(path: Path) -> TiffSource | None:
    """A TIFF through tifffile, if it can read the first corner: it knows kinds that OpenSlide does not."""
    try:
        source = TiffSource(path)
    except SlideError:
        return None
    size = source.facts.level_sizes_px[0]
    corner = Region(0, 0, min(size.width, _TEST_PX), min(size.height, _TEST_PX))
    return None if source.read_level(0, corner).failed else source
