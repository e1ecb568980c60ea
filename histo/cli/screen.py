"""A reading on the screen: what the page says, in the space that a terminal has."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from histo.pattern import PatternReading
from histo.records import BiopsyReading
from histo.report import (
    FindingRow,
    corrected_rows,
    coverage_text,
    finding_rows,
    floor_sentence,
    not_assessed,
    scale_text,
    typeset,
    uncorrected,
)


def show_reading(console: Console, reading: BiopsyReading, folder: Path) -> None:
    """Print a reading.

    Args:
        console: Where.
        reading: What.
        folder: Holds its files, which are named.
    """
    pattern = reading.pattern
    console.print()
    console.print(Text(reading.name, style="bold"))
    console.print(Text(f"Pattern: {pattern.label_text}", style="bold"))
    console.print(pattern.disclaimer, style="italic")
    if pattern.refusal is not None:
        for refusal in (pattern.refusal, *pattern.further_refusals):
            _item(console, f"Refused: {refusal.sentence} What would help: {refusal.remedy}.")
    else:
        _item(console, pattern.rule_reason)
    decisive = [reason for reason in pattern.reasons if reason.decisive]
    if decisive:
        console.print("\nReasons", style="bold")
    for reason in decisive:
        _item(console, f"{reason.finding.replace('_', ' ')}, {reason.grade}: {reason.sentence}")
    if pattern.differential:
        _show_differential(console, pattern)
    _show_numbers(console, reading)
    _show_clinical(console, reading)
    _show_facts(console, reading)
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    console.print(f"\nWritten to {folder}", style="bold", soft_wrap=True)
    _item(console, ", ".join(names))
    if len(reading.slides) > 1 or folder.name != reading.slides[0].info.name:
        _item(console, "and a folder for each slide: " + ", ".join(slide.info.name for slide in reading.slides))


def _show_differential(console: Console, pattern: PatternReading) -> None:
    calibrated = pattern.calibrated
    how = "a ranking, not calibrated" if calibrated is None else calibrated.note
    console.print(f"\nDifferential ({how})", style="bold")
    for candidate in pattern.differential[:3]:
        percent = "" if candidate.probability is None else f" ({100 * candidate.probability:.0f}%)"
        _item(console, f"{candidate.rank}. {candidate.text}{percent}")
    if calibrated is not None:
        held = "; ".join(label.text for label in calibrated.conformal_set) or "no pattern"
        _item(console, f"{calibrated.set_name[0].upper()}{calibrated.set_name[1:]}: {held}")


def _item(console: Console, text: str) -> None:
    indent = "  "
    console.print(
        textwrap.fill(typeset(text), console.width, initial_indent=indent, subsequent_indent=indent), soft_wrap=True
    )


def _show_numbers(console: Console, reading: BiopsyReading) -> None:
    pooled, refused = reading.evidence.pooled, reading.pattern.refusal is not None
    rows = finding_rows(pooled, refused=refused)
    if refused:
        found = "Found; everything else is not assessed" if rows else "Nothing was found, and nothing is assessed"
        console.print(f"\n{found}", style="bold")
    if not rows:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", header_style="bold")
    table.add_column("Finding")
    for heading in ("count", "per 1,000 fibers (95%)", "per mm² (95%)"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(_row_name(row), row.count, row.per_1000_fibers, row.per_mm2)
    console.print()
    console.print(table)
    floor = floor_sentence(pooled)
    if floor is not None and not refused:
        console.print(floor)
    if not refused:
        _show_corrections(console, reading)


def _show_corrections(console: Console, reading: BiopsyReading) -> None:
    corrections = reading.evidence.corrections
    why_not = uncorrected(corrections)
    if why_not is not None:
        console.print(typeset(why_not))
    for row in corrected_rows(corrections):
        _item(console, f"Corrected, {row.name}: {row.count}; found {row.raw}; {row.measured}")


def _show_clinical(console: Console, reading: BiopsyReading) -> None:
    if reading.clinical is None:
        return
    console.print("\nClinical context (an adjunct, never a diagnosis; it has not altered the pattern)", style="bold")
    for subtype in reading.clinical.subtypes:
        _item(console, f"{subtype.name}: {subtype.sentence}")


def _row_name(row: FindingRow) -> Text:
    return Text(f"  {row.name}" if row.part else row.name)


def _show_facts(console: Console, reading: BiopsyReading) -> None:
    facts = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    facts.add_column(style="bold")
    facts.add_column()
    facts.add_row("Coverage", coverage_text(reading.evidence.pooled.coverage))
    for slide in reading.slides:
        text = scale_text(slide.info.scale.mpp.um_per_px, slide.info.scale.source)
        facts.add_row("Scale", text if len(reading.slides) == 1 else f"{slide.info.name}: {text}")
        for warning in slide.info.warnings:
            facts.add_row("Warning", warning if len(reading.slides) == 1 else f"{slide.info.name}: {warning}")
    missing = not_assessed(reading.pattern)
    if missing:
        facts.add_row("Not assessed", "; ".join(missing))
    model = reading.model
    facts.add_row("Model", f"{model.name} {model.version} on {model.engine}, {model.device}, {model.precision}")
    facts.add_row("Trained on", model.trained_on)
    console.print()
    console.print(facts)
