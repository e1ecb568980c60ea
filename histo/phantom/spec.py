"""What a phantom biopsy is made of: one frozen specification, drawn widely for training or fixed by a pattern.

Shares and densities follow docs/glossary.md; they are the simulator's conventions, not epidemiology. The spread of
`training_spec` is wider than life on purpose (domain randomization, as in SYNTA, doi 10.1038/s43856-025-00777-y).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np


class Placement(StrEnum):
    """Where in the fascicles a change is put."""

    RANDOM = "random"
    FASCICLE_EDGE = "fascicle edge"
    CLUSTERED = "clustered"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class PhantomSpec:
    """Parameters of one phantom biopsy. Shares are fractions of all fibers; densities are per mm2 of section.

    Attributes:
        pattern: What is visible, as a pattern label.
        fiber_um: Mean fiber diameter.
        fiber_jitter: Irregularity of the packing, 0 (hexagonal) to 1: drives size variation.
        elongation: Ratio of the axes of a fiber's cut; above 1.5 the cut is oblique.
        roundness: 0 polygonal to 1 round.
        endomysium_um: Mean gap between fibers.
        gap_spread: Log-scale spread of the gap from fiber to fiber.
        endomysium_fill: 0 white cracks to 1 solid collagen.
        fascicle_um: Mean fascicle diameter.
        perimysium_um: Mean width of the septa between fascicles.
        split: Share of fibers divided by a thin septum.
        pale: Share of pale necrotic fibers.
        hyaline: Share of hyaline necrotic fibers.
        myophagocytosis: Share of fibers under phagocytosis, late stages included.
        late: Share of the phagocytosed fibers that are packed with macrophages.
        necrosis_placement: Where necrosis of all kinds sits.
        regenerating: Share of regenerating fibers.
        atrophic: Share of atrophic fibers.
        atrophy_placement: Where atrophy sits.
        internal_nuclei: Share of fibers with an internal nucleus.
        vacuolated: Share of vacuolated fibers.
        opaque: Share of opaque or hypercontracted fibers.
        invaded: Share of intact fibers invaded by lymphocytes.
        lymphocytes_mm2: Scattered lymphocytes in the endomysium.
        macrophages_mm2: Scattered macrophages in the endomysium.
        perimysial_mm2: Inflammatory cells scattered in the perimysium, per mm2 of section.
        foci_mm2: Dense inflammatory foci.
        focus_um: Radius of a focus.
        focus_macrophages: Share of macrophages among the cells of foci.
        cuffs: Share of vessels with a lymphocytic cuff.
        vessels_mm2: Arterioles and venules in the perimysium.
        nerves_mm2: Nerve twigs and spindles.
        fat_mm2: Groups of adipocytes.
        sheets_mm2: Areas where cells have replaced fibers.
        scars_mm2: Smooth pink patches of collagen as large as fibers: decoys.
        tears_mm2: Tears that show glass.
        debris_mm2: Dark debris lying on the tissue.
        folds_mm2: Tissue folds.
        capillaries: Share of fiber corners with a capillary.
        spindles_mm2: Muscle spindles in the perimysium.
        bands_mm2: Bands of tendon or fascia.
        epimysium_um: Width of the collagen along the section's rim; 0 is none.
        granulomas_mm2: Granulomas.
    """

    pattern: str = "normal"
    fiber_um: float = 52.0
    fiber_jitter: float = 0.55
    elongation: float = 1.1
    roundness: float = 0.4
    endomysium_um: float = 2.0
    gap_spread: float = 0.4
    endomysium_fill: float = 0.5
    fascicle_um: float = 600.0
    perimysium_um: float = 22.0
    split: float = 0.02
    pale: float = 0.0
    hyaline: float = 0.0
    myophagocytosis: float = 0.0
    late: float = 0.25
    necrosis_placement: Placement = Placement.RANDOM
    regenerating: float = 0.0
    atrophic: float = 0.01
    atrophy_placement: Placement = Placement.RANDOM
    internal_nuclei: float = 0.02
    vacuolated: float = 0.002
    opaque: float = 0.003
    invaded: float = 0.0
    lymphocytes_mm2: float = 0.5
    macrophages_mm2: float = 0.5
    perimysial_mm2: float = 0.3
    foci_mm2: float = 0.0
    focus_um: float = 60.0
    focus_macrophages: float = 0.3
    cuffs: float = 0.0
    vessels_mm2: float = 1.5
    nerves_mm2: float = 0.4
    fat_mm2: float = 0.2
    sheets_mm2: float = 0.0
    scars_mm2: float = 0.3
    tears_mm2: float = 0.3
    debris_mm2: float = 0.05
    folds_mm2: float = 0.02
    capillaries: float = 0.5
    spindles_mm2: float = 0.1
    bands_mm2: float = 0.05
    epimysium_um: float = 8.0
    granulomas_mm2: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares that do not fit together."""
        if self.pale + self.hyaline + self.myophagocytosis + self.regenerating > 1:
            raise ValueError("shares of necrotic and regenerating fibers must not exceed 1 together")


_NORMAL = PhantomSpec()

