"""The clinical section: what was given, the course of CK, and how criteria stand; apart from the histology."""

from __future__ import annotations

from histo.clinical import ClinicalContext, ClinicalFacts
from histo.clinical.assess import NOT_GIVEN, age_text
from histo.report.case.blocks import Block, Figure, Figures, Grid, Heading, Points, Row, Section, Table, Words
from histo.report.clinical_figure import LOG_SCALE_SOURCE, draw_course
from histo.report.facts import Fact

_SIGNS = {"met": "✓", "not met": "✗", "unknown": "?"}


def clinical_section(context: ClinicalContext | None) -> Section | None:
    """The section; None where nothing was given."""
    if context is None:
        return None
    blocks: list[Block] = [Words(context.notice, "notice"), Grid(_facts(context.facts))]
    course = draw_course(context.facts)
    if course is not None:
        caption = (
            "Creatine kinase on a log scale over time, and against antibody titre where both were given of one sample. "
            f"On a log scale it follows anti-HMGCR titre and strength better ({LOG_SCALE_SOURCE})."
        )
        blocks.append(Figures((Figure(course, "", caption, caption),), wide=True))
    blocks.append(Heading("What the criteria of the 224th ENMC workshop would need, or already have"))
    blocks.append(Words(f"{context.rules}: {context.wording}. SHA-256 {context.rules_sha256}.", "note"))
    for subtype in context.subtypes:
        rows = tuple(
            Row((one.text, f"{_SIGNS[one.state.value]} {one.state.value}", one.because, one.source))
            for one in subtype.criteria
        )
        heads = ("Criterion", "State", "Because", "Source")
        blocks += [
            Heading(f"{subtype.name}: criteria {subtype.state.value}"),
            Words(subtype.sentence),
            Table(heads, rows, (0.34, 0.14, 0.32, 0.2)),
            Words(subtype.biopsy),
        ]
        if subtype.to_exclude:
            excluded = tuple(f"{one.text} ({one.source})" for one in subtype.to_exclude)
            blocks += [Words("To be excluded, none of which is judged here:"), Points(excluded)]
    if context.notes:
        notes = tuple(f"{note.text} {note.source}" for note in context.notes)
        blocks += [Heading("Besides"), Points(notes)]
    return Section("clinical", "Clinical context, apart from the histology", tuple(blocks), apart=True)


def _facts(facts: ClinicalFacts) -> tuple[Fact, ...]:
    return (
        Fact("Age", age_text(facts)),
        Fact("Proximal weakness", _yes_no(facts.proximal_weakness)),
        Fact("Creatine kinase", _ck_text(facts)),
        Fact("Anti-SRP", facts.anti_srp or NOT_GIVEN),
        Fact("Anti-HMGCR", facts.anti_hmgcr or NOT_GIVEN),
        Fact("Other myositis-specific antibodies", facts.other_myositis_antibodies or NOT_GIVEN),
        Fact("Statin ever taken", _yes_no(facts.statin_exposure)),
        Fact("Treated before the biopsy", _yes_no(facts.earlier_treatment)),
    )


def _yes_no(value: bool | None) -> str:
    return NOT_GIVEN if value is None else "yes" if value else "no"


def _ck_text(facts: ClinicalFacts) -> str:
    values = [one.ck_u_per_l for one in facts.measurements if one.ck_u_per_l is not None]
    if not values:
        return NOT_GIVEN
    limit = facts.ck_upper_limit_u_per_l
    told = f"{values[0]:,.0f} U/L" if len(values) == 1 else (
        f"{len(values)} values, {min(values):,.0f} to {max(values):,.0f} U/L"
    )  # fmt: skip
    return f"{told}; upper limit of the laboratory {NOT_GIVEN if limit is None else f'{limit:,.0f} U/L'}"
