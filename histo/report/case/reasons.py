"""Why: what speaks for the pattern and what against it, the candidates, and what would separate the first two."""

from __future__ import annotations

from histo.pattern import Calibrated, Candidate, Contrast, PatternReading
from histo.report.case.blocks import (
    Block,
    Grid,
    Heading,
    Leaning,
    Leanings,
    Row,
    Section,
    Side,
    Sides,
    Table,
    Words,
)
from histo.report.facts import Fact
from histo.report.rows import NOT_ASSESSED, NOTHING, number, typeset

OUTSIDE_SET = "the calibration's set does not hold it"

SHOWN_FEATURES = 8
"""Features that are drawn: the rest weighs less than any of these."""


def reasons_section(pattern: PatternReading) -> Section | None:
    """For and against, then every graded finding with its numbers; None on a refusal."""
    if not pattern.reasons:
        return None
    blocks: list[Block] = []
    named = [one for one in pattern.differential if one.label is pattern.label]
    leading = named or list(pattern.differential[:2])
    if not named:
        text = "No pattern fits alone, so this is told of the two that lead."
        blocks.append(Words(text, "note"))
    for candidate in leading:
        if not named:
            blocks.append(Heading(_upper(candidate.text)))
        blocks.append(_sides(candidate))
    blocks.append(Heading("The findings behind it"))
    rows = tuple(
        Row((_upper(reason.finding.replace("_", " ")), reason.grade, typeset(reason.sentence)), mark=reason.decisive)
        for reason in pattern.reasons
    )
    blocks.append(Table(("Finding", "Grade", "Numbers behind it"), rows, (0.18, 0.16, 0.66)))
    blocks.append(Words("Rows marked with ◆ decided the label.", "note"))
    return Section("reasons", "Reasons for and against", tuple(blocks))


def _sides(candidate: Candidate) -> Sides:
    against = (*candidate.unmet, *([OUTSIDE_SET] if candidate.in_set is False else []))
    return Sides(
        (
            Side("For", "+", "for", candidate.met, "No criterion is met."),
            Side("Against", "\u2212", "against", against, "Nothing that was assessed speaks against it."),
            Side("Not assessed", "?", "open", candidate.not_assessed, "Every criterion could be assessed."),
        )
    )


def differential_section(pattern: PatternReading) -> Section | None:
    """All candidates in order; None on a refusal."""
    if not pattern.differential:
        return None
    calibrated = pattern.calibrated
    blocks: list[Block] = [Words(typeset(_ranked_by(calibrated)), "note")]
    heads, widths = ["Rank"], [0.07]
    if calibrated is not None:
        heads.append("In the set")
        widths.append(0.08)
    heads += ["Pattern", "For it", "Against it", "Not assessed"]
    widths += [0.23, 0.27, 0.27, 0.16 if calibrated is None else 0.08]
    rows = tuple(Row(_cells(candidate, calibrated is not None)) for candidate in pattern.differential)
    blocks.append(Table(tuple(heads), rows, tuple(widths)))
    sources = tuple(Fact(candidate.text, "; ".join(candidate.sources)) for candidate in pattern.differential)
    if calibrated is not None:
        blocks += [
            Heading("What speaks for the first, and what for the second"),
            _leanings(calibrated.contrast),
            Words(
                "Against a biopsy in which every feature is as in the middle one of the population. Features that go "
                "together share what they add.",
                "note",
            ),
        ]
    blocks += [Heading("Sources of the criteria"), Grid(sources)]
    return Section("differential", "Differential", tuple(blocks))


def _ranked_by(calibrated: Calibrated | None) -> str:
    if calibrated is None:
        return "A ranking by criteria met, not calibrated: no probability is meant."
    empty = (
        ""
        if calibrated.conformal_set
        else " Here the set is empty: this biopsy is less typical of every pattern than nearly all biopsies of that "
        "pattern."
    )
    return (
        f"Ranked by a model of evidence features: {calibrated.note}. Fitted on {calibrated.biopsies} biopsies of "
        f"{calibrated.patients} patients. In the set: together these patterns hold the true one in "
        f"{calibrated.coverage_percent:g}% of that population's biopsies of each pattern.{empty}"
    )


def _cells(candidate: Candidate, calibrated: bool) -> tuple[str, ...]:
    percent = "" if candidate.probability is None else f" ({100 * candidate.probability:.0f}%)"
    return (
        str(candidate.rank),
        *((("yes" if candidate.in_set else NOTHING),) if calibrated else ()),
        candidate.text + percent,
        "; ".join(candidate.met) or NOTHING,
        "; ".join(candidate.unmet) or NOTHING,
        "; ".join(candidate.not_assessed) or NOTHING,
    )


def _leanings(contrast: Contrast) -> Leanings:
    """The features that weigh most, the heaviest first. Lengths compare features of one biopsy and carry no number."""
    heaviest = [one for one in contrast.contributions[:SHOWN_FEATURES] if one.log_odds != 0]
    most = max((abs(one.log_odds) for one in heaviest), default=1.0)
    return Leanings(
        first=contrast.first.text,
        second=contrast.second.text,
        bars=tuple(
            Leaning(
                one.text,
                typeset(NOT_ASSESSED if one.value is None else f"{number(one.value)} {one.unit}".strip()),
                one.log_odds / most,
            )
            for one in heaviest
        ),
    )


def tests_section(pattern: PatternReading) -> Section | None:
    """Stains and blood tests that would separate the first two candidates; None where nothing is advised."""
    if not pattern.stains and not pattern.serology:
        return None
    blocks: list[Block] = []
    if pattern.stains:
        first, second = (label for label, _ in pattern.stains[0].expected)
        rows = tuple(
            Row((advice.stain, *(sight for _, sight in advice.expected), advice.source)) for advice in pattern.stains
        )
        heads = ("Stain", f"Expected in: {first.text}", f"Expected in: {second.text}", "Source")
        blocks.append(Table(heads, rows, (0.17, 0.28, 0.28, 0.27)))
    else:
        blocks.append(Words("No stain is known to separate them."))
    if pattern.serology:
        blocks.append(Words(f"Serology: {'; '.join(pattern.serology)}"))
    return Section("tests", "What would separate the first two candidates", tuple(blocks))


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
