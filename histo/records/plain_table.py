"""Tables of plain values as Parquet, each column with its unit and its meaning in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal["text", "count", "number", "flag"]
Value = str | int | float | bool | None

_TYPES = {"text": pa.string(), "count": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column.

    Attributes:
        name: Stable, for programs.
        kind: Of its values.
        unit: Of its values; empty where they have none.
        meaning: In words.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str


def write_plain_table(
    path: Path, columns: Sequence[TableColumn], rows: Sequence[Sequence[Value]], metadata: Mapping[str, str]
) -> None:
    """Write a table; the same values give the same bytes.

    Args:
        path: Where to write.
        columns: What its columns are; `unit` and `meaning` go into the file, as metadata of each.
        rows: Values in the columns' order; None is missing.
        metadata: Of the whole table.
    """
    schema = pa.schema(
        [pa.field(one.name, _TYPES[one.kind], metadata={"unit": one.unit, "meaning": one.meaning}) for one in columns],
        metadata=dict(metadata),
    )
    arrays = [pa.array([row[at] for row in rows], type=field.type) for at, field in enumerate(schema)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd", store_schema=True)
