"""Scale, sizes and regions: the only um <-> px arithmetic in the project.

Frames used in this project, always named:

- **level-0 pixels** (`_px` unless said otherwise): the finest level of a slide, origin top left.
- **working pixels** (`_wpx`): the same origin at `WORKING_MPP` = 0.5 um/px, what the network sees.
- **slide micrometers** (`_um`): the same origin, in um. Findings and evidence live here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Lengths = TypeVar("Lengths", float, NDArray[np.float32], NDArray[np.float64])

UM2_PER_MM2 = 1e6


@dataclass(frozen=True, slots=True)
class Mpp:
    """A scale: micrometers per pixel, the same in x and y.

    Raises:
        ValueError: If it is not a finite positive number.
    """

    um_per_px: float

    def __post_init__(self) -> None:
        """Refuse a scale that is not a finite positive number."""
        if not (math.isfinite(self.um_per_px) and self.um_per_px > 0):
            raise ValueError(f"a scale must be a finite positive number of um/px, not {self.um_per_px}")

    def to_um(self, length_px: Lengths) -> Lengths:
        """Pixels to micrometers."""
        return length_px * self.um_per_px

    def to_px(self, length_um: Lengths) -> Lengths:
        """Micrometers to (fractional) pixels."""
        return length_um / self.um_per_px

    def px(self, length_um: float) -> int:
        """Micrometers to whole pixels, rounded to nearest."""
        return round(length_um / self.um_per_px)

    def area_um2(self, area_px2: float) -> float:
        """Square pixels to square micrometers."""
        return area_px2 * self.um_per_px**2

    def area_mm2(self, area_px2: float) -> float:
        """Square pixels to square millimeters."""
        return self.area_um2(area_px2) / UM2_PER_MM2

    def downsample_to(self, coarser: Mpp) -> float:
        """How many pixels of this scale one pixel of `coarser` spans."""
        return coarser.um_per_px / self.um_per_px


WORKING_MPP = Mpp(0.5)
"""The scale at which the network reads and the phantoms are drawn."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in whole pixels of a stated frame."""

    width: int
    height: int

    def __post_init__(self) -> None:
        """Refuse an empty size."""
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a size must be at least 1 x 1, not {self.width} x {self.height}")

    @property
    def area(self) -> int:
        """Pixels in all."""
        return self.width * self.height

    def rescaled(self, source: Mpp, target: Mpp) -> Size:
        """The size of the same rectangle at another scale, rounded up so that it is covered."""
        factor = source.um_per_px / target.um_per_px
        return Size(max(1, math.ceil(self.width * factor - 1e-6)), max(1, math.ceil(self.height * factor - 1e-6)))

    def __str__(self) -> str:
        """Width x height, as in `40000 x 30000`."""
        return f"{self.width} x {self.height}"


@dataclass(frozen=True, slots=True)
class Region:
    """An axis-aligned rectangle in whole pixels of a stated frame; right and bottom are exclusive."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        """Refuse an empty region."""
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a region must be at least 1 x 1, not {self.width} x {self.height}")

    @property
    def right(self) -> int:
        """First column past the region."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row past the region."""
        return self.y + self.height

    @property
    def size(self) -> Size:
        """Width and height."""
        return Size(self.width, self.height)

    @property
    def area(self) -> int:
        """Pixels in all."""
        return self.width * self.height

    def grown(self, margin: int) -> Region:
        """The region with `margin` pixels more on every side."""
        return Region(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    def shifted(self, dx: int, dy: int) -> Region:
        """The region moved by whole pixels."""
        return Region(self.x + dx, self.y + dy, self.width, self.height)

    def intersection(self, other: Region) -> Region | None:
        """The common part, or None where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - x, min(self.bottom, other.bottom) - y
        return Region(x, y, width, height) if width > 0 and height > 0 else None

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies inside; left and top belong, right and bottom do not."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) for indexing an array whose origin is this frame's origin."""
        return slice(self.y, self.bottom), slice(self.x, self.right)
