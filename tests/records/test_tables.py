"""Findings survive the disk without loss, and a damaged file is told by name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from example_findings import example_cells, example_compartments, example_fibers
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.errors import RecordError
from histo.findings import CellClass, CompartmentMap
from histo.geometry import Mpp
from histo.records import (
    read_cells,
    read_compartments,
    read_fibers,
    write_cells,
    write_compartments,
    write_fibers,
)
from histo.slide import Scale


def assert_equal_columns(first: object, second: object) -> None:
    for field in fields(first):  # type: ignore[arg-type]
        one, other = getattr(first, field.name), getattr(second, field.name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, err_msg=field.name)


@given(count=st.integers(0, 40), seed=st.integers(0, 2**31))
@settings(deadline=None, max_examples=25)
def test_fibers_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, count: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("tables") / "fibers.parquet"
    fibers = example_fibers(count, seed=seed)
    write_fibers(path, fibers, sha256="00")
    assert_equal_columns(fibers, read_fibers(path))


@given(count=st.integers(0, 60), seed=st.integers(0, 2**31))
@settings(deadline=None, max_examples=25)
def test_cells_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, count: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("tables") / "cells.parquet"
    cells = example_cells(count, seed=seed, fibers=9)
    write_cells(path, cells, sha256="00")
    assert_equal_columns(cells, read_cells(path))


@given(seed=st.integers(0, 2**31), um_per_px=st.sampled_from([4.0, 1.1, 0.1 + 0.2]))
@settings(deadline=None, max_examples=15)
def test_compartments_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, seed: int, um_per_px: float
) -> None:
    path = tmp_path_factory.mktemp("map") / "compartments.png"
    drawn = example_compartments(side_um=300.0, seed=seed)
    compartments = CompartmentMap(codes=drawn.codes, scored=drawn.scored, mpp=Mpp(um_per_px))
    write_compartments(path, compartments)
    back = read_compartments(path)
    assert back.mpp == compartments.mpp
    np.testing.assert_array_equal(back.codes, compartments.codes)
    np.testing.assert_array_equal(back.scored, compartments.scored)


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    fibers, cells = example_fibers(30), example_cells(30)
    for name in ("a", "b"):
        write_fibers(tmp_path / f"{name}.fibers", fibers, sha256="00")
        write_cells(tmp_path / f"{name}.cells", cells, sha256="00")
    assert (tmp_path / "a.fibers").read_bytes() == (tmp_path / "b.fibers").read_bytes()
    assert (tmp_path / "a.cells").read_bytes() == (tmp_path / "b.cells").read_bytes()


def test_other_programs_read_the_outlines_as_lists_of_numbers(tmp_path: Path) -> None:
    fibers = example_fibers(3)
    write_fibers(tmp_path / "fibers.parquet", fibers, sha256="00")
    table = pq.read_table(tmp_path / "fibers.parquet")
    assert table.schema.field("outline_um").type == pa.list_(pa.float32())
    first = np.array(table.column("outline_um")[0].as_py(), np.float32).reshape(-1, 2)
    np.testing.assert_array_equal(first, fibers.outline(0))
    assert str(table.column("fiber_class")[0]) == fibers_name(fibers.fiber_class[0])


def fibers_name(code: int) -> str:
    return ("intact", "regenerating", "necrotic_pale", "necrotic_hyaline", "myophagocytosis")[code]


def damage(path: Path, **changes: pa.Array) -> Path:
    table = pq.read_table(path)
    for name, column in changes.items():
        table = table.set_column(table.column_names.index(name), name, column)
    pq.write_table(table, path)
    return path


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    write_fibers(tmp_path / "fibers.parquet", example_fibers(3), sha256="00")
    return tmp_path / "fibers.parquet"


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"fibers\.parquet: there is no such file; read the slide again"):
        read_fibers(tmp_path / "fibers.parquet")


def test_a_truncated_table_is_told(stored: Path) -> None:
    stored.write_bytes(stored.read_bytes()[:-20])
    with pytest.raises(RecordError, match="is not a readable Parquet file"):
        read_fibers(stored)


def test_a_table_of_something_else_is_told(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "fibers.parquet")
    with pytest.raises(RecordError, match="has schema version none, and this histo reads 1"):
        read_fibers(tmp_path / "fibers.parquet")


def test_an_unknown_class_is_told(stored: Path) -> None:
    damage(stored, fiber_class=pa.array(["intact", "splendid", "intact"]))
    with pytest.raises(RecordError, match="has the unknown fiber_class 'splendid'"):
        read_fibers(stored)


def test_a_number_that_is_not_finite_is_told(stored: Path) -> None:
    damage(stored, area_um2=pa.array(np.array([1, np.nan, 2], np.float32)))
    with pytest.raises(RecordError, match="has numbers that are not finite in area_um2"):
        read_fibers(stored)


def test_an_outline_of_too_few_points_is_told(stored: Path) -> None:
    damage(stored, outline_um=pa.array([[0.0, 0, 1, 1]] * 3, pa.list_(pa.float32())))
    with pytest.raises(RecordError, match="every outline needs at least 3 vertices"):
        read_fibers(stored)


def test_a_picture_that_is_no_map_is_told(tmp_path: Path) -> None:
    (tmp_path / "compartments.png").write_bytes(b"\x89PNG and then nothing")
    with pytest.raises(RecordError, match="is not a readable PNG file"):
        read_compartments(tmp_path / "compartments.png")


def test_tables_tell_the_scale_and_where_it_was_read(tmp_path: Path) -> None:
    scale = Scale(Mpp(0.1 + 0.2), "aperio.MPP = 0.3")
    write_fibers(tmp_path / "fibers", example_fibers(3), sha256="00", scale=scale)
    write_cells(tmp_path / "cells", example_cells(3), sha256="00", scale=scale)
    for name in ("fibers", "cells"):
        metadata = pq.read_schema(tmp_path / name).metadata
        assert float(metadata[b"um_per_px"]) == scale.mpp.um_per_px
        assert metadata[b"scale_source"] == b"aperio.MPP = 0.3"


def test_the_macrophages_inside_a_fiber_are_a_column_and_empty_where_cells_cannot_be_told(tmp_path: Path) -> None:
    fibers, cells = example_fibers(20), example_cells(200, fibers=20)
    write_fibers(tmp_path / "told", fibers, sha256="00", cells=cells)
    write_fibers(tmp_path / "coarse", fibers, sha256="00")
    told = pq.read_table(tmp_path / "told").column("macrophages_inside").to_pylist()
    assert told == [
        int(np.count_nonzero((cells.fiber == row) & (cells.cell_class == CellClass.MACROPHAGE))) for row in range(20)
    ]
    assert sum(told) > 0
    assert pq.read_table(tmp_path / "coarse").column("macrophages_inside").null_count == 20
    assert_equal_columns(read_fibers(tmp_path / "coarse"), read_fibers(tmp_path / "told"))
