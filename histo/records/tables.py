"""fibers.parquet and cells.parquet: every finding as a row, with its outline, and back again without loss.

Frame: slide micrometers. Written with zstd and no time stamp, so that the same findings give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from histo.errors import RecordError
from histo.evidence import macrophages_inside
from histo.findings import CellClass, Cells, Compartment, FiberAttribute, FiberClass, Fibers
from histo.geometry import Mpp
from histo.slide import Scale

TABLE_SCHEMA_VERSION = "1"
REMEDY = "read the slide again with `histo read`"

_FIBER_FLOATS = ("area_um2", "min_feret_um")


def _names(kind: type[IntEnum], codes: NDArray[np.uint8]) -> pa.DictionaryArray:
    """Codes as words, which users of pandas, R and DuckDB can read; stored as small integers all the same."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), [member.name.lower() for member in kind])


def _write(path: Path, columns: dict[str, pa.Array], sha256: str, scale: Scale | None) -> None:
    metadata = {
        "histo_schema": TABLE_SCHEMA_VERSION,
        "frame": "slide micrometers, origin top left",
        "slide_sha256": sha256,
    }
    if scale is not None:
        metadata |= {"um_per_px": repr(scale.mpp.um_per_px), "scale_source": scale.source}
    table = pa.table(columns).replace_schema_metadata(metadata)
    pq.write_table(table, path, compression="zstd", store_schema=True, row_group_size=1 << 16)


def write_fibers(
    path: Path, fibers: Fibers, *, sha256: str, scale: Scale | None = None, cells: Cells | None = None,
    more: Mapping[str, NDArray[np.generic]] | None = None,
) -> None:  # fmt: skip
    """Write fibers.parquet: one row a fiber, its outline as x, y, x, y, ... in `outline_um`.

    Args:
        path: Where to write.
        fibers: What to write; a fiber's id is its row.
        sha256: Of the slide, kept in the file's metadata.
        scale: Of level 0, and where it was read: kept there too.
        cells: The slide's nuclei, of which those like macrophages are counted inside each fiber; None leaves the count
            empty, where cells cannot be told.
        more: Further columns by name, with one value for each fiber.
    """
    macrophages = None if cells is None else macrophages_inside(fibers, cells)
    columns: dict[str, pa.Array] = {
        "fiber": pa.array(np.arange(len(fibers), dtype=np.int32)),
        "fiber_class": _names(FiberClass, fibers.fiber_class),
        "x_um": pa.array(fibers.center_um[:, 0]),
        "y_um": pa.array(fibers.center_um[:, 1]),
        **{name: pa.array(getattr(fibers, name)) for name in _FIBER_FLOATS},
    }
    for fiber_class in FiberClass:
        columns[f"p_{fiber_class.name.lower()}"] = pa.array(fibers.class_probability[:, fiber_class])
    for attribute in FiberAttribute:
        name = attribute.name.lower()
        columns[f"p_{name}"] = pa.array(fibers.attribute_probability[:, attribute])
        columns[name] = pa.array(fibers.attributes[:, attribute])
    columns["cut"] = pa.array(fibers.cut)
    columns |= {name: pa.array(values) for name, values in (more or {}).items()}
    columns["macrophages_inside"] = pa.array([None] * len(fibers) if macrophages is None else macrophages, pa.int32())
    offsets = pa.array((2 * fibers.outline_start).astype(np.int32))
    columns["outline_um"] = pa.ListArray.from_arrays(offsets, pa.array(fibers.outline_um.reshape(-1)))
    _write(path, columns, sha256, scale)


def write_cells(
    path: Path, cells: Cells, *, sha256: str, scale: Scale | None = None,
    more: Mapping[str, NDArray[np.generic]] | None = None,
) -> None:  # fmt: skip
    """Write cells.parquet: one row a nucleus of any kind; `fiber` is the row in fibers.parquet, or -1.

    Args:
        path: Where to write.
        cells: What to write.
        sha256: Of the slide, kept in the file's metadata.
        scale: Of level 0, and where it was read: kept there too.
        more: Further columns by name, with one value for each nucleus.
    """
    columns: dict[str, pa.Array] = {
        "cell_class": _names(CellClass, cells.cell_class),
        "x_um": pa.array(cells.center_um[:, 0]),
        "y_um": pa.array(cells.center_um[:, 1]),
        "compartment": _names(Compartment, cells.compartment),
        "fiber": pa.array(cells.fiber),
    }
    for cell_class in CellClass:
        columns[f"p_{cell_class.name.lower()}"] = pa.array(cells.class_probability[:, cell_class])
    columns |= {name: pa.array(values) for name, values in (more or {}).items()}
    _write(path, columns, sha256, scale)


