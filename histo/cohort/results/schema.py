"""The table of a cohort: all its columns, in their order. docs/cohort-table.md is written from here."""

from __future__ import annotations

from pathlib import Path

from histo.appearance import Appearance
from histo.cohort.results.columns import Column, Source
from histo.cohort.results.finding_columns import CELLS, FIBERS, STAGES
from histo.cohort.results.inputs import CohortBiopsy
from histo.cohort.results.place_columns import PLACES, SIZES, TISSUE
from histo.cohort.results.reading_columns import BIOPSY, COVERAGE, PATTERN, PROVENANCE, QUALITY
from histo.errors import RecordError
from histo.evidence import from_dict
from histo.records import ReadingFacts, StoredReading, plain, read_reading, reading_facts
from histo.records.plain import REMEDY
from histo.records.plain_table import Value

SCHEMA = "histo.cohort"
SCHEMA_VERSION = "1.0"
"""Major: a column is gone or means something else. Minor: only columns more."""

GROUPS = (BIOPSY, PATTERN, COVERAGE, FIBERS, STAGES, CELLS, PLACES, SIZES, TISSUE, QUALITY, PROVENANCE)

COLUMNS: tuple[Column, ...] = tuple(column for group in GROUPS for column in group.columns)
NAMES = tuple(column.told.name for column in COLUMNS)

Row = dict[str, Value]
"""Values by the names of the columns; None is missing, never 0."""


def row_of(source: Source) -> Row:
    """A reading as a row."""
    return {column.told.name: plain(column.get(source)) for column in COLUMNS}


def read_row(out: Path, biopsy: CohortBiopsy) -> Row:
    """The row of a reading that lies in the cohort's folder.

    Args:
        out: The cohort's folder.
        biopsy: Whose.

    Raises:
        RecordError: If the reading is missing, damaged, or of a schema that this histo does not know.
    """
    folder = out / biopsy.folder
    stored = read_reading(folder)
    return row_of(source_of(biopsy, stored, reading_facts(stored.document, folder)))


def source_of(biopsy: CohortBiopsy, stored: StoredReading, facts: ReadingFacts) -> Source:
    """What a row is made from.

    Raises:
        RecordError: If a slide's appearance cannot be understood.
    """
    try:
        appearances = tuple(
            None if (entry := slide.get("appearance")) is None else from_dict(Appearance, entry)
            for slide in stored.document["slides"]
        )
    except ValueError as error:
        raise RecordError(biopsy.folder.as_posix(), f"does not tell how its slides look ({error})", REMEDY) from error
    return Source(biopsy, facts, stored.um_per_px, stored.scale_source, appearances)
