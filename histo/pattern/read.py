"""From evidence to a reading: refuse, or grade, decide, rank and explain."""

from __future__ import annotations

from collections.abc import Sequence

from histo.evidence import BiopsyEvidence, SlideEvidence
from histo.pattern.calibration import Calibration
from histo.pattern.caveats import find_caveats, find_doubtful, find_recovered
from histo.pattern.conventions import Conventions
from histo.pattern.differential import shipped_criteria
from histo.pattern.evidence_gauges import evidence_gauges
from histo.pattern.familiarity import Familiarity
from histo.pattern.fitness_gauges import fitness_gauges
from histo.pattern.further_tests import shipped_tests
from histo.pattern.gauges import Gauge
from histo.pattern.grades import NOTHING_ASSESSED, Grades
from histo.pattern.grading import grade
from histo.pattern.labels import DISCLAIMER, PatternLabel
from histo.pattern.places import find_places
from histo.pattern.ranking import find_conflict, rank
from histo.pattern.reading import (
    PatternReading,
    Reason,
    Refusal,
    RuleFile,
    SlideReading,
    Suitability,
)
from histo.pattern.refusal import find_refusals
from histo.pattern.sentences import explain
from histo.pattern.summary import summarize
from histo.pattern.table import GRADES, DecisionTable, Row, shipped_table


def read_pattern(
    evidence: BiopsyEvidence,
    suitability: Sequence[Suitability],
    conventions: Conventions,
    table: DecisionTable | None = None,
    calibration: Calibration | None = None,
    weights_sha256: str = "",
) -> PatternReading:
    """Name the biopsy's pattern, or say why not. A pattern, not a diagnosis.

    Args:
        evidence: The weighed findings of all slides.
        suitability: What the findings cannot tell of each slide: its stain, its scale, its quality.
        conventions: What grades are given by.
        table: Another decision table; the shipped one if left out.
        calibration: Of the differential; without one the criteria rank the candidates.
        weights_sha256: Of the network that found what was weighed: a calibration speaks of its own weights only.

    Returns:
        The reading. With any reason to refuse the label is `not_assessable`, whatever the evidence; where the table
        names a pattern outside the conformal set it is `indeterminate`.
    """
    rows = shipped_table() if table is None else table
    obstacle = None if calibration is None else calibration.obstacle(weights_sha256, evidence.measures)
    speaking = None if obstacle else calibration
    slides = tuple(_read_slide(slide, suitability, conventions, rows, speaking) for slide in evidence.slides)
    refusals = find_refusals(evidence.pooled, suitability, conventions)
    familiarity = tuple(slide.familiarity for slide in suitability if slide.familiarity is not None)
    fitness = fitness_gauges(evidence.pooled, suitability, conventions)
    if refusals:
        return _refused(refusals, slides, familiarity, fitness, _rules(conventions, rows, speaking), conventions)
    grades = grade(evidence.pooled, len(evidence.slides), conventions)
    row = rows.decide(grades)
    candidates, calibrated = rank(grades, evidence.pooled, speaking)
    conflict = find_conflict(row, candidates, calibrated)
    label = row.label if conflict is None else PatternLabel.INDETERMINATE
    reasons = _reasons(grades, row, evidence, conventions)
    tests = shipped_tests()
    first, second = candidates[0].label, candidates[1].label
    return PatternReading(
        label=label,
        label_text=label.text,
        rule=row.id if conflict is None else "conflict",
        rule_reason=row.reason if conflict is None else conflict.sentence,
        rule_source=row.source,
        grades=grades,
        reasons=reasons,
        differential=candidates,
        calibrated=calibrated,
        conflict=conflict,
        refusal=None,
        further_refusals=(),
        slides=slides,
        stains=tests.separating(first, second),
        serology=tests.serology,
        caveats=(
            *find_doubtful(familiarity),
            *find_recovered(suitability),
            *find_caveats(row, grades, candidates, calibrated, obstacle, slides, evidence, conventions),
        ),
        summary=summarize(row, grades, evidence.pooled, candidates, calibrated, conflict),
        conventions=conventions.name,
        rules=_rules(conventions, rows, speaking),
        disclaimer=DISCLAIMER,
        familiarity=familiarity,
        gauges=evidence_gauges(evidence.pooled, len(evidence.slides), conventions),
        fitness=fitness,
    )


def _rules(conventions: Conventions, table: DecisionTable, calibration: Calibration | None) -> tuple[RuleFile, ...]:
    """The files that decide, in the order in which they are asked."""
    files = (
        ("conventions", conventions),
        ("decision_table", table),
        ("criteria", shipped_criteria()),
        ("further_tests", shipped_tests()),
        *(() if calibration is None else (("calibration", calibration),)),
    )
    return tuple(RuleFile(role, file.name, file.sha256) for role, file in files)


def _read_slide(
    slide: SlideEvidence,
    suitability: Sequence[Suitability],
    conventions: Conventions,
    table: DecisionTable,
    calibration: Calibration | None,
) -> SlideReading:
    own = [fit for fit in suitability if fit.slide == slide.name]
    if find_refusals(slide.numbers, own, conventions):
        return SlideReading(slide=slide.name, label=PatternLabel.NOT_ASSESSABLE, grades=NOTHING_ASSESSED)
    grades = grade(slide.numbers, 1, conventions)
    row = table.decide(grades)
    conflict = find_conflict(row, *rank(grades, slide.numbers, calibration))
    label = row.label if conflict is None else PatternLabel.INDETERMINATE
    return SlideReading(slide=slide.name, label=label, grades=grades)


def _refused(
    refusals: tuple[Refusal, ...],
    slides: tuple[SlideReading, ...],
    familiarity: tuple[Familiarity, ...],
    fitness: tuple[Gauge, ...],
    rules: tuple[RuleFile, ...],
    conventions: Conventions,
) -> PatternReading:
    label = PatternLabel.NOT_ASSESSABLE
    why = " ".join(f"{refusal.sentence} Remedy: {refusal.remedy}." for refusal in refusals)
    return PatternReading(
        label=label,
        label_text=label.text,
        rule="refusal",
        rule_reason=refusals[0].sentence,
        rule_source="(C)",
        grades=NOTHING_ASSESSED,
        reasons=(),
        differential=(),
        calibrated=None,
        conflict=None,
        refusal=refusals[0],
        further_refusals=refusals[1:],
        slides=slides,
        stains=(),
        serology=(),
        caveats=("What was found is written down, but no pattern is read from it.", *find_doubtful(familiarity)),
        summary=f"No pattern is named. {why}",
        conventions=conventions.name,
        rules=rules,
        disclaimer=DISCLAIMER,
        familiarity=familiarity,
        fitness=fitness,
    )


def _reasons(grades: Grades, row: Row, evidence: BiopsyEvidence, conventions: Conventions) -> tuple[Reason, ...]:
    asked = {finding for finding, _ in row.when}
    reasons = [
        Reason(
            finding=finding,
            grade=getattr(grades, finding).text,
            sentence=explain(finding, grades, evidence.pooled, conventions, evidence.spread),
            decisive=finding in asked,
            places=find_places(finding, grades, evidence),
        )
        for finding in GRADES
    ]
    return tuple(sorted(reasons, key=lambda reason: not reason.decisive))
