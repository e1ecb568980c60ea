"""Grades and evidence for tests of the pattern."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from section_makers import PITCH_UM, lattice, make_cells, make_slide

from histo.evidence import BiopsyEvidence, weigh_evidence
from histo.findings import FiberClass
from histo.pattern import Grades, Suitability
from histo.pattern.table import GRADES

ANY_GRADES = st.builds(Grades, **{finding: st.sampled_from(list(kinds)) for finding, kinds in GRADES.items()})

SIDE = 24


def fit(slide: str = "a", **changes: object) -> Suitability:
    """A slide that is fit to be read, but for the changes."""
    values = {"slide": slide, "stain_ok": True, "stain_guess": "H&E", "finest_um_per_px": 0.5}
    return Suitability(**(values | changes))  # type: ignore[arg-type]


def mixed_necrosis(share: float, seed: int = 3) -> np.ndarray:
    """Fiber classes of a 24 x 24 section with necrosis of all kinds and regeneration, at random places."""
    random = np.random.default_rng(seed)
    kinds = np.zeros(SIDE**2, np.uint8)
    hit = random.choice(SIDE**2, round(share * SIDE**2), replace=False)
    kinds[hit] = np.resize(
        [
            FiberClass.NECROTIC_PALE,
            FiberClass.MYOPHAGOCYTOSIS,
            FiberClass.NECROTIC_HYALINE,
            FiberClass.MYOPHAGOCYTOSIS,
            FiberClass.REGENERATING,
        ],
        len(hit),
    )
    return kinds


def weigh(kinds: np.ndarray | None = None, cells_per_mm2: float = 0.0, **changes: object) -> BiopsyEvidence:
    """Evidence of one 24 x 24 section of 2.07 mm2, with lymphocytes spread between its fibers."""
    random = np.random.default_rng(5)
    area_mm2 = SIDE**2 * PITCH_UM**2 / 1e6
    corners = lattice(SIDE, SIDE) + PITCH_UM / 2
    chosen = random.choice(len(corners), min(len(corners), round(cells_per_mm2 * area_mm2)), replace=False)
    slide = make_slide("a", SIDE, SIDE, kinds, make_cells(corners[chosen]), fascicle_fibers=8, **changes)  # type: ignore[arg-type]
    return weigh_evidence([slide])
