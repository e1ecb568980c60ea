"""What evidence says of fibers: how many of each kind, how large, in which stages."""

from __future__ import annotations

from dataclasses import dataclass


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
        source: "measured on phantoms" (given by the bundle's card) or "assumed" (a convention, nobody has measured it).
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
