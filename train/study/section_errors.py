"""What went wrong when one phantom section was read: counts of every kind of mistake, against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.evidence import Coverage
from histo.findings import (
    NECROTIC_CLASSES,
    CellClass,
    Cells,
    Compartment,
    CompartmentMap,
    FiberAttribute,
    FiberClass,
    Fibers,
    Findings,
)
from histo.geometry import Mpp
from train.matching import MATCH_UM, draw_fibers, match_fibers
from train.study.kinds import NECROTIC_KINDS, CellPlace, FiberKind, places_of
from train.study.true_slide import TrueSlide

Floats = NDArray[np.float64]

CLASSES = len(FiberClass)
FRAGMENT, MISSED = CLASSES, 2 * CLASSES
"""What becomes of a true fiber: found and called class 0-4; else an outline on a part of it, or over it and others,
called class 5-9 less 5; else nothing."""

MISSED_CELL = len(CellClass)
PART_OF = 0.3
"""An outline that matches no fiber stands for the one that holds at least this share of it (C)."""

_PAIRING_MPP = Mpp(1.0)


class WidthGroup(IntEnum):
    """Whose outlines are measured apart."""

    NOT_NECROTIC = 0
    NECROTIC = 1


@dataclass(frozen=True, eq=False)
class SectionErrors:
    """One section, read and compared.

    Attributes:
        fibers: (16, 11) true `FiberKind` by what became of it.
        attributes: (6, 2, 2) by `FiberAttribute`, whether it is true, and whether it is called, of fibers found.
        stray_attributes: (6, 2) by `FiberAttribute`, whether it is called, of outlines that match no fiber: most of
            them are called oblique, and so are never measured.
        width: (2, 3) by `WidthGroup`: how many were found, and sum and sum of squares of log(found / true diameter).
        fragment: (3,) the same of log(area of an outline / area of the fiber that it stands for) / 2.
        false_fibers: (8, 5) outlines that stand for no fiber, by true `Compartment` of their center and called class.
        false_width: (3,) the same of log(diameter in um) of those.
        cells: (6, 4, 5) true `CellPlace` and `CellClass` by called class, or missed.
        false_cells: (8, 4) nuclei called where none is, by true compartment and called class.
        compartments: (8, 8) pixels of the compartment map, true by called, where both were scored.
        assessable: Assessable area per area of the section that no artefact hides.
        rejected_mm2: Area set aside as artefact, less what truly lies under artefacts.
    """

    fibers: Floats
    attributes: Floats
    stray_attributes: Floats
    width: Floats
    fragment: Floats
    false_fibers: Floats
    false_width: Floats
    cells: Floats
    false_cells: Floats
    compartments: Floats
    assessable: Floats
    rejected_mm2: Floats

    @property
    def compartment_mm2(self) -> Floats:
        """(8,) scored area by true compartment: what false fibers and nuclei are counted per."""
        area: Floats = self.compartments.sum(axis=1) * 16.0 / 1e6
        return area


SHAPES: dict[str, tuple[int, ...]] = {
    "fibers": (len(FiberKind), 2 * CLASSES + 1),
    "attributes": (len(FiberAttribute), 2, 2),
    "stray_attributes": (len(FiberAttribute), 2),
    "width": (2, 3),
    "fragment": (3,),
    "false_fibers": (len(Compartment), CLASSES),
    "false_width": (3,),
    "cells": (len(CellPlace), len(CellClass), len(CellClass) + 1),
    "false_cells": (len(Compartment), len(CellClass)),
    "compartments": (len(Compartment), len(Compartment)),
    "assessable": (),
    "rejected_mm2": (),
}
"""Of every array of `SectionErrors`."""


def compare(true: TrueSlide, found: Findings, coverage: Coverage) -> SectionErrors:
    """Hold what was found on a section against what is on it.

    Args:
        true: The section.
        found: What a bundle made of its pixels.
        coverage: How much of it could be assessed.
    """
    visible_mm2 = true.tissue_mm2 - true.hidden_mm2
    fibers, fate = _fibers(true, found.fibers)
    return SectionErrors(
        **fibers,
        **_cells(true, found.cells, called_necrotic(fate)),
        compartments=_compartments(true.compartments, found.compartments),
        assessable=np.array(coverage.assessable_mm2 / visible_mm2),
        rejected_mm2=np.array(max(0.0, coverage.rejected_mm2 - true.hidden_mm2)),
    )


def called_necrotic(fate: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) bool, whether what became of a fiber is a necrotic one, or a part of one."""
    called: NDArray[np.bool_] = (fate != MISSED) & np.isin(fate % CLASSES, NECROTIC_CLASSES)
    return called


