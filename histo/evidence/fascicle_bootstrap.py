"""Fascicles as what was sampled: intervals that know that fibers of one fascicle resemble each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.evidence.bootstrap import draw_units
from histo.evidence.fascicles import FascicleGeometry
from histo.evidence.fiber_results import Estimate
from histo.evidence.measures import Measures
from histo.evidence.place_results import FascicleBootstrap, Resampled
from histo.evidence.section import Section
from histo.findings import FiberClass

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

    What lies in no fascicle goes with the nearest fiber that lies in one, and assessable tissue is dealt to fascicles
    by the area of their fibers.

    Simulated (26 or 60 fascicles of 20 to 400 fibers, 5 to 50 per 1,000, true rates of fascicles gamma-distributed with
    a coefficient of variation of 0, 0.5 or 1; 400 slides each), it covered the mean rate in 91.5% to 95.5%, where the
    exact interval covered it in 37% to 96.5%.

    Args:
        section: The slide.
        geometry: Its fascicles.
        infiltrate_um: (M, 2) float64, places of the inflammatory cells outside necrotic fibers.
        measures: How many fascicles, and how many fibers or cells, are too few.

    Returns:
        None where the fascicles, weighed by their fibers, count for fewer than `measures.bootstrap_min_fascicles`.
    """
    placed = geometry.fascicle > 0
    if not placed.any():
        return None
    tree = cKDTree(section.center_um[placed])
    _, fascicle = np.unique(geometry.fascicle[placed], return_inverse=True)
    owner = fascicle[tree.query(section.center_um)[1]]
    fibers = np.bincount(owner).astype(np.float64)
    drawn = draw_units(fibers, measures.bootstrap_min_fascicles, section.random(measures.seed, "fascicles"))
    if drawn is None:
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

    def interval(column: int, out_of: NDArray[np.float64], per: float) -> Estimate | None:
        if counts[:, column].sum() < measures.spatial_min_fibers:
            return None
        return drawn.ratio(counts[:, column], out_of, per)

    def fiber_kind(column: int) -> Resampled:
        return Resampled(interval(column, fibers, 1000), interval(column, area_mm2, 1))

    return FascicleBootstrap(
        fascicles=units,
        effective_fascicles=drawn.effective,
        necrotic=fiber_kind(0),
        necrotic_pale=fiber_kind(1),
        necrotic_hyaline=fiber_kind(2),
        myophagocytosis=fiber_kind(3),
        regenerating=fiber_kind(4),
        infiltrate_per_mm2=interval(5, area_mm2, 1),
    )
