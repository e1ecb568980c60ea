"""What the tissue is made of: fibers, connective tissue, fat."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.evidence.bootstrap import draw_units, mean_of
from histo.evidence.measures import Measures
from histo.evidence.place_results import CompositionIntervals, TissueComposition
from histo.evidence.section import Section
from histo.findings import Compartment

FIELD_UM = 500.0
"""Side of a field: about ten fibers, so that a section of 5 mm2 has twenty."""


@dataclass(frozen=True, eq=False)
class Areas:
    """What one slide is made of; slides add up.

    Attributes:
        mm2: By compartment; glass does not count as tissue.
        intervals: Of the shares.
    """

    mm2: Mapping[Compartment, float]
    intervals: CompositionIntervals | None


def measure_areas(section: Section, measures: Measures) -> Areas:
    """Area of each compartment of one slide, in one pass over its map."""
    compartments = section.findings.compartments
    kinds, side = len(Compartment), max(round(float(compartments.mpp.to_px(FIELD_UM))), 1)
    # What was not scored gets a code of its own, which is thrown away.
    codes = np.where(compartments.scored, compartments.codes, np.uint8(kinds))
    across = -(-codes.shape[1] // side)
    column = np.arange(codes.shape[1]) // side * (kinds + 1)
    rows = [
        np.bincount((codes[top : top + side] + column).ravel(), minlength=across * (kinds + 1))
        for top in range(0, codes.shape[0], side)
    ]
    pixels = np.array(rows, np.int64).reshape(-1, kinds + 1)[:, :kinds]
    total = pixels.sum(axis=0)
    return Areas(
        mm2={kind: compartments.mpp.area_mm2(float(total[kind])) for kind in Compartment if kind != Compartment.GLASS},
        intervals=_intervals(pixels.astype(np.float64), section, measures),
    )


def _intervals(pixels: NDArray[np.float64], section: Section, measures: Measures) -> CompositionIntervals | None:
    """Shares over fields, from the pixels of each compartment in each."""
    pixels[:, Compartment.GLASS] = 0
    pixels = pixels[pixels.any(axis=1)]
    tissue = pixels.sum(axis=1)
    drawn = draw_units(tissue, measures.bootstrap_min_fascicles, section.random(measures.seed, "fields"))
    if drawn is None:
        return None
    fiber, endomysium = pixels[:, Compartment.FIBER], pixels[:, Compartment.ENDOMYSIUM]
    return CompositionIntervals(
        fields=len(tissue),
        effective_fields=drawn.effective,
        fiber_percent=drawn.ratio(fiber, tissue, 100),
        endomysium_percent=drawn.ratio(endomysium, fiber + endomysium, 100),
        connective_percent=drawn.ratio(endomysium + pixels[:, Compartment.PERIMYSIUM], tissue, 100),
        fat_percent=drawn.ratio(pixels[:, Compartment.FAT], tissue, 100),
    )


def compose(slides: Sequence[Areas], outlined_mm2: float) -> TissueComposition:
    """Areas and shares over all slides.

    Args:
        slides: What each slide's map says.
        outlined_mm2: Area of all outlined fibers. Held against the map, it tells when two parts of the network
            disagree:
            where tissue reads as muscle but hardly a fiber could be outlined, no count of fibers speaks for the tissue.
    """
    area_mm2 = {
        kind: math.fsum(areas.mm2[kind] for areas in slides) for kind in Compartment if kind != Compartment.GLASS
    }
    scored_mm2 = math.fsum(area_mm2.values())
    fiber_mm2, endomysium_mm2 = area_mm2[Compartment.FIBER], area_mm2[Compartment.ENDOMYSIUM]
    perimysium_mm2, fat_mm2 = area_mm2[Compartment.PERIMYSIUM], area_mm2[Compartment.FAT]
    return TissueComposition(
        scored_mm2=scored_mm2,
        fiber_mm2=fiber_mm2,
        endomysium_mm2=endomysium_mm2,
        perimysium_mm2=perimysium_mm2,
        fat_mm2=fat_mm2,
        vessel_mm2=area_mm2[Compartment.VESSEL],
        outlined_mm2=outlined_mm2,
        outlined_percent=_percent(outlined_mm2, fiber_mm2 + endomysium_mm2),
        fiber_percent=_percent(fiber_mm2, scored_mm2),
        endomysium_percent=_percent(endomysium_mm2, fiber_mm2 + endomysium_mm2),
        connective_percent=_percent(endomysium_mm2 + perimysium_mm2, scored_mm2),
        fat_percent=_percent(fat_mm2, scored_mm2),
        intervals=_over_slides(slides),
    )


def _over_slides(slides: Sequence[Areas]) -> CompositionIntervals | None:
    """Intervals of all slides together: every end is the mean of the slides' ends, weighed as their values are.

    That is the interval if the slides' errors go together wholly, as those of levels do that show the same places.
    """
    scored = [areas for areas in slides if sum(areas.mm2.values()) > 0]
    known = [areas.intervals for areas in scored if areas.intervals is not None]
    if not known or len(known) < len(scored):
        return None
    whole = [sum(areas.mm2.values()) for areas in scored]
    muscle = [areas.mm2[Compartment.FIBER] + areas.mm2[Compartment.ENDOMYSIUM] for areas in scored]
    return CompositionIntervals(
        fields=sum(one.fields for one in known),
        effective_fields=float(np.average([one.effective_fields for one in known], weights=whole)),
        fiber_percent=mean_of([one.fiber_percent for one in known], whole),
        endomysium_percent=mean_of([one.endomysium_percent for one in known], muscle),
        connective_percent=mean_of([one.connective_percent for one in known], whole),
        fat_percent=mean_of([one.fat_percent for one in known], whole),
    )


def _percent(part_mm2: float, whole_mm2: float) -> float | None:
    return 100 * part_mm2 / whole_mm2 if whole_mm2 > 0 else None
