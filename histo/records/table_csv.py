"""fibers.csv and cells.csv: the tables for programs that read no Parquet. The same columns in the same order.

Outlines become text in one column, as WKT (`POLYGON ((x y, ...))`, the first point again at the end), which GIS
libraries, R, and Shapely read. Numbers have a decimal point, booleans are `true` and `false`, what is missing is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from histo.errors import RecordError
from histo.records.plain import REMEDY

OUTLINE, WKT = "outline_um", "outline_um_wkt"
_BATCH_ROWS = 8192


def write_csv(table: Path, path: Path) -> None:
    """Write a table of findings as CSV, a few thousand rows at a time.

    Args:
        table: A fibers.parquet or cells.parquet.
        path: Where to write.

    Raises:
        RecordError: If the table is missing or damaged.
    """
    try:
        source = pq.ParquetFile(table)
    except FileNotFoundError as error:
        raise RecordError(table, "there is no such file", REMEDY) from error
    except (OSError, pa.ArrowException) as error:
        raise RecordError(table, "is not a readable Parquet file", REMEDY) from error
    writer: pc.CSVWriter | None = None
    try:
        with source:
            for batch in _batches(source):
                flat = _flat(batch)
                writer = writer or pc.CSVWriter(path, flat.schema)
                writer.write_batch(flat)
    except pa.ArrowException as error:
        raise RecordError(table, f"cannot be written as CSV ({error})", REMEDY) from error
    finally:
        if writer is not None:
            writer.close()


def _batches(source: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """At least one, so that an empty table has a header."""
    empty = True
    for batch in source.iter_batches(_BATCH_ROWS):
        empty = False
        yield batch
    if empty:
        yield pa.RecordBatch.from_pylist([], source.schema_arrow)


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Words instead of codes, and outlines as text."""
    columns: dict[str, pa.Array] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name == OUTLINE:
            columns[WKT] = _polygons(column)
        elif pa.types.is_dictionary(column.type):
            columns[name] = column.cast(pa.string())
        else:
            columns[name] = column
    return pa.RecordBatch.from_pydict(columns)


def _polygons(outlines: pa.ListArray) -> pa.Array:
    numbers = outlines.flatten().cast(pa.string()).to_pylist()
    points = [f"{x} {y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    ends = [(offset - outlines.offsets[0].as_py()) // 2 for offset in outlines.offsets.to_pylist()]
    rings = (points[begin:end] for begin, end in pairwise(ends))
    return pa.array([f"POLYGON (({', '.join([*ring, ring[0]])}))" for ring in rings], pa.string())
