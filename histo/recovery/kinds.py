"""What is implanted: every stage of necrosis, both inflammatory cells, and a healthy fiber drawn anew as a control."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from histo.findings import CellClass, FiberClass


class ImplantKind(StrEnum):
    """What an implant shows; early and late phagocytosis are told apart by a stage from 0 to 1, see `stage_of`."""

    PALE = "pale"
    HYALINE = "hyaline"
    MYOPHAGOCYTOSIS_EARLY = "myophagocytosis_early"
    MYOPHAGOCYTOSIS_LATE = "myophagocytosis_late"
    LYMPHOCYTE = "lymphocyte"
    MACROPHAGE = "macrophage"
    REDRAWN = "redrawn_healthy"


FIBER_KINDS: dict[ImplantKind, FiberClass] = {
    ImplantKind.PALE: FiberClass.NECROTIC_PALE,
    ImplantKind.HYALINE: FiberClass.NECROTIC_HYALINE,
    ImplantKind.MYOPHAGOCYTOSIS_EARLY: FiberClass.MYOPHAGOCYTOSIS,
    ImplantKind.MYOPHAGOCYTOSIS_LATE: FiberClass.MYOPHAGOCYTOSIS,
}
"""Kinds of the necrotic burden, and what each should be called."""

CELL_KINDS: dict[ImplantKind, CellClass] = {
    ImplantKind.LYMPHOCYTE: CellClass.LYMPHOCYTE,
    ImplantKind.MACROPHAGE: CellClass.MACROPHAGE,
}
"""Kinds of inflammatory cells, and what each should be called."""

CONTROL = ImplantKind.REDRAWN
"""A healthy fiber drawn by the simulator as healthy: what is called necrotic of these was called for being drawn."""


def class_of(kind: ImplantKind) -> FiberClass:
    """What a fiber of this kind is; the control is intact."""
    return FIBER_KINDS.get(kind, FiberClass.INTACT)


def stage_of(kind: ImplantKind, rng: np.random.Generator) -> float:
    """How far the change has gone, as `histo.phantom.fibers.fate` deals it out: late phagocytosis is above 0.75."""
    if kind is ImplantKind.MYOPHAGOCYTOSIS_LATE:
        return float(rng.uniform(0.76, 1.0))
    if kind is ImplantKind.MYOPHAGOCYTOSIS_EARLY:
        return float(rng.uniform(0.0, 0.7))
    return float(rng.uniform(0.05, 0.7))
