"""A column of the cohort's table: what it is called, what it means, and how it is had from a stored reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from histo.appearance import Appearance
from histo.cohort.results.inputs import CohortBiopsy
from histo.evidence import Estimate, Evidence
from histo.records import ReadingFacts, TableColumn
from histo.records.plain_table import Kind, Value


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """What a row is made from.

    Attributes:
        biopsy: As the cohort knows it.
        facts: Its stored reading.
        scale_um_per_px: Of its slides; None where they differ.
        scale_source: Where that was read.
        appearances: How each slide looks; None where nothing was seen of it.
    """

    biopsy: CohortBiopsy
    facts: ReadingFacts
    scale_um_per_px: float | None
    scale_source: str
    appearances: tuple[Appearance | None, ...]

    @property
    def pooled(self) -> Evidence:
        """The numbers of all slides together."""
        return self.facts.evidence.pooled


Get = Callable[[Source], Value]


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and how its value is had.

    Attributes:
        told: Name, kind, unit and meaning.
        get: From a reading.
    """

    told: TableColumn
    get: Get


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together, for people who look one up."""

    title: str
    columns: tuple[Column, ...]


def text(name: str, meaning: str, get: Get) -> Column:
    """Words."""
    return Column(TableColumn(name, "text", "", meaning), get)


def count(name: str, meaning: str, get: Get, unit: str = "") -> Column:
    """A whole number."""
    return Column(TableColumn(name, "count", unit, meaning), get)


def flag(name: str, meaning: str, get: Get) -> Column:
    """Yes or no."""
    return Column(TableColumn(name, "flag", "", meaning), get)


def number(name: str, unit: str, meaning: str, get: Get) -> Column:
    """A number with a unit."""
    return Column(TableColumn(name, "number", unit, meaning), get)


def estimate(name: str, unit: str, meaning: str, get: Callable[[Source], Estimate | None]) -> tuple[Column, ...]:
    """A number and the ends of its 95% interval, as three columns."""

    def part(end: str) -> Get:
        def of(source: Source) -> Value:
            found = get(source)
            return None if found is None else float(getattr(found, end))

        return of

    kind: Kind = "number"
    return (
        Column(TableColumn(name, kind, unit, meaning), part("value")),
        Column(TableColumn(f"{name}_low", kind, unit, "lower end of its 95% interval"), part("low")),
        Column(TableColumn(f"{name}_high", kind, unit, "upper end of its 95% interval"), part("high")),
    )


def listed(parts: Sequence[str]) -> str:
    """Several words in one cell, each once, in their order."""
    return "; ".join(dict.fromkeys(parts))
