"""How dense findings lie from place to place: the map behind a heat map.

What a pathologist would count in a field of the conventions' size with its middle here: points under a Gaussian of that
area, over the assessed tissue under the same Gaussian. So the rim of the tissue is no less dense than its middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.evidence.infiltrate import sample_infiltrate
from histo.evidence.measures import Measures
from histo.evidence.observation import SlideObservation
from histo.evidence.section import section_of
from histo.findings import CompartmentMap, freeze_arrays
from histo.geometry import UM2_PER_MM2, Mpp

MAP_PX = 8
"""Pixels of the compartment map along a side of a map's pixel: 32 um, about a fiber."""


@dataclass(frozen=True, eq=False)
class DensityMap:
    """A density over a slide.

    Attributes:
        per_mm2: (H, W) float32, per mm2 of assessed tissue; NaN where no tissue was assessed. Pixel (0, 0) begins at
            the slide's top left corner; the last row and column may reach past the slide.
        mpp: Scale of the map.
    """

    per_mm2: NDArray[np.float32]
    mpp: Mpp

    def __post_init__(self) -> None:
        """Make the array read-only."""
        freeze_arrays(self)


@dataclass(frozen=True, slots=True)
class SlideMaps:
    """The maps of one slide, of one shape and scale.

    Attributes:
        necrosis: Fibers of the necrotic burden, by their centers.
        infiltrate: Inflammatory cells outside necrotic fibers; None where cells are not assessed.
    """

    necrosis: DensityMap
    infiltrate: DensityMap | None


def slide_maps(observation: SlideObservation, measures: Measures) -> SlideMaps:
    """Maps of the same fibers and cells that the evidence counts."""
    section = section_of(observation)
    tissue = observation.findings.compartments
    cells = sample_infiltrate(section, measures).center_um if observation.cells_assessed else None
    return SlideMaps(
        density_map(section.center_um[section.necrotic], tissue, measures.field_mm2),
        None if cells is None else density_map(cells, tissue, measures.field_mm2),
    )


def density_map(points_um: NDArray[np.float64], tissue: CompartmentMap, field_mm2: float) -> DensityMap:
    """The density of points.

    Args:
        points_um: (N, 2) x and y in slide micrometers.
        tissue: Its `scored` is what was assessed.
        field_mm2: Area of the Gaussian, `4 pi sigma^2`: that of a flat field which blurs as much.
    """
    mpp = Mpp(tissue.mpp.um_per_px * MAP_PX)
    assessed_mm2 = _block_sums(tissue.scored) * tissue.mpp.area_mm2(1)
    counts = np.zeros_like(assessed_mm2)
    column, row = np.floor(mpp.to_px(points_um)).astype(np.int64).T
    inside = (row >= 0) & (column >= 0) & (row < counts.shape[0]) & (column < counts.shape[1])
    np.add.at(counts, (row[inside], column[inside]), 1)
    sigma_px = math.sqrt(field_mm2 * UM2_PER_MM2 / (4 * math.pi)) / mpp.um_per_px
    # Beyond the slide there is no tissue: zeros, not mirrored pixels.
    points, area_mm2 = (ndimage.gaussian_filter(one, sigma_px, mode="constant") for one in (counts, assessed_mm2))
    with np.errstate(divide="ignore", invalid="ignore"):
        per_mm2 = np.where(assessed_mm2 > 0, points / area_mm2, np.nan)
    return DensityMap(per_mm2.astype(np.float32), mpp)


def _block_sums(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    height, width = (-(-side // MAP_PX) for side in mask.shape)
    padded = np.zeros((height * MAP_PX, width * MAP_PX), np.float64)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    sums: NDArray[np.float64] = padded.reshape(height, MAP_PX, width, MAP_PX).sum(axis=3).sum(axis=1)
    return sums
