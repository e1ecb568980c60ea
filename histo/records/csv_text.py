"""CSV for people and spreadsheets, from values at hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV: UTF-8, commas, lines that end with a line feed; None is empty, booleans are true and false.

    Args:
        header: Names of the columns.
        rows: Values in the columns' order.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerows([[_safe(cell) for cell in row] for row in (header, *rows)])
    return text.getvalue().encode("utf-8")


def _safe(cell: object) -> object:
    """A name that begins like a formula would be run by a spreadsheet; a quote before it stops that."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
