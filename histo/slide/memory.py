"""A slide in memory: pixels of a flat image, and the test double that obeys the same laws as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from histo.geometry import Mpp, Region, Size
from histo.slide.pyramid import PyramidReader
from histo.slide.reader import Pixels, Scale, SlideInfo
from histo.slide.source import ScaleTag, SourceFacts
from histo.slide.stain import guess_stain

_THUMBNAIL_PX = 768


class ArraySource:
    """A `LevelSource` of one level over an array.

    Args:
        rgb: (H, W, 3) uint8.
        valid: (H, W) bool, or None where all is valid.
        vendor: What `SlideInfo.vendor` shall say.
        scale_tags: What told the scale.
        unreadable: Level-0 regions that fail when they are read.
    """

    def __init__(
        self,
        rgb: NDArray[np.uint8],
        valid: NDArray[np.bool_] | None = None,
        vendor: str = "memory",
        scale_tags: tuple[ScaleTag, ...] = (),
        unreadable: Sequence[Region] = (),
    ) -> None:
        """Check the array and keep a read-only view of it."""
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ValueError(f"rgb must be uint8 of shape (H, W, 3), not {rgb.dtype} of {rgb.shape}")
        if valid is not None and (valid.shape != rgb.shape[:2] or valid.dtype != np.bool_):
            raise ValueError(f"valid must be bool of shape {rgb.shape[:2]}, not {valid.dtype} of {valid.shape}")
        self._rgb = rgb.view()
        self._rgb.flags.writeable = False
        self._valid = valid
        self._unreadable = tuple(unreadable)
        self._last_error: str | None = None
        properties: Mapping[str, str] = {}
        self._facts = SourceFacts(vendor, (Size(rgb.shape[1], rgb.shape[0]),), scale_tags, properties)

    @property
    def facts(self) -> SourceFacts:
        """Size, vendor and scale tags."""
        return self._facts

    @property
    def last_error(self) -> str | None:
        """Set once a read met an unreadable region."""
        return self._last_error

    def read_level(self, level: int, region: Region) -> Pixels:
        """A copy of the region."""
        if level != 0:
            raise IndexError(f"an array has only level 0, not {level}")
        valid = np.ones((region.height, region.width), np.bool_)
        if self._valid is not None:
            valid &= self._valid[region.slices]
        failed = False
        for hole in self._unreadable:
            if (bad := hole.intersection(region)) is not None:
                valid[bad.shifted(-region.x, -region.y).slices] = False
                failed = True
        if failed:
            self._last_error = "the region is marked as unreadable"
        rgb = self._rgb[region.slices].copy()
        rgb[~valid] = 0
        return Pixels(rgb, valid, failed)

    def close(self) -> None:
        """Nothing to let go of."""


class MemorySlide(PyramidReader):
    """A slide made of an array; it obeys the same laws as a slide in a file.

    Args:
        rgb: (H, W, 3) uint8, level-0 pixels.
        mpp: Their scale.
        name: Name of the slide.
        unreadable: Level-0 regions that fail when they are read.
    """

    def __init__(
        self, rgb: NDArray[np.uint8], mpp: Mpp, name: str = "memory", unreadable: Sequence[Region] = ()
    ) -> None:
        """Keep a read-only view of the array."""
        source = ArraySource(rgb, unreadable=unreadable)
        size = source.facts.level_sizes_px[0]
        step = max(1, -(-max(size.width, size.height) // _THUMBNAIL_PX))
        digest = hashlib.sha256(f"{size.width} {size.height} ".encode())
        digest.update(np.ascontiguousarray(rgb).data)
        thumbnail = np.ascontiguousarray(rgb[::step, ::step])
        info = SlideInfo(
            path=None,
            name=name,
            size_px=size,
            level_sizes_px=(size,),
            scale=Scale(mpp, "given with the array"),
            vendor="memory",
            stain=guess_stain(Pixels(thumbnail, np.ones(thumbnail.shape[:2], np.bool_))),
            sha256=digest.hexdigest(),
        )
        super().__init__(source, info)
