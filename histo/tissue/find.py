"""The tissue of a slide: what stands out from its glass, without specks, dirt and ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.slide import SlideReader, StainGuess
from histo.tissue.artefacts import find_debris, find_folds, find_pen, without_specks
from histo.tissue.density import Densities, densities, glass_color
from histo.tissue.focus import find_out_of_focus
from histo.tissue.overview import read_overview
from histo.tissue.tissue_map import TISSUE_MPP, ArtefactClass, TissueMap

Mask = NDArray[np.bool_]

_SMALLEST_TISSUE_UM2 = 20_000.0
"""A piece of about 8 fibers: less is a speck."""
_LARGEST_GAP_UM2 = 10_000.0
"""Smaller holes are gaps between fibers, vessels and fat cells: part of the tissue."""
_FAINTEST_GREEN = 0.05
"""Green density above the glass: 11% less light. Eosin and hematoxylin both absorb green most. Glass varies by 0.02."""
_FAINTEST_COLORLESS = 0.12
"""Anything without the colors of a stain must be darker to count: edges of the cover glass, mounting medium, dust."""


def find_tissue(reader: SlideReader) -> TissueMap:
    """Find a slide's tissue, its artefacts, and what cannot be read.

    Tissue reaches 1 to 2 pixels (8 to 16 um) past what is stained, so that no fiber at the rim is cut.

    Args:
        reader: The slide. Of a fluorescence slide no tissue is claimed; of a blank slide none is found.

    Returns:
        The account, at 8 um/px.
    """
    overview = read_overview(reader)
    shape = overview.valid.shape
    glass = None if reader.info.stain is StainGuess.FLUORESCENCE else glass_color(overview)
    if glass is None:
        return TissueMap(np.zeros(shape, bool), np.zeros(shape, np.uint8), overview.unreadable)
    density = densities(overview, glass)
    pen, debris = find_pen(density), find_debris(density)
    tissue = _tissue(density, dirt=pen | debris) & overview.valid
    folds = find_folds(density, tissue & ~pen & ~debris)
    artefact = np.zeros(shape, np.uint8)
    artefact[find_out_of_focus(reader, tissue & ~pen & ~debris)] = ArtefactClass.OUT_OF_FOCUS
    artefact[folds] = ArtefactClass.FOLD
    artefact[debris] = ArtefactClass.DEBRIS
    artefact[pen] = ArtefactClass.PEN
    artefact[~overview.valid] = ArtefactClass.NONE
    return TissueMap(tissue, artefact, overview.unreadable)


def _tissue(density: Densities, dirt: Mask) -> Mask:
    """(H, W) bool, stained pieces with their small gaps closed; pieces that are mostly dirt, or specks, left out."""
    darkest = np.maximum(np.maximum(density.red, density.green), density.blue)
    colored = (density.green > _FAINTEST_GREEN) & (np.abs(density.green - density.red) > 0.02)
    dense = (colored | (darkest > _FAINTEST_COLORLESS)) | dirt
    # Opening takes hairs and the rims of stitched pictures, closing joins fibers that swam apart.
    opened = ndimage.binary_opening(_padded(dense, "edge"), structure=np.ones((3, 3), bool), iterations=1)
    joined = ndimage.binary_closing(opened, structure=_disc(4))[8:-8, 8:-8]
    pieces = _without_small_gaps(without_specks(joined, _SMALLEST_TISSUE_UM2))
    labels, count = ndimage.label(pieces, structure=np.ones((3, 3), bool))
    if not count:
        return np.zeros_like(dirt)
    dirty = ndimage.mean((dirt | ~dense).astype(np.float32), labels, index=np.arange(1, count + 1))
    clean = np.concatenate([[False], dirty < 0.7])
    grown: Mask = ndimage.binary_dilation(clean[labels], structure=np.ones((3, 3), bool))
    return grown


def _padded(mask: Mask, mode: str) -> Mask:
    """With 8 px of border, so that tissue at the slide's rim is not eroded from outside."""
    return np.pad(mask, 8, mode=mode)  # type: ignore[call-overload,no-any-return]


def _without_small_gaps(mask: Mask) -> Mask:
    labels, _ = ndimage.label(~mask)
    small = TISSUE_MPP.area_um2(1.0) * np.bincount(labels.ravel()) < _LARGEST_GAP_UM2
    small[0] = False
    filled: Mask = mask | small[labels]
    return filled


def _disc(radius_px: int) -> Mask:
    y, x = np.mgrid[-radius_px : radius_px + 1, -radius_px : radius_px + 1]
    disc: Mask = x**2 + y**2 <= radius_px**2
    return disc
