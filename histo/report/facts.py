"""What else a page tells of fibers and cells: a name, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence import (
    CompartmentDensity,
    EdgePosition,
    Evidence,
    Measures,
    SpreadTest,
    StageMix,
    TissueComposition,
)
from histo.report.rows import NOTHING, estimate, number, percent


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is known about it."""

    name: str
    text: str


def fiber_facts(evidence: Evidence) -> tuple[Fact, ...]:
    """How the fibers were cut, how large they are, and what else is true of them."""
    counts, sizes = evidence.fibers, evidence.sizes
    none = "no whole intact transverse fiber was found"
    size = (
        f"median {estimate(sizes.min_feret_median)} µm, 5th to 95th percentile {number(sizes.min_feret_p5_um)} to "
        f"{number(sizes.min_feret_p95_um)} µm, coefficient of variation {estimate(sizes.min_feret_variation)}, "
        f"of {sizes.fibers:,} whole intact transverse fibers"
        if sizes
        else none
    )
    area = (
        f"median {estimate(sizes.area_median)} µm², coefficient of variation {estimate(sizes.area_variation)}"
        if sizes
        else none
    )
    return (
        Fact("Cut transversely", f"{percent(counts.transverse_percent)}; not transverse: {counts.oblique:,}"),
        Fact("Diameter (smallest caliper)", size),
        Fact("Area", area),
        Fact(
            "Internal nuclei",
            f"{counts.internal_nuclei:,}: {percent(counts.internal_nuclei_percent)} of intact transverse ones",
        ),
        Fact("Vacuolated", f"{counts.vacuolated:,}: {percent(counts.vacuolated_percent)}"),
        Fact(
            "Opaque or hypercontracted",
            f"{counts.opaque:,}: {percent(counts.opaque_percent)}, outside the necrotic burden",
        ),
        Fact("Outline cut by a border", f"{counts.cut:,}"),
    )


def _spread_text(test: SpreadTest) -> str:
    if test.nearest_index is None:
        return f"necrotic fibers: {test.fibers:,}, too few for a test"
    return (
        f"nearest-neighbor distance {number(test.nearest_index)} of that at random "
        f"(random labelling: {number(test.random_low)} to {number(test.random_high)}); p for clustering "
        f"{number(test.p_clustered)}; largest group {test.largest_group_fibers:,} fibers{_ripley_text(test)}"
    )


def _ripley_text(test: SpreadTest) -> str:
    ripley = test.ripley
    if ripley is None:
        return ""
    return (
        f"; Ripley's L up to {number(ripley.radii_um[-1])} µm, most extreme at {number(ripley.strongest_um)} µm with "
        f"{number(ripley.strongest_ratio)} times the pairs of random labelling; p of the global envelope "
        f"{number(ripley.p)}"
    )


def _stage_text(stages: StageMix) -> str:
    if not stages.fibers:
        return "no such fiber"
    text = (
        f"of {stages.fibers:,} fibers {percent(stages.early_percent)} early, "
        f"{percent(stages.phagocytic_percent)} phagocytosed, {percent(stages.regenerating_percent)} regenerating"
    )
    if stages.phagocytic_percent_of_necrotic is not None:
        text += f"; of the necrotic ones {percent(stages.phagocytic_percent_of_necrotic)} phagocytosed"
    if stages.synchrony is not None:
        text += f"; two in one stage with a chance of {estimate(stages.synchrony)} (1: all of one age)"
    return text


def _position_text(position: EdgePosition) -> str:
    text = (
        f"{position.at_edge_fibers:,} of {position.fibers:,} at the fascicle edge, "
        f"{number(position.expected_at_edge_fibers)} expected at random"
    )
    if position.edge_index is None:
        return text
    return (
        f"{text}; index {number(position.edge_index)} "
        f"(random labelling: {number(position.random_low)} to {number(position.random_high)})"
    )