class _Table:
    """A Parquet file whose every surprise is a `RecordError` that names it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._table = pq.read_table(path)
        except FileNotFoundError as error:
            raise RecordError(path, "there is no such file", REMEDY) from error
        except (OSError, pa.ArrowException) as error:
            raise RecordError(path, "is not a readable Parquet file", REMEDY) from error
        version = self.metadata.get(b"histo_schema", b"none").decode("ascii", "replace")
        if version != TABLE_SCHEMA_VERSION:
            problem = f"has schema version {version}, and this histo reads {TABLE_SCHEMA_VERSION}"
            raise RecordError(path, problem, REMEDY)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def metadata(self) -> dict[bytes, bytes]:
        return dict(self._table.schema.metadata or {})

    def column(self, name: str) -> pa.Array:
        if name not in self._table.column_names:
            raise RecordError(self._path, f"lacks the column {name}", REMEDY)
        column = self._table.column(name).combine_chunks()
        if column.null_count:
            raise RecordError(self._path, f"has empty entries in the column {name}", REMEDY)
        return column

    def array(self, name: str, dtype: type[np.generic]) -> NDArray[np.generic]:
        array = np.asarray(self.column(name).to_numpy(zero_copy_only=False))
        if array.dtype != dtype:
            raise RecordError(self._path, f"has {array.dtype} in the column {name} instead of {dtype.__name__}", REMEDY)
        return array

    def floats(self, *names: str) -> NDArray[np.float32]:
        stacked = np.stack([self.array(name, np.float32) for name in names], axis=1).astype(np.float32)
        if not np.isfinite(stacked).all():
            raise RecordError(self._path, f"has numbers that are not finite in {' or '.join(names)}", REMEDY)
        return stacked

    def codes(self, name: str, kind: type[IntEnum]) -> NDArray[np.uint8]:
        words = [str(word) for word in self.column(name).to_pylist()]
        code_of = {member.name.lower(): member.value for member in kind}
        unknown = sorted(set(words) - set(code_of))
        if unknown:
            raise RecordError(self._path, f"has the unknown {name} {unknown[0]!r}", REMEDY)
        return np.array([code_of[word] for word in words], np.uint8)

    def refuse(self, error: Exception) -> RecordError:
        return RecordError(self._path, f"does not hold together ({error})", REMEDY)


def read_scale(path: Path) -> Scale:
    """The scale that fibers.parquet or cells.parquet was written with, with all its digits.

    Raises:
        RecordError: If the file is missing or damaged, or tells no scale.
    """
    metadata = _Table(path).metadata
    try:
        return Scale(Mpp(float(metadata[b"um_per_px"])), metadata[b"scale_source"].decode("utf-8"))
    except (KeyError, ValueError) as error:
        raise RecordError(path, "tells no scale", REMEDY) from error


def read_fibers(path: Path) -> Fibers:
    """Read fibers.parquet back.

    Raises:
        RecordError: If the file is missing, damaged, of another schema, or its columns do not fit together.
    """
    table = _Table(path)
    attributes = [attribute.name.lower() for attribute in FiberAttribute]
    outlines = table.column("outline_um")
    if not (pa.types.is_list(outlines.type) and outlines.type.value_type == pa.float32()):
        raise RecordError(path, f"has {outlines.type} in the column outline_um instead of list<float>", REMEDY)
    vertices = outlines.flatten().to_numpy(zero_copy_only=False)
    lengths = np.diff(outlines.offsets.to_numpy()).astype(np.int64)
    if np.any(lengths % 2) or not np.isfinite(vertices).all():
        raise RecordError(path, "has outlines that are not pairs of finite numbers", REMEDY)
    try:
        return Fibers(
            center_um=table.floats("x_um", "y_um"),
            area_um2=table.floats("area_um2")[:, 0],
            min_feret_um=table.floats("min_feret_um")[:, 0],
            fiber_class=table.codes("fiber_class", FiberClass),
            class_probability=table.floats(*[f"p_{kind.name.lower()}" for kind in FiberClass]),
            attribute_probability=table.floats(*[f"p_{name}" for name in attributes]),
            attributes=np.stack([table.array(name, np.bool_) for name in attributes], axis=1).astype(np.bool_),
            cut=table.array("cut", np.bool_).astype(np.bool_),
            outline_um=vertices.reshape(-1, 2),
            outline_start=np.concatenate([[0], np.cumsum(lengths // 2)]).astype(np.int64),
        )
    except ValueError as error:
        raise table.refuse(error) from error


def read_cells(path: Path) -> Cells:
    """Read cells.parquet back.

    Raises:
        RecordError: If the file is missing, damaged, of another schema, or its columns do not fit together.
    """
    table = _Table(path)
    try:
        return Cells(
            center_um=table.floats("x_um", "y_um"),
            cell_class=table.codes("cell_class", CellClass),
            class_probability=table.floats(*[f"p_{kind.name.lower()}" for kind in CellClass]),
            compartment=table.codes("compartment", Compartment),
            fiber=table.array("fiber", np.int32).astype(np.int32),
        )
    except ValueError as error:
        raise table.refuse(error) from error
