"""Columns of how what was found is spread, how large fibers are, and what the tissue is made of."""

from __future__ import annotations

from collections.abc import Callable

from histo.cohort.results.columns import Column, Group, Source, count, estimate, number
from histo.evidence import CompositionIntervals, EdgePosition, Estimate, FiberSizes, SpreadTest
from histo.records.plain_table import Value


def _spread(name: str, what: str) -> tuple[Column, ...]:
    """Whether fibers of a kind lie closer together than chance puts them."""

    def of(field: str) -> Callable[[Source], Value]:
        def value(source: Source) -> Value:
            test: SpreadTest | None = getattr(source.pooled, f"{name}_spread")
            found: Value = None if test is None else getattr(test, field)
            return found

        return value

    def ripley(source: Source) -> Value:
        test: SpreadTest | None = getattr(source.pooled, f"{name}_spread")
        return None if test is None or test.ripley is None else test.ripley.p

    return (
        number(
            f"{name}_nearest_index",
            "ratio",
            f"distance of {what} to the nearest other over that of random labelling: below 1 they lie together",
            of("nearest_index"),
        ),
        number(f"{name}_nearest_random_low", "ratio", "2.5th percentile of the index at random", of("random_low")),
        number(f"{name}_nearest_random_high", "ratio", "97.5th percentile of the index at random", of("random_high")),
        number(
            f"{name}_p_clustered",
            "probability",
            f"p of {what} lying together, one-sided, by permutation",
            of("p_clustered"),
        ),
        number(
            f"{name}_ripley_p",
            "probability",
            "p of Ripley's L as a whole: small for clusters and for even spacing",
            ripley,
        ),
        count(
            f"{name}_largest_group_fibers", f"most {what} in one adjoining group", of("largest_group_fibers"), "fibers"
        ),
        number(
            f"{name}_in_large_groups_percent", "%", f"share of {what} in large groups", of("in_large_groups_percent")
        ),
    )


def _position(name: str, what: str) -> tuple[Column, ...]:
    """Whether fibers of a kind prefer the fascicle edge."""

    def of(field: str) -> Callable[[Source], Value]:
        def value(source: Source) -> Value:
            found: EdgePosition | None = getattr(source.pooled, f"{name}_position")
            told: Value = None if found is None else getattr(found, field)
            return told

        return value

    return (
        count(f"{name}_at_edge_fibers", f"{what} at the fascicle edge", of("at_edge_fibers"), "fibers"),
        number(f"{name}_edge_index", "ratio", f"{what} there over those expected at random", of("edge_index")),
        number(f"{name}_edge_random_low", "ratio", "2.5th percentile of the index at random", of("random_low")),
        number(f"{name}_edge_random_high", "ratio", "97.5th percentile of the index at random", of("random_high")),
    )


def _size(name: str, unit: str, meaning: str, field: str) -> tuple[Column, ...]:
    def of(source: Source) -> Estimate | None:
        sizes: FiberSizes | None = source.pooled.sizes
        found: Estimate | None = None if sizes is None else getattr(sizes, field)
        return found

    return estimate(name, unit, meaning, of)


def _share(name: str, meaning: str) -> tuple[Column, ...]:
    """A share of the tissue; its interval is missing where too few fields could be drawn from."""

    def end(which: str) -> Callable[[Source], Value]:
        def of(source: Source) -> Value:
            drawn: CompositionIntervals | None = source.pooled.composition.intervals
            found: Estimate | None = None if drawn is None else getattr(drawn, name)
            return None if found is None else float(getattr(found, which))

        return of

    def value(source: Source) -> Value:
        found: float | None = getattr(source.pooled.composition, name)
        return found

    return (
        number(name, "%", meaning, value),
        number(f"{name}_low", "%", "lower end of its 95% interval", end("low")),
        number(f"{name}_high", "%", "upper end of its 95% interval", end("high")),
    )


PLACES = Group(
    "Spread and position",
    (
        *_spread("necrosis", "necrotic fibers"),
        *_position("necrosis", "necrotic fibers"),
        count(
            "necrosis_sheet_fibers",
            "necrotic fibers of the largest sheet; 0 where there is none",
            lambda s: 0 if s.pooled.sheet is None else s.pooled.sheet.fibers,
            "fibers",
        ),
        *_spread("atrophy", "small fibers"),
        *_position("atrophy", "small fibers"),
        count("fascicles", "fascicles that hold a fiber", lambda s: s.pooled.fascicles.count),
    ),
)

SIZES = Group(
    "Sizes, of whole intact transverse fibers",
    (
        count(
            "sized_fibers",
            "fibers measured",
            lambda s: 0 if s.pooled.sizes is None else s.pooled.sizes.fibers,
            "fibers",
        ),
        *_size("min_feret_median_um", "um", "median diameter (minimal Feret)", "min_feret_median"),
        *_size("min_feret_p5_um", "um", "5th percentile of the diameter", "min_feret_p5"),
        *_size("min_feret_p25_um", "um", "25th percentile", "min_feret_p25"),
        *_size("min_feret_p75_um", "um", "75th percentile", "min_feret_p75"),
        *_size("min_feret_p95_um", "um", "95th percentile", "min_feret_p95"),
        *_size("min_feret_cv", "ratio", "standard deviation over mean of the diameter", "min_feret_variation"),
        *_size("area_median_um2", "um2", "median area", "area_median"),
        *_size("small_percent", "%", "fibers small for this biopsy", "small_percent"),
    ),
)

TISSUE = Group(
    "Fibrosis and fat",
    (
        *_share("endomysium_percent", "endomysium of fibers and endomysium together; fibrosis widens it"),
        *_share("connective_percent", "endomysium and perimysium of the scored tissue"),
        *_share("fat_percent", "fat of the scored tissue"),
        *_share("fiber_percent", "muscle fibers of the scored tissue"),
    ),
)
