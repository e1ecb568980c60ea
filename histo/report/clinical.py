"""The clinical section of the page: what was given, the course of CK, and how criteria stand."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from histo.clinical import ClinicalContext, ClinicalFacts
from histo.clinical.assess import NOT_GIVEN, age_text
from histo.report.clinical_figure import LOG_SCALE_SOURCE, draw_course
from histo.report.facts import Fact


@dataclass(frozen=True, slots=True)
class ClinicalPart:
    """What the page shows.

    Attributes:
        context: The standings.
        facts: What was given, in words.
        figure: The course of CK as a data URI; None where there is nothing to draw.
        figure_text: What it shows, in words.
    """

    context: ClinicalContext
    facts: tuple[Fact, ...]
    figure: str | None
    figure_text: str


def clinical_part(context: ClinicalContext | None) -> ClinicalPart | None:
    """The section; None where nothing was given."""
    if context is None:
        return None
    svg = draw_course(context.facts)
    encoded = None if svg is None else base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return ClinicalPart(
        context=context,
        facts=_facts(context.facts),
        figure=None if encoded is None else f"data:image/svg+xml;base64,{encoded}",
        figure_text=(
            "Creatine kinase on a log scale over time, and against antibody titre where both were given of one sample. "
            f"On a log scale it follows anti-HMGCR titre and strength better ({LOG_SCALE_SOURCE})."
        ),
    )


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
