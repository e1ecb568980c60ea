"""Masks of a slide as outlines: tissue, artefacts, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.geometry import Mpp
from histo.mask_outlines import mask_polygons
from histo.records.qupath import ARTEFACT_NAME, TISSUE_NAME, UNREADABLE_NAME
from histo.records.reading import SlideResult
from histo.slide import SlideInfo
from histo.tissue import ArtefactClass

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Area:
    """Pieces of the slide of one kind.

    Attributes:
        key: Tells them from other kinds.
        name: Their class, as QuPath shows it.
        title: What kind exactly, e.g. `Fold`.
        outlines_um: In slide micrometers, holes included.
    """

    key: str
    name: str
    title: str
    outlines_um: tuple[shapely.Polygon, ...]


def slide_areas(slide: SlideResult) -> Iterator[Area]:
    """Tissue, each kind of artefact, and what could not be read; kinds that are not there are left out."""
    tissue, info = slide.tissue, slide.info
    kinds = [("tissue", TISSUE_NAME, TISSUE_NAME, outlines_on_slide(tissue.tissue, tissue.mpp, info))]
    for artefact in ArtefactClass:
        if artefact is not ArtefactClass.NONE:
            title = artefact.name.replace("_", " ").capitalize()
            outlines = outlines_on_slide(tissue.artefact == artefact.value, tissue.mpp, info)
            kinds.append((f"artefact-{artefact.value}", ARTEFACT_NAME, title, outlines))
    kinds.append(("unreadable", UNREADABLE_NAME, UNREADABLE_NAME, unreadable_outlines(slide)))
    for key, name, title, outlines in kinds:
        if outlines:
            yield Area(key, name, title, tuple(outlines))


def outlines_on_slide(mask: Mask, mpp: Mpp, info: SlideInfo) -> list[shapely.Polygon]:
    """The outlines of a mask in slide micrometers, cut off at the slide's border, past which its last pixels may reach.

    Args:
        mask: (H, W) bool; pixel (0, 0) begins at the slide's top left corner.
        mpp: Scale of the mask.
        info: Of the slide.
    """
    size, scale = info.size_px, info.scale.mpp
    slide = shapely.box(0.0, 0.0, scale.to_um(float(size.width)), scale.to_um(float(size.height)))
    found: list[shapely.Polygon] = []
    for piece in mask_polygons(mask):
        cut = shapely.intersection(shapely.transform(piece, mpp.to_um), slide)
        found += [part for part in shapely.get_parts(cut) if isinstance(part, shapely.Polygon) and part.area > 0]
    return found


def unreadable_outlines(slide: SlideResult) -> list[shapely.Polygon]:
    """What could not be read, in slide micrometers: seen from afar, or only when the tissue was read closely.

    Along pixels of the compartment map (4 um), so that their areas differ a little from `Coverage.unreadable_mm2`.
    """
    compartments = slide.findings.compartments
    return outlines_on_slide(_unreadable(slide), compartments.mpp, slide.info)


def _unreadable(slide: SlideResult) -> Mask:
    """(H, W) bool, pixels of the compartment map."""
    tissue, compartments = slide.tissue, slide.findings.compartments
    um_per_px = compartments.mpp.um_per_px
    rows, columns = (
        np.minimum(((np.arange(count) + 0.5) * um_per_px / tissue.mpp.um_per_px).astype(np.int64), most - 1)
        for count, most in zip(compartments.scored.shape, tissue.tissue.shape, strict=True)
    )
    unreadable: Mask = tissue.unreadable[np.ix_(rows, columns)]
    if slide.findings.unreadable_mm2 == 0:
        return unreadable
    lost = tissue.assessable[np.ix_(rows, columns)] & ~compartments.scored
    # A last row or column that lies partly outside the slide is nobody's loss.
    width, height = (
        int(slide.info.scale.mpp.to_um(float(side)) / um_per_px + 1e-6)
        for side in (slide.info.size_px.width, slide.info.size_px.height)
    )
    lost[height:], lost[:, width:] = False, False
    return unreadable | lost
