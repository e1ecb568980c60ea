"""A reader's opinion beside the machine's: where they agree, where they differ, and the evidence for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from histo.pattern import PatternLabel
from histo.review.opinions import FINDING_NAMES, grade_scales

NOT_TOLD = ("not_assessed", "cannot_tell")


class Agreement(StrEnum):
    """How two grades compare."""

    AGREE = "agree"
    DIFFER = "differ"
    NOT_COMPARED = "not compared"
    """One of the two did not grade it."""


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One graded finding, twice.

    Attributes:
        finding: A field of `Grades`.
        name: As readers call it.
        yours: The reader's grade in words; None where he gave none.
        machine: The machine's.
        agreement: Of the two.
        evidence: The numbers behind the machine's grade, in plain language.
        decisive: Whether the machine's pattern rests on it.
        places: By slide's name, the fibers and cells behind it, as targets.
    """

    finding: str
    name: str
    yours: str | None
    machine: str
    agreement: Agreement
    evidence: str
    decisive: bool
    places: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PatternRow:
    """The two patterns.

    Attributes:
        yours: The reader's, in words; None where he recorded none.
        machine: The machine's.
        agreement: Of the two.
        reason: Why the machine names it.
        source: Of that reason.
        refusal: Why it names none, with the remedy; None otherwise.
        your_pattern: What the machine's evidence says of the reader's pattern: criteria met, contradicted, unknown.
        machine_pattern: The same of its own.
        caveats: What else the reading says a reader must know.
        stains: What would separate the machine's first two candidates.
    """

    yours: str | None
    machine: str
    agreement: Agreement
    reason: str
    source: str
    refusal: str | None
    your_pattern: Mapping[str, Any] | None
    machine_pattern: Mapping[str, Any] | None
    caveats: tuple[str, ...]
    stains: tuple[str, ...]


MOST_PLACES = 5000
"""Of one finding and slide: a page lists no more."""


def compare_pattern(label: str | None, document: Mapping[str, Any]) -> PatternRow:
    """The reader's pattern beside the machine's.

    Args:
        label: A `PatternLabel`; None where the reader recorded no second read.
        document: A reading.json.
    """
    pattern = document["pattern"]
    machine, refusal = pattern["label"], pattern["refusal"]
    agreement = Agreement.NOT_COMPARED if label is None else _agreement(label == machine)
    return PatternRow(
        yours=None if label is None else PatternLabel(label).text,
        machine=pattern["label_text"],
        agreement=agreement,
        reason=pattern["rule_reason"],
        source=pattern["rule_source"],
        refusal=None if refusal is None else f"{refusal['sentence']} What would help: {refusal['remedy']}.",
        your_pattern=None if label is None else _candidate(label, pattern),
        machine_pattern=_candidate(machine, pattern),
        caveats=tuple(pattern["caveats"]),
        stains=tuple(advice["stain"] for advice in pattern["stains"]),
    )


def compare_grades(grades: Mapping[str, str], document: Mapping[str, Any]) -> tuple[GradeRow, ...]:
    """The reader's grades beside the machine's, differences first, decisive ones before others.

    Args:
        grades: By finding; those that he did not give are missing.
        document: A reading.json.
    """
    pattern = document["pattern"]
    reasons = {reason["finding"]: reason for reason in pattern["reasons"]}
    rows = [
        _grade_row(finding, grades.get(finding), pattern["grades"][finding], reasons.get(finding))
        for finding in grade_scales()
    ]
    order = (Agreement.DIFFER, Agreement.AGREE, Agreement.NOT_COMPARED)
    return tuple(sorted(rows, key=lambda row: (order.index(row.agreement), not row.decisive)))


def _grade_row(finding: str, yours: str | None, machine: str, reason: Mapping[str, Any] | None) -> GradeRow:
    scale = grade_scales()[finding]
    untold = yours is None or yours in NOT_TOLD or machine in NOT_TOLD
    places = {} if reason is None else {place["slide"]: _targets(place) for place in reason["places"]}
    return GradeRow(
        finding=finding,
        name=FINDING_NAMES[finding],
        yours=None if yours is None else scale(yours).text,
        machine=scale(machine).text,
        agreement=Agreement.NOT_COMPARED if untold and yours != machine else _agreement(yours == machine),
        evidence="" if reason is None else reason["sentence"],
        decisive=reason is not None and bool(reason["decisive"]),
        places={slide: targets for slide, targets in places.items() if targets},
    )


def _targets(place: Mapping[str, Any]) -> tuple[str, ...]:
    fibers = [f"fiber-{row}" for row in place["fiber_ids"]]
    return tuple((fibers + [f"cell-{row}" for row in place["cell_ids"]])[:MOST_PLACES])


def _candidate(label: str, pattern: Mapping[str, Any]) -> dict[str, Any] | None:
    found = next((one for one in pattern["differential"] if one["label"] == label), None)
    if found is None:
        return None
    return {key: found[key] for key in ("rank", "text", "met", "unmet", "not_assessed")}


def _agreement(same: bool) -> Agreement:
    return Agreement.AGREE if same else Agreement.DIFFER
