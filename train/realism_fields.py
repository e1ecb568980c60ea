"""What a comparison of real and phantom tissue looks at: specimens at the working scale, and crops of one size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from histo.geometry import WORKING_MPP, Mpp
from histo.phantom import Field
from train.field_store import load_field, seed_of, stored_fields
from train.real_fields import REAL_FIELDS, load_real_field
from train.real_section import SECTION

SECTION_MPP = Mpp(0.95)
"""An estimate from the size of its fibers; the file says the same."""

_SOURCE_OF_FIELDS = "central-nuclei-muscle-analyzer"
_SOURCE_OF_SECTION = "MyoRegenTrack"
_GLASS_CHROMA = 24
"""Largest difference of two channels on glass: lamps and cameras tint it."""
_LEAST_TISSUE = 0.5
_CROPS_OF_SECTION = 24


@dataclass(frozen=True, eq=False)
class Specimen:
    """One real image, or one phantom field. Frame: working pixels.

    Attributes:
        name: Of the file, or the seed of the field.
        source: Who made it; images of one source share stain, scanner and animal. Each phantom field is its own source.
        real: Whether it shows real tissue.
        rgb: (H, W, 3) uint8.
        labels: (H, W) int32 fiber numbers, 0 is no fiber; None where nobody outlined the fibers.
    """

    name: str
    source: str
    real: bool
    rgb: NDArray[np.uint8]
    labels: NDArray[np.int32] | None


@dataclass(frozen=True, eq=False)
class Crop:
    """A square of a specimen.

    Attributes:
        specimen: Name of the specimen.
        rgb: (S, S, 3) uint8.
        labels: (S, S) int32, or None where nobody outlined the fibers.
    """

    specimen: str
    rgb: NDArray[np.uint8]
    labels: NDArray[np.int32] | None


def real_specimens(folder: Path) -> tuple[Specimen, ...]:
    """The two fields with machine-made masks, and the section without any, resampled to the working scale.

    Args:
        folder: The real data, holding `muscle`.
    """
    fields = [load_real_field(folder / "muscle", name) for name in REAL_FIELDS]
    section = tifffile.imread(folder / "muscle" / f"{SECTION}.tif")
    factor = SECTION_MPP.um_per_px / WORKING_MPP.um_per_px
    size = tuple(round(side * factor) for side in section.shape[1::-1])
    rgb: NDArray[np.uint8] = cv2.resize(section, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    outlined = [Specimen(field.name, _SOURCE_OF_FIELDS, True, field.rgb, field.truth.fiber_labels) for field in fields]
    return (*outlined, Specimen(SECTION, _SOURCE_OF_SECTION, True, rgb, None))


def stored_specimens(folder: Path, count: int) -> Iterator[Specimen]:
    """The first phantom fields of a folder.

    Raises:
        FileNotFoundError: If it holds none.
    """
    for path in stored_fields(folder)[:count]:
        yield specimen_of(load_field(path), seed_of(path))


def specimen_of(field: Field, seed: int) -> Specimen:
    """A phantom field as a specimen."""
    return Specimen(str(seed), str(seed), False, field.rgb, field.truth.fiber_labels)


def cut_crops(specimen: Specimen, side_wpx: int, most: int = _CROPS_OF_SECTION) -> tuple[Crop, ...]:
    """Squares side by side that show mostly tissue.

    Args:
        specimen: Where from.
        side_wpx: Width and height of a crop.
        most: Of more than these, so many are taken, the same ones every time.

    Returns:
        From top to bottom, then left to right; none if the specimen is too small or too empty.
    """
    height, width = specimen.rgb.shape[:2]
    margin_y, margin_x = (height % side_wpx) // 2, (width % side_wpx) // 2
    rows = range(margin_y, height - side_wpx + 1, side_wpx)
    corners = [(y, x) for y in rows for x in range(margin_x, width - side_wpx + 1, side_wpx)]
    kept = [corner for corner in corners if _tissue_share(specimen.rgb[_square(corner, side_wpx)]) >= _LEAST_TISSUE]
    chosen = np.random.default_rng(0).permutation(len(kept))[:most]
    squares = [_square(kept[number], side_wpx) for number in sorted(chosen.tolist())]
    labels = specimen.labels
    return tuple(
        Crop(specimen.name, specimen.rgb[square], None if labels is None else labels[square]) for square in squares
    )


def _square(corner: tuple[int, int], side_wpx: int) -> tuple[slice, slice]:
    return slice(corner[0], corner[0] + side_wpx), slice(corner[1], corner[1] + side_wpx)


def _tissue_share(rgb: NDArray[np.uint8]) -> float:
    return float((np.ptp(rgb, axis=-1) > _GLASS_CHROMA).mean())
