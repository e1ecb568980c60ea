"""Pieces of a slide as images: the section as a whole, read in strips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.geometry import Mpp, Region
from histo.slide import SlideReader
from histo.tissue import TissueMap

OVERVIEW_SIDE_PX = 2000
"""Longest side of an overview picture."""

STRIP_SOURCE_PX = 16_000_000
"""Level-0 pixels that one strip of an overview may span, so that a huge flat image does not fill the memory."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A piece of a slide as an image.

    Attributes:
        rgb: (H, W, 3) uint8.
        valid: (H, W) bool; where False there were no pixels and the color is meaningless.
        origin_um: x and y of the top left corner, in slide micrometers.
        mpp: Scale.
    """

    rgb: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    origin_um: tuple[float, float]
    mpp: Mpp

    @property
    def extent_um(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top in slide micrometers: what matplotlib calls `extent` of an image."""
        height, width = self.valid.shape
        left, top = self.origin_um
        return left, left + self.mpp.to_um(float(width)), top + self.mpp.to_um(float(height)), top


def take_overview(reader: SlideReader, tissue: TissueMap, side_px: int = OVERVIEW_SIDE_PX) -> Picture:
    """Read the tissue's bounding box with a margin, at a scale at which its longer side has `side_px` pixels.

    Args:
        reader: The slide.
        tissue: Tells where to look.
        side_px: Longest side of the picture.

    Returns:
        The picture; never finer than the slide.
    """
    slide_um = _slide_um(reader)
    left, top, right, bottom = _tissue_box_um(tissue, slide_um)
    finest = reader.info.scale.mpp.um_per_px
    mpp = Mpp(max(finest, (right - left) / side_px, (bottom - top) / side_px))
    region = Region(
        int(mpp.to_px(left)),
        int(mpp.to_px(top)),
        max(1, round(mpp.to_px(right - left))),
        max(1, round(mpp.to_px(bottom - top))),
    )
    downsample = reader.info.scale.mpp.downsample_to(mpp)
    strip = max(1, int(STRIP_SOURCE_PX / (downsample**2 * region.width)))
    parts = [
        reader.read(Region(region.x, y, region.width, min(strip, region.bottom - y)), mpp)
        for y in range(region.y, region.bottom, strip)
    ]
    return Picture(
        rgb=np.concatenate([part.rgb for part in parts]),
        valid=np.concatenate([part.valid for part in parts]),
        origin_um=(mpp.to_um(float(region.x)), mpp.to_um(float(region.y))),
        mpp=mpp,
    )


def _slide_um(reader: SlideReader) -> tuple[float, float]:
    size, mpp = reader.info.size_px, reader.info.scale.mpp
    return mpp.to_um(float(size.width)), mpp.to_um(float(size.height))


def _tissue_box_um(tissue: TissueMap, slide_um: tuple[float, float]) -> tuple[float, float, float, float]:
    """The tissue's bounding box with a margin of 3% and at least 50 um, inside the slide; else the slide."""
    rows, columns = np.nonzero(tissue.tissue | tissue.unreadable)
    if not len(rows):
        return 0.0, 0.0, *slide_um
    pixel = tissue.mpp.um_per_px
    left, right = columns.min() * pixel, (columns.max() + 1) * pixel
    top, bottom = rows.min() * pixel, (rows.max() + 1) * pixel
    margin = max(50.0, 0.03 * (right - left), 0.03 * (bottom - top))
    return (
        float(max(0.0, left - margin)),
        float(max(0.0, top - margin)),
        float(min(slide_um[0], right + margin)),
        float(min(slide_um[1], bottom + margin)),
    )
