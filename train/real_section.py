"""What a bundle makes of the whole real muscle section: counts to look at beside its overlay, not accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from histo.detection import detect
from histo.evidence import Estimate
from histo.evidence.intervals import density, share
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES
from histo.network import Bundle, Engine, Metric
from histo.slide import open_slide
from histo.tissue import find_tissue

SECTION = "muscle_section"


def count_on_real_section(bundle: Bundle, engine: Engine, folder: Path) -> dict[str, Metric]:
    """Read `muscle_section.tif` and count what is found; nobody has marked what is there.

    Args:
        bundle: The weights and their thresholds.
        engine: Runs the bundle's network.
        folder: The real data, holding `muscle`.

    Returns:
        `muscle_section.fibers`, `.necrotic_per_1000_fibers` and `.inflammatory_cells_per_mm2`, with exact intervals of
        the counts; `n` is the number of fibers.
    """
    with open_slide(folder / "muscle" / f"{SECTION}.tif") as reader:
        tissue = find_tissue(reader)
        found = detect(reader, tissue, bundle, engine)
    fibers = len(found.fibers)
    necrotic = int(np.isin(found.fibers.fiber_class, NECROTIC_CLASSES).sum())
    inflammatory = int(np.isin(found.cells.cell_class, INFLAMMATORY_CLASSES).sum())
    rates = {
        "necrotic_per_1000_fibers": share(necrotic, fibers, 1000),
        "inflammatory_cells_per_mm2": density(inflammatory, tissue.assessable_mm2),
    }
    figures = {f"{SECTION}.{name}": _metric(rate, fibers) for name, rate in rates.items() if rate is not None}
    return {f"{SECTION}.fibers": Metric(float(fibers), None, None, max(fibers, 1)), **figures}


def _metric(rate: Estimate, n: int) -> Metric:
    return Metric(rate.value, rate.low, rate.high, n)
