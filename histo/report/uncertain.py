"""Rows of intervals that know of fascicles and of slides."""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence import AcrossSlides, Evidence, Resampled, SlideSpread
from histo.report.rows import NOTHING, FindingRow, estimate, number


def fascicle_rows(evidence: Evidence) -> tuple[FindingRow, ...]:
    """Intervals by resampling of fascicles; nothing where they are too few, or where too little was found."""
    drawn, infiltrate = evidence.fascicle_bootstrap, evidence.infiltrate
    if drawn is None:
        return ()

    def row(name: str, count: int, found: Resampled, *, part: bool = False) -> FindingRow:
        return FindingRow(name, f"{count:,}", estimate(found.per_1000_fibers), estimate(found.per_mm2), part)

    cells = "" if infiltrate is None else f"{infiltrate.total.cells:,}"
    rows = (
        row("Necrotic fibers, all kinds", evidence.necrotic.fibers, drawn.necrotic),
        row("pale", evidence.necrotic_pale.fibers, drawn.necrotic_pale, part=True),
        row("hyaline", evidence.necrotic_hyaline.fibers, drawn.necrotic_hyaline, part=True),
        row("myophagocytosis", evidence.myophagocytosis.fibers, drawn.myophagocytosis, part=True),
        row("Regenerating fibers", evidence.regenerating.fibers, drawn.regenerating),
        FindingRow("Inflammatory cells outside necrotic fibers", cells, NOTHING, estimate(drawn.infiltrate_per_mm2)),
    )
    return tuple(row for row in rows if (row.per_1000_fibers, row.per_mm2) != (NOTHING, NOTHING))


@dataclass(frozen=True, slots=True)
class AcrossRow:
    """One figure over the slides of a biopsy.

    Attributes:
        name: In plain words, with its unit.
        between: Lowest and highest slide.
        pooled: All slides, with the interval that takes slides as what was sampled.
        beyond_chance: How much more they differ than by chance.
    """

    name: str
    between: str
    pooled: str
    beyond_chance: str


def across_rows(spread: SlideSpread) -> tuple[AcrossRow, ...]:
    """What slides give together; nothing for a single one."""
    figures = (
        ("Necrotic per 1,000 fibers", spread.necrotic_per_1000_fibers),
        ("Necrotic per mm²", spread.necrotic_per_mm2),
        ("Myophagocytosis per 1,000 fibers", spread.myophagocytosis_per_1000_fibers),
        ("Regenerating per 1,000 fibers", spread.regenerating_per_1000_fibers),
        ("Inflammatory cells per mm²", spread.infiltrate_per_mm2),
    )
    return tuple(
        AcrossRow(
            name, f"{number(figure.low)} to {number(figure.high)}", estimate(figure.pooled), _beyond_chance(figure)
        )
        for name, figure in figures
        if figure is not None
    )


def _beyond_chance(figure: AcrossSlides) -> str:
    if figure.i2_percent is None or figure.variance_ratio is None:
        return NOTHING
    p_alike = "" if figure.p_alike is None else f", p = {figure.p_alike:.3f}"
    return f"I² {figure.i2_percent:.0f}%, variance {number(figure.variance_ratio)} times that of chance{p_alike}"
