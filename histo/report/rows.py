"""The numbers of a reading as rows of text, the same on the screen, on the page, and in the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from histo.evidence import Burden, CompartmentDensity, Coverage, Estimate, Evidence
from histo.pattern import PatternReading, bound_sentence, false_call_rate

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


def scale_text(um_per_px: float, source: str) -> str:
    """The scale and where it was read, as in `0.25 µm per pixel, from aperio.MPP = 0.25`."""
    return f"{um_per_px:g} µm per pixel, from {source}"


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


def floor_sentence(evidence: Evidence) -> str | None:
    """What the detector's own false calls would give on as many fibers, and what may be hidden where no more were."""
    floor = evidence.floor
    if floor is None:
        return None
    if floor.exceeded:
        verdict = "More were found."
    elif evidence.necrotic.fibers:
        verdict = "No more were found: candidates for review, not a finding."
    else:
        verdict = "None was found."
    hidden = "" if floor.exceeded else bound_sentence(evidence)
    return (
        f"False calls of the detector alone give no more than {floor.floor_fibers:,} necrotic among so many healthy "
        f"fibers in 95 of 100 sections, at {false_call_rate(floor)}. "
        f"{verdict} {hidden}"
    ).strip()


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
