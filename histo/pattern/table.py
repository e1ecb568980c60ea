"""The decision table: total, ordered, sourced, and data rather than code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from histo.errors import UsageError
from histo.evidence.settings_file import load_toml
from histo.pattern.grades import Grade, Grades
from histo.pattern.labels import PatternLabel

SHIPPED = Path(str(files("histo.pattern"))) / "decision_table.toml"

GRADES: Mapping[str, type[Grade]] = {field.name: get_type_hints(Grades)[field.name] for field in fields(Grades)}
"""Every graded finding and its grades."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where every named finding has one of the named grades, it gives its label.

    Attributes:
        id: Its name.
        label: The pattern it gives.
        when: (finding, grades) that must hold; none at all always holds.
        reason: Why, as a clause.
        source: DOI, or (C).
    """

    id: str
    label: PatternLabel
    when: tuple[tuple[str, tuple[Grade, ...]], ...]
    reason: str
    source: str

    def holds(self, grades: Grades) -> bool:
        """Whether every condition holds."""
        return all(getattr(grades, finding) in allowed for finding, allowed in self.when)


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Rows in order; the first that holds speaks.

    Raises:
        ValueError: If the last row has a condition: then the table would not be total.

    Attributes:
        name: The table's own name and version; it stands in every reading.
        rows: In order.
        sha256: Of the file.
    """

    name: str
    rows: tuple[Row, ...]
    sha256: str

    def __post_init__(self) -> None:
        """Refuse a table that could be silent."""
        if not self.rows or self.rows[-1].when:
            raise ValueError("the last row of a decision table must have no condition")

    def decide(self, grades: Grades) -> Row:
        """The row that speaks."""
        return next(row for row in self.rows if row.holds(grades))

    def to_markdown(self) -> str:
        """The table as a pathologist would read and sign it."""
        lines = [
            f"# {self.name}",
            "",
            "The first row whose every condition holds gives the label.",
            "",
            "| row | when | label | because | source |",
            "|---|---|---|---|---|",
        ]
        for number, row in enumerate(self.rows, start=1):
            when = "; ".join(
                f"{finding.replace('_', ' ')}: {' or '.join(one.text for one in allowed)}"
                for finding, allowed in row.when
            )
            cells = (f"{number}. {row.id}", when or "always", row.label.value, row.reason, row.source)
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"


@cache
def shipped_table() -> DecisionTable:
    """The table that comes with histo."""
    return load_table(SHIPPED)


def load_table(path: Path) -> DecisionTable:
    """Read a decision table, strictly.

    Raises:
        UsageError: On anything unknown, missing or left over; if a row's name comes twice; if the table is not total.
    """
    content = load_toml(path)
    tables = content.tables
    if set(tables) != {"name", "row"}:
        raise UsageError(path, "is not a decision table", "give it a name and [[row]] tables, and nothing else")
    rows = tuple(_row(entry, path) for entry in tables["row"])
    for row in rows:
        if sum(other.id == row.id for other in rows) > 1:
            raise UsageError(path, f"two rows are called '{row.id}'", "give each row a name of its own")
    try:
        return DecisionTable(name=str(tables["name"]), rows=rows, sha256=content.sha256)
    except ValueError as error:
        raise UsageError(path, str(error), "end it with a row without conditions") from None


def _row(entry: Mapping[str, Any], path: Path) -> Row:
    texts = {key: entry.get(key) for key in ("id", "label", "reason", "source")}
    for key, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise UsageError(path, f"a row has no {key}", f"give every row its {key}")
    row_id = str(texts["id"])
    for key in entry:
        if key not in (*texts, "when"):
            raise UsageError(path, f"row '{row_id}' has an unknown key {key}", "remove it")
    try:
        label = PatternLabel(str(texts["label"]))
    except ValueError:
        raise UsageError(
            path, f"row '{row_id}' gives the unknown label {texts['label']}", f"use one of {', '.join(PatternLabel)}"
        ) from None
    when = tuple(_condition(row_id, finding, allowed, path) for finding, allowed in entry.get("when", {}).items())
    return Row(id=row_id, label=label, when=when, reason=str(texts["reason"]), source=str(texts["source"]))


def _condition(row_id: str, finding: str, allowed: object, path: Path) -> tuple[str, tuple[Grade, ...]]:
    if finding not in GRADES:
        raise UsageError(path, f"row '{row_id}' asks for {finding}", f"use one of {', '.join(GRADES)}")
    if not isinstance(allowed, list) or not allowed:
        raise UsageError(path, f"row '{row_id}' names no grade of {finding}", "give a list of grades")
    try:
        return finding, tuple(GRADES[finding](grade) for grade in allowed)
    except ValueError:
        raise UsageError(
            path, f"row '{row_id}' names an unknown grade of {finding}", f"use some of {', '.join(GRADES[finding])}"
        ) from None
