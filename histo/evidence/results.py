"""What evidence says: plain frozen numbers with their units in their names. Missing is None, never 0.

Every class here holds only floats, ints, strings, tuples, mappings, None and other such classes, so that
`histo.evidence.to_dict` turns any of them into JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence.measures import Measures
from histo.evidence.observation import Coverage


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its exact 95% interval; the unit is in the name of the field that holds it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Burden:
    """How many fibers are of a kind.

    Attributes:
        fibers: The count.
        per_1000_fibers: Share of all fibers; Clopper-Pearson interval. None without fibers.
        per_mm2: Density over assessable tissue; Garwood interval. None without assessable tissue.
    """

    fibers: int
    per_1000_fibers: Estimate | None
    per_mm2: Estimate | None


@dataclass(frozen=True, slots=True)
class FiberCounts:
    """All fibers and how they were cut.

    Attributes:
        fibers: Fibers of every class: the denominator of all shares.
        per_mm2: Fibers per mm2 of assessable tissue.
        cut: Fibers whose outline is cut by a border.
        oblique: Fibers not cut transversely.
        transverse_percent: Share of fibers cut transversely.
        internal_nuclei: Fibers with an internal nucleus, among intact transverse ones.
        internal_nuclei_percent: Their share of intact transverse fibers.
        vacuolated: Fibers with vacuoles.
        opaque: Non-necrotic fibers that are opaque or hypercontracted: outside the necrotic burden.
    """

    fibers: int
    per_mm2: Estimate | None
    cut: int
    oblique: int
    transverse_percent: Estimate | None
    internal_nuclei: int
    internal_nuclei_percent: Estimate | None
    vacuolated: int
    opaque: int


@dataclass(frozen=True, slots=True)
class FiberSizes:
    """Diameters (minimal Feret) and areas of whole, intact, transverse fibers.

    Attributes:
        fibers: How many were measured.
        min_feret_median_um: Median diameter.
        min_feret_p5_um: 5th percentile.
        min_feret_p25_um: 25th percentile.
        min_feret_p75_um: 75th percentile.
        min_feret_p95_um: 95th percentile.
        min_feret_cv: Standard deviation over mean of the diameter; times 1,000 it is Dubowitz's variability
            coefficient, abnormal above 250. None with fewer than 2 fibers.
        area_median_um2: Median area.
        small_below_um: Diameter below which a fiber is small for the biopsy (atrophic).
    """

    fibers: int
    min_feret_median_um: float
    min_feret_p5_um: float
    min_feret_p25_um: float
    min_feret_p75_um: float
    min_feret_p95_um: float
    min_feret_cv: float | None
    area_median_um2: float
    small_below_um: float


@dataclass(frozen=True, slots=True)
class FalseCallFloor:
    """What the detector's own false calls would give on as many healthy fibers.

    Attributes:
        false_necrotic_per_1000: False necrotic calls per 1,000 healthy fibers that was reckoned with.
        source: "measured" (given by the bundle's card) or "assumed" (a convention, nobody has measured it).
        expected_fibers: False calls expected on this many fibers.
        floor_fibers: Their 95th percentile: a count at or below it is not told from false calls.
        exceeded: Whether more necrotic fibers than that were found.
    """

    false_necrotic_per_1000: float
    source: str
    expected_fibers: float
    floor_fibers: int
    exceeded: bool


@dataclass(frozen=True, slots=True)
class CompartmentDensity:
    """Inflammatory cells of one compartment, per mm2 of all assessable tissue, so that compartments add up."""

    cells: int
    per_mm2: Estimate | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of inflammatory cells outside necrotic fibers.

    Attributes:
        slide: The slide it lies on.
        center_um: x and y of its mean, slide micrometers.
        cells: Number of cells.
        cell_ids: Their rows among the slide's cells.
    """

    slide: str
    center_um: tuple[float, float]
    cells: int
    cell_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorstField:
    """The square field with the most inflammatory cells outside necrotic fibers.

    Attributes:
        slide: The slide it lies on.
        center_um: x and y of its middle, slide micrometers.
        field_mm2: Its area; tissue need not fill it.
        cells: Cells in it.
        per_mm2: Cells over the field's whole area.
    """

    slide: str
    center_um: tuple[float, float]
    field_mm2: float
    cells: int
    per_mm2: float


@dataclass(frozen=True, slots=True)
class Infiltrate:
    """Lymphocyte- and macrophage-like cells outside necrotic fibers. Lineage on H&E is a likeness, not a proof.

    Intervals count the cells as independent; they are not, where cells cluster, and then the truth is wider.

    Attributes:
        total: All of them: the sum of the four places.
        lymphocyte_like: Those that look like lymphocytes.
        macrophage_like: Those that look like macrophages.
        endomysial: Between fibers, or inside non-necrotic ones.
        perimysial: Between fascicles, in fat included.
        perivascular: In a vessel's wall or near it, wherever the vessel runs.
        unplaced: In a cleft or off the map, so that no compartment can be told.
        inside_necrotic_cells: Cells inside necrotic fibers or at their rim: myophagocytosis, not infiltrate.
        excluded_cells: Cells in nerve, spindle or artefact: not trusted, not part of the total.
        worst_field: The field with the most cells; None where there is no such cell.
        clusters: All clusters, largest first.
        clusters_count: How many clusters.
        large_clusters_count: How many large ones.
    """

    total: CompartmentDensity
    lymphocyte_like: CompartmentDensity
    macrophage_like: CompartmentDensity
    endomysial: CompartmentDensity
    perimysial: CompartmentDensity
    perivascular: CompartmentDensity
    unplaced: CompartmentDensity
    inside_necrotic_cells: int
    excluded_cells: int
    worst_field: WorstField | None
    clusters: tuple[Cluster, ...]
    clusters_count: int
    large_clusters_count: int


@dataclass(frozen=True, slots=True)
class StageMix:
    """In which stages necrosis and repair are, in percent of all necrotic and regenerating fibers.

    Attributes:
        fibers: Necrotic and regenerating fibers in all.
        early_percent: Pale or hyaline, no phagocytes inside.
        phagocytic_percent: Myophagocytosis.
        regenerating_percent: Regenerating.
    """

    fibers: int
    early_percent: Estimate | None
    phagocytic_percent: Estimate | None
    regenerating_percent: Estimate | None


@dataclass(frozen=True, slots=True)
class Fascicles:
    """The fascicles that perimysium makes.

    Attributes:
        perimysium_mm2: Perimysium found, specks left out.
        count: Fascicles that hold at least one fiber.
        median_fibers: Median number of fibers in a fascicle; None without fascicles.
        edge_zone_um: A fiber whose center is at most this far from perimysium lies at the edge.
        at_edge_percent: Share of fibers at a fascicle edge; None without perimysium.
    """

    perimysium_mm2: float
    count: int
    median_fibers: float | None
    edge_zone_um: float
    at_edge_percent: float | None


@dataclass(frozen=True, slots=True)
class EdgePosition:
    """Whether fibers of a kind prefer the fascicle edge, against random labelling within each fascicle.

    Attributes:
        fibers: Fibers of the kind that lie in a fascicle.
        at_edge_fibers: Those of them at the edge.
        expected_at_edge_fibers: What random labelling gives on average.
        percent_of_edge: Their share of all fibers at an edge; None where no fiber lies at one.
        edge_index: Found over expected: 1 is no preference, above 1 the edge is preferred. None if nothing is expected.
        random_low: 2.5th percentile of the index under random labelling.
        random_high: 97.5th percentile.
    """

    fibers: int
    at_edge_fibers: int
    expected_at_edge_fibers: float
    percent_of_edge: float | None
    edge_index: float | None
    random_low: float | None
    random_high: float | None


@dataclass(frozen=True, slots=True)
class SpreadTest:
    """Whether fibers of a kind lie closer together than random labelling of the fibers present gives.

    Attributes:
        fibers: Fibers of the kind.
        nearest_mean_um: Mean distance to the nearest other one. None with fewer than 2 on every slide.
        random_mean_um: What random labelling gives on average.
        nearest_index: The first over the second: below 1 they lie closer together than at random.
        random_low: 2.5th percentile of the index under random labelling.
        random_high: 97.5th percentile.
        p_clustered: One-sided permutation p-value of lying closer together.
        largest_group_fibers: Most fibers in one group of adjoining ones.
        in_large_groups_percent: Share of them that lies in large groups.
    """

    fibers: int
    nearest_mean_um: float | None
    random_mean_um: float | None
    nearest_index: float | None
    random_low: float | None
    random_high: float | None
    p_clustered: float | None
    largest_group_fibers: int
    in_large_groups_percent: float | None


@dataclass(frozen=True, slots=True)
class NecroticSheet:
    """The largest area where nearly every fiber is necrotic.

    Attributes:
        slide: The slide it lies on.
        center_um: x and y of its mean, slide micrometers.
        fibers: Necrotic fibers in it.
        fascicles: Fascicles that it reaches; None where fascicles cannot be told apart.
        percent_of_necrotic: Its share of all necrotic fibers.
        fiber_ids: Rows of its fibers among the slide's fibers.
    """

    slide: str
    center_um: tuple[float, float]
    fibers: int
    fascicles: int | None
    percent_of_necrotic: float
    fiber_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TissueComposition:
    """What the scored tissue is made of.

    Attributes:
        scored_mm2: Area that the network looked at, glass left out.
        fiber_mm2: Muscle fibers.
        endomysium_mm2: Between fibers.
        perimysium_mm2: Between fascicles.
        fat_mm2: Fat.
        vessel_mm2: Vessels.
        fiber_percent: Fibers' share of the scored tissue. None without scored tissue.
        endomysium_percent: Endomysium's share of fibers and endomysium together: endomysial fibrosis widens it.
        connective_percent: Endomysium and perimysium, share of the scored tissue.
        fat_percent: Fat, share of the scored tissue.
    """

    scored_mm2: float
    fiber_mm2: float
    endomysium_mm2: float
    perimysium_mm2: float
    fat_mm2: float
    vessel_mm2: float
    fiber_percent: float | None
    endomysium_percent: float | None
    connective_percent: float | None
    fat_percent: float | None


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
        invasion_candidates: Non-necrotic fibers marked or packed as candidates for invasion; proof needs other stains.
        floor: What false calls alone would give. None without fibers.
        infiltrate: Inflammatory cells outside necrotic fibers.
        stages: Stage mix.
        fascicles: Fascicles.
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
    invasion_candidates: Burden
    floor: FalseCallFloor | None
    infiltrate: Infiltrate
    stages: StageMix
    fascicles: Fascicles
    necrosis_position: EdgePosition | None
    atrophy_position: EdgePosition | None
    necrosis_spread: SpreadTest | None
    atrophy_spread: SpreadTest | None
    sheet: NecroticSheet | None
    composition: TissueComposition


@dataclass(frozen=True, slots=True)
class FindingIds:
    """Which fibers and cells stand behind the numbers of one slide: rows of its `Fibers` and `Cells`, ascending."""

    necrotic_pale: tuple[int, ...]
    necrotic_hyaline: tuple[int, ...]
    myophagocytosis: tuple[int, ...]
    regenerating: tuple[int, ...]
    atrophic: tuple[int, ...]
    invasion_candidates: tuple[int, ...]
    necrotic_at_edge: tuple[int, ...]
    atrophic_at_edge: tuple[int, ...]

    @property
    def necrotic(self) -> tuple[int, ...]:
        """All necrotic fibers."""
        return tuple(sorted(self.necrotic_pale + self.necrotic_hyaline + self.myophagocytosis))


@dataclass(frozen=True, slots=True)
class SlideEvidence:
    """One slide's numbers and the fibers behind them."""

    name: str
    numbers: Evidence
    ids: FindingIds


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest value over the slides that have one."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SlideSpread:
    """How much the slides of a biopsy differ. None where fewer than two slides have the number."""

    slides: int
    necrotic_per_1000_fibers: Range | None
    necrotic_per_mm2: Range | None
    myophagocytosis_per_1000_fibers: Range | None
    infiltrate_per_mm2: Range | None


@dataclass(frozen=True, slots=True)
class BiopsyEvidence:
    """Everything weighed of one biopsy.

    Attributes:
        slides: Each slide on its own, in the order given.
        pooled: All slides as if they were one section; its intervals do not know that levels resemble each other.
        spread: How much the slides differ.
        measures: How it was measured.
    """

    slides: tuple[SlideEvidence, ...]
    pooled: Evidence
    spread: SlideSpread
    measures: Measures