def _infiltrate_facts(evidence: Evidence, measures: Measures) -> tuple[Fact, ...]:
    infiltrate = evidence.infiltrate
    if infiltrate is None:
        return (Fact("Inflammatory cells", "not assessed: the slide is too coarse to tell what kind a nucleus is"),)
    worst = infiltrate.worst_field
    return (
        Fact(
            f"Clusters of {measures.cluster_cells} or more inflammatory cells",
            f"{infiltrate.clusters_count:,} ({estimate(infiltrate.clusters_per_mm2)} per mm²), of "
            f"{measures.large_cluster_cells} or more {infiltrate.large_clusters_count:,} "
            f"({estimate(infiltrate.large_clusters_per_mm2)} per mm²)"
            + (f"; the largest of {infiltrate.clusters[0].cells:,} cells" if infiltrate.clusters else ""),
        ),
        Fact("Endomysial cells", _own_text(infiltrate.endomysial, "fibers and endomysium")),
        Fact("Perimysial cells", _own_text(infiltrate.perimysial, "perimysium and fat")),
        Fact(
            "Densest field",
            f"{worst.cells:,} inflammatory cells in {number(worst.field_mm2)} mm² ({number(worst.per_mm2)} per mm²)"
            if worst
            else "no inflammatory cell outside necrotic fibers",
        ),
        Fact("Phagocytes inside dying fibers", f"{infiltrate.inside_necrotic_cells:,} cells, not infiltrate"),
        Fact("Cells in nerve, spindle or artefact", f"{infiltrate.excluded_cells:,}, not counted above"),
    )


def _own_text(found: CompartmentDensity, where: str) -> str:
    return f"{found.cells:,}; {estimate(found.per_own_mm2)} per mm² of {where} alone"


def _phagocyte_text(evidence: Evidence, measures: Measures) -> str:
    """The convention beside the network's calls."""
    support = evidence.phagocytes
    if support is None:
        return "not assessed: the slide is too coarse to tell what kind a nucleus is"
    enough, possible = measures.myophagocytosis_nuclei, measures.possible_myophagocytosis_nuclei
    between = f"{possible}" if possible + 1 >= enough else f"{possible} to {enough - 1}"
    return (
        f"{enough} or more: {support.enough_fibers:,} of {support.fibers:,}; {between} (possible): "
        f"{support.possible_fibers:,}; fewer: {support.fewer_fibers:,} (a convention; the class is the network's); "
        f"{enough} or more, but not called necrotic: {support.uncalled_fibers:,}"
    )


def _composition_facts(tissue: TissueComposition) -> tuple[Fact, ...]:
    """Fibrosis and fat, with the intervals where there are any."""

    def share(name: str, of: str) -> str:
        value, interval = getattr(tissue, name), getattr(tissue.intervals, name, None)
        return NOTHING if value is None else f"{percent(interval) if interval else f'{number(value)}%'} of {of}"

    return (
        Fact("Endomysium (fibrosis widens it)", share("endomysium_percent", "fibers and endomysium")),
        Fact("Connective tissue", share("connective_percent", "the scored tissue")),
        Fact("Fat", share("fat_percent", "the scored tissue")),
    )


def spatial_facts(evidence: Evidence, measures: Measures) -> tuple[Fact, ...]:
    """Where findings lie, in which stages, and what lies beside them."""
    absent = "not assessed on this section"
    stages, sheet, fascicles = evidence.stages, evidence.sheet, evidence.fascicles
    return (
        Fact("Spread of necrosis", _spread_text(evidence.necrosis_spread) if evidence.necrosis_spread else absent),
        Fact(
            "Necrosis against the fascicle edge",
            _position_text(evidence.necrosis_position) if evidence.necrosis_position else absent,
        ),
        Fact(
            "Small fibers against the fascicle edge",
            _position_text(evidence.atrophy_position) if evidence.atrophy_position else absent,
        ),
        Fact(
            "Stages of necrosis and repair",
            _stage_text(stages),
        ),
        Fact("Largest sheet of necrosis", f"{sheet.fibers:,} fibers" if sheet else "none"),
        Fact("Macrophage-type nuclei in a fiber called myophagocytosis", _phagocyte_text(evidence, measures)),
        *_infiltrate_facts(evidence, measures),
        Fact(
            "Fascicles",
            f"{fascicles.count:,}; perimysium {number(fascicles.perimysium_mm2)} mm²" if fascicles else absent,
        ),
        *_composition_facts(evidence.composition),
    )
