"""The slide with implants in it: a reader over a reader, so that everything else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Mpp, Region
from histo.slide import Pixels, SlideInfo, SlideReader


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels that take the place of a slide's own.

    Attributes:
        region_wpx: Where, in working pixels.
        rgb: (H, W, 3) uint8.
        changed: (H, W) bool, which of them differ from the slide.
    """

    region_wpx: Region
    rgb: NDArray[np.uint8]
    changed: NDArray[np.bool_]


class ImplantedSlide:
    """A `SlideReader` that shows patches over a slide at the working scale. The slide itself is never written to.

    Args:
        reader: The slide; closing the implanted one leaves it open.
        patches: Laid in this order.
    """

    def __init__(self, reader: SlideReader, patches: Sequence[Patch]) -> None:
        """Keep both."""
        self._reader, self._patches = reader, tuple(patches)

    @property
    def info(self) -> SlideInfo:
        """Facts of the slide."""
        return self._reader.info

    def read(self, region_px: Region, mpp: Mpp) -> Pixels:
        """The region with its implants; pixels that are not valid stay so.

        Raises:
            ValueError: At another scale than the working one, at which nothing is implanted.
        """
        if mpp != WORKING_MPP:
            raise ValueError(f"implants lie at {WORKING_MPP.um_per_px} um/px, not at {mpp.um_per_px}")
        pixels = self._reader.read(region_px, mpp)
        rgb = pixels.rgb
        for patch in self._patches:
            common = patch.region_wpx.intersection(region_px)
            if common is None:
                continue
            if rgb is pixels.rgb:
                rgb = rgb.copy()
            here = common.shifted(-region_px.x, -region_px.y).slices
            there = common.shifted(-patch.region_wpx.x, -patch.region_wpx.y).slices
            shown = patch.changed[there] & pixels.valid[here]
            np.copyto(rgb[here], patch.rgb[there], where=shown[..., None])
        return Pixels(rgb, pixels.valid, pixels.failed)

    def close(self) -> None:
        """Nothing to let go of: the slide belongs to whoever opened it."""

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the slide open."""
