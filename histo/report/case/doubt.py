"""Doubt: what a reader must know besides the label, and what this section could not show."""

from __future__ import annotations

from histo.pattern import PatternReading
from histo.report.case.blocks import Block, Points, Section, Words
from histo.report.rows import not_assessed, typeset

H_AND_E_LIMITS = (
    "Rimmed vacuoles are not assessable on H&E; their absence never excludes inclusion body myositis.",
    "Whether a fiber is truly invaded, and by which cells, needs immunohistochemistry (CD8, MHC-I).",
    "Lymphocyte and macrophage are likenesses on H&E, not proofs of lineage.",
    "Serology cannot be seen on H&E; neither can a statin-toxic myopathy be told from anti-HMGCR myopathy.",
)


def doubt_section(pattern: PatternReading) -> Section:
    """What speaks for caution."""
    blocks: list[Block] = []
    if pattern.conflict is not None:
        told = f"{pattern.conflict.sentence} What would help: {pattern.conflict.remedy}."
        blocks.append(Words(typeset(told), "notice"))
    blocks.append(Points(tuple(typeset(caveat) for caveat in pattern.caveats)))
    return Section("doubt", "Doubt and caveats", tuple(blocks))


def not_assessed_section(pattern: PatternReading) -> Section:
    """What could not be told: of this section, and of any H&E section."""
    return Section("not-assessed", "Not assessed", (Points((*not_assessed(pattern), *H_AND_E_LIMITS)),))
