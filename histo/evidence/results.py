"""What evidence says: plain frozen numbers with their units in their names. Missing is None, never 0.

Every class of a result holds only floats, ints, strings, tuples, mappings, None and other such classes, so that
`histo.evidence.to_dict` turns any of them into JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence.cell_results import Infiltrate, PhagocyteSupport
from histo.evidence.corrected_count import CorrectedCount
from histo.evidence.fiber_results import (
    Burden,
    Estimate,
    FalseCallFloor,
    FiberCounts,
    FiberSizes,
    NecrosisBound,
    StageMix,
)
from histo.evidence.measures import Measures
from histo.evidence.observation import Coverage
from histo.evidence.place_results import (
    EdgePosition,
    FascicleBootstrap,
    Fascicles,
    NecroticSheet,
    SpreadTest,
    TissueComposition,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers of one slide, or of all slides of a biopsy together.

    Attributes:
        coverage: Areas.
        fibers: Fiber counts and attributes.
        sizes: Diameters and areas; None where no whole intact transverse fiber was found.
        necrotic: Pale, hyaline and myophagocytosis together: the necrotic burden.
        necrotic_pale: Pale necrosis.
        necrotic_hyaline: Hyaline necrosis.
        myophagocytosis: Myophagocytosis, late phagocytosis included.
        regenerating: Regenerating fibers.
        atrophic: Whole intact transverse fibers small for the biopsy; None where sizes are.
        phagocytes: Macrophage-type nuclei inside the fibers called myophagocytosis. None as for the infiltrate.
        invasion_candidates: Non-necrotic fibers marked or packed as candidates for invasion; proof needs other stains.
            None as for the infiltrate.
        floor: What false calls alone would give. None without fibers.
        necrosis_bound: The most necrosis that there may be where little or none was found. None without fibers, or
            where nobody has measured what the detector misses.
        infiltrate: Inflammatory cells outside necrotic fibers. None where a slide is too coarse to tell cells: not 0.
        stages: Stage mix.
        fascicles: Fascicles.
        fascicle_bootstrap: Intervals by resampling of fascicles. None with too few, and over several slides, since
            levels show the same fascicles again.
        necrosis_position: Necrosis against the fascicle edge; None without perimysium or necrosis.
        atrophy_position: Small fibers against the fascicle edge; None without perimysium or small fibers.
        necrosis_spread: Spread of necrotic fibers; None without any.
        atrophy_spread: Spread of small fibers; None without any.
        sheet: Largest sheet of necrosis; None where there is none.
        composition: What the tissue is made of.
    """

    coverage: Coverage
    fibers: FiberCounts
    sizes: FiberSizes | None
    necrotic: Burden
    necrotic_pale: Burden
    necrotic_hyaline: Burden
    myophagocytosis: Burden
    regenerating: Burden
    atrophic: Burden | None
    phagocytes: PhagocyteSupport | None
    invasion_candidates: Burden | None
    floor: FalseCallFloor | None
    necrosis_bound: NecrosisBound | None
    infiltrate: Infiltrate | None
    stages: StageMix
    fascicles: Fascicles
    fascicle_bootstrap: FascicleBootstrap | None
    necrosis_position: EdgePosition | None
    atrophy_position: EdgePosition | None
    necrosis_spread: SpreadTest | None
    atrophy_spread: SpreadTest | None
    sheet: NecroticSheet | None
    composition: TissueComposition


