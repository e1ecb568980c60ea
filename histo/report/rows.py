"""The numbers of a reading as rows of text, the same on the screen, on the page, and in the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from histo.evidence import Burden, CompartmentDensity, Coverage, EdgePosition, Estimate, Evidence, Measures, SpreadTest
from histo.pattern import PatternReading
from histo.slide import Scale

NOTHING = "-"
NOT_ASSESSED = "not assessed"
NOT_TOLD = ("not_assessed", "cannot_tell")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding: how many, and how many per what, with 95% intervals.

    Attributes:
        name: In plain words.
        count: The count; `not assessed` where nothing could be counted.
        per_1000_fibers: Share and interval; a dash for cells.
        per_mm2: Density and interval.
        part: Whether the row is part of the one above it.
    """

    name: str
    count: str
    per_1000_fibers: str
    per_mm2: str
    part: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is known about it."""

    name: str
    text: str


def number(value: float | None) -> str:
    """Three significant digits without an exponent, thousands with commas."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if magnitude >= 10 else f"{value:.2f}"


def typeset(text: str) -> str:
    """Units of plain sentences with their signs: `mm2` as `mm²`, `um` as `µm`."""
    return re.sub(r"\bum\b", "µm", re.sub(r"\bmm2\b", "mm²", text))


def estimate(value: Estimate | None) -> str:
    """Value and interval, as in `12.3 (8.10 to 17.9)`."""
    if value is None:
        return NOTHING
    return f"{number(value.value)} ({number(value.low)} to {number(value.high)})"


def percent(value: Estimate | None) -> str:
    """A share and its interval, as in `12.3% (8.10 to 17.9)`."""
    if value is None:
        return NOTHING
    return f"{number(value.value)}% ({number(value.low)} to {number(value.high)})"


def scale_text(scale: Scale) -> str:
    """The scale and where it was read, as in `0.25 µm per pixel, from aperio.MPP = 0.25`."""
    return f"{scale.mpp.um_per_px:g} µm per pixel, from {scale.source}"


def coverage_text(coverage: Coverage) -> str:
    """The account of the tissue: what was found, and its three parts."""
    doubt = " (whether tissue or not)" if coverage.unreadable_mm2 else ""
    return (
        f"{number(coverage.found_mm2)} mm² found: {number(coverage.rejected_mm2)} rejected as artefact, "
        f"{number(coverage.unreadable_mm2)} unreadable{doubt}, {number(coverage.assessable_mm2)} assessed"
    )


def _fiber_row(name: str, burden: Burden | None, *, part: bool = False) -> FindingRow:
    if burden is None or burden.per_mm2 is None:
        return FindingRow(name, NOT_ASSESSED, NOTHING, NOTHING, part)
    return FindingRow(name, f"{burden.fibers:,}", estimate(burden.per_1000_fibers), estimate(burden.per_mm2), part)


def _cell_row(name: str, density: CompartmentDensity, *, part: bool = False) -> FindingRow:
    if density.per_mm2 is None:
        return FindingRow(name, NOT_ASSESSED, NOTHING, NOTHING, part)
    return FindingRow(name, f"{density.cells:,}", NOTHING, estimate(density.per_mm2), part)


def fiber_rows(evidence: Evidence) -> tuple[FindingRow, ...]:
    """The fibers of a biopsy or slide."""
    fibers = evidence.fibers
    count = NOT_ASSESSED if fibers.per_mm2 is None else f"{fibers.fibers:,}"
    return (
        FindingRow("All fibers", count, NOTHING, estimate(fibers.per_mm2)),
        _fiber_row("Necrotic fibers, all kinds", evidence.necrotic),
        _fiber_row("pale", evidence.necrotic_pale, part=True),
        _fiber_row("hyaline", evidence.necrotic_hyaline, part=True),
        _fiber_row("myophagocytosis", evidence.myophagocytosis, part=True),
        _fiber_row("Regenerating fibers", evidence.regenerating),
        _fiber_row("Small for this biopsy (atrophic)", evidence.atrophic),
        _fiber_row("Invasion candidates (proof needs other stains)", evidence.invasion_candidates),
    )


def cell_rows(evidence: Evidence) -> tuple[FindingRow, ...]:
    """Inflammatory cells outside necrotic fibers."""
    infiltrate, title = evidence.infiltrate, "Inflammatory cells outside necrotic fibers"
    if infiltrate is None:
        return (FindingRow(title, NOT_ASSESSED, NOTHING, NOTHING),)
    return (
        _cell_row(title, infiltrate.total),
        _cell_row("lymphocyte-like", infiltrate.lymphocyte_like, part=True),
        _cell_row("macrophage-like", infiltrate.macrophage_like, part=True),
        _cell_row("endomysial", infiltrate.endomysial, part=True),
        _cell_row("perimysial", infiltrate.perimysial, part=True),
        _cell_row("perivascular", infiltrate.perivascular, part=True),
        _cell_row("place cannot be told", infiltrate.unplaced, part=True),
    )


