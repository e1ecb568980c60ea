"""What a reader answers: what a fiber is, and what lies in a field; and that he cannot tell, which is an answer too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.audit.design import Design
from histo.audit.strata import ItemKind
from histo.findings import Fibers


class Verdict(StrEnum):
    """What an item is to a reader; the first five are the `FiberClass`es in lower case."""

    INTACT = "intact"
    REGENERATING = "regenerating"
    NECROTIC_PALE = "necrotic_pale"
    NECROTIC_HYALINE = "necrotic_hyaline"
    MYOPHAGOCYTOSIS = "myophagocytosis"
    NOT_A_FIBER = "not_a_fiber"
    READ = "read"
    """Of a field: all that there is in it was marked, be it nothing."""
    CANNOT_TELL = "cannot_tell"


FIBER_VERDICTS = tuple(verdict for verdict in Verdict if verdict is not Verdict.READ)
FIELD_VERDICTS = (Verdict.READ, Verdict.CANNOT_TELL)
NECROTIC_VERDICTS = (Verdict.NECROTIC_PALE, Verdict.NECROTIC_HYALINE, Verdict.MYOPHAGOCYTOSIS)


class MarkKind(StrEnum):
    """What a reader marks in a field: inflammatory cells outside necrotic fibers, and necrotic fibers."""

    LYMPHOCYTE = "lymphocyte"
    MACROPHAGE = "macrophage"
    NECROTIC_PALE = "necrotic_pale"
    NECROTIC_HYALINE = "necrotic_hyaline"
    MYOPHAGOCYTOSIS = "myophagocytosis"


CELL_MARKS = (MarkKind.LYMPHOCYTE, MarkKind.MACROPHAGE)


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that a reader marked in a field.

    Attributes:
        kind: What it is.
        x_um: Its middle, in slide micrometers.
        y_um: The same.
        fiber: Row of the machine's fiber whose outline holds it; -1 for none. Such a fiber is counted among the
            outlined ones, so that only a mark outside of all outlines adds to the count of necrotic fibers.
    """

    kind: MarkKind
    x_um: float
    y_um: float
    fiber: int = -1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader said of one item.

    Attributes:
        item: Its number in the design.
        verdict: Of a fiber one of `FIBER_VERDICTS`, of a field one of `FIELD_VERDICTS`.
        marks: What was marked in a field that was read.
    """

    item: int
    verdict: Verdict
    marks: tuple[Mark, ...] = ()


def holding_fibers(fibers: Fibers, points_um: NDArray[np.float64]) -> NDArray[np.int64]:
    """(P,) rows of the fibers whose outlines hold these (P, 2) points, -1 for none; of several the first."""
    held = np.full(len(points_um), -1, np.int64)
    if len(fibers) and len(points_um):
        # Rings are mended where they cross themselves: which part is inside matters here, and it may be neither.
        ring = np.repeat(np.arange(len(fibers)), np.diff(fibers.outline_start))
        outlines = shapely.make_valid(
            shapely.polygons(shapely.linearrings(fibers.outline_um.astype(float), indices=ring))
        )
        points, rows = shapely.STRtree(outlines).query(shapely.points(points_um), predicate="intersects")
        for point, row in sorted(zip(points.tolist(), rows.tolist(), strict=True), reverse=True):
            held[point] = row
    return held


def latest(answers: Iterable[Answer]) -> dict[int, Answer]:
    """The last answer to each item: answers are only ever added, and a later one stands for an earlier."""
    return {answer.item: answer for answer in answers}


def check_answers(design: Design, answers: Sequence[Answer]) -> Mapping[int, Answer]:
    """The answers by item, once each is one that its item can have.

    Raises:
        ValueError: If an item is not in the design, a verdict does not belong to its kind, or a mark lies outside of
            its field or in a field that was not read.
    """
    for answer in answers:
        if not 0 <= answer.item < len(design.items):
            raise ValueError(f"item {answer.item} is not in the design, which has {len(design.items)}")
        item = design.items[answer.item]
        fiber = item.kind is ItemKind.FIBER
        if answer.verdict not in (FIBER_VERDICTS if fiber else FIELD_VERDICTS):
            raise ValueError(f"{answer.verdict} is no answer to a {item.kind}")
        if answer.marks and answer.verdict is not Verdict.READ:
            raise ValueError(f"item {answer.item} has marks though it was not read as a field")
        for mark in answer.marks:
            apart = mark.x_um - item.x_um, mark.y_um - item.y_um
            if not all(0 <= one < design.field_side_um for one in apart):
                raise ValueError(f"a mark at ({mark.x_um:g}, {mark.y_um:g}) um lies outside of field {answer.item}")
    return latest(answers)
