"""Words and sums that the overview is told with."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from histo.cohort.results.schema import Row
from histo.records.plain_table import Value
from histo.report.rows import NOTHING, number


def words(value: Value) -> str:
    """A name of a label or code as people write it."""
    return NOTHING if value is None else str(value).replace("_", " ")


def told(value: Value) -> str:
    """A number as people read it."""
    return number(value) if isinstance(value, (int, float)) else NOTHING


def counted(count: float, one: str, many: str) -> str:
    """How many of what."""
    return f"{count:,.0f} {one if count == 1 else many}"


def total(rows: Sequence[Row], name: str) -> float:
    """Of a column; what is missing adds nothing."""
    return fsum(value for row in rows if isinstance(value := row[name], (int, float)))
