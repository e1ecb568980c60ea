"""What became of each implant: found as what it is, found as something like it, or missed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from histo.detection import fiber_polygons
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass, FiberClass, Fibers, Findings
from histo.recovery.choose import Site
from histo.recovery.kinds import CELL_KINDS, class_of
from histo.recovery.results import Outcome, Recovered

MATCH_IOU = 0.5
"""Intersection over union from which an outline is that of the implant: as fibers are matched in the card's figures."""
MATCH_UM = 6.0
"""Farthest that a nucleus may be found from where it was put: likewise."""


def compare(
    sites: Sequence[Site], shown: Sequence[shapely.Geometry], before: Findings, after: Findings
) -> tuple[Recovered, ...]:
    """Look every implant up.

    Args:
        sites: What was put where.
        shown: What each of them shows: an outline, or a point, in slide micrometers.
        before: Findings in the same windows without any implant.
        after: Findings with them.

    Returns:
        One for each implant, in their order. Where something of the kind was found before, the outcome is `BEFORE`:
        finding it again says nothing.
    """
    outlines_before, outlines_after = _Outlines(before.fibers), _Outlines(after.fibers)
    return tuple(
        _fiber(site, shape, outlines_before, outlines_after)
        if site.fiber is not None
        else _cell(site, shape, before, after)
        for site, shape in zip(sites, shown, strict=True)
    )


class _Outlines:
    """Fibers with a search tree."""

    def __init__(self, fibers: Fibers) -> None:
        self._classes = fibers.fiber_class
        self._shapes = fiber_polygons(fibers)
        self._tree = shapely.STRtree(self._shapes)

    def called(self, shape: shapely.Geometry) -> tuple[FiberClass | None, float]:
        """What the fiber that covers a shape best is called, and how well the outlines agree; None where none does."""
        rows = self._tree.query(shape, predicate="intersects")
        if not len(rows):
            return None, 0.0
        shared = shapely.area(shapely.intersection(self._shapes[rows], shape))
        iou = shared / (shapely.area(self._shapes[rows]) + shape.area - shared)
        place = int(np.argmax(iou))
        if iou[place] < MATCH_IOU:
            return None, float(iou[place])
        return FiberClass(int(self._classes[rows[place]])), float(iou[place])


def _fiber(site: Site, shape: shapely.Geometry, before: _Outlines, after: _Outlines) -> Recovered:
    was, _ = before.called(site.shape)
    called, iou = after.called(shape)
    if was in NECROTIC_CLASSES:
        outcome = Outcome.BEFORE
    elif called is class_of(site.kind):
        outcome = Outcome.AS_ITSELF
    elif called in NECROTIC_CLASSES:
        outcome = Outcome.AS_ANOTHER
    else:
        outcome = Outcome.MISSED
    x_um, y_um = shape.centroid.x, shape.centroid.y
    if called is None:
        return Recovered(site.kind, x_um, y_um, site.fiber, outcome, None, None)
    return Recovered(site.kind, x_um, y_um, site.fiber, outcome, called.name.lower(), iou)


def _cell(site: Site, point: shapely.Geometry, before: Findings, after: Findings) -> Recovered:
    called = _called_near(point, after)
    if _called_near(point, before) is not None:
        outcome = Outcome.BEFORE
    elif called is None:
        outcome = Outcome.MISSED
    else:
        outcome = Outcome.AS_ITSELF if called is CELL_KINDS[site.kind] else Outcome.AS_ANOTHER
    name = None if called is None else called.name.lower()
    return Recovered(site.kind, point.x, point.y, None, outcome, name, None)


def _called_near(point: shapely.Geometry, findings: Findings) -> CellClass | None:
    """What the inflammatory cell nearest to a point is called, if it is near enough."""
    rows = np.flatnonzero(np.isin(findings.cells.cell_class, INFLAMMATORY_CLASSES))
    if not len(rows):
        return None
    away = np.hypot(*(findings.cells.center_um[rows].astype(np.float64) - [point.x, point.y]).T)
    nearest = int(np.argmin(away))
    return CellClass(int(findings.cells.cell_class[rows[nearest]])) if away[nearest] <= MATCH_UM else None
