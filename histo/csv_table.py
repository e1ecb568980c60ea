"""CSV tables that people have typed: read strictly, with the number of every row, and no guess at a column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from histo.errors import HistoError

LARGEST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row that is not blank.

    Attributes:
        number: Of its line in the file, the header being 1.
        values: Text by column name, without spaces around it; empty where the row has none.
        cells: How many cells it has, up to the last one that is filled in.
    """

    number: int
    values: Mapping[str, str]
    cells: int


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table.

    Attributes:
        columns: Names as they stand in the header, in lower case.
        rows: In the order of the file.
    """

    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]


def read_csv_table(
    path: Path, required: Sequence[str], columns: Sequence[str], kind: str, error: type[HistoError]
) -> CsvTable:
    """Read a table whose header names known columns, in any order and any case.

    Args:
        path: UTF-8 with or without a byte-order mark, separated by commas, semicolons or tabs.
        required: Columns that must be there.
        columns: All that may be there, the required ones among them.
        kind: What the file is meant to be, for messages: `a manifest`.
        error: What is raised.

    Raises:
        HistoError: Of the given class, if the file is no such table. What stands in its cells is not judged.
    """
    text = _text(path, kind, error)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    except csv.Error as damage:
        raise error(path, f"row {reader.line_num}: is no CSV ({damage})", "close its quotes") from None
    lines = [(number, line) for number, line in lines if any(line)]
    names = [name.lower() for name in lines[0][1]] if lines else []
    _check_header(path, names, required, columns, error)
    rows = [
        CsvRow(
            number,
            {name: line[place] if place < len(line) else "" for place, name in enumerate(names)},
            max(place for place, cell in enumerate(line, start=1) if cell),
        )
        for number, line in lines[1:]
    ]
    return CsvTable(tuple(names), tuple(rows))


def _text(path: Path, kind: str, error: type[HistoError]) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise error(path, f"is too large for {kind}", "give a CSV file of at most 16 MiB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise error(path, f"cannot be read ({failure.strerror or failure})", "check the path") from None
    except UnicodeDecodeError:
        raise error(path, "is not UTF-8 text", "save it as CSV in UTF-8") from None


def _check_header(
    path: Path, names: Sequence[str], required: Sequence[str], columns: Sequence[str], error: type[HistoError]
) -> None:
    missing = [name for name in required if name not in names]
    unknown = [repr(name) for name in names if name not in columns]
    twice = sorted({name for name in names if names.count(name) > 1 and name in columns})
    problems = [
        f"{what} {', '.join(found)}"
        for what, found in (("lacks", missing), ("has unknown columns", unknown), ("has twice", twice))
        if found
    ]
    if problems:
        raise error(path, f"row 1: the header {'; it '.join(problems)}", f"use {', '.join(columns)}")
