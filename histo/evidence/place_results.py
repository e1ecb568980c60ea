"""What evidence says of places: fascicles, edges, spread, sheets, and what the tissue is made of."""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence.fiber_results import Estimate


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
class Resampled:
    """A kind of fiber with its intervals by resampling of fascicles. None where too few such fibers were found."""

    per_1000_fibers: Estimate | None
    per_mm2: Estimate | None


@dataclass(frozen=True, slots=True)
class FascicleBootstrap:
    """Figures of one slide whose intervals know that fibers of one fascicle resemble each other.

    Exact intervals count fibers as independent, and are too narrow where disease picks fascicles out. These draw whole
    fascicles with replacement; their values are those of the exact ones.

    Attributes:
        fascicles: Fascicles that were drawn from.
        effective_fascicles: How many equal ones they count for.
        necrotic: All kinds of necrosis.
        necrotic_pale: Pale necrosis.
        necrotic_hyaline: Hyaline necrosis.
        myophagocytosis: Myophagocytosis.
        regenerating: Regenerating fibers.
        infiltrate_per_mm2: Inflammatory cells outside necrotic fibers. None with too few.
    """

    fascicles: int
    effective_fascicles: float
    necrotic: Resampled
    necrotic_pale: Resampled
    necrotic_hyaline: Resampled
    myophagocytosis: Resampled
    regenerating: Resampled
    infiltrate_per_mm2: Estimate | None


@dataclass(frozen=True, slots=True)
class EdgePosition:
    """Whether fibers of a kind prefer the fascicle edge, against random labelling within each fascicle.

    Of the fibers present those are labelled that could be of the kind: all for necrosis, the measured ones for small
    fibers.

    Attributes:
        fibers: Fibers of the kind that lie in a fascicle.
        at_edge_fibers: Those of them at the edge.
        expected_at_edge_fibers: What random labelling gives on average.
        percent_of_edge: Their share of the fibers at an edge that could be of the kind; None where there is none.
        edge_index: Found over expected: 1 is no preference, above 1 the edge is preferred. None if nothing is expected.
        random_low: 2.5th percentile of the index under random labelling.
        random_high: 97.5th percentile.
        share_of_edge: `percent_of_edge` with its interval.
    """

    fibers: int
    at_edge_fibers: int
    expected_at_edge_fibers: float
    percent_of_edge: float | None
    edge_index: float | None
    random_low: float | None
    random_high: float | None
    share_of_edge: Estimate | None = None


@dataclass(frozen=True, slots=True)
class RipleyTest:
    """Ripley's L of fibers of a kind against random labelling of the fibers present, over all distances at once.

    L is scaled by the pairs that random labelling gives: `L(r) = r` is no clustering, above it there are more pairs
    within r than that, `(L(r) / r) ** 2` times as many. The envelope is global: under random labelling the whole curve
    stays inside it with a probability of 95% (Myllymaki 2017, doi 10.1111/rssb.12172; extreme rank lengths, two-sided).

    Attributes:
        radii_um: Distances r, ascending.
        l_um: L at each.
        low_um: Lower rim of the envelope.
        high_um: Upper rim.
        p: Of the curve as a whole; small for clustering and for regular spacing alike.
        strongest_um: Distance at which the curve lies farthest above the envelope; where it lies nowhere above, at
            which it is most extreme.
        strongest_ratio: Pairs found over pairs expected within that distance: above 1 they lie closer together.
    """

    radii_um: tuple[float, ...]
    l_um: tuple[float, ...]
    low_um: tuple[float, ...]
    high_um: tuple[float, ...]
    p: float
    strongest_um: float
    strongest_ratio: float


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
        ripley: The same question over all distances up to several diameters. None with too few fibers of the kind.
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
    ripley: RipleyTest | None = None


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
class CompositionIntervals:
    """Shares of the tissue, with intervals by drawing whole fields of each slide: fibrosis and fat are patchy.

    Patches larger than a field (0.5 mm) still make the truth wider.

    Attributes:
        fields: Square fields that were drawn from, of all slides.
        effective_fields: How many full ones they count for; of several slides, on one of them.
        fiber_percent: As in `TissueComposition`, and so are the others.
        endomysium_percent: None where a drawing holds neither fibers nor endomysium.
        connective_percent: Endomysium and perimysium.
        fat_percent: Fat.
    """

    fields: int
    effective_fields: float
    fiber_percent: Estimate | None
    endomysium_percent: Estimate | None
    connective_percent: Estimate | None
    fat_percent: Estimate | None


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
        outlined_mm2: Area of the fibers that were outlined one by one.
        outlined_percent: Their share of fibers and endomysium together: how much of the muscle could be read as fibers.
            It
            can pass 100, where outlines reach over the map. None without either.
        fiber_percent: Fibers' share of the scored tissue. None without scored tissue.
        endomysium_percent: Endomysium's share of fibers and endomysium together: endomysial fibrosis widens it.
        connective_percent: Endomysium and perimysium, share of the scored tissue.
        fat_percent: Fat, share of the scored tissue.
        intervals: Of the shares. None with too few fields on any slide. Over several slides each end is the mean of the
            slides' ends, as if they showed the same places again.
    """

    scored_mm2: float
    fiber_mm2: float
    endomysium_mm2: float
    perimysium_mm2: float
    fat_mm2: float
    vessel_mm2: float
    outlined_mm2: float
    outlined_percent: float | None
    fiber_percent: float | None
    endomysium_percent: float | None
    connective_percent: float | None
    fat_percent: float | None
    intervals: CompositionIntervals | None = None
