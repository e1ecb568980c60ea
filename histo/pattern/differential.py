"""Candidates in order, by the criteria that they meet. A ranking, uncalibrated: no probability is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from histo.errors import UsageError
from histo.evidence.settings_file import load_toml
from histo.pattern.grades import Grade, Grades, Spread
from histo.pattern.labels import NAMED_PATTERNS, PatternLabel
from histo.pattern.reading import Candidate
from histo.pattern.table import GRADES

ESSENTIAL = 3
"""Weight of a criterion without which a pattern would not have its name."""

SHIPPED = Path(str(files("histo.pattern"))) / "criteria.toml"


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a pattern asks of one graded finding.

    Attributes:
        finding: The finding.
        met: Grades that meet it.
        weight: What it counts in the ranking (C).
        text: The criterion in words.
        source: DOI, or (C), of the criterion; its weight is always a convention.
    """

    finding: str
    met: tuple[Grade, ...]
    weight: int
    text: str
    source: str

    def judge(self, grades: Grades) -> bool | None:
        """Whether it is met; None where this section could not show it."""
        found = getattr(grades, self.finding)
        if found in self.met:
            return True
        open_grade = found.value in ("not_assessed", "cannot_tell") or found is Spread.NO_CLUSTERING_SHOWN
        return None if open_grade else False


@dataclass(frozen=True, slots=True)
class Criteria:
    """What every named pattern asks of the graded evidence.

    Attributes:
        name: The file's own name and version; it stands in every reading.
        of: The criteria of each pattern.
        sha256: Of the file.
    """

    name: str
    of: Mapping[PatternLabel, tuple[Criterion, ...]]
    sha256: str


def rank_candidates(grades: Grades, criteria: Criteria | None = None) -> tuple[Candidate, ...]:
    """All named patterns, best first; equal scores share a rank.

    The score is the weight of criteria met less that of criteria contradicted, over the weight of all. What could not
    be assessed counts neither way, but keeps a pattern from the top score. A pattern whose own name is contradicted
    stands behind all others; `normal` then stands last, for it claims that nothing is there.
    """
    scored = []
    for label, asked in (shipped_criteria() if criteria is None else criteria).of.items():
        judged = [(criterion, criterion.judge(grades)) for criterion in asked]
        sign = {True: 1, False: -1, None: 0}
        score = sum(one.weight * sign[met] for one, met in judged) / sum(one.weight for one in asked)
        contradicted = any(met is False and one.weight >= ESSENTIAL for one, met in judged)
        tier = (2 if label is PatternLabel.NORMAL else 1) if contradicted else 0
        scored.append(((tier, -score), label, judged))
    scored.sort(key=lambda entry: (entry[0], NAMED_PATTERNS.index(entry[1])))
    return tuple(
        Candidate(
            rank=1 + sum(other < place for other, _, _ in scored),
            label=label,
            text=label.text,
            met=tuple(one.text for one, met in judged if met is True),
            unmet=tuple(one.text for one, met in judged if met is False),
            not_assessed=tuple(one.text for one, met in judged if met is None),
            sources=tuple(dict.fromkeys(one.source for one, _ in judged)),
        )
        for place, label, judged in scored
    )


@cache
def shipped_criteria() -> Criteria:
    """The criteria that come with histo."""
    return load_criteria(SHIPPED)


def load_criteria(path: Path) -> Criteria:
    """Read a criteria file, strictly.

    Raises:
        UsageError: On anything unknown or missing, or if a named pattern has no criteria.
    """
    content = load_toml(path)
    name, entries = content.tables.get("name"), content.tables.get("pattern")
    if set(content.tables) != {"name", "pattern"} or not isinstance(entries, list) or not isinstance(name, str):
        raise UsageError(path, "is not a criteria file", "give it a name and [[pattern]] tables, and nothing else")
    criteria: dict[PatternLabel, tuple[Criterion, ...]] = {}
    for entry in entries:
        label = next((one for one in NAMED_PATTERNS if one.value == entry.get("label")), None)
        if label is None or label in criteria or set(entry) != {"label", "criteria"} or not entry["criteria"]:
            raise UsageError(
                path,
                f"the pattern {entry.get('label')} is unknown, comes twice, or has no criteria",
                f"describe each of {', '.join(NAMED_PATTERNS)} once",
            )
        criteria[label] = tuple(_criterion(label, one, path) for one in entry["criteria"])
    missing = [label.value for label in NAMED_PATTERNS if label not in criteria]
    if missing:
        raise UsageError(path, f"has no criteria for {', '.join(missing)}", "describe every pattern")
    return Criteria(name, criteria, content.sha256)


def _criterion(label: PatternLabel, entry: Mapping[str, Any], path: Path) -> Criterion:
    if set(entry) != {"finding", "met", "weight", "text", "source"}:
        remedy = "give it finding, met, weight, text and source"
        raise UsageError(path, f"a criterion of {label} is incomplete", remedy)
    finding, weight, source = entry["finding"], entry["weight"], entry["source"]
    if not isinstance(source, str) or not source.strip():
        raise UsageError(path, f"{label}: {finding} has no source", "give a DOI, or (C) for a convention")
    if finding not in GRADES:
        raise UsageError(path, f"a criterion of {label} asks for {finding}", f"use one of {', '.join(GRADES)}")
    if isinstance(weight, bool) or not isinstance(weight, int) or weight < 1:
        raise UsageError(path, f"{label}: the weight of {finding} is {weight!r}", "give a whole number of at least 1")
    try:
        met = tuple(GRADES[finding](grade) for grade in entry["met"])
    except ValueError:
        raise UsageError(
            path, f"{label} names an unknown grade of {finding}", f"use some of {', '.join(GRADES[finding])}"
        ) from None
    return Criterion(finding=finding, met=met, weight=weight, text=str(entry["text"]), source=source)
