"""All files of a cohort's results, written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from histo.cohort.results.inputs import CohortBiopsy, CohortFailure, CohortRun
from histo.cohort.results.overview_facts import overview_of
from histo.cohort.results.page import overview_html
from histo.cohort.results.run_file import cohort_run_document
from histo.cohort.results.schema import COLUMNS, NAMES, SCHEMA, SCHEMA_VERSION, Row, read_row
from histo.errors import RecordError
from histo.pattern import DISCLAIMER
from histo.records import RUN_NAME, SlideFailure, Staged, csv_bytes, json_bytes, provenance, write_plain_table

PARQUET_NAME = "cohort.parquet"
CSV_NAME = "cohort.csv"
PAGE_NAME = "overview.html"


@dataclass(frozen=True, slots=True)
class CohortResults:
    """What was written.

    Attributes:
        files: The files, run.json last.
        damaged: Readings that could not be read back.
    """

    files: tuple[Path, ...]
    damaged: tuple[CohortFailure, ...]


def write_results(
    out: Path,
    readings: Sequence[CohortBiopsy],
    failures: Sequence[CohortFailure],
    run: CohortRun,
) -> CohortResults:
    """Write cohort.parquet, cohort.csv, overview.html and run.json.

    Args:
        out: The cohort's folder, which exists and holds the readings.
        readings: Whose, in any order; their names differ.
        failures: What could not be read, in any order.
        run: How it went.

    Returns:
        The files, and readings that could not be read back: they are failures too, of the folder's files.

    Raises:
        ValueError: If two readings have one name.
        OutputError: If the files cannot be written. Nothing is left half-written.
    """
    names = [one.biopsy for one in readings]
    if len(set(names)) != len(names):
        raise ValueError("two readings of a cohort have one name")
    rows, damaged = _read_rows(out, readings)
    told = sorted([*failures, *damaged], key=lambda one: (one.biopsy, one.failure.slide, one.failure.kind))
    made_by = f"histo {provenance()['histo']}, table {SCHEMA} {SCHEMA_VERSION}"
    page = overview_html(overview_of(rows, told), made_by).encode("utf-8")
    values = [tuple(row[name] for name in NAMES) for row in rows]
    columns = [column.told for column in COLUMNS]
    metadata = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "notice": DISCLAIMER}
    document = cohort_run_document(run, len(rows))
    with Staged(out) as staged:
        staged.add(PARQUET_NAME, lambda path: write_plain_table(path, columns, values, metadata))
        staged.add(CSV_NAME, lambda path: path.write_bytes(csv_bytes(NAMES, values)))
        staged.add(PAGE_NAME, lambda path: path.write_bytes(page))
        staged.add(RUN_NAME, lambda path: path.write_bytes(json_bytes(document)))
    return CohortResults(staged.published, damaged)


def _read_rows(out: Path, readings: Sequence[CohortBiopsy]) -> tuple[list[Row], tuple[CohortFailure, ...]]:
    """One reading after another, so that none but its row stays in memory."""
    rows, damaged = [], []
    for biopsy in sorted(readings, key=lambda one: one.biopsy):
        try:
            rows.append(read_row(out, biopsy))
        except RecordError as error:
            problem = f"{Path(error.subject).name} {error.problem}"
            failure = SlideFailure(biopsy.folder.as_posix(), type(error).__name__, problem, error.remedy)
            damaged.append(CohortFailure(biopsy.biopsy, failure))
    return rows, tuple(damaged)
