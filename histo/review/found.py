"""The machine's findings of a slide, held for as long as somebody looks at them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from histo.findings import INFLAMMATORY_CLASSES, CellClass, FiberAttribute, FiberClass, Findings
from histo.records import FINDINGS_FILES, read_findings
from histo.review.library import SlideEntry
from histo.review.outline_levels import OutlineLevels
from histo.review.targets import Target, TargetKind

Stamp = tuple[int, ...]

MOST_HELD = 4
CELL_REACH_UM = 6.0
"""How far from a nucleus a click still means it: about its own width."""


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """The findings of one slide.

    Attributes:
        findings: In slide micrometers.
        digest: Of the two tables: rows are those of these bytes, and of no other reading of the slide.
        outlines: The same for drawing.
        cells_assessed: Whether kinds of nuclei can be told.
    """

    findings: Findings
    digest: str
    outlines: OutlineLevels
    cells_assessed: bool

    def has(self, target: Target) -> bool:
        """Whether there is such a fiber or cell."""
        if target.kind is TargetKind.FIBER:
            return target.number < len(self.findings.fibers)
        return target.kind is TargetKind.CELL and self.cells_assessed and target.number < len(self.findings.cells)

    def class_of(self, target: Target) -> FiberClass | CellClass:
        """What the machine called it."""
        if target.kind is TargetKind.FIBER:
            return FiberClass(int(self.findings.fibers.fiber_class[target.number]))
        return CellClass(int(self.findings.cells.cell_class[target.number]))

    def center_um(self, target: Target) -> tuple[float, float]:
        """Where it lies, in slide micrometers."""
        found = self.findings.fibers if target.kind is TargetKind.FIBER else self.findings.cells
        x_um, y_um = found.center_um[target.number].tolist()
        return float(x_um), float(y_um)

    def at(self, x_um: float, y_um: float, *, all_nuclei: bool) -> list[Target]:
        """What lies at a place: nuclei by distance, then the fibers around it, the smallest first."""
        here = np.array([x_um, y_um], np.float32)
        hits: list[Target] = []
        if self.cells_assessed:
            cells = self.findings.cells
            distance = np.hypot(*(cells.center_um - here).T)
            near = distance <= CELL_REACH_UM
            if not all_nuclei:
                near &= np.isin(cells.cell_class, INFLAMMATORY_CLASSES)
            rows = np.flatnonzero(near)
            hits += [Target(TargetKind.CELL, int(row)) for row in rows[np.argsort(distance[rows], kind="stable")]]
        fibers = self.findings.fibers
        rows = self.outlines.around(x_um, y_um)
        ordered = rows[np.argsort(fibers.area_um2[rows], kind="stable")]
        return hits + [Target(TargetKind.FIBER, int(row)) for row in ordered]

    def facts(self, target: Target) -> dict[str, object]:
        """What a panel shows of one finding."""
        center = self.center_um(target)
        kind = self.class_of(target)
        if target.kind is TargetKind.CELL:
            cells = self.findings.cells
            heights = cells.class_probability[target.number]
            return {
                "target": str(target),
                "finding_class": kind.name.lower(),
                "center_um": center,
                "probabilities": {one.name.lower(): round(float(heights[one]), 3) for one in CellClass},
                "fiber": int(cells.fiber[target.number]),
            }
        fibers, row = self.findings.fibers, target.number
        return {
            "target": str(target),
            "finding_class": kind.name.lower(),
            "center_um": center,
            "probabilities": {
                one.name.lower(): round(float(fibers.class_probability[row, one]), 3) for one in FiberClass
            },
            "attributes": [one.name.lower() for one in FiberAttribute if fibers.attributes[row, one]],
            "area_um2": round(float(fibers.area_um2[row]), 1),
            "min_feret_um": round(float(fibers.min_feret_um[row]), 1),
            "cut": bool(fibers.cut[row]),
            "outline_um": [round(float(value), 2) for value in fibers.outline(row).ravel()],
        }


class FoundShelf:
    """Findings of the slides that were looked at last."""

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._held: OrderedDict[str, tuple[Stamp, Found]] = OrderedDict()
        self._digests: dict[str, tuple[Stamp, str]] = {}
        self._lock = threading.Lock()

    def digest(self, slide: SlideEntry) -> str:
        """Of the two tables, without reading what is in them.

        Raises:
            OSError: If they are gone.
        """
        stamp = _stamp(slide)
        known = self._digests.get(slide.id)
        if known is None or known[0] != stamp:
            known = (stamp, hashlib.sha256(b"".join(path.read_bytes() for path in _tables(slide))).hexdigest())
            self._digests[slide.id] = known
        return known[1]

    def get(self, slide: SlideEntry) -> Found:
        """The findings of a slide, read from its tables.

        Raises:
            RecordError: If they cannot be read.
            OSError: If they are gone.
        """
        stamp = _stamp(slide)
        with self._lock:
            held = self._held.get(slide.id)
            if held is not None and held[0] == stamp:
                self._held.move_to_end(slide.id)
                return held[1]
            findings = read_findings(slide.folder)
            cells = findings.cells if slide.cells_assessed else None
            outlines = OutlineLevels(findings.fibers, cells, slide.mpp, slide.size_px)
            found = Found(findings, self.digest(slide), outlines, slide.cells_assessed)
            self._held[slide.id] = (stamp, found)
            while len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
            return found


def _tables(slide: SlideEntry) -> list[Path]:
    return [slide.folder / name for name in FINDINGS_FILES if name.endswith(".parquet")]


def _stamp(slide: SlideEntry) -> Stamp:
    return tuple(path.stat().st_mtime_ns for path in _tables(slide))
