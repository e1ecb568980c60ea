"""A file of clinical facts, CSV or JSON, read strictly: every fault is told with its row or field and a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from histo.clinical.cells import COLUMNS, FACTS, Entry, Faults, understand
from histo.clinical.facts import ClinicalFacts
from histo.csv_table import LARGEST_BYTES, read_csv_table
from histo.errors import ClinicalError

MEASUREMENTS = "measurements"
"""The member of a JSON file that lists blood samples."""

_SHOWN_FAULTS = 20
_REMEDY = "correct this; docs/clinical-context.md describes the fields"


def load_clinical(path: Path) -> Mapping[str, ClinicalFacts]:
    """Read a file.

    Args:
        path: CSV with a row for each blood sample of each biopsy, or JSON of one biopsy (ending `.json`).

    Returns:
        The facts by name of the biopsy, in the order of the file; at least one.

    Raises:
        ClinicalError: If the file cannot be read, has an unknown field, or a value that cannot be one; all faults of
            the file are told at once.
    """
    entries = _entries_of_json(path) if path.suffix.lower() == ".json" else _entries_of_csv(path)
    faults = Faults()
    facts = understand(entries, faults)
    if faults.told:
        more = [f"and {len(faults.told) - _SHOWN_FAULTS} more"] if len(faults.told) > _SHOWN_FAULTS else []
        raise ClinicalError(path, "; ".join([*faults.told[:_SHOWN_FAULTS], *more]), _REMEDY)
    return facts


def choose_biopsy(path: Path, facts: Mapping[str, ClinicalFacts], names: Iterable[str]) -> None:
    """Refuse a file that tells of none of the biopsies that are read.

    Raises:
        ClinicalError: Then; names must agree letter by letter.
    """
    asked = tuple(names)
    if not set(asked) & set(facts):
        told, shown = ", ".join(list(facts)[:5]), ", ".join(asked[:5])
        raise ClinicalError(
            path, f"tells of {told}, and what is read is {shown}", "give both the same name; --biopsy names a biopsy"
        )


def _entries_of_csv(path: Path) -> list[Entry]:
    table = read_csv_table(path, ("biopsy",), COLUMNS, "a clinical file", ClinicalError)
    if not table.rows:
        raise ClinicalError(path, "has no rows", "give each biopsy a row below the header")
    for row in table.rows:
        if row.cells > len(table.columns):
            problem = f"row {row.number}: has {row.cells} cells, the header {len(table.columns)}"
            raise ClinicalError(path, problem, "put cells that hold the separator in quotes")
    return [Entry(f"row {row.number}", row.values) for row in table.rows]


def _entries_of_json(path: Path) -> list[Entry]:
    """Facts as one entry, and one more for each blood sample."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ClinicalError(path, "is too large for a clinical file", "give the facts of one biopsy")
        document = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        raise ClinicalError(path, f"cannot be read ({error.strerror or error})", "check the path") from None
    except (ValueError, RecursionError) as error:
        raise ClinicalError(path, f"is not valid JSON ({error})", "correct it there") from None
    if not isinstance(document, dict):
        raise ClinicalError(path, "holds no JSON object", 'write {"biopsy": "B1", ...}')
    samples = document.pop(MEASUREMENTS, [])
    if not isinstance(samples, list) or not all(isinstance(one, dict) for one in samples):
        raise ClinicalError(path, f"field {MEASUREMENTS}: is no list of objects", 'write [{"date": "2024-01-31", ...}]')
    sample_fields = tuple(name for name in COLUMNS if name not in FACTS)
    _check_fields(path, "", document, FACTS)
    for number, sample in enumerate(samples, start=1):
        _check_fields(path, f"{MEASUREMENTS} {number}: ", sample, sample_fields)
    name = {"biopsy": document.get("biopsy")}
    entries = [("", document), *((f"{MEASUREMENTS} {n}", {**name, **one}) for n, one in enumerate(samples, start=1))]
    return [
        Entry(place or "the file", {key: _cell(value) for key, value in values.items()}) for place, values in entries
    ]


def _check_fields(path: Path, place: str, values: Mapping[str, Any], known: Iterable[str]) -> None:
    known = tuple(known)
    for name, value in values.items():
        if name not in known:
            raise ClinicalError(path, f"{place}unknown field {name!r}", f"use {', '.join(known)}")
        if isinstance(value, bool | list | dict):
            raise ClinicalError(path, f"{place}field {name}: {json.dumps(value)} is no text or number", _REMEDY)


def _cell(value: str | float | None) -> str:
    """A JSON value as a cell of a table holds it."""
    return "" if value is None else value.strip() if isinstance(value, str) else repr(value)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")
