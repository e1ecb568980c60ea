"""The evidence on the axes that it was graded on."""

from __future__ import annotations

from collections.abc import Iterator

from histo.evidence import EdgePosition, Estimate, Evidence
from histo.pattern.conventions import Conventions
from histo.pattern.gauges import Band, Gauge, Mark, source_of
from histo.pattern.graded_infiltrate import graded_infiltrate
from histo.pattern.grading import cluster_limits, small_fiber_percent


def evidence_gauges(numbers: Evidence, sections: int, conventions: Conventions) -> tuple[Gauge, ...]:
    """What the grades rest on; a measure that could not be taken is left out.

    Args:
        numbers: Of the biopsy.
        sections: How many slides it sums over.
        conventions: What was graded by.
    """
    return (
        *_necrosis(numbers, conventions),
        *_infiltrate(numbers, sections, conventions),
        *_stages(numbers, conventions),
        *_places(numbers, conventions),
        *_atrophy(numbers, conventions),
        *_chronicity(numbers, conventions),
    )


def _gauge(
    finding: str, text: str, unit: str, found: Estimate | None, bands: tuple[Band, ...], source: str,
    marks: tuple[Mark, ...] = (),
) -> Iterator[Gauge]:  # fmt: skip
    if found is not None:
        yield Gauge(finding, text, unit, found.value, found.low, found.high, bands, source, marks)


def _necrosis(numbers: Evidence, conventions: Conventions) -> Iterator[Gauge]:
    bands, per_1000 = conventions.necrosis, numbers.necrotic.per_1000_fibers
    grades = (
        Band("mild", 10 * bands.moderate_from_percent),
        Band("moderate", 10 * bands.marked_above_percent, holds_end=True),
        Band("marked", 10 * bands.extensive_above_percent, holds_end=True),
        Band("extensive"),
    )
    marks = []
    if numbers.floor is not None and numbers.fibers.fibers:
        marks.append(Mark("false calls alone", 1000 * numbers.floor.floor_fibers / numbers.fibers.fibers))
    if numbers.necrosis_bound is not None and not (numbers.floor is not None and numbers.floor.exceeded):
        marks.append(Mark("at most (95%)", numbers.necrosis_bound.at_most_per_1000_fibers))
    keys = ("necrosis.moderate_from_percent", "necrosis.marked_above_percent", "necrosis.extensive_above_percent")
    source = source_of(conventions, *keys)
    unit = "per 1,000 fibers"
    yield from _gauge("necrosis", "Necrotic fibers", unit, per_1000, grades, source, tuple(marks))
    if numbers.invasion_candidates is not None:
        limit = conventions.infiltrate.invasion_from_per_1000
        yield from _gauge(
            "invasion", "Candidates for invasion", unit, numbers.invasion_candidates.per_1000_fibers,
            (Band("none", limit), Band(f"candidates, if {conventions.infiltrate.invasion_from_fibers} or more")),
            source_of(conventions, "infiltrate.invasion_from_per_1000"),
        )  # fmt: skip


def _infiltrate(numbers: Evidence, sections: int, conventions: Conventions) -> Iterator[Gauge]:
    infiltrate, bands = numbers.infiltrate, conventions.infiltrate
    if infiltrate is None:
        return
    sparse = source_of(conventions, "infiltrate.sparse_below_per_mm2")
    diffuse = source_of(conventions, "infiltrate.diffuse_from_per_mm2")
    of_kind = (Band("none or sparse", bands.sparse_below_per_mm2), Band("present"))
    graded = graded_infiltrate(infiltrate, conventions)
    less = ", less those of missed fibers" if graded.spared_cells else ""
    for text, per_mm2 in (
        ("Lymphocyte-like cells", infiltrate.lymphocyte_like.per_mm2),
        (f"Macrophage-like cells{less}", graded.macrophage_like_per_mm2),
    ):
        yield from _gauge("infiltration", text, "per mm2", per_mm2, of_kind, sparse)
    of_all = (Band("not diffuse", bands.diffuse_from_per_mm2), Band("dense"))
    yield from _gauge("infiltration", f"All inflammatory cells{less}", "per mm2", graded.total_per_mm2, of_all, diffuse)
    present, most = cluster_limits(numbers, sections, conventions)
    between = (Band("present", float(most)),) if present < most else ()
    yield Gauge(
        finding="infiltration",
        text=f"Clusters of {conventions.measures.cluster_cells} or more cells",
        unit=f"on {numbers.coverage.assessable_mm2:.3g} mm2",
        value=float(graded.clusters),
        low=None,
        high=None,
        bands=(Band("none" if present == 1 else "few", float(present)), *between, Band("dense")),
        source=source_of(
            conventions,
            "infiltrate.present_from_clusters",
            "infiltrate.dense_above_clusters",
            "infiltrate.clusters_on_mm2",
        ),
    )