PATTERN_SPECS: dict[str, PhantomSpec] = {
    "normal": _NORMAL,
    "necrotizing": replace(
        _NORMAL,
        pattern="necrotizing",
        pale=0.018,
        hyaline=0.012,
        myophagocytosis=0.02,
        regenerating=0.03,
        fiber_jitter=0.7,
        internal_nuclei=0.05,
        lymphocytes_mm2=0.8,
        macrophages_mm2=1.0,
    ),
    "perifascicular_atrophy": replace(
        _NORMAL,
        pattern="perifascicular_atrophy",
        atrophic=0.16,
        atrophy_placement=Placement.FASCICLE_EDGE,
        perimysial_mm2=12.0,
        cuffs=0.6,
        fascicle_um=520.0,
    ),
    "perifascicular_necrosis": replace(
        _NORMAL,
        pattern="perifascicular_necrosis",
        pale=0.02,
        hyaline=0.012,
        myophagocytosis=0.02,
        regenerating=0.03,
        necrosis_placement=Placement.FASCICLE_EDGE,
        perimysial_mm2=6.0,
        fascicle_um=520.0,
    ),
    "endomysial_inflammatory": replace(
        _NORMAL,
        pattern="endomysial_inflammatory",
        pale=0.003,
        myophagocytosis=0.004,
        regenerating=0.01,
        invaded=0.03,
        lymphocytes_mm2=30.0,
        macrophages_mm2=12.0,
        foci_mm2=3.0,
        internal_nuclei=0.06,
    ),
    "nonspecific_inflammatory": replace(
        _NORMAL, pattern="nonspecific_inflammatory", perimysial_mm2=15.0, cuffs=0.8, lymphocytes_mm2=3.0
    ),
    "dystrophic": replace(
        _NORMAL,
        pattern="dystrophic",
        fiber_jitter=0.95,
        roundness=0.85,
        endomysium_um=7.0,
        endomysium_fill=0.95,
        internal_nuclei=0.25,
        split=0.08,
        atrophic=0.12,
        opaque=0.02,
        pale=0.008,
        hyaline=0.006,
        myophagocytosis=0.008,
        regenerating=0.03,
        necrosis_placement=Placement.CLUSTERED,
        fat_mm2=3.0,
    ),
    "zonal_necrosis": replace(
        _NORMAL, pattern="zonal_necrosis", pale=0.25, hyaline=0.08, necrosis_placement=Placement.SHEET
    ),
    "neurogenic": replace(
        _NORMAL, pattern="neurogenic", atrophic=0.22, atrophy_placement=Placement.CLUSTERED, roundness=0.1
    ),
}
"""One typical specification for every pattern label that names a visible pattern."""


def training_spec(rng: np.random.Generator) -> PhantomSpec:
    """A widely drawn specification for one training field: findings are far commoner than in life, and independent.

    Necrosis and infiltrate are drawn independently, so that a network cannot learn one from the other.
    """

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def sometimes(chance: float, low: float, high: float) -> float:
        return log_uniform(low, high) if rng.random() < chance else 0.0

    return PhantomSpec(
        pattern="training",
        fiber_um=log_uniform(18, 85),
        fiber_jitter=rng.uniform(0.2, 1.0),
        elongation=1 + rng.gamma(1.5, 0.15) if rng.random() < 0.85 else log_uniform(1.5, 4.5),
        roundness=rng.beta(1.2, 1.2),
        endomysium_um=log_uniform(0.5, 9.0),
        gap_spread=rng.uniform(0.1, 0.8),
        endomysium_fill=rng.uniform(0, 1),
        fascicle_um=log_uniform(140, 700),
        perimysium_um=log_uniform(8, 60),
        split=sometimes(0.6, 0.01, 0.2),
        pale=sometimes(0.5, 0.01, 0.15),
        hyaline=sometimes(0.55, 0.015, 0.15),
        myophagocytosis=sometimes(0.55, 0.02, 0.2),
        late=rng.uniform(0.0, 0.7),
        necrosis_placement=list(Placement)[rng.integers(3)],
        regenerating=sometimes(0.5, 0.02, 0.2),
        atrophic=sometimes(0.5, 0.01, 0.3),
        atrophy_placement=list(Placement)[rng.integers(3)],
        internal_nuclei=rng.choice([0.01, 0.05, 0.3, 0.7]),
        vacuolated=sometimes(0.35, 0.02, 0.12),
        opaque=sometimes(0.35, 0.02, 0.12),
        invaded=sometimes(0.3, 0.01, 0.12),
        lymphocytes_mm2=sometimes(0.6, 5, 1500),
        macrophages_mm2=sometimes(0.6, 5, 2500),
        perimysial_mm2=sometimes(0.5, 5, 400),
        foci_mm2=sometimes(0.45, 4, 30),
        focus_um=log_uniform(20, 110),
        focus_macrophages=rng.uniform(0, 1),
        cuffs=rng.choice([0.0, 0.3, 0.8]),
        vessels_mm2=sometimes(0.6, 5, 50),
        nerves_mm2=sometimes(0.35, 5, 30),
        fat_mm2=sometimes(0.35, 5, 50),
        sheets_mm2=sometimes(0.25, 3, 30) if rng.random() < 0.93 else 70.0,
        scars_mm2=sometimes(0.35, 5, 60),
        tears_mm2=sometimes(0.35, 5, 40),
        debris_mm2=sometimes(0.2, 8, 50),
        folds_mm2=sometimes(0.15, 6, 20),
        capillaries=rng.uniform(0, 1),
        spindles_mm2=sometimes(0.2, 4, 20),
        bands_mm2=sometimes(0.25, 2, 12),
        epimysium_um=sometimes(0.6, 4, 60),
        granulomas_mm2=sometimes(0.08, 3, 12),
    )
