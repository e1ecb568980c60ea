"""The kinds of fibers and places of nuclei whose errors are counted apart, because a bundle meets them differently."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, Cells, Compartment, FiberAttribute, FiberClass, Fibers
from histo.phantom.fibers import FiberLook

SMALL_UM = 30.0
"""An intact fiber narrower than this is counted as small (C)."""


class FiberKind(IntEnum):
    """A true fiber's class, split by what makes it easy or hard to read: size, cut, and what resembles necrosis."""

    INTACT = 0
    SMALL = 1
    OBLIQUE = 2
    VACUOLATED = 3
    LIPID = 4
    GLYCOGEN = 5
    GRANULAR_RIM = 6
    OPAQUE = 7
    INVADED = 8
    REGENERATING = 9
    NECROTIC_PALE = 10
    NECROTIC_HYALINE = 11
    MYOPHAGOCYTOSIS = 12
    REMNANT = 13


CLASS_OF_KIND = np.array([FiberClass.INTACT] * 9 + [*list(FiberClass)[1:], FiberClass.MYOPHAGOCYTOSIS], np.uint8)
"""(14,) uint8, the `FiberClass` of each `FiberKind`; a remnant is what is left of a phagocytosed fiber."""

NECROTIC_KINDS = np.isin(CLASS_OF_KIND, NECROTIC_CLASSES)
"""(14,) bool."""


def kinds_of(fibers: Fibers, look: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N,) uint8, the `FiberKind` of true fibers; of several that hold, the last of the enumeration's intact ones.

    Args:
        fibers: True fibers.
        look: (N,) uint8, their `FiberLook`.
    """
    kind = np.full(len(fibers), FiberKind.INTACT, np.uint8)
    kind[fibers.min_feret_um < SMALL_UM] = FiberKind.SMALL
    kind[fibers.attributes[:, FiberAttribute.OBLIQUE]] = FiberKind.OBLIQUE
    kind[fibers.attributes[:, FiberAttribute.VACUOLATED]] = FiberKind.VACUOLATED
    for one in (FiberLook.LIPID, FiberLook.GLYCOGEN, FiberLook.GRANULAR_RIM):
        kind[look == one] = FiberKind[one.name]
    kind[fibers.attributes[:, FiberAttribute.OPAQUE]] = FiberKind.OPAQUE
    kind[fibers.attributes[:, FiberAttribute.INVASION_CANDIDATE]] = FiberKind.INVADED
    for changed in list(FiberClass)[1:]:
        kind[fibers.fiber_class == changed] = FiberKind[changed.name]
    necrotic = np.isin(fibers.fiber_class, NECROTIC_CLASSES)
    kind[necrotic & fibers.attributes[:, FiberAttribute.REMNANT]] = FiberKind.REMNANT
    return kind


class CellPlace(IntEnum):
    """Where a true nucleus lies."""

    NECROTIC_FIBER = 0
    OTHER_FIBER = 1
    ENDOMYSIUM = 2
    ELSEWHERE = 3


def places_of(cells: Cells, fibers: Fibers) -> NDArray[np.uint8]:
    """(M,) uint8, the `CellPlace` of true nuclei."""
    place = np.full(len(cells), CellPlace.ELSEWHERE, np.uint8)
    place[cells.compartment == Compartment.ENDOMYSIUM] = CellPlace.ENDOMYSIUM
    held = cells.fiber >= 0
    necrotic = np.isin(fibers.fiber_class, NECROTIC_CLASSES)
    place[held] = np.where(necrotic[cells.fiber[held]], CellPlace.NECROTIC_FIBER, CellPlace.OTHER_FIBER)
    return place
