"""What a phantom biopsy is made of: one frozen specification, and a typical one for every pattern.

Shares and densities follow docs/glossary.md; they are the simulator's conventions, not epidemiology.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


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
        disease: What it simulates, a key of `DISEASES`; empty if it stands for no disease.
        fiber_um: Mean fiber diameter.
        size_spread: Log-scale spread of the diameter from fiber to fiber; 0.15 to 0.25 in healthy muscle.
        elongation: Ratio of the axes of a fiber's cut; above 1.6 the cut is oblique.
        oblique: Share of the fascicles that are cut obliquely or lengthwise while the others are not.
        roundness: 0 polygonal to 1 round.
        endomysium_um: Mean gap between fibers.
        gap_spread: Log-scale spread of the gap from fiber to fiber.
        endomysium_fill: 0 white cracks to 1 solid collagen.
        fascicle_um: Mean fascicle diameter.
        perimysium_um: Mean width of the septa between fascicles.
        split: Share of fibers divided by a thin septum.
        cleft: Share of fibers with a cleft part of the way.
        hypertrophic: Share of fibers 1.3 to 1.8 times as wide as the others.
        pale: Share of pale necrotic fibers.
        hyaline: Share of hyaline necrotic fibers.
        myophagocytosis: Share of fibers under phagocytosis, late stages included.
        late: Share of the phagocytosed fibers that are packed with macrophages.
        necrotic_fibers: Necrotic fibers in the whole scene, beside the shares.
        besieged: Share of the necrotic fibers around which macrophages gather, where there is room.
        necrosis_placement: Where necrosis of all kinds sits.
        regenerating: Share of regenerating fibers.
        atrophic: Share of atrophic fibers that is aimed at, not the share drawn. In six packings of 0.8 mm2 for each
            placement, at shares of 0.05 to 0.25, 0.77 to 1.06 of it was drawn at random places, 0.73 to 1.07 in
            groups, and 0.38 to 0.74 along edges.
        atrophy_placement: Where atrophy sits.
        angular: Share of the atrophic fibers that are angular; the others are round.
        internal_nuclei: Share of fibers with an internal nucleus.
        vacuolated: Share of vacuolated fibers, with holes of any size.
        lipid: Share of fibers full of fine droplets.
        glycogen: Share of fibers with large vacuoles.
        granular_rim: Share of fibers with a bluish, granular rim, as in mitochondrial myopathy.
        edge_opaque: Share of the fibers along the rim of the section that are hypercontracted by the cut.
        opaque: Share of opaque or hypercontracted fibers.
        invaded: Share of intact fibers invaded by lymphocytes.
        lymphocytes_mm2: Scattered lymphocytes in the endomysium.
        macrophages_mm2: Scattered macrophages in the endomysium.
        perimysial_fragmentation: 0 sound to 1 torn, pale and split collagen of the perimysium.
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
    disease: str = ""
    fiber_um: float = 52.0
    size_spread: float = 0.18
    elongation: float = 1.1
    oblique: float = 0.0
    roundness: float = 0.4
    endomysium_um: float = 2.0
    gap_spread: float = 0.4
    endomysium_fill: float = 0.5
    fascicle_um: float = 600.0
    perimysium_um: float = 22.0
    split: float = 0.01
    cleft: float = 0.005
    hypertrophic: float = 0.0
    pale: float = 0.0
    hyaline: float = 0.0
    myophagocytosis: float = 0.0
    late: float = 0.25
    necrotic_fibers: int = 0
    besieged: float = 0.0
    necrosis_placement: Placement = Placement.RANDOM
    regenerating: float = 0.0
    atrophic: float = 0.01
    atrophy_placement: Placement = Placement.RANDOM
    angular: float = 0.5
    internal_nuclei: float = 0.02
    vacuolated: float = 0.002
    lipid: float = 0.0
    glycogen: float = 0.0
    granular_rim: float = 0.0
    edge_opaque: float = 0.0
    opaque: float = 0.003
    invaded: float = 0.0
    lymphocytes_mm2: float = 0.5
    macrophages_mm2: float = 0.5
    perimysial_fragmentation: float = 0.0
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
        size_spread=0.24,
        internal_nuclei=0.05,
        lymphocytes_mm2=0.8,
        macrophages_mm2=1.0,
    ),
    "perifascicular_atrophy": replace(
        _NORMAL,
        pattern="perifascicular_atrophy",
        atrophic=0.2,
        angular=0.3,
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
        perimysial_fragmentation=0.7,
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
        size_spread=0.38,
        hypertrophic=0.06,
        angular=0.15,
        cleft=0.05,
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
        _NORMAL,
        pattern="neurogenic",
        atrophic=0.25,
        atrophy_placement=Placement.CLUSTERED,
        angular=0.95,
        hypertrophic=0.04,
        roundness=0.1,
    ),
}
"""One typical specification for every pattern label that names a visible pattern."""
