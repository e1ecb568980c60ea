"""What readers said, from a CSV file that people have typed; and what the machine said, from its readings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from histo.agreement import MACHINE, Rating
from histo.csv_table import read_csv_table
from histo.errors import UsageError
from histo.pattern import Grade, Infiltration, Necrosis
from histo.records.reading_file import StoredReading

REQUIRED = ("reader", "biopsy", "finding", "value")
COLUMNS = (*REQUIRED, "item", "weight")

PATTERN = "pattern"
NECROTIC_FIBERS = "necrotic fibers"
MYOPHAGOCYTOSIS = "fibers with myophagocytosis"
INFLAMMATORY_CELLS = "inflammatory cells"


def _steps(scale: type[Grade]) -> tuple[str, ...]:
    return tuple(grade.value for grade in scale if grade.value != "not_assessed")


ORDERS = {"necrosis": _steps(Necrosis), "infiltration": _steps(Infiltration)}
"""Graded findings whose grades run from least to most."""


def read_ratings(path: Path) -> tuple[Rating, ...]:
    """Read labels and counts of readers.

    Args:
        path: CSV in UTF-8 with the columns `reader`, `biopsy`, `finding` and `value`, and, where something within a
            biopsy was rated, `item`; `weight` (1 / inclusion probability) where items were drawn.

    Returns:
        One rating a row. Patterns and grades go by their names in lower case.

    Raises:
        UsageError: Naming the row, if a cell is missing, a weight is no number above 0, or a reader said two things of
            one.
    """
    table = read_csv_table(path, REQUIRED, COLUMNS, "a table of readers' labels", UsageError)
    found: dict[tuple[str, str, str, str], Rating] = {}
    for row in table.rows:
        missing = [name for name in REQUIRED if not row.values[name]]
        if missing:
            raise UsageError(path, f"row {row.number}: {missing[0]} is empty", "fill it in, or remove the row")
        text = row.values.get("weight", "")
        try:
            weight = float(text) if text else 1.0
        except ValueError:
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            raise UsageError(path, f"row {row.number}: the weight {text} is no number above 0", "correct it")
        values = row.values
        rating = Rating(values["reader"], values["biopsy"], values.get("item", ""), values["finding"].lower(),
                        values["value"].lower(), weight)  # fmt: skip
        key = (rating.reader, rating.biopsy, rating.item, rating.finding)
        if found.setdefault(key, rating) is not rating:
            problem = f"row {row.number}: {rating.reader} has a row for {rating.finding} of {rating.biopsy} already"
            raise UsageError(path, problem, "keep one of them, or tell items apart by the column item")
    if not found:
        raise UsageError(path, "has no rows", "give each label a row below the header")
    return tuple(found.values())


def ratings_of_reading(reading: StoredReading) -> Iterator[Rating]:
    """What the machine said of a biopsy: its pattern, its grades, and its counts.

    Args:
        reading: A reading; of a refused one only the counts are said.
    """
    document = reading.document
    pooled = document["evidence"]["pooled"]
    infiltrate = pooled["infiltrate"]
    counts = {
        NECROTIC_FIBERS: pooled["necrotic"]["fibers"],
        MYOPHAGOCYTOSIS: pooled["myophagocytosis"]["fibers"],
        INFLAMMATORY_CELLS: "not_assessed" if infiltrate is None else infiltrate["total"]["cells"],
    }
    said = {PATTERN: reading.label.value, **document["pattern"]["grades"], **counts}
    for finding, value in said.items():
        yield Rating(MACHINE, reading.name, "", finding, str(value))