def _fibers(true: TrueSlide, found: Fibers) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """The counts of fibers, and what became of each true one."""
    codes = true.compartments.codes
    shape = (4 * codes.shape[0], 4 * codes.shape[1])
    labels, drawn = (draw_fibers(fibers, shape, _PAIRING_MPP) for fibers in (true.fibers, found))
    pairs, _ = match_fibers(labels, drawn)
    pairs = pairs - 1
    partner = np.full(len(found), -1)
    partner[pairs[:, 1]] = pairs[:, 0]
    fate = np.full(len(true.fibers), MISSED)
    fate[pairs[:, 0]] = found.fiber_class[pairs[:, 1]]
    stray = np.count_nonzero(found.attributes[partner < 0], axis=0)
    standing = _stand_for(labels, drawn, partner < 0)
    fragment = []
    for row in np.flatnonzero(standing >= 0):
        if fate[standing[row]] == MISSED:
            fate[standing[row]] = FRAGMENT + found.fiber_class[row]
            partner[row] = standing[row]
            fragment.append(np.log(found.area_um2[row] / true.fibers.area_um2[standing[row]]) / 2)
    kinds = np.zeros(SHAPES["fibers"])
    np.add.at(kinds, (true.fiber_kind, fate), 1)
    attributes = np.zeros(SHAPES["attributes"])
    for one in FiberAttribute:
        truly, called = true.fibers.attributes[pairs[:, 0], one], found.attributes[pairs[:, 1], one]
        np.add.at(attributes[one], (truly.astype(int), called.astype(int)), 1)
    ratio = np.log(found.min_feret_um[pairs[:, 1]] / true.fibers.min_feret_um[pairs[:, 0]])
    necrotic = NECROTIC_KINDS[true.fiber_kind[pairs[:, 0]]]
    alone = np.flatnonzero(partner < 0)
    place = true.compartments.at_um(found.center_um[alone])
    scored = _scored(true.compartments, found.center_um[alone])
    alone, place = alone[scored], place[scored]
    false = np.zeros(SHAPES["false_fibers"])
    np.add.at(false, (place, found.fiber_class[alone]), 1)
    counts = {
        "fibers": kinds,
        "attributes": attributes,
        "stray_attributes": np.stack([len(found) - len(pairs) - stray, stray], axis=1).astype(np.float64),
        "width": np.stack([_moments(ratio[~necrotic]), _moments(ratio[necrotic])]),
        "fragment": _moments(np.array(fragment)),
        "false_fibers": false,
        "false_width": _moments(np.log(found.min_feret_um[alone])),
    }
    return counts, fate


def _stand_for(labels: NDArray[np.int32], drawn: NDArray[np.int32], free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(P,) the true fiber that holds most of each outline without a partner, if it holds enough of it, or -1."""
    both = (labels > 0) & (drawn > 0)
    stands = np.full(len(free), -1)
    span = len(free) + 1
    codes, overlap = np.unique(labels[both].astype(np.int64) * span + drawn[both], return_counts=True)
    area = np.bincount(drawn.ravel(), minlength=span)
    for place in np.argsort(overlap, kind="stable"):
        number, row = codes[place] // span - 1, codes[place] % span - 1
        if free[row] and overlap[place] >= PART_OF * area[row + 1]:
            stands[row] = number
    return stands


def _moments(values: NDArray[np.floating]) -> Floats:
    values = np.asarray(values, np.float64)
    return np.array([len(values), values.sum(), (values**2).sum()])


def _scored(compartments: CompartmentMap, points_um: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(P,) bool, whether the points lie where truth and tissue are known: not beyond the section, nor hidden."""
    column, row = np.floor(compartments.mpp.to_px(points_um)).astype(np.int64).T.reshape(2, -1)
    height, width = compartments.scored.shape
    inside = (row >= 0) & (column >= 0) & (row < height) & (column < width)
    known: NDArray[np.bool_] = inside & compartments.scored[row.clip(0, height - 1), column.clip(0, width - 1)]
    return known


def _cells(true: TrueSlide, found: Cells, necrotic: NDArray[np.bool_]) -> dict[str, Any]:
    pairs = _nearest_pairs(true.cells.center_um, found.center_um)
    fate = np.full(len(true.cells), MISSED_CELL)
    fate[pairs[:, 0]] = found.cell_class[pairs[:, 1]]
    counts = np.zeros(SHAPES["cells"])
    place = places_of(true.cells, true.fibers, necrotic)
    np.add.at(counts, (place, true.cells.cell_class, fate), 1)
    alone = np.ones(len(found), np.bool_)
    alone[pairs[:, 1]] = False
    alone &= _scored(true.compartments, found.center_um)
    false = np.zeros(SHAPES["false_cells"])
    np.add.at(false, (true.compartments.at_um(found.center_um[alone]), found.cell_class[alone]), 1)
    return {"cells": counts, "false_cells": false}


def _nearest_pairs(true_um: NDArray[np.float32], found_um: NDArray[np.float32]) -> NDArray[np.int64]:
    """(K, 2) rows paired one to one, the nearest first: a section has too many nuclei to weigh all pairs at once."""
    if not len(true_um) or not len(found_um):
        return np.zeros((0, 2), np.int64)
    near = cKDTree(true_um).sparse_distance_matrix(cKDTree(found_um), MATCH_UM, output_type="ndarray")
    taken: tuple[set[int], set[int]] = (set(), set())
    kept = []
    for one in near[np.argsort(near["v"], kind="stable")]:
        row, column = int(one["i"]), int(one["j"])
        if row not in taken[0] and column not in taken[1]:
            taken[0].add(row)
            taken[1].add(column)
            kept.append((row, column))
    return np.array(kept, np.int64).reshape(-1, 2)


def _compartments(true: CompartmentMap, found: CompartmentMap) -> Floats:
    height, width = (min(sides) for sides in zip(true.codes.shape, found.codes.shape, strict=True))
    window = np.s_[:height, :width]
    both = true.scored[window] & found.scored[window]
    kinds = len(Compartment)
    codes = true.codes[window][both].astype(np.int64) * kinds + found.codes[window][both]
    return np.bincount(codes, minlength=kinds**2).reshape(kinds, kinds).astype(np.float64)
