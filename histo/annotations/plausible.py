"""What the one who drew should know before others compute with it."""

from __future__ import annotations

import numpy as np
import shapely

from histo.annotations.annotations import AnnotatedFibers
from histo.annotations.drawn import DrawnFile
from histo.annotations.known import Regions
from histo.annotations.mapping import RegionMeaning
from histo.geometry import Mpp

FIBER_UM = (10.0, 130.0)
"""Median diameters that a muscle's fibers can have: infants 15-20 um, adults 40-80 um (Dubowitz), with room (C)."""

ENOUGH_FIBERS = 10
SCALE_TOLERANCE = 0.02
"""As for a slide's x and y."""

SAME_FIBER_SHARE = 0.5
"""Two outlines that share more than this part of the smaller are one fiber drawn twice (C)."""

_REGIONS = (
    RegionMeaning.ANNOTATED,
    RegionMeaning.ANNOTATED_FIBERS,
    RegionMeaning.ANNOTATED_CELLS,
    RegionMeaning.ANNOTATED_COMPARTMENTS,
)


def warnings_of(drawn: DrawnFile, fibers: AnnotatedFibers, regions: Regions, mpp: Mpp) -> tuple[str, ...]:
    """One sentence for each thing that is possible but seldom meant."""
    found = []
    if not drawn.objects:
        found.append("the file holds no object")
    elif not any(regions.get(kind) for kind in _REGIONS):
        found.append(
            "no region says where everything was drawn, so nothing here counts as absent: draw an outline around what "
            'you have finished and map its class to "annotated"'
        )
    if drawn.mpp is not None and abs(drawn.mpp.um_per_px / mpp.um_per_px - 1) > SCALE_TOLERANCE:
        found.append(
            f"the file tells {drawn.mpp.um_per_px:g} um per pixel, the slide has {mpp.um_per_px:g}: "
            "was it drawn on this slide?"
        )
    if len(fibers) >= ENOUGH_FIBERS:
        median = float(np.median(np.sqrt(shapely.area(fibers.outlines) * 4 / np.pi)))
        if not FIBER_UM[0] <= median <= FIBER_UM[1]:
            found.append(f"half of the fibers measure less than {median:.0f} um across: is the scale right?")
    if twice := _drawn_twice(fibers):
        found.append(f"fibers that overlap another by more than half, in pairs: {twice}; was one fiber drawn twice?")
    return tuple(found)


def _drawn_twice(fibers: AnnotatedFibers) -> int:
    """Pairs of outlines that are one fiber."""
    tree = shapely.STRtree(fibers.outlines)
    first, second = tree.query(fibers.outlines, predicate="intersects")
    first, second = first[first < second], second[first < second]
    shared = shapely.area(shapely.intersection(fibers.outlines[first], fibers.outlines[second]))
    smaller = np.minimum(shapely.area(fibers.outlines[first]), shapely.area(fibers.outlines[second]))
    return int(np.count_nonzero(shared > SAME_FIBER_SHARE * smaller))