@dataclass(frozen=True, slots=True)
class FindingIds:
    """Which fibers and cells stand behind the numbers of one slide: rows of its `Fibers` and `Cells`, ascending.

    Attributes:
        necrotic_pale: Fibers.
        necrotic_hyaline: Fibers.
        myophagocytosis: Fibers.
        regenerating: Fibers.
        atrophic: Fibers.
        internal_nuclei: Intact transverse fibers with an internal nucleus.
        invasion_candidates: Fibers.
        necrotic_at_edge: Necrotic fibers at the fascicle edge.
        atrophic_at_edge: Small fibers there.
        necrotic_in_large_groups: Necrotic fibers that lie in large groups.
        endomysial_cells: Inflammatory cells outside necrotic fibers, and so are the next three.
        perimysial_cells: Cells.
        perivascular_cells: Cells.
        unplaced_cells: Cells.
        cells_in_necrotic: Inflammatory cells inside necrotic fibers and others with phagocytes, or at their rim.
        invading_cells: Inflammatory cells inside the candidates for invasion.
        uncalled_phagocytosis: Fibers not called necrotic that are full of macrophages.
    """

    necrotic_pale: tuple[int, ...]
    necrotic_hyaline: tuple[int, ...]
    myophagocytosis: tuple[int, ...]
    regenerating: tuple[int, ...]
    atrophic: tuple[int, ...]
    internal_nuclei: tuple[int, ...]
    invasion_candidates: tuple[int, ...]
    necrotic_at_edge: tuple[int, ...]
    atrophic_at_edge: tuple[int, ...]
    necrotic_in_large_groups: tuple[int, ...]
    endomysial_cells: tuple[int, ...]
    perimysial_cells: tuple[int, ...]
    perivascular_cells: tuple[int, ...]
    unplaced_cells: tuple[int, ...]
    cells_in_necrotic: tuple[int, ...]
    invading_cells: tuple[int, ...]
    uncalled_phagocytosis: tuple[int, ...] = ()

    @property
    def necrotic(self) -> tuple[int, ...]:
        """All necrotic fibers."""
        return tuple(sorted(self.necrotic_pale + self.necrotic_hyaline + self.myophagocytosis))

    @property
    def infiltrate(self) -> tuple[int, ...]:
        """All inflammatory cells outside necrotic fibers."""
        cells = self.endomysial_cells + self.perimysial_cells + self.perivascular_cells + self.unplaced_cells
        return tuple(sorted(cells))


@dataclass(frozen=True, slots=True)
class SlideEvidence:
    """One slide's numbers and the fibers behind them."""

    name: str
    numbers: Evidence
    ids: FindingIds


@dataclass(frozen=True, slots=True)
class AcrossSlides:
    """One figure over the slides of a biopsy that have it, which are sections of one muscle and not independent.

    Attributes:
        slides: How many have it.
        low: Lowest value of a slide.
        high: Highest.
        pooled: All slides together; the interval takes slides as what was sampled (Korn and Graubard 1998), so that it
            is very wide for two or three, as it must be: two levels tell little of how much a third would differ. Its
            coverage is told in `histo.evidence.levels.across_slides`.
        variance_ratio: Variance between slides over what chance alone gives: about 1 where they are alike. None where
            nothing, or nothing else, was found.
        i2_percent: Share of the differences that chance does not explain (I2: Higgins and Thompson 2002, doi
            10.1002/sim.1186); badly known with few slides.
        p_alike: How often slides would differ as much if what was found were dealt to them at random. None for cells,
            which lie in clusters, and where `variance_ratio` is.
    """

    slides: int
    low: float
    high: float
    pooled: Estimate
    variance_ratio: float | None
    i2_percent: float | None
    p_alike: float | None


@dataclass(frozen=True, slots=True)
class LevelRange:
    """A value that is no count, over the slides of a biopsy that have it.

    Attributes:
        slides: How many have it.
        low: Lowest value of a slide.
        high: Highest.
    """

    slides: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SlideSpread:
    """How much the slides of a biopsy differ. None where fewer than two slides have the number."""

    slides: int
    necrotic_per_1000_fibers: AcrossSlides | None
    necrotic_per_mm2: AcrossSlides | None
    myophagocytosis_per_1000_fibers: AcrossSlides | None
    regenerating_per_1000_fibers: AcrossSlides | None
    infiltrate_per_mm2: AcrossSlides | None
    necrotic_pale_per_1000_fibers: AcrossSlides | None
    necrotic_hyaline_per_1000_fibers: AcrossSlides | None
    invasion_candidates_per_1000_fibers: AcrossSlides | None
    atrophic_per_1000_fibers: AcrossSlides | None
    endomysial_per_mm2: AcrossSlides | None
    perimysial_per_mm2: AcrossSlides | None
    perivascular_per_mm2: AcrossSlides | None
    min_feret_median_um: LevelRange | None
    endomysium_percent: LevelRange | None
    fat_percent: LevelRange | None


@dataclass(frozen=True, slots=True)
class BiopsyEvidence:
    """Everything weighed of one biopsy.

    Attributes:
        slides: Each slide on its own, in the order given.
        pooled: All slides as if they were one section; its intervals hold though the slides be levels that show the
            same fibers again, and do not know how much levels differ.
        spread: How much the slides differ, and intervals that do know it.
        measures: How it was measured.
        corrections: Counts corrected for the detector, or why not; set beside the rest after the pattern is read, so
            that nothing is graded by them.
    """

    slides: tuple[SlideEvidence, ...]
    pooled: Evidence
    spread: SlideSpread
    measures: Measures
    corrections: tuple[CorrectedCount, ...] = ()
