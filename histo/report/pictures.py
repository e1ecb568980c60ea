"""Takes the pictures that a report shows, while the slide is open: one overview and crops of the fibers that decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.findings import FiberClass, Fibers, Findings
from histo.geometry import Mpp, Region
from histo.report.choice import deciding_fibers
from histo.slide import SlideReader
from histo.tissue import TissueMap

OVERVIEW_SIDE_PX = 2000
"""Longest side of an overview picture."""

STRIP_SOURCE_PX = 16_000_000
"""Level-0 pixels that one strip of an overview may span, so that a huge flat image does not fill the memory."""

CROP_SIDE_PX = 260
CROP_SIDE_UM = 120.0
"""Smallest field of a crop: a fiber of 60 um with its neighbors."""

CROP_FILL = 0.7
"""Largest part of a crop's side that its fiber may span."""


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


@dataclass(frozen=True, eq=False)
class FiberCrop:
    """One fiber with its surroundings.

    Attributes:
        fiber: The fiber's row in fibers.parquet.
        fiber_class: What it was called.
        probability: Of that class.
        outline_um: (V, 2) float32, in slide micrometers.
        center_um: x and y of its centroid, in slide micrometers.
        min_feret_um: Its smallest caliper width.
        picture: The crop.
    """

    fiber: int
    fiber_class: FiberClass
    probability: float
    outline_um: NDArray[np.float32]
    center_um: tuple[float, float]
    min_feret_um: float
    picture: Picture


@dataclass(frozen=True, eq=False)
class SlidePictures:
    """The pictures of one slide.

    Attributes:
        overview: The tissue, or the whole slide where no tissue was found.
        crops: Fibers that decide, those of one class together, the most certain first.
    """

    overview: Picture
    crops: tuple[FiberCrop, ...]


def take_pictures(reader: SlideReader, tissue: TissueMap, findings: Findings) -> SlidePictures:
    """Read the overview and the crops of one slide."""
    rows = deciding_fibers(findings.fibers)
    crops = tuple(_take_crop(reader, findings.fibers, row) for row in rows)
    return SlidePictures(overview=take_overview(reader, tissue), crops=crops)


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


def crop_frame(outline_um: NDArray[np.float32]) -> tuple[Region, Mpp]:
    """The field in which a fiber is shown with its surroundings.

    Args:
        outline_um: (V, 2), in slide micrometers; of a single point, the smallest field.

    Returns:
        A square of `CROP_SIDE_PX` in pixels of a scale, and the scale.
    """
    low, high = outline_um.min(axis=0), outline_um.max(axis=0)
    side_um = max(CROP_SIDE_UM, float((high - low).max()) / CROP_FILL)
    mpp = Mpp(side_um / CROP_SIDE_PX)
    corner = (low + high) / 2 - side_um / 2
    x, y = (round(mpp.to_px(float(edge))) for edge in corner)
    return Region(x, y, CROP_SIDE_PX, CROP_SIDE_PX), mpp


def _take_crop(reader: SlideReader, fibers: Fibers, row: int) -> FiberCrop:
    outline = fibers.outline(row)
    region, mpp = crop_frame(outline)
    pixels = reader.read(region, mpp)
    origin = (mpp.to_um(float(region.x)), mpp.to_um(float(region.y)))
    fiber_class = FiberClass(int(fibers.fiber_class[row]))
    return FiberCrop(
        fiber=row,
        fiber_class=fiber_class,
        probability=float(fibers.class_probability[row, fiber_class]),
        outline_um=outline,
        center_um=(float(fibers.center_um[row, 0]), float(fibers.center_um[row, 1])),
        min_feret_um=float(fibers.min_feret_um[row]),
        picture=Picture(pixels.rgb, pixels.valid, origin, mpp),
    )
