"""What the tissue is made of: fibers, connective tissue, fat."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from histo.evidence.place_results import TissueComposition
from histo.findings import Compartment, CompartmentMap

Areas = Mapping[Compartment, float]
"""mm2 of scored tissue by compartment; glass does not count as tissue."""


def measure_areas(compartments: CompartmentMap) -> Areas:
    """Area of each compartment of one slide, in one pass over its map."""
    pixels = np.bincount(compartments.codes[compartments.scored], minlength=len(Compartment))
    return {kind: compartments.mpp.area_mm2(float(pixels[kind])) for kind in Compartment if kind != Compartment.GLASS}


def compose(slides: Sequence[Areas], outlined_mm2: float) -> TissueComposition:
    """Areas and shares over all slides.

    Args:
        slides: What each slide's map says.
        outlined_mm2: Area of all outlined fibers. Held against the map, it tells when two parts of the network
            disagree:
            where tissue reads as muscle but hardly a fiber could be outlined, no count of fibers speaks for the tissue.
    """
    area_mm2 = {kind: math.fsum(areas[kind] for areas in slides) for kind in Compartment if kind != Compartment.GLASS}
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
    )


def _percent(part_mm2: float, whole_mm2: float) -> float | None:
    return 100 * part_mm2 / whole_mm2 if whole_mm2 > 0 else None
