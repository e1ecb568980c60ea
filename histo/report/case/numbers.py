"""The numbers: on the axes of the conventions, as counts with intervals, and slide by slide."""

from __future__ import annotations

from histo.pattern import Gauge
from histo.records import ReadingFacts
from histo.report.case.blocks import Block, Grid, Heading, Row, Section, Strips, Table, Words
from histo.report.case.strips import strip_of
from histo.report.corrections import CORRECTION_NOTE, corrected_rows, uncorrected
from histo.report.facts import fiber_facts, spatial_facts
from histo.report.rows import (
    NOT_ASSESSED,
    NOTHING,
    FindingRow,
    estimate,
    finding_rows,
    floor_sentence,
    typeset,
)
from histo.report.uncertain import across_rows, fascicle_rows

_HEADS = ("Finding", "Count", "per 1,000 fibers (95% interval)", "per mm² (95% interval)")
_WIDTHS = (0.4, 0.14, 0.23, 0.23)


def evidence_section(facts: ReadingFacts) -> Section | None:
    """What was graded, beside the limits that it was graded by; None on a refusal."""
    if not facts.pattern.gauges:
        return None
    note = Words(
        f"A point with its 95% interval on the bands of {facts.pattern.conventions}. The band of "
        "the value is darker. Where an interval reaches another band, the grade could be that one too. Limits marked "
        "(C) are conventions, for no accepted number exists.",
        "note",
    )
    return Section("evidence", "Evidence against the conventions", (note, _strips(facts.pattern.gauges)))


def fitness_section(facts: ReadingFacts) -> Section | None:
    """Whether the biopsy was fit to be read; None of readings that do not tell."""
    if not facts.pattern.fitness:
        return None
    note = Words("Where a value lies in a band called “no pattern”, none is named. All limits are conventions.", "note")
    several = len(facts.slides) > 1
    return Section("fitness", "Was it fit to be read?", (note, _strips(facts.pattern.fitness, tell_slide=several)))


def _strips(gauges: tuple[Gauge, ...], *, tell_slide: bool = False) -> Strips:
    return Strips(tuple(strip_of(gauge, tell_slide=tell_slide) for gauge in gauges))


def findings_section(facts: ReadingFacts) -> Section:
    """All counts; on a refusal only of what was found."""
    pooled, refused = facts.evidence.pooled, facts.pattern.refusal is not None
    rows = finding_rows(pooled, refused=refused)
    blocks: list[Block] = [_table(rows)] if rows else []
    if refused:
        blocks.append(
            Words(
                "Only what was found is listed. Everything else is not assessed: too little, or nothing fit, was "
                "looked at to say that it is absent."
                if rows
                else "Nothing was found, and nothing is assessed.",
                "note",
            )
        )
    else:
        floor = floor_sentence(pooled)
        blocks += [] if floor is None else [Words(typeset(floor), "note")]
        blocks += _corrections(facts)
        blocks += _over_fascicles(facts)
    title = "Findings, from which no pattern is read" if refused else "Findings"
    return Section("findings", title, tuple(blocks))


def _table(rows: tuple[FindingRow, ...]) -> Table:
    told = tuple(Row((row.name, row.count, row.per_1000_fibers, row.per_mm2), part=row.part) for row in rows)
    return Table(_HEADS, told, _WIDTHS, numbers=(1, 2, 3))


def _corrections(facts: ReadingFacts) -> list[Block]:
    corrections = facts.evidence.corrections
    why_not, rows = uncorrected(corrections), corrected_rows(corrections)
    blocks: list[Block] = [] if why_not is None else [Words(typeset(why_not), "note")]
    if rows:
        heads = (
            "Finding",
            "Found",
            "Corrected (95% interval)",
            "per mm² (95% interval)",
            "Measured by the laboratory (95% interval)",
        )
        told = tuple(Row((row.name, row.raw, typeset(row.count), row.per_mm2, row.measured)) for row in rows)
        blocks += [
            Heading("Corrected for the detector"),
            Table(heads, told, (0.24, 0.1, 0.22, 0.18, 0.26)),
            Words(CORRECTION_NOTE, "note"),
        ]
    return blocks


def _over_fascicles(facts: ReadingFacts) -> list[Block]:
    drawn, rows = facts.evidence.pooled.fascicle_bootstrap, fascicle_rows(facts.evidence.pooled)
    if drawn is None or not rows:
        return []
    note = (
        "Intervals above count fibers and cells as independent. These draw whole fascicles again and again "
        f"({drawn.fascicles} of them, which count for {drawn.effective_fascicles:.0f} equal ones): where disease picks "
        "out fascicles they are wider, and the ones to believe."
    )
    return [Heading("The same, with fascicles as what was sampled"), _table(rows), Words(note, "note")]


def details_section(facts: ReadingFacts) -> Section | None:
    """How fibers were cut and how large they are; where findings lie, and in which stages."""
    pooled, refused = facts.evidence.pooled, facts.pattern.refusal is not None
    blocks: list[Block] = []
    if pooled.fibers.fibers:
        blocks += [Heading("The fibers"), Grid(fiber_facts(pooled))]
    if not refused:
        blocks += [Heading("Where, and in which stages"), Grid(spatial_facts(pooled, facts.evidence.measures))]
    return Section("details", "Fibers, places and stages", tuple(blocks)) if blocks else None


def levels_section(facts: ReadingFacts) -> Section | None:
    """How much the slides of one biopsy agree; None for a single slide."""
    evidence = facts.evidence
    if len(evidence.slides) < 2:
        return None
    labels = {slide.slide: slide.label.text for slide in facts.pattern.slides}
    rows = tuple(
        Row(
            (
                slide.name,
                labels.get(slide.name, NOTHING),
                f"{slide.numbers.fibers.fibers:,}",
                estimate(slide.numbers.necrotic.per_1000_fibers),
                estimate(slide.numbers.infiltrate.total.per_mm2) if slide.numbers.infiltrate else NOT_ASSESSED,
            )
        )
        for slide in evidence.slides
    )
    heads = ("Slide", "Alone it would read", "Fibers", "Necrotic per 1,000 fibers", "Inflammatory cells per mm²")
    blocks: list[Block] = [Table(heads, rows, (0.2, 0.3, 0.1, 0.2, 0.2), numbers=(2, 3, 4))]
    across = across_rows(evidence.spread)
    if across:
        told = tuple(Row((row.name, row.between, row.pooled, row.beyond_chance)) for row in across)
        across_heads = ("Finding", "Lowest to highest slide", "All slides (95% interval)", "Differences beyond chance")
        blocks += [
            Heading("All slides together"),
            Table(across_heads, told, (0.28, 0.2, 0.22, 0.3), numbers=(1, 2)),
            Words(
                "Levels of one block are not independent: these intervals take slides, not fibers, as what was sampled "
                "(Korn and Graubard 1998). With two or three slides they are very wide, for so few tell little of how "
                "much a further level would differ.",
                "note",
            ),
        ]
    return Section("levels", "The slides one by one", tuple(blocks))
