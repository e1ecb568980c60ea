"""A biopsy whose truth is known, and a reader who tells it: for tests of audits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from histo.audit import Answer, AuditedSlide, Design, ItemKind, Mark, MarkKind, Population, Verdict
from histo.findings import FiberClass


def population(
    called: NDArray[np.uint8],
    field_cells: NDArray[np.int64],
    score: NDArray[np.float64] | None = None,
    *,
    cells_assessed: bool = True,
) -> Population:
    """One slide; fibers lie in a row, fields in another."""
    n, f = len(called), len(field_cells)
    slide = AuditedSlide(
        name="a",
        fiber_class=called.astype(np.uint8),
        necrotic_score=np.zeros(n) if score is None else score,
        center_um=np.column_stack([np.arange(n) * 60.0, np.full(n, 30.0)]),
        field_corner_um=np.column_stack([np.arange(f) * 250.0, np.zeros(f)]),
        field_cells=field_cells.astype(np.int64),
    )
    return Population((slide,), 250.0, max(f, 1) * 0.0625, cells_assessed)


def answers_to(
    design: Design,
    truth: NDArray[np.uint8],
    cells: NDArray[np.int64],
    unoutlined: NDArray[np.int64] | None = None,
) -> Iterator[Answer]:
    """What a reader who is never wrong says of each item, in the reading order.

    Args:
        design: What is read.
        truth: Class of each fiber.
        cells: Inflammatory cells in each field.
        unoutlined: Necrotic fibers in each field that no outline holds.
    """
    for item in design.items:
        if item.kind is ItemKind.FIBER:
            yield Answer(item.number, Verdict(FiberClass(int(truth[item.row])).name.lower()))
        else:
            marks = [Mark(MarkKind.LYMPHOCYTE, item.x_um + 1, item.y_um)] * int(cells[item.row])
            if unoutlined is not None:
                marks += [Mark(MarkKind.NECROTIC_PALE, item.x_um, item.y_um)] * int(unoutlined[item.row])
            yield Answer(item.number, Verdict.READ, tuple(marks))
