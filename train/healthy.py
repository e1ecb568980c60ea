"""False calls on healthy muscle: what a reading must exceed before necrosis is graded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from histo.evidence.false_calls import MOST_VARIATION
from histo.evidence.intervals import density
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass
from histo.model import FALSE_CALLS_METRIC, FALSE_CALLS_VARIATION_METRIC
from histo.network import Engine, Metric, OperatingPoints
from histo.network.cell_peaks import Peaks, find_peaks
from histo.network.decode import outline_block
from histo.network.second_look import SEEN, look_again
from histo.phantom.truth import FieldTruth
from train.evaluate import findings_of, maps_of
from train.intervals import RESAMPLES, interval_of
from train.matching import match_points
from train.observe import CANDIDATE_HEIGHT, tissue_mm2
from train.sections import healthy_views
from train.study.dispersion import gamma_shape
from train.study.normal_sections import NormalSection

FALSE_CELLS_METRIC = "false_inflammatory_cells_per_mm2"

LEAST_SECTIONS, LEAST_CALLS = 10, 10
"""Of fewer the variation between sections often comes out far too small (docs/decisions/12-false-call-floor.md)."""


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


def false_cells_on_healthy(engine: Engine, points: OperatingPoints, seeds: Sequence[int]) -> dict[str, Metric]:
    """Read views of normal phantom sections, middle and rim in turn, each in a stain of its own.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        seeds: Of the sections; from the test split.

    Returns:
        `false_inflammatory_cells_per_mm2` (inflammatory cells called where none is within 6 um; `n` views), with an
        exact Poisson interval.
    """
    inflammatory, mm2 = 0, 0.0
    for field in healthy_views(track(seeds, description="Reading healthy phantoms")):
        _, cells, _ = findings_of(maps_of(engine, field.rgb), points)
        called_um = cells.center_um[np.isin(cells.cell_class, INFLAMMATORY_CLASSES)]
        inflammatory += len(called_um) - match_points(_inflammatory_um(field.truth), called_um)
        mm2 += tissue_mm2(field.truth, None)
    rate = density(inflammatory, mm2)
    if rate is None:
        raise ValueError("a rate of false cells needs at least one section")
    return {FALSE_CELLS_METRIC: Metric(rate.value, rate.low, rate.high, len(seeds))}


def false_necroses_on_normal(sections: Sequence[NormalSection]) -> dict[str, Metric]:
    """How often healthy fibers are called necrotic, and how much that differs between sections.

    A view shows too few fibers to tell a misleading stain from chance; a whole section has a thousand and more.

    Args:
        sections: Normal phantom sections that were drawn and read whole, at least two.

    Returns:
        `false_necrotic_per_1000_fibers` (calls of any kind of necrosis per 1,000 fibers that were found) and
        `false_necrotic_variation_between_sections` (standard deviation over mean of the sections' own rates, chance
        taken off), `n` sections in which fibers were found; nothing of fewer than two. Of fewer than `LEAST_SECTIONS`,
        or with fewer than `LEAST_CALLS`, the second is left out: they cannot show it. Intervals draw sections again;
        that of the rate is no narrower than Garwood's.
    """
    seen = [section for section in sections if section.fibers]
    if len(seen) < 2:
        return {}
    calls = np.array([section.necrotic for section in seen], np.float64)
    thousands = np.array([section.fibers for section in seen], np.float64) / 1000
    picks = np.random.default_rng(0).integers(0, len(seen), (RESAMPLES, len(seen)))
    drawn = [_rate_and_variation(calls[pick], thousands[pick]) for pick in (np.arange(len(seen)), *picks)]
    rate, variation = (interval_of(values, len(seen)) for values in np.array(drawn).T)
    exact = density(int(calls.sum()), float(thousands.sum()))
    # Sections without a single false call, drawn again, show none: that is no proof that there never is one.
    if exact is not None and rate.low is not None and rate.high is not None:
        rate = replace(rate, low=min(rate.low, exact.low), high=min(1000.0, max(rate.high, exact.high)))
    if len(seen) < LEAST_SECTIONS or calls.sum() < LEAST_CALLS:
        return {FALSE_CALLS_METRIC: rate}
    return {FALSE_CALLS_METRIC: rate, FALSE_CALLS_VARIATION_METRIC: variation}


def _rate_and_variation(calls: NDArray[np.float64], thousands: NDArray[np.float64]) -> tuple[float, float]:
    rate = calls.sum() / thousands.sum()
    shape = gamma_shape(calls[:, None, None], thousands[:, None], np.array([[rate]]))
    return float(rate), min(float(shape[0, 0] ** -0.5), MOST_VARIATION)
