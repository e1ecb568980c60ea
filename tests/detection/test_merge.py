from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import histo.detection.merge
from histo.detection.merge import fiber_polygons, merge
from histo.findings import Cells, Compartment, CompartmentMap, FiberAttribute, FiberClass, Fibers
from histo.geometry import Region

LEFT, RIGHT = Region(0, 0, 512, 512), Region(512, 0, 512, 512)
COMPARTMENTS = CompartmentMap(np.full((64, 128), Compartment.ENDOMYSIUM, np.uint8), np.ones((64, 128), bool))


def boxes(*corners_um: tuple[float, float, float, float], cut: bool = False) -> Fibers:
    """Rectangular fibers: left, top, right, bottom in um."""
    n = len(corners_um)
    box = np.array(corners_um, np.float32).reshape(n, 4)
    rings = box[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    probability = np.zeros((n, len(FiberClass)), np.float32)
    probability[:, 0] = 1
    return Fibers(
        center_um=(box[:, :2] + box[:, 2:]) / 2,
        area_um2=(box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]),
        min_feret_um=np.minimum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]),
        fiber_class=np.zeros(n, np.uint8),
        class_probability=probability,
        attribute_probability=np.zeros((n, len(FiberAttribute)), np.float32),
        attributes=np.zeros((n, len(FiberAttribute)), bool),
        cut=np.full(n, cut),
        outline_um=rings,
        outline_start=np.arange(0, 4 * n + 1, 4).astype(np.int64),
    )


def points(*places_um: tuple[float, float]) -> Cells:
    n = len(places_um)
    return Cells(
        center_um=np.array(places_um, np.float32).reshape(n, 2),
        cell_class=np.zeros(n, np.uint8),
        class_probability=np.zeros((n, 4), np.float32),
        compartment=np.full(n, Compartment.GLASS, np.uint8),
        fiber=np.full(n, -1, np.int32),
    )


def test_a_long_fiber_owned_by_two_blocks_is_kept_once_and_stays_cut() -> None:
    fibers, _ = merge(
        [
            (LEFT, boxes((20, 100, 380, 140), cut=True), Cells.empty()),
            (RIGHT, boxes((128, 100, 500, 140), cut=True), Cells.empty()),
        ],
        COMPARTMENTS,
    )
    assert len(fibers) == 1
    assert fibers.cut[0]
    assert fibers.area_um2[0] == 372 * 40


def test_the_whole_fiber_is_kept_before_a_larger_cut_one() -> None:
    fibers, _ = merge(
        [
            (LEFT, boxes((200, 100, 300, 140)), Cells.empty()),
            (RIGHT, boxes((220, 90, 400, 150), cut=True), Cells.empty()),
        ],
        COMPARTMENTS,
    )
    np.testing.assert_array_equal(fibers.center_um, [[250, 120]])


def test_neighbors_across_a_border_are_both_kept() -> None:
    fibers, _ = merge(
        [(LEFT, boxes((200, 100, 258, 140)), Cells.empty()), (RIGHT, boxes((255, 100, 300, 140)), Cells.empty())],
        COMPARTMENTS,
    )
    assert len(fibers) == 2


def test_a_nucleus_gets_the_fiber_that_holds_it_and_its_compartment() -> None:
    fibers, cells = merge(
        [(LEFT, boxes((10, 10, 60, 60), (100, 100, 150, 150)), points((125, 125), (80, 80), (30, 30)))], COMPARTMENTS
    )
    np.testing.assert_array_equal(cells.fiber, [0, -1, 1])
    np.testing.assert_array_equal(cells.center_um, [[30, 30], [80, 80], [125, 125]])
    assert (cells.compartment == Compartment.ENDOMYSIUM).all()
    assert len(fibers) == 2


def test_a_nucleus_in_nested_outlines_belongs_to_the_smaller() -> None:
    fibers, cells = merge([(LEFT, boxes((10, 10, 90, 90), (30, 30, 50, 50)), points((40, 40)))], COMPARTMENTS)
    assert fibers.area_um2[cells.fiber[0]] == 400


def test_an_outline_that_crosses_itself_does_not_stop_the_merge() -> None:
    knot = boxes((10, 10, 60, 60))
    crossed = dataclasses.replace(knot, outline_um=knot.outline_um[[0, 2, 1, 3]].copy())
    fibers, cells = merge([(LEFT, crossed, points((12, 30))), (RIGHT, boxes((300, 1, 310, 9)), points())], COMPARTMENTS)
    assert len(fibers) == 2
    assert len(cells) == 1
    assert all(polygon.is_valid for polygon in fiber_polygons(fibers))


def test_nothing_merges_to_nothing() -> None:
    fibers, cells = merge([], COMPARTMENTS)
    assert len(fibers) == len(cells) == 0


@settings(max_examples=25, deadline=None)
@given(
    places=st.lists(
        st.tuples(st.integers(min_value=0, max_value=22), st.integers(min_value=0, max_value=11)),
        unique=True,
        max_size=30,
    ),
    swap=st.booleans(),
)
def test_the_order_of_blocks_does_not_matter_and_disjoint_fibers_all_stay(
    places: list[tuple[int, int]], swap: bool
) -> None:
    corners = [(20.0 * x, 20.0 * y, 20.0 * x + 19, 20.0 * y + 19) for x, y in places]
    inside = [corner for corner in corners if (corner[0] + corner[2]) / 2 < 256]
    outside = [corner for corner in corners if (corner[0] + corner[2]) / 2 >= 256]
    parts = [(LEFT, boxes(*inside), points()), (RIGHT, boxes(*outside), points())]
    fibers, _ = merge(parts[::-1] if swap else parts, COMPARTMENTS)
    expected = sorted(((c[0] + c[2]) / 2, (c[1] + c[3]) / 2) for c in corners)
    assert sorted(map(tuple, fibers.center_um.tolist())) == expected


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_how_many_are_looked_at_together_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    small = rng.uniform(0, 1, (40, 2)) * (200, 200)
    left = [(x, y, x + 30, y + 20) for x, y in small.tolist()]
    left += [(120 + d, 22 * n, 330 + d, 22 * n + 20) for n, d in enumerate(rng.uniform(-9, 9, 10).tolist())]
    right = [(x + 250, y, x + 280, y + 20) for x, y in small.tolist()]
    right += [(200 + d, 22 * n, 380 + d, 22 * n + 20) for n, d in enumerate(rng.uniform(-9, 9, 10).tolist())]
    cells = points(*map(tuple, rng.uniform(0, 1, (80, 2)) * (500, 250)))
    parts = [(LEFT, boxes(*left, cut=True), cells), (RIGHT, boxes(*right, cut=True), points())]
    whole_fibers, whole_cells = merge(parts, COMPARTMENTS)
    assert len(whole_fibers) <= 90, "of the long ones each is there twice"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histo.detection.merge, "_AT_ONCE", 7)
        fibers, found = merge(parts, COMPARTMENTS)
    for one, other in ((whole_fibers, fibers), (whole_cells, found)):
        for column in dataclasses.fields(one):
            np.testing.assert_array_equal(getattr(one, column.name), getattr(other, column.name))
