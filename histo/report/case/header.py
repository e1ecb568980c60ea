"""The head of a report: which biopsy, at which scale, how much of it was looked at, and the pattern or the refusal."""

from __future__ import annotations

import re

from histo.evidence import Coverage
from histo.records import ReadingFacts
from histo.report.case.blocks import Balance, Block, Grid, Points, Share, Verdict, Words
from histo.report.facts import Fact
from histo.report.rows import coverage_text, floor_sentence, number, scale_text, typeset


def head_blocks(facts: ReadingFacts) -> tuple[Block, ...]:
    """The biopsy in a few lines."""
    pooled, model = facts.evidence.pooled, facts.model
    scales = list(dict.fromkeys(scale_text(slide.scale.um_per_px, slide.scale.source) for slide in facts.slides))
    stains = list(dict.fromkeys(slide.stain for slide in facts.slides))
    slides = ", ".join(slide.name for slide in facts.slides)
    grid = Grid(
        (
            Fact("Slides" if len(facts.slides) > 1 else "Slide", slides),
            Fact("Scale", "; ".join(scales)),
            Fact("Stain, by its colors", ", ".join(stains)),
            Fact("Fibers counted", f"{pooled.fibers.fibers:,}"),
            Fact("Tissue", coverage_text(pooled.coverage)),
            Fact("Read by", f"{model.name} {model.version}; trained on: {_first_clause(model.trained_on)}"),
        )
    )
    return (grid, *_balance(pooled.coverage))


def _first_clause(text: str) -> str:
    """What a card begins with: what it learned from; the recipe that follows stands at the report's end."""
    return re.split(r"[:;.](?:\s|$)", text, maxsplit=1)[0]


def _balance(coverage: Coverage) -> tuple[Balance, ...]:
    if coverage.found_mm2 <= 0:
        return ()
    parts = (
        ("assessed", coverage.assessable_mm2, "full"),
        ("artefact", coverage.rejected_mm2, "hatched"),
        ("unreadable", coverage.unreadable_mm2, "dotted"),
    )
    shares = tuple(
        Share(name, f"{number(area)} mm²", area / coverage.found_mm2, fill) for name, area, fill in parts if area > 0
    )
    return (Balance(f"Of {number(coverage.found_mm2)} mm² of tissue found", shares),)


def verdict_of(facts: ReadingFacts) -> Verdict:
    """The pattern with its rule, or why none is named and what would help."""
    pattern = facts.pattern
    blocks: list[Block] = []
    if pattern.refusal is not None:
        blocks += [
            Words(f"{typeset(refusal.sentence)} What would help: {refusal.remedy}.", "lead" if first else "plain")
            for first, refusal in zip(
                (True, *(False for _ in pattern.further_refusals)),
                (pattern.refusal, *pattern.further_refusals),
                strict=True,
            )
        ]
        blocks.append(
            Words("A refusal is a result: what was found is told below, and no pattern is read from it.", "note")
        )
        kind = "No pattern is named"
    else:
        blocks.append(Words(typeset(pattern.summary)))
        rule = f"Rule {pattern.rule}: {typeset(pattern.rule_reason)}. Source: {pattern.rule_source}"
        blocks.append(Words(rule, "note"))
        floor = facts.evidence.pooled.floor
        hidden = floor_sentence(facts.evidence.pooled)
        if hidden is not None and floor is not None and not floor.exceeded:
            blocks.append(Words(typeset(hidden), "notice"))
        kind = "Pattern"
    if facts.failures:
        blocks.append(Words("Slides of this biopsy that could not be read:", "notice"))
        blocks.append(Points(tuple(f"{one.slide}: {one.problem}; {one.remedy}" for one in facts.failures)))
    text = pattern.label_text
    return Verdict(kind, text[0].upper() + text[1:], pattern.refusal is not None, tuple(blocks))
