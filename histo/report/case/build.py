"""A case report from what is stored of a reading: every section, in the order of reading."""

from __future__ import annotations

from collections.abc import Mapping

from histo.records import ReadingFacts
from histo.report.case.blocks import CaseReport
from histo.report.case.clinical import clinical_section
from histo.report.case.doubt import doubt_section, not_assessed_section
from histo.report.case.gallery import gallery_section
from histo.report.case.header import head_blocks, verdict_of
from histo.report.case.numbers import (
    details_section,
    evidence_section,
    findings_section,
    fitness_section,
    levels_section,
)
from histo.report.case.provenance import provenance_section, specimen_section
from histo.report.case.reasons import differential_section, reasons_section, tests_section
from histo.report.case.sights import SlideSights, maps_section, overview_section


def case_report(facts: ReadingFacts, sights: Mapping[str, SlideSights]) -> CaseReport:
    """The report.

    Args:
        facts: What is stored of the reading; nothing else is told.
        sights: The pictures of every slide, by its name.

    Returns:
        The same for the same facts and pictures, whenever it is made.
    """
    pattern, refused = facts.pattern, facts.pattern.refusal is not None
    fitness = fitness_section(facts)
    ordered = (
        fitness if refused else None,
        overview_section(sights),
        reasons_section(pattern),
        gallery_section(sights, pattern),
        evidence_section(facts),
        maps_section(sights, pattern),
        findings_section(facts),
        differential_section(pattern),
        tests_section(pattern),
        levels_section(facts),
        doubt_section(pattern),
        not_assessed_section(pattern),
        clinical_section(facts.clinical),
        details_section(facts),
        None if refused else fitness,
        specimen_section(facts),
        provenance_section(facts),
    )
    return CaseReport(
        name=facts.name,
        kind="Muscle biopsy, H&E: second opinion by software",
        notice=pattern.disclaimer,
        head=head_blocks(facts),
        verdict=verdict_of(facts),
        sections=tuple(section for section in ordered if section is not None),
        made_by=f"histo {facts.software.histo}, {facts.model.name} {facts.model.version}",
    )
