"""Outlines for every zoom: nothing lost, nothing misplaced, fewer vertices from afar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import shapely
from example_findings import example_cells, example_fibers
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from histo.findings import Cells, Fibers
from histo.geometry import Mpp, Size
from histo.review.outline_levels import MAGIC, PARTS_OF_A_PIXEL, TOLERANCE_PX, OutlineLevels, simplified
from histo.review.tiles import TILE_PX, level_mpp, top_level

SIDE_UM, MPP = 1500.0, Mpp(0.5)
SIZE = Size(3000, 3000)
TOP = top_level(SIZE)


class Tile(NamedTuple):
    """A tile, unpacked as the browser does it."""

    fiber: NDArray[np.uint32]
    start: NDArray[np.uint32]
    cell: NDArray[np.uint32]
    center: NDArray[np.int16]
    vertex: NDArray[np.int16]
    cell_center: NDArray[np.int16]
    fiber_class: NDArray[np.uint8]
    fiber_p: NDArray[np.uint8]
    cell_class: NDArray[np.uint8]
    cell_p: NDArray[np.uint8]


def unpack(data: bytes) -> Tile:
    magic, fibers, vertices, cells = np.frombuffer(data, "<u4", 4)
    assert magic == MAGIC
    counts = (
        ("<u4", fibers), ("<u4", fibers + 1), ("<u4", cells), ("<i2", 2 * fibers), ("<i2", 2 * vertices),
        ("<i2", 2 * cells), ("u1", fibers), ("u1", fibers), ("u1", cells), ("u1", cells),
    )  # fmt: skip
    at, parts = 16, []
    for kind, count in counts:
        parts.append(np.frombuffer(data, kind, int(count), at))
        at += int(count) * np.dtype(kind).itemsize
    assert at == len(data)
    return Tile(*parts)


def levels_of(fibers: Fibers, cells: Cells | None) -> OutlineLevels:
    return OutlineLevels(fibers, cells, MPP, SIZE)


def all_tiles(levels: OutlineLevels, level: int) -> list[tuple[int, int, Tile]]:
    across = -(-int(np.ceil(SIZE.width / 2 ** (TOP - level))) // TILE_PX)
    return [(c, r, unpack(levels.tile(level, c, r))) for r in range(across) for c in range(across)]


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 1000), st.integers(TOP - 3, TOP + 1))
@settings(max_examples=15, deadline=None)
def test_every_finding_stands_in_the_tiles_that_it_touches(fibers: int, cells: int, seed: int, level: int) -> None:
    found, nuclei = example_fibers(fibers, seed=seed), example_cells(cells, seed=seed, fibers=fibers)
    tiles = all_tiles(levels_of(found, nuclei), level)
    assert {int(row) for _, _, tile in tiles for row in tile.fiber} == set(range(fibers))
    mpp = level_mpp(MPP, SIZE, level)
    for column, row, tile in tiles:
        corner = np.array([column, row]) * TILE_PX
        for at, fiber in enumerate(tile.fiber):
            assert tile.fiber_class[at] == found.fiber_class[fiber]
            center = tile.center.reshape(-1, 2)[at] / PARTS_OF_A_PIXEL + corner
            assert np.abs(mpp.to_um(center) - found.center_um[fiber]).max() <= mpp.to_um(0.6 / PARTS_OF_A_PIXEL)


@pytest.mark.parametrize("level", [TOP, TOP - 1, TOP - 2, TOP - 3])
def test_an_outline_is_off_by_less_than_can_be_seen(level: int) -> None:
    fibers = example_fibers(80, seed=3)
    mpp = level_mpp(MPP, SIZE, level)
    bound_um = mpp.to_um(TOLERANCE_PX + 1 / PARTS_OF_A_PIXEL)
    for column, row, tile in all_tiles(levels_of(fibers, None), level):
        assert not len(tile.cell)
        vertices = tile.vertex.reshape(-1, 2) / PARTS_OF_A_PIXEL + np.array([column, row]) * TILE_PX
        for at, fiber in enumerate(tile.fiber):
            drawn = shapely.LinearRing(mpp.to_um(vertices[tile.start[at] : tile.start[at + 1]]))
            true = shapely.LinearRing(fibers.outline(int(fiber)))
            assert shapely.hausdorff_distance(drawn, true, densify=0.1) <= bound_um


@given(st.integers(1, 40), st.integers(0, 1000), st.floats(0.1, 500))
@settings(max_examples=25, deadline=None)
def test_a_fiber_never_vanishes_and_never_grows(count: int, seed: int, tolerance_um: float) -> None:
    fibers = example_fibers(count, seed=seed)
    simple = simplified(fibers, tolerance_um)
    lengths = np.diff(simple.start)
    assert len(lengths) == count
    assert (lengths >= 3).all()
    assert (lengths <= np.diff(fibers.outline_start)).all()


def test_from_afar_fibers_are_dots_and_only_inflammatory_nuclei_are_told() -> None:
    fibers, cells = example_fibers(50), example_cells(400, fibers=50)
    far = unpack(levels_of(fibers, cells).tile(TOP - 6, 0, 0))
    assert len(far.fiber) == 50
    assert not len(far.vertex)
    assert set(far.cell_class.tolist()) == {0, 1}
    near = {int(kind) for _, _, tile in all_tiles(levels_of(fibers, cells), TOP) for kind in tile.cell_class}
    assert near == {0, 1, 2, 3}


def test_nothing_found_is_nothing_drawn() -> None:
    tile = unpack(levels_of(Fibers.empty(), Cells.empty()).tile(TOP, 0, 0))
    assert len(tile.fiber) == len(tile.cell) == 0
