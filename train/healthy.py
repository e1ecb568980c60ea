"""False calls on healthy muscle: what a reading must exceed before necrosis is graded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.progress import track

from histo.evidence.intervals import density
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, Compartment
from histo.geometry import WORKING_MPP
from histo.model import FALSE_CALLS_METRIC
from histo.network import Engine, Metric, OperatingPoints
from train.evaluate import findings_of, maps_of
from train.matching import match_points
from train.sections import section_view

FALSE_CELLS_METRIC = "false_inflammatory_cells_per_mm2"


def false_calls_on_healthy(engine: Engine, points: OperatingPoints, seeds: Sequence[int]) -> dict[str, Metric]:
    """Read the middle of normal phantom sections, each in a stain of its own.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        seeds: Of the sections; from the test split.

    Returns:
        `false_necrotic_per_1000_fibers` (calls of any kind of necrosis per 1,000 true fibers; `n` fibers) and
        `false_inflammatory_cells_per_mm2` (inflammatory cells called where none is within 6 um; `n` fields), with exact
        Poisson intervals.
    """
    necrotic = inflammatory = fibers = 0
    mm2 = 0.0
    for seed in track(seeds, description="Reading healthy phantoms"):
        field = section_view("normal", seed)
        found, cells, _ = findings_of(maps_of(engine, field.rgb), points)
        necrotic += int(np.isin(found.fiber_class, NECROTIC_CLASSES).sum())
        fibers += len(field.truth.fiber_class) - 1
        true_um = WORKING_MPP.to_um(field.truth.cell_center_px[np.isin(field.truth.cell_class, INFLAMMATORY_CLASSES)])
        called_um = cells.center_um[np.isin(cells.cell_class, INFLAMMATORY_CLASSES)]
        inflammatory += len(called_um) - match_points(true_um, called_um)
        mm2 += WORKING_MPP.area_mm2(float(np.count_nonzero(field.truth.compartments != Compartment.GLASS)))
    return {
        FALSE_CALLS_METRIC: _rate(necrotic, fibers / 1000, fibers),
        FALSE_CELLS_METRIC: _rate(inflammatory, mm2, len(seeds)),
    }


def _rate(count: int, exposure: float, n: int) -> Metric:
    rate = density(count, exposure)
    if rate is None:
        raise ValueError("a rate of false calls needs at least one section")
    return Metric(rate.value, rate.low, rate.high, n)
