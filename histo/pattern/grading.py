"""From numbers to grades, by the conventions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from histo.evidence import EdgePosition, Estimate, Evidence, SpreadTest
from histo.pattern.conventions import Conventions
from histo.pattern.graded_infiltrate import graded_infiltrate
from histo.pattern.grades import (
    Atrophy,
    Chronicity,
    Grades,
    Infiltration,
    Invasion,
    Necrosis,
    Place,
    Position,
    Spread,
    Stages,
    Zone,
)


def grade(numbers: Evidence, sections: int, conventions: Conventions) -> Grades:
    """Grade the evidence of one slide or of a whole biopsy.

    Args:
        numbers: The evidence.
        sections: How many slides it sums over.
        conventions: The bands.
    """
    return Grades(
        necrosis=_necrosis(numbers, sections, conventions),
        infiltration=_infiltration(numbers, sections, conventions),
        place=_place(numbers, conventions),
        invasion=_invasion(numbers, conventions),
        stages=_stages(numbers, conventions),
        spread=_spread(numbers, conventions),
        zone=_zone(numbers),
        necrosis_position=_position(numbers.necrosis_position, numbers, conventions),
        atrophy=_atrophy(numbers, conventions),
        chronicity=_chronicity(numbers, conventions),
    )


@dataclass(frozen=True, slots=True)
class ChronicSign:
    """A sign of chronic myopathy that could be measured.

    Attributes:
        name: What it is, with its unit.
        value: How much of it there is.
        interval: The same with its interval; None with too few fields of tissue to draw from.
        present: Whether it is as much as the conventions ask for.
    """

    name: str
    value: float
    interval: Estimate | None
    present: bool


def chronic_signs(numbers: Evidence, conventions: Conventions) -> tuple[ChronicSign, ...]:
    """The signs of chronicity that could be measured."""
    bands, sizes, tissue = conventions.chronicity, numbers.sizes, numbers.composition
    internal, drawn = numbers.fibers.internal_nuclei_percent, tissue.intervals
    variation = None if sizes is None else sizes.min_feret_variation
    measured = (
        (
            "fibers with internal nuclei, %",
            None if internal is None else internal.value,
            internal,
            bands.internal_nuclei_from_percent,
        ),
        (
            "coefficient of variation of fiber diameter",
            None if sizes is None else sizes.min_feret_cv,
            variation,
            bands.size_cv_from,
        ),
        (
            "endomysium, % of the fascicles",
            tissue.endomysium_percent,
            None if drawn is None else drawn.endomysium_percent,
            bands.endomysium_from_percent,
        ),
        (
            "fat, % of the tissue",
            tissue.fat_percent,
            None if drawn is None else drawn.fat_percent,
            bands.fat_from_percent,
        ),
    )
    return tuple(
        ChronicSign(name, value, interval, value >= limit)
        for name, value, interval, limit in measured
        if value is not None
    )


def edge_preference(position: EdgePosition) -> float:
    """How far from chance (0) toward all at the edge (1) fibers of a kind lie; negative if they avoid it.

    The index alone does not do: where half of all fibers lie at an edge, it cannot exceed 2.
    """
    room = position.fibers - position.expected_at_edge_fibers
    return (position.at_edge_fibers - position.expected_at_edge_fibers) / room if room > 0 else 0.0


def small_fiber_percent(numbers: Evidence) -> float | None:
    """Small fibers in percent of the fibers whose diameter was measured."""
    return None if numbers.sizes is None or numbers.sizes.small_percent is None else numbers.sizes.small_percent.value


def clustering_level(test: SpreadTest, conventions: Conventions) -> float:
    """The p-value of the nearest neighbor up to which it shows clustering.

    Where Ripley's L asks the same, each test has half of the level: by chance the two-sided one shows an excess in half
    of its own, so that both together are wrong in at most the level.
    """
    return conventions.spread.max_p if test.ripley is None else conventions.spread.max_p / 2


def _necrosis(numbers: Evidence, sections: int, conventions: Conventions) -> Necrosis:
    bands, count = conventions.necrosis, numbers.necrotic.fibers
    if numbers.floor is None or numbers.necrotic.per_1000_fibers is None:
        return Necrosis.NOT_ASSESSED
    if count == 0:
        return Necrosis.NONE
    percent = numbers.necrotic.per_1000_fibers.value / 10
    if not numbers.floor.exceeded:
        # So many false calls are expected here that moderate necrosis could hide among them: that is not "none".
        hidden = percent >= bands.moderate_from_percent and count > bands.normal_fibers_per_section * sections
        return Necrosis.NOT_ASSESSED if hidden else Necrosis.CANDIDATES
    if count <= bands.normal_fibers_per_section * sections:
        return Necrosis.MINIMAL
    if percent > bands.extensive_above_percent:
        return Necrosis.EXTENSIVE
    if percent > bands.marked_above_percent:
        return Necrosis.MARKED
    return Necrosis.MODERATE if percent >= bands.moderate_from_percent else Necrosis.MILD


def _infiltration(numbers: Evidence, sections: int, conventions: Conventions) -> Infiltration:
    bands, infiltrate = conventions.infiltrate, numbers.infiltrate
    if infiltrate is None:
        return Infiltration.NOT_ASSESSED
    graded = graded_infiltrate(infiltrate, conventions)
    if graded.total_per_mm2 is None:
        return Infiltration.NOT_ASSESSED
    # The score tool counts CD3+ and CD68+ cells apart, each against the same limit.
    by_kind = (infiltrate.lymphocyte_like.per_mm2, graded.macrophage_like_per_mm2)
    kind_per_mm2 = max(density.value for density in by_kind if density is not None)
    present_from, dense_from = cluster_limits(numbers, sections, conventions)
    if graded.clusters >= dense_from or graded.total_per_mm2.value >= bands.diffuse_from_per_mm2:
        return Infiltration.DENSE
    if kind_per_mm2 >= bands.sparse_below_per_mm2 or graded.clusters >= present_from:
        return Infiltration.PRESENT
    return Infiltration.NONE_SPARSE


def cluster_limits(numbers: Evidence, sections: int, conventions: Conventions) -> tuple[int, int]:
    """From how many clusters on an infiltrate is present, and dense: on wide tissue a single one is by chance.

    Args:
        numbers: What was counted, and on how much tissue.
        sections: How many slides it sums over; the dense infiltrate's count is of a section.
        conventions: The counts of the score tool, and the tissue that they are of.
    """
    bands = conventions.infiltrate
    wide = numbers.coverage.assessable_mm2 / bands.clusters_on_mm2
    present = math.ceil(bands.present_from_clusters * max(1.0, wide))
    return present, math.floor(bands.dense_above_clusters * max(sections, wide)) + 1


def _place(numbers: Evidence, conventions: Conventions) -> Place:
    bands, infiltrate = conventions.infiltrate, numbers.infiltrate
    if infiltrate is None:
        return Place.NOT_ASSESSED
    endomysial = infiltrate.endomysial.cells
    perimysial = infiltrate.perimysial.cells + infiltrate.perivascular.cells
    placed = endomysial + perimysial
    if placed == 0 or placed < bands.placed_from_cells:
        return Place.NOT_ASSESSED
    if 100 * endomysial >= bands.mostly_percent * placed:
        return Place.ENDOMYSIAL
    return Place.PERIMYSIAL if 100 * perimysial >= bands.mostly_percent * placed else Place.BOTH


def _invasion(numbers: Evidence, conventions: Conventions) -> Invasion:
    bands, found = conventions.infiltrate, numbers.invasion_candidates
    if found is None or found.per_1000_fibers is None:
        return Invasion.NOT_ASSESSED
    enough = found.fibers >= bands.invasion_from_fibers and found.per_1000_fibers.value >= bands.invasion_from_per_1000
    return Invasion.CANDIDATES if enough else Invasion.NONE


def _stages(numbers: Evidence, conventions: Conventions) -> Stages:
    mix = numbers.stages
    shares = {
        Stages.EARLY: mix.early_percent,
        Stages.PHAGOCYTIC: mix.phagocytic_percent,
        Stages.REGENERATING: mix.regenerating_percent,
    }
    if numbers.necrotic.fibers == 0:
        return Stages.NOT_ASSESSED
    if numbers.necrotic.fibers < conventions.measures.spatial_min_fibers:
        return Stages.CANNOT_TELL
    limit = conventions.stages.present_from_percent
    present = [stage for stage, share in shares.items() if share is not None and share.value >= limit]
    return present[0] if len(present) == 1 else Stages.MIXED


def _spread(numbers: Evidence, conventions: Conventions) -> Spread:
    test, bands = numbers.necrosis_spread, conventions.spread
    if test is None:
        return Spread.NOT_ASSESSED
    if test.fibers < conventions.measures.spatial_min_fibers or test.p_clustered is None or test.random_low is None:
        return Spread.CANNOT_TELL
    if test.p_clustered <= clustering_level(test, conventions) or _pairs_in_excess(test, bands.max_p):
        # Where a third of all fibers are necrotic most lie in large groups by chance: groups alone prove nothing.
        grouped = test.in_large_groups_percent
        most = grouped is not None and grouped >= bands.clustered_from_percent
        return Spread.CLUSTERED if most else Spread.SMALL_GROUPS
    return Spread.SCATTERED if test.random_low >= bands.scattered_envelope_low else Spread.NO_CLUSTERING_SHOWN


def _pairs_in_excess(test: SpreadTest, max_p: float) -> bool:
    """Whether Ripley's L shows more pairs at some distance; the two-sided test does so by chance in half of `max_p`."""
    return test.ripley is not None and test.ripley.p <= max_p and test.ripley.strongest_ratio > 1