def finding_rows(evidence: Evidence, *, refused: bool) -> tuple[FindingRow, ...]:
    """All findings; on a refusal only those of which some were found, for none of the others is shown to be absent."""
    rows = (*fiber_rows(evidence), *cell_rows(evidence))
    return tuple(row for row in rows if row.count not in ("0", NOT_ASSESSED)) if refused else rows


def fiber_facts(evidence: Evidence) -> tuple[Fact, ...]:
    """How the fibers were cut, how large they are, and what else is true of them."""
    counts, sizes = evidence.fibers, evidence.sizes
    size = (
        f"median {number(sizes.min_feret_median_um)} µm, 5th to 95th percentile {number(sizes.min_feret_p5_um)} to "
        f"{number(sizes.min_feret_p95_um)} µm, coefficient of variation {number(sizes.min_feret_cv)}, "
        f"of {sizes.fibers:,} whole intact transverse fibers"
        if sizes
        else "no whole intact transverse fiber was found"
    )
    return (
        Fact("Cut transversely", f"{percent(counts.transverse_percent)}; not transverse: {counts.oblique:,}"),
        Fact("Diameter (smallest caliper)", size),
        Fact(
            "Internal nuclei",
            f"{counts.internal_nuclei:,}: {percent(counts.internal_nuclei_percent)} of intact transverse ones",
        ),
        Fact("Vacuolated", f"{counts.vacuolated:,}"),
        Fact("Opaque or hypercontracted", f"{counts.opaque:,}, outside the necrotic burden"),
        Fact("Outline cut by a border", f"{counts.cut:,}"),
    )


def floor_sentence(evidence: Evidence) -> str | None:
    """What the detector's own false calls would give on as many fibers."""
    floor = evidence.floor
    if floor is None:
        return None
    if floor.exceeded:
        verdict = "More were found."
    elif evidence.necrotic.fibers:
        verdict = "No more were found: candidates for review, not a finding."
    else:
        verdict = "None was found."
    return (
        f"False calls of the detector alone would give up to {floor.floor_fibers:,} necrotic among so many fibers "
        f"({number(floor.false_necrotic_per_1000)} per 1,000, {floor.source}). {verdict}"
    )


def _spread_text(test: SpreadTest) -> str:
    if test.nearest_index is None:
        return f"necrotic fibers: {test.fibers:,}, too few for a test"
    return (
        f"nearest-neighbor distance {number(test.nearest_index)} of that at random "
        f"(random labelling: {number(test.random_low)} to {number(test.random_high)}); p for clustering "
        f"{number(test.p_clustered)}; largest group {test.largest_group_fibers:,} fibers"
    )


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
            f"{infiltrate.clusters_count:,}"
            + (f", the largest of {infiltrate.clusters[0].cells:,} cells" if infiltrate.clusters else ""),
        ),
        Fact(
            "Densest field",
            f"{worst.cells:,} inflammatory cells in {number(worst.field_mm2)} mm² ({number(worst.per_mm2)} per mm²)"
            if worst
            else "no inflammatory cell outside necrotic fibers",
        ),
        Fact("Phagocytes inside necrotic fibers", f"{infiltrate.inside_necrotic_cells:,} cells, not infiltrate"),
        Fact("Cells in nerve, spindle or artefact", f"{infiltrate.excluded_cells:,}, not counted above"),
    )


def _phagocyte_text(evidence: Evidence, measures: Measures) -> str:
    """The convention beside the network's calls."""
    support = evidence.phagocytes
    if support is None:
        return "not assessed: the slide is too coarse to tell what kind a nucleus is"
    enough, possible = measures.myophagocytosis_nuclei, measures.possible_myophagocytosis_nuclei
    between = f"{possible}" if possible + 1 >= enough else f"{possible} to {enough - 1}"
    return (
        f"{enough} or more: {support.enough_fibers:,} of {support.fibers:,}; {between} (possible): "
        f"{support.possible_fibers:,}; fewer: {support.fewer_fibers:,} (a convention; the class is the network's)"
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
            f"of {stages.fibers:,} fibers {percent(stages.early_percent)} early, "
            f"{percent(stages.phagocytic_percent)} phagocytosed, {percent(stages.regenerating_percent)} regenerating"
            if stages.fibers
            else "no such fiber",
        ),
        Fact("Largest sheet of necrosis", f"{sheet.fibers:,} fibers" if sheet else "none"),
        Fact("Macrophage-type nuclei in a fiber called myophagocytosis", _phagocyte_text(evidence, measures)),
        *_infiltrate_facts(evidence, measures),
        Fact(
            "Fascicles",
            f"{fascicles.count:,}; perimysium {number(fascicles.perimysium_mm2)} mm²" if fascicles else absent,
        ),
    )


def not_assessed(pattern: PatternReading) -> tuple[str, ...]:
    """Graded findings that this section could not show, in words; on a refusal nothing was graded."""
    if pattern.refusal is not None:
        return ("every grade: no pattern is read from what was found",)
    grades = pattern.grades
    return tuple(
        f"{name.replace('_', ' ')}: {getattr(grades, name).text}"
        for name in grades.__dataclass_fields__
        if getattr(grades, name).value in NOT_TOLD
    )
