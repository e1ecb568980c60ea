"""What evidence says of fibers: how many of each kind, how large, in which stages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95% interval; the unit is in the name of the field that holds it.

    Over several slides of a biopsy the interval is one that holds though they be levels that show the same fibers again
    (`histo.evidence.repeats`): many levels never make a number surer than one.
    """

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
        vacuolated_percent: Share of all fibers with vacuoles.
        opaque_percent: Share of all fibers that are opaque.
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
    vacuolated_percent: Estimate | None = None
    opaque_percent: Estimate | None = None


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
        min_feret_median: The median diameter with its exact interval, in um.
        min_feret_variation: `min_feret_cv` with its interval. None as that is.
        area_median: The median area with its exact interval, in um2.
        area_variation: Standard deviation over mean of the area, with its interval. None with fewer than 2 fibers.
        min_feret_p5: The percentiles with their exact intervals, in um.
        min_feret_p25: As above.
        min_feret_p75: As above.
        min_feret_p95: As above.
        small_percent: Small fibers in percent of those measured.
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
    min_feret_median: Estimate | None = None
    min_feret_variation: Estimate | None = None
    area_median: Estimate | None = None
    area_variation: Estimate | None = None
    min_feret_p5: Estimate | None = None
    min_feret_p25: Estimate | None = None
    min_feret_p75: Estimate | None = None
    min_feret_p95: Estimate | None = None
    small_percent: Estimate | None = None


@dataclass(frozen=True, slots=True)
class FalseCallFloor:
    """What the detector's own false calls would give on as many healthy fibers.

    Attributes:
        false_necrotic_per_1000: False necrotic calls per 1,000 healthy fibers that were reckoned with.
        source: "measured on phantoms" (given by the bundle's card), "measured on phantoms, its variation assumed", or
            "assumed" (conventions, nobody has measured them).
        expected_fibers: False calls expected on this many fibers.
        floor_fibers: Their 95th percentile: a count at or below it is not told from false calls. Over several slides
            that of false calls which come again on every level.
        exceeded: Whether more necrotic fibers than that were found.
        variation: By how much the rate was taken to differ from section to section: standard deviation over mean.
            Readings of a schema before 1.5 took it to be the same on all, and say 0.
    """

    false_necrotic_per_1000: float
    source: str
    expected_fibers: float
    floor_fibers: int
    exceeded: bool
    variation: float = 0.0


@dataclass(frozen=True, slots=True)
class KindBound:
    """The most that there may be of one kind of necrosis; see `NecrosisBound`.

    Attributes:
        kind: `necrotic_pale`, `necrotic_hyaline` or `myophagocytosis`.
        found: Fibers called so.
        at_most_per_1000_fibers: The bound.
        at_most_per_mm2: The same over assessable tissue; None without any.
        recall: Share of such fibers, from 0 to 1, that was taken to be found as this kind.
    """

    kind: str
    found: int
    at_most_per_1000_fibers: float
    at_most_per_mm2: float | None
    recall: float


@dataclass(frozen=True, slots=True)
class NecrosisBound:
    """The most necrosis that the muscle may have, with 95% confidence, given how little was found here.

    A one-sided bound: where the muscle had more, so few would be found in less than 5% of such sections. It counts
    every call as true, takes the fibers of a slide as independent, and **assumes that this detector misses no more of
    the necrotic fibers here than of those on phantoms**; nobody has measured what it misses on patients' slides. A
    bound for all kinds together assumes the phantoms' mix of kinds besides, for some are missed more often than others;
    those of single kinds do not. Levels of one block bound no more than one of them.

    Attributes:
        at_most_per_1000_fibers: The bound.
        at_most_per_mm2: The same over assessable tissue; None without any.
        recall: Share of necrotic fibers, from 0 to 1, that was taken to be found: the lower end of its interval.
        source: Who measured it: "measured on phantoms".
        kinds: Of each kind whose recall was measured; each with 95% confidence on its own.
    """

    at_most_per_1000_fibers: float
    at_most_per_mm2: float | None
    recall: float
    source: str
    kinds: tuple[KindBound, ...] = ()


@dataclass(frozen=True, slots=True)
class StageMix:
    """In which stages necrosis and repair are, in percent of all necrotic and regenerating fibers.

    Attributes:
        fibers: Necrotic and regenerating fibers in all.
        early_percent: Pale or hyaline, no phagocytes inside.
        phagocytic_percent: Myophagocytosis.
        regenerating_percent: Regenerating.
        phagocytic_percent_of_necrotic: The myophagocytic fraction: myophagocytosis in percent of the necrotic fibers
            alone. None without any.
        synchrony: Chance that two of these fibers, drawn at random, are in one of the three stages together (Simpson
            1949, doi 10.1038/163688a0): 1 where all are of one age, about 1/3 where the stages are mixed evenly. The
            interval is that of a Jeffreys Dirichlet posterior. None with fewer than two.
    """

    fibers: int
    early_percent: Estimate | None
    phagocytic_percent: Estimate | None
    regenerating_percent: Estimate | None
    phagocytic_percent_of_necrotic: Estimate | None = None
    synchrony: Estimate | None = None
