"""Thresholds raised until healthy sections are calm: few false necroses, few false inflammatory cells."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from histo.findings import INFLAMMATORY_CLASSES, CellClass
from train.healthy import HealthyCandidates, false_cells, false_necroses_per_1000

CALMING_STEPS = tuple(float(step) for step in np.round(np.arange(0.3, 0.955, 0.01), 2))
"""Thresholds of necrosis that are tried until healthy sections are calm."""


def calmed(sections: Sequence[HealthyCandidates], necrotic: float, per_1000: float) -> dict[float, float]:
    """Raise the threshold of necrosis until healthy sections show few enough false ones.

    Args:
        sections: Healthy ones.
        necrotic: The threshold to begin with.
        per_1000: False necroses that they may show, per 1,000 fibers.

    Returns:
        False necroses per 1,000 fibers by the thresholds that were tried. The last one was taken: the lowest that is
        calm enough, or the highest of all.
    """
    rates: dict[float, float] = {}
    for threshold in (necrotic, *(step for step in CALMING_STEPS if step > necrotic)):
        rates[threshold] = false_necroses_per_1000(sections, threshold)
        if rates[threshold] <= per_1000:
            break
    return rates


def quieted(
    sections: Sequence[HealthyCandidates],
    cells: tuple[float, ...],
    per_mm2: float,
    scores: Mapping[CellClass, Mapping[float, float]],
) -> dict[tuple[float, ...], float]:
    """Raise the thresholds of inflammatory cells until healthy sections are quiet enough, at the least cost.

    Args:
        sections: Healthy ones.
        cells: Thresholds by `CellClass` to begin with.
        per_mm2: False inflammatory cells that healthy sections may show.
        scores: By inflammatory kind, what each threshold is worth on validation fields; the best sum of both is taken.

    Returns:
        False cells per mm2 by the thresholds that were tried. The last ones were taken: quiet enough, or the quietest.
    """
    mm2 = sum(section.mm2 for section in sections)
    grids = [[cells[kind], *(t for t in scores[kind] if t > cells[kind])] for kind in INFLAMMATORY_CLASSES]
    rates: dict[tuple[float, ...], float] = {}
    for pair in itertools.product(*grids):
        tried = list(cells)
        for kind, threshold in zip(INFLAMMATORY_CLASSES, pair, strict=True):
            tried[kind] = threshold
        rates[tuple(tried)] = false_cells(sections, tried) / mm2
    quiet = [tried for tried, rate in rates.items() if rate <= per_mm2]

    def worth(tried: tuple[float, ...]) -> tuple[float, float]:
        found = [scores[kind].get(tried[kind], 0.0) for kind in INFLAMMATORY_CLASSES]
        return float(np.nansum(found)), -sum(tried)

    taken = max(quiet, key=worth) if quiet else min(rates, key=lambda tried: (rates[tried], tried))
    rates[taken] = rates.pop(taken)
    return rates
