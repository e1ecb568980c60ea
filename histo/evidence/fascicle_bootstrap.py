"""Fascicles as what was sampled: intervals that know that fibers of one fascicle resemble each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import ndtr
from scipy.stats import t

from histo.evidence.fascicles import FascicleGeometry
from histo.evidence.fiber_results import Estimate
from histo.evidence.intervals import TAIL
from histo.evidence.measures import Measures
from histo.evidence.place_results import FascicleBootstrap, Resampled
from histo.evidence.section import Section
from histo.findings import FiberClass

DRAWS = 1000
"""Resamplings: an end of an interval then moves by about a twentieth of its width from seed to seed."""

_KINDS = (
    FiberClass.NECROTIC_PALE,
    FiberClass.NECROTIC_HYALINE,
    FiberClass.MYOPHAGOCYTOSIS,
    FiberClass.REGENERATING,
)


def resample_fascicles(
    section: Section, geometry: FascicleGeometry, infiltrate_um: NDArray[np.float64], measures: Measures
) -> FascicleBootstrap | None:
    """Intervals of one slide by a bootstrap over its fascicles.

    Whole fascicles are drawn with replacement, and each figure is a ratio of sums over the drawn ones. The interval
    runs between percentiles that are moved out as Student's t is against the normal (Hesterberg 2015, doi
    10.1080/00031305.2015.1089789): plain percentiles are too narrow with some twenty units. What lies in no fascicle
    goes with the nearest fiber that lies in one, and assessable tissue is dealt to fascicles by the area of their
    fibers.

    Simulated (26 or 60 fascicles of 20 to 400 fibers, 5 to 50 per 1,000, true rates of fascicles gamma-distributed with
    a coefficient of variation of 0, 0.5 or 1; 400 slides each), it covered the mean rate in 91.5% to 95.5%, where the
    exact interval covered it in 37% to 96.5%.

    Args:
        section: The slide.
        geometry: Its fascicles.
        infiltrate_um: (M, 2) float64, places of the inflammatory cells outside necrotic fibers.
        measures: How many fascicles, and how many fibers or cells, are too few.

    Returns:
        None where the fascicles count for fewer than `measures.bootstrap_min_fascicles`: (sum n)^2 / sum n^2 over their
        fibers n (Kish 1965), since one large fascicle and nineteen crumbs are not twenty.
    """
    placed = geometry.fascicle > 0
    if not placed.any():
        return None
    tree = cKDTree(section.center_um[placed])
    _, fascicle = np.unique(geometry.fascicle[placed], return_inverse=True)
    owner = fascicle[tree.query(section.center_um)[1]]
    fibers = np.bincount(owner).astype(np.float64)
    effective = float(fibers.sum() ** 2 / np.sum(fibers**2))
    if effective < measures.bootstrap_min_fascicles:
        return None
    units = len(fibers)
    by_kind = [np.bincount(owner[section.fiber_class == kind], minlength=units) for kind in _KINDS]
    cells = (
        np.bincount(fascicle[tree.query(infiltrate_um)[1]], minlength=units)
        if len(infiltrate_um) and section.observation.cells_assessed
        else np.zeros(units, np.int64)
    )
    counts = np.column_stack([sum(by_kind[:3]), *by_kind, cells]).astype(np.float64)
    area = np.bincount(owner, section.area_um2)
    area_mm2 = section.observation.coverage.assessable_mm2 * area / area.sum()
    drawn = section.random(measures.seed, "fascicles").multinomial(units, np.full(units, 1 / units), size=DRAWS)

    def interval(column: int, out_of: NDArray[np.float64], per: float) -> Estimate | None:
        found, total = float(counts[:, column].sum()), float(out_of.sum())
        if found < measures.spatial_min_fibers or total <= 0:
            return None
        rates = per * (drawn @ counts[:, column]) / (drawn @ out_of)
        tail = 100 * float(ndtr(np.sqrt(effective / (effective - 1)) * t.ppf(TAIL, effective - 1)))
        low, high = (float(limit) for limit in np.percentile(rates, [tail, 100 - tail]))
        return Estimate(value=per * found / total, low=low, high=high)

    def fiber_kind(column: int) -> Resampled:
        return Resampled(interval(column, fibers, 1000), interval(column, area_mm2, 1))

    return FascicleBootstrap(
        fascicles=units,
        effective_fascicles=effective,
        necrotic=fiber_kind(0),
        necrotic_pale=fiber_kind(1),
        necrotic_hyaline=fiber_kind(2),
        myophagocytosis=fiber_kind(3),
        regenerating=fiber_kind(4),
        infiltrate_per_mm2=interval(5, area_mm2, 1),
    )