def _zone(numbers: Evidence) -> Zone:
    if numbers.fibers.fibers == 0:
        return Zone.NOT_ASSESSED
    if numbers.sheet is None:
        return Zone.NONE
    if numbers.sheet.fascicles is None:
        return Zone.FASCICLES_UNKNOWN
    return Zone.ACROSS_FASCICLES if numbers.sheet.fascicles > 1 else Zone.ONE_FASCICLE


def _position(position: EdgePosition | None, numbers: Evidence, conventions: Conventions) -> Position:
    if numbers.fascicles.perimysium_mm2 == 0 or position is None:
        return Position.NOT_ASSESSED
    index, low, high = position.edge_index, position.random_low, position.random_high
    if position.fibers < conventions.measures.spatial_min_fibers or index is None or low is None or high is None:
        return Position.CANNOT_TELL
    bands = conventions.position
    if index > high and edge_preference(position) >= bands.edge_from_preference:
        return Position.AT_EDGE
    return Position.AWAY_FROM_EDGE if index < low and index < bands.away_below_index else Position.NO_PREFERENCE_SHOWN


def _atrophy(numbers: Evidence, conventions: Conventions) -> Atrophy:
    percent, bands = small_fiber_percent(numbers), conventions.atrophy
    if percent is None:
        return Atrophy.NOT_ASSESSED
    position = _position(numbers.atrophy_position, numbers, conventions)
    share = None if numbers.atrophy_position is None else numbers.atrophy_position.percent_of_edge
    spread = numbers.atrophy_spread
    grouped = 0.0 if spread is None or spread.in_large_groups_percent is None else spread.in_large_groups_percent
    lines_edges = share is not None and share >= bands.perifascicular_from_percent_of_edge
    if position is Position.AT_EDGE and lines_edges and grouped >= bands.perifascicular_from_in_groups_percent:
        return Atrophy.PERIFASCICULAR
    if _grouped(numbers.atrophy_spread, conventions) and percent >= bands.grouped_from_percent:
        return Atrophy.GROUPED
    return Atrophy.SCATTERED if percent >= bands.scattered_from_percent else Atrophy.NONE


def _grouped(test: SpreadTest | None, conventions: Conventions) -> bool:
    if test is None or test.p_clustered is None or test.in_large_groups_percent is None:
        return False
    return (
        test.fibers >= conventions.measures.spatial_min_fibers
        and test.p_clustered <= conventions.spread.max_p
        and test.in_large_groups_percent >= conventions.atrophy.grouped_from_in_groups_percent
    )


def _chronicity(numbers: Evidence, conventions: Conventions) -> Chronicity:
    signs = chronic_signs(numbers, conventions)
    if not signs:
        return Chronicity.NOT_ASSESSED
    present = sum(sign.present for sign in signs)
    if present >= conventions.chronicity.marked_from_signs:
        return Chronicity.MARKED
    return Chronicity.SOME if present else Chronicity.NONE
