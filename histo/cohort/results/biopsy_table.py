"""The table of biopsies on the overview: what a reader sorts and filters by, and where each report lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from histo.cohort.results.schema import Row
from histo.cohort.results.telling import counted, told, words
from histo.report.rows import NOTHING


@dataclass(frozen=True, slots=True)
class Entry:
    """A biopsy in the table of the page: its key, where its report lies, and its cells with what they are."""

    key: int
    name: str
    href: str
    cells: tuple[tuple[str, str], ...]


def _interval(row: Row, name: str) -> str:
    if row[name] is None:
        return NOTHING
    return f"{told(row[name])} ({told(row[f'{name}_low'])} to {told(row[f'{name}_high'])})"


def _notes(row: Row, outliers: int) -> str:
    notes = [
        f"refused: {words(row['refusals'])}" if row["refusals"] else "",
        "necrosis: candidates for review" if row["necrotic_fibers"] and row["necrosis_above_floor"] is False else "",
        f"{row['familiarity']} slide" if row["familiarity"] not in (None, "familiar") else "",
        counted(outliers, "outlier", "outliers") if outliers else "",
        f"{row['slides_failed']} failed" if row["slides_failed"] else "",
    ]
    return "; ".join(one for one in notes if one)


def _candidates(row: Row) -> str:
    first, second = row["differential_first"], row["differential_second"]
    if first is None:
        return NOTHING
    between = " = " if row["differential_tied"] else " > "
    return words(first) if second is None else f"{words(first)}{between}{words(second)}"


def biopsy_table(rows: Sequence[Row], outliers: Counter[str]) -> tuple[tuple[tuple[str, str], ...], tuple[Entry, ...]]:
    """The heads of the table, with what their columns are, `number`, `wide` or empty, and its rows.

    Args:
        rows: Of the cohort's table; a biopsy's key is its place among them.
        outliers: How many outliers each biopsy has.
    """
    shown: list[tuple[str, str, Callable[[Row], str]]] = []
    if any(row["patient"] is not None for row in rows):
        shown.append(("Patient", "", lambda row: str(row["patient"] or NOTHING)))
    if len({row["site"] for row in rows}) > 1:
        shown.append(("Site", "", lambda row: str(row["site"])))
    if any(row["manifest_label"] is not None for row in rows):
        shown.append(("Manifest", "", lambda row: words(row["manifest_label"])))
    shown += [
        ("Pattern", "", lambda row: words(row["pattern"])),
        ("Candidates", "wide", _candidates),
        ("Fibers", "number", lambda row: f"{row['fibers']:,}"),
        ("Necrotic per 1,000", "number", lambda row: _interval(row, "necrotic_per_1000_fibers")),
        ("Cells per mm²", "number", lambda row: _interval(row, "infiltrate_per_mm2")),
        ("Assessed mm²", "number", lambda row: told(row["assessable_mm2"])),
        ("Notes", "wide", lambda row: _notes(row, outliers[str(row["biopsy"])])),
    ]
    entries = tuple(
        Entry(key, str(row["biopsy"]), report_href(row), tuple((tell(row), kind) for _, kind, tell in shown))
        for key, row in enumerate(rows)
    )
    return (("Biopsy", ""), *((name, kind) for name, kind, _ in shown)), entries


def report_href(row: Row) -> str:
    """Where the report of a reading lies, relative to the page: quoted, so that no name can be a scheme or a script."""
    return quote(f"{row['reading']}/report.html")