def _stages(numbers: Evidence, conventions: Conventions) -> Iterator[Gauge]:
    mix, limit = numbers.stages, conventions.stages.present_from_percent
    bands, source = (Band("absent", limit), Band("present")), source_of(conventions, "stages.present_from_percent")
    for text, share in (
        ("Early stage (pale or hyaline)", mix.early_percent),
        ("Phagocytosed stage", mix.phagocytic_percent),
        ("Regenerating stage", mix.regenerating_percent),
    ):
        yield from _gauge("stages", text, "% of the three", share, bands, source)


def _places(numbers: Evidence, conventions: Conventions) -> Iterator[Gauge]:
    test, few = numbers.necrosis_spread, conventions.measures.spatial_min_fibers
    if test is not None and test.fibers >= few:
        yield from _against_chance(
            "spread", "Distance to the nearest other necrotic fiber", test.nearest_index, test.random_low,
            test.random_high, ("closer", "as at random", "farther"),
        )  # fmt: skip
    yield from _edge("necrosis_position", "Necrotic fibers at a fascicle edge", numbers.necrosis_position, few)
    yield from _edge("atrophy", "Small fibers at a fascicle edge", numbers.atrophy_position, few)


def _edge(finding: str, text: str, position: EdgePosition | None, few: int) -> Iterator[Gauge]:
    if position is not None and position.fibers >= few:
        names = ("fewer", "as at random", "more")
        yield from _against_chance(finding, text, position.edge_index, position.random_low, position.random_high, names)


def _against_chance(
    finding: str, text: str, index: float | None, low: float | None, high: float | None, names: tuple[str, str, str]
) -> Iterator[Gauge]:
    """A ratio of found to expected: here the band is what chance gives, and the value has no interval of its own."""
    if index is None or low is None or high is None or not low < high:
        return
    bands = (Band(names[0], low), Band(names[1], high), Band(names[2]))
    source = "middle 95% of random labellings of the fibers present"
    yield Gauge(finding, text, "times chance", index, None, None, bands, source)


def _atrophy(numbers: Evidence, conventions: Conventions) -> Iterator[Gauge]:
    percent, bands = small_fiber_percent(numbers), conventions.atrophy
    if percent is not None:
        few, many = bands.grouped_from_percent, bands.scattered_from_percent
        between = (Band("only if grouped", many),) if few < many else ()
        yield Gauge(
            "atrophy", "Small fibers", "% of measured fibers", percent, None, None,
            (Band("none", min(few, many)), *between, Band("scattered or more")),
            source_of(conventions, "atrophy.grouped_from_percent", "atrophy.scattered_from_percent"),
        )  # fmt: skip
    position = numbers.atrophy_position
    if position is not None and position.percent_of_edge is not None:
        limit = bands.perifascicular_from_percent_of_edge
        yield Gauge(
            "atrophy", "Small fibers among those at an edge", "%", position.percent_of_edge, None, None,
            (Band("not perifascicular", limit), Band("perifascicular, if preferred and in rows")),
            source_of(conventions, "atrophy.perifascicular_from_percent_of_edge"),
        )  # fmt: skip
    spread = numbers.atrophy_spread
    if spread is not None and spread.in_large_groups_percent is not None:
        rows, grouped = bands.perifascicular_from_in_groups_percent, bands.grouped_from_in_groups_percent
        between = (Band("in rows, if at an edge", grouped),) if rows < grouped else ()
        yield Gauge(
            "atrophy", "Small fibers in large groups", "% of small fibers", spread.in_large_groups_percent, None, None,
            (Band("single", min(rows, grouped)), *between, Band("grouped")),
            source_of(
                conventions, "atrophy.perifascicular_from_in_groups_percent", "atrophy.grouped_from_in_groups_percent"
            ),
        )  # fmt: skip


def _chronicity(numbers: Evidence, conventions: Conventions) -> Iterator[Gauge]:
    internal, sizes, tissue = numbers.fibers.internal_nuclei_percent, numbers.sizes, numbers.composition
    shares = tissue.intervals
    share = None if internal is None else internal.value
    variation, spread = (None, None) if sizes is None else (sizes.min_feret_cv, sizes.min_feret_variation)
    endomysium, fat = (None, None) if shares is None else (shares.endomysium_percent, shares.fat_percent)
    measured: tuple[tuple[str, str, str, float | None, Estimate | None], ...] = (
        ("internal_nuclei_from_percent", "Fibers with internal nuclei", "%", share, internal),
        ("size_cv_from", "Variation of diameter (deviation over mean)", "", variation, spread),
        ("endomysium_from_percent", "Endomysium", "% of the fascicles", tissue.endomysium_percent, endomysium),
        ("fat_from_percent", "Fat", "% of the tissue", tissue.fat_percent, fat),
    )
    for key, text, unit, value, interval in measured:
        if value is None:
            continue
        bands = (Band("usual", getattr(conventions.chronicity, key)), Band("raised"))
        low, high = (None, None) if interval is None else (interval.low, interval.high)
        yield Gauge("chronicity", text, unit, value, low, high, bands, source_of(conventions, f"chronicity.{key}"))
