"""What a slide offers to the rest of the project, whatever file it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from histo.geometry import Mpp, Region, Size


class StainGuess(StrEnum):
    """What the colors of a thumbnail look like."""

    HE = "H&E"
    OTHER_BRIGHTFIELD = "brightfield, not H&E"
    FLUORESCENCE = "fluorescence"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Scale:
    """A slide's scale and where it was read.

    Attributes:
        mpp: Micrometers per level-0 pixel.
        source: The tag that was read and its value, or `--mpp` when the user gave it.
    """

    mpp: Mpp
    source: str


@dataclass(frozen=True, slots=True)
class SlideInfo:
    """Facts of a slide, from its header and a thumbnail.

    Attributes:
        path: The file or folder that was opened; None for a slide in memory.
        name: File name without its ending: the name of the slide's results.
        size_px: Level-0 size.
        level_sizes_px: Sizes of all levels, finest first.
        scale: Trustworthy scale and its source.
        vendor: Format or maker, e.g. `aperio`, `flat image`.
        stain: What a thumbnail's colors look like.
        sha256: Of the file (of a folder: of its files in name order); of the pixels for a slide in memory.
        warnings: What the user should know though the slide can be read, one sentence each.
    """

    path: Path | None
    name: str
    size_px: Size
    level_sizes_px: tuple[Size, ...]
    scale: Scale
    vendor: str
    stain: StainGuess
    sha256: str
    warnings: tuple[str, ...] = ()

    @property
    def working_size_wpx(self) -> Size:
        """Size of the whole slide at the working scale."""
        from histo.geometry import WORKING_MPP

        return self.size_px.rescaled(self.scale.mpp, WORKING_MPP)


@dataclass(frozen=True, eq=False)
class Pixels:
    """What a read gave.

    Attributes:
        rgb: (H, W, 3) uint8. Where `valid` is False the color is meaningless.
        valid: (H, W) bool; False outside the slide, where the file holds no data, and where a read failed. Never white,
            never tissue.
        failed: Whether any part of the region is inside the slide but could not be read.
    """

    rgb: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    failed: bool = False


class SlideReader(Protocol):
    """A slide open for reading. Safe to use from several threads at once."""

    @property
    def info(self) -> SlideInfo:
        """Facts of the slide."""
        ...

    def read(self, region_px: Region, mpp: Mpp) -> Pixels:
        """The region, resampled to a scale.

        The output grid is anchored at the slide's origin, so that two overlapping reads agree where they overlap.

        Args:
            region_px: In pixels **of the scale `mpp`** (at `WORKING_MPP`: working pixels); may reach outside the slide.
            mpp: Scale of the result.

        Returns:
            Pixels of exactly the region's size.
        """
        ...

    def close(self) -> None:
        """Let go of the file. Reading afterwards is an error."""
        ...

    def __enter__(self) -> Self:
        """The reader itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        ...
