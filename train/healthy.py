"""False calls on healthy muscle: what a reading must exceed before necrosis is graded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from histo.evidence.intervals import density
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass
from histo.model import FALSE_CALLS_METRIC
from histo.network import Engine, Metric, OperatingPoints
from histo.network.cell_peaks import Peaks, find_peaks
from histo.network.decode import outline_block
from histo.network.second_look import SEEN, look_again
from histo.phantom.truth import FieldTruth
from train.evaluate import findings_of, maps_of
from train.matching import match_points
from train.observe import CANDIDATE_HEIGHT, tissue_mm2
from train.sections import healthy_views

FALSE_CELLS_METRIC = "false_inflammatory_cells_per_mm2"


@dataclass(frozen=True, eq=False)
class HealthyCandidates:
    """What might be taken for inflammatory cells, or for necrotic fibers, on one healthy section.

    Attributes:
        peaks: Candidates of every height from `CANDIDATE_HEIGHT` on.
        true_um: (K, 2) the inflammatory cells that are truly there.
        mm2: Of tissue.
        necrotic_share: (N,) float64, how likely each outline is necrotic that would be kept if it were called so.
        fibers: True fibers.
    """

    peaks: Peaks
    true_um: NDArray[np.floating]
    mm2: float
    necrotic_share: NDArray[np.float64]
    fibers: int


def candidates_on_healthy(
    engine: Engine, points: OperatingPoints, seeds: Sequence[int]
) -> tuple[HealthyCandidates, ...]:
    """Read normal phantom sections, middle and rim in turn, and keep what any threshold might call.

    Args:
        engine: Runs the bundle's network.
        points: Give how outlines are cut, temperatures, the second look at necrosis, and the spacing of nuclei.
        seeds: Of the sections; from the validation split.
    """
    low = replace(points, cells=(CANDIDATE_HEIGHT,) * len(CellClass))
    found = []
    for field in healthy_views(track(seeds, description="Reading healthy phantoms")):
        maps = maps_of(engine, field.rgb)
        peaks = find_peaks(maps, low)
        block = outline_block(maps, points)
        by_class = look_again(block.class_probability, block.seen, points.necrotic_look)
        kept = block.seen[:, SEEN.index("foreground")] >= points.necrotic_fiber
        found.append(
            HealthyCandidates(
                peaks=peaks,
                true_um=_inflammatory_um(field.truth),
                mm2=tissue_mm2(field.truth, None),
                necrotic_share=by_class[kept][:, list(NECROTIC_CLASSES)].sum(axis=1),
                fibers=len(field.truth.fiber_class) - 1,
            )
        )
    return tuple(found)


def false_necroses_per_1000(sections: Sequence[HealthyCandidates], threshold: float) -> float:
    """How many necrotic fibers would be called per 1,000 true ones, none of which is.

    Args:
        sections: Healthy ones.
        threshold: Summed probability of the necrotic classes from which a fiber is called so.
    """
    calls = sum(np.count_nonzero(section.necrotic_share >= threshold) for section in sections)
    return 1000 * calls / max(1, sum(section.fibers for section in sections))


def false_cells(sections: Sequence[HealthyCandidates], thresholds: Sequence[float]) -> int:
    """How many inflammatory cells would be called where none is within 6 um.

    Args:
        sections: Healthy ones.
        thresholds: By `CellClass`.
    """
    total = 0
    for section in sections:
        kind, height = section.peaks.kind, section.peaks.height.max(axis=1, initial=0)
        called = np.isin(kind, INFLAMMATORY_CLASSES) & (height >= np.array(thresholds, np.float32)[kind])
        total += int(called.sum()) - match_points(section.true_um, section.peaks.center_um[called])
    return total


def _inflammatory_um(truth: FieldTruth) -> NDArray[np.floating]:
    return truth.mpp.to_um(truth.cell_center_px[np.isin(truth.cell_class, INFLAMMATORY_CLASSES)])


def false_calls_on_healthy(engine: Engine, points: OperatingPoints, seeds: Sequence[int]) -> dict[str, Metric]:
    """Read normal phantom sections, middle and rim in turn, each in a stain of its own.

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
    for field in healthy_views(track(seeds, description="Reading healthy phantoms")):
        found, cells, _ = findings_of(maps_of(engine, field.rgb), points)
        necrotic += int(np.isin(found.fiber_class, NECROTIC_CLASSES).sum())
        fibers += len(field.truth.fiber_class) - 1
        called_um = cells.center_um[np.isin(cells.cell_class, INFLAMMATORY_CLASSES)]
        inflammatory += len(called_um) - match_points(_inflammatory_um(field.truth), called_um)
        mm2 += tissue_mm2(field.truth, None)
    return {
        FALSE_CALLS_METRIC: _rate(necrotic, fibers / 1000, fibers),
        FALSE_CELLS_METRIC: _rate(inflammatory, mm2, len(seeds)),
    }


def _rate(count: int, exposure: float, n: int) -> Metric:
    rate = density(count, exposure)
    if rate is None:
        raise ValueError("a rate of false calls needs at least one section")
    return Metric(rate.value, rate.low, rate.high, n)
