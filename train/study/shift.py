"""The ends of what an error model may be: mistakes as frequent as its intervals allow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES
from histo.network import Metric
from train.intervals import interval_of, resample
from train.study.error_model import ErrorModel, Rates
from train.study.kinds import NECROTIC_KINDS
from train.study.section_errors import MISSED, MISSED_CELL

Floats = NDArray[np.float64]

NECROTIC, CELLS = [int(kind) for kind in NECROTIC_CLASSES], [int(kind) for kind in INFLAMMATORY_CLASSES]


@dataclass(frozen=True, slots=True)
class Shift:
    """By what measured rates are multiplied.

    Attributes:
        necrotic_found: Of necrotic fibers, the chance to be found and called necrotic.
        cells_found: Of inflammatory cells, the chance to be called so.
        healthy_called: Of other fibers, the chance to be called necrotic.
        false_fibers: Outlines that stand for no fiber.
        false_cells: Inflammatory cells called where there is none.
    """

    necrotic_found: float = 1.0
    cells_found: float = 1.0
    healthy_called: float = 1.0
    false_fibers: float = 1.0
    false_cells: float = 1.0

    def of(self, rates: Rates) -> Rates:
        """The rates so altered; chances still add up to 1."""
        fibers, cells = rates.fibers.copy(), rates.cells.copy()
        for kind, necrotic in enumerate(NECROTIC_KINDS):
            _scale(fibers[kind], NECROTIC, self.necrotic_found if necrotic else self.healthy_called, MISSED)
        for place in cells:
            for kind in CELLS:
                _scale(place[kind], CELLS, self.cells_found, MISSED_CELL)
        false_cells = rates.false_cells.copy()
        false_cells[:, CELLS] *= self.false_cells
        return replace(
            rates, fibers=fibers, cells=cells, false_fibers=rates.false_fibers * self.false_fibers,
            false_cells=false_cells,
        )  # fmt: skip


def _scale(row: Floats, columns: list[int], factor: float, rest: int) -> None:
    """Multiply some chances of a row, and let the others make room; `rest` takes over where the others are none."""
    before = row[columns].sum()
    after = min(before * factor, 1.0)
    if before > 0:
        row[columns] *= after / before
    others = np.ones(len(row), np.bool_)
    others[columns] = False
    if 1 - before > 1e-12:
        row[others] *= (1 - after) / (1 - before)
    else:
        row[rest] = 1 - after


def headline(model: ErrorModel, seed: int = 0) -> dict[str, Metric]:
    """The rates that decide most, with 95% intervals from resampling the sections; `n` is their number.

    Returns:
        `necrotic.found`, `healthy.called_necrotic_per_1000`, `false_fibers_per_mm2`, `inflammatory.found`,
        `false_inflammatory_per_mm2`, `fibers.found`, and `diameter.bias_percent`; what was never met is left out.
    """
    times = resample([str(place) for place in range(len(model.sections))], seed)
    fibers, cells = model.stacked("fibers"), model.stacked("cells")
    mm2 = times @ model.stacked("compartment_mm2").sum(axis=1)
    kinds = fibers.sum(axis=2)
    called = fibers[:, :, NECROTIC].sum(axis=2)
    found = fibers[:, :, :5].sum(axis=(1, 2))
    inflammatory = cells[:, :, CELLS].sum(axis=1)
    width = model.stacked("width").sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        series = {
            "fibers.found": (times @ found) / (times @ kinds.sum(axis=1)),
            "necrotic.found": (times @ called[:, NECROTIC_KINDS].sum(axis=1))
            / (times @ kinds[:, NECROTIC_KINDS].sum(axis=1)),
            "healthy.called_necrotic_per_1000": 1000
            * (times @ called[:, ~NECROTIC_KINDS].sum(axis=1))
            / (times @ kinds[:, ~NECROTIC_KINDS].sum(axis=1)),
            "false_fibers_per_mm2": (times @ model.stacked("false_fibers").sum(axis=(1, 2))) / mm2,
            "inflammatory.found": (times @ inflammatory[:, :, CELLS].sum(axis=(1, 2)))
            / (times @ inflammatory.sum(axis=(1, 2))),
            "false_inflammatory_per_mm2": (times @ model.stacked("false_cells")[:, :, CELLS].sum(axis=(1, 2))) / mm2,
            "diameter.bias_percent": 100 * np.expm1((times @ width[:, 1]) / (times @ width[:, 0])),
        }
    return {name: interval_of(values, len(model.sections)) for name, values in series.items() if np.isfinite(values[0])}


def _end(metric: Metric | None, end: str) -> float:
    """An end of an interval as a multiple of its value; 1 where there is none."""
    bound = None if metric is None else getattr(metric, end)
    return 1.0 if metric is None or bound is None or metric.value == 0 else float(bound / metric.value)


def low_recall(rates: dict[str, Metric]) -> Shift:
    """Recall at the lower ends of its intervals.

    Args:
        rates: Of `headline`.
    """
    return Shift(
        necrotic_found=_end(rates.get("necrotic.found"), "low"),
        cells_found=_end(rates.get("inflammatory.found"), "low"),
    )


def many_false(rates: dict[str, Metric]) -> Shift:
    """False calls at the upper ends of their intervals.

    Args:
        rates: Of `headline`.
    """
    return Shift(
        healthy_called=_end(rates.get("healthy.called_necrotic_per_1000"), "high"),
        false_fibers=_end(rates.get("false_fibers_per_mm2"), "high"),
        false_cells=_end(rates.get("false_inflammatory_per_mm2"), "high"),
    )
