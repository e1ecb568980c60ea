from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network_fields import ellipse_truths, perfect_maps, truth_of

from histo.findings import CellClass, Cells, Compartment, FiberAttribute, FiberClass, Fibers
from histo.network import layout
from histo.network.decode import decide_class, decode_block
from histo.network.operating import OperatingPoints
from histo.network.targets import encode_targets
from histo.phantom.truth import FieldTruth

POINTS = OperatingPoints()


def decoded(truth: FieldTruth, origin_um: tuple[float, float] = (0.0, 0.0)) -> tuple[Fibers, Cells]:
    return decode_block(perfect_maps(encode_targets(truth)), origin_um, POINTS)


def overlap(truth: FieldTruth, label: int, outline_um: np.ndarray) -> float:
    y, x = np.mgrid[: truth.fiber_labels.shape[0], : truth.fiber_labels.shape[1]]
    found = shapely.contains_xy(shapely.Polygon(outline_um), (x + 0.5) / 2, (y + 0.5) / 2)
    wanted = truth.fiber_labels == label
    return float((found & wanted).sum() / (found | wanted).sum())


@settings(deadline=None, max_examples=25)
@given(ellipse_truths())
def test_every_fiber_that_was_drawn_is_found_as_it_was(truth: FieldTruth) -> None:
    fibers, _ = decoded(truth)
    assert len(fibers) == truth.fiber_labels.max()
    for row in range(len(fibers)):
        x, y = fibers.center_um[row]
        label = int(truth.fiber_labels[int(2 * y), int(2 * x)])
        assert overlap(truth, label, fibers.outline(row)) >= 0.9
        assert fibers.fiber_class[row] == truth.fiber_class[label]
        np.testing.assert_array_equal(fibers.attributes[row], truth.fiber_attributes[label])
        assert shapely.Polygon(fibers.outline(row)).is_valid
        area_um2 = np.count_nonzero(truth.fiber_labels == label) / 4
        assert fibers.area_um2[row] == pytest.approx(area_um2, rel=0.05)


@settings(deadline=None, max_examples=25)
@given(ellipse_truths())
def test_every_nucleus_that_was_drawn_is_found_where_it_was(truth: FieldTruth) -> None:
    fibers, cells = decoded(truth)
    assert len(cells) == len(truth.cell_class)
    drawn_um = truth.cell_center_px / 2
    for row in range(len(cells)):
        gap_um = np.hypot(*(drawn_um - cells.center_um[row]).T)
        nearest = int(gap_um.argmin())
        assert gap_um[nearest] < 0.1
        assert cells.cell_class[row] == truth.cell_class[nearest]
        inside = cells.fiber[row] >= 0
        assert (cells.compartment[row] == Compartment.FIBER) == inside
        if inside:
            outline = shapely.Polygon(fibers.outline(int(cells.fiber[row])))
            assert outline.distance(shapely.Point(cells.center_um[row])) < 1


@settings(deadline=None, max_examples=15)
@given(ellipse_truths(across=2), st.integers(0, 60_000), st.integers(0, 60_000))
def test_the_origin_of_a_block_only_shifts_what_is_found(truth: FieldTruth, x_um: int, y_um: int) -> None:
    at_zero, shifted = decoded(truth), decoded(truth, (float(x_um), float(y_um)))
    for old, new in zip(at_zero, shifted, strict=True):
        # float32 holds 60 mm to 4 nm
        np.testing.assert_allclose(new.center_um, old.center_um + np.float32([x_um, y_um]), rtol=0, atol=0.01)
    np.testing.assert_array_equal(at_zero[0].area_um2, shifted[0].area_um2)
    np.testing.assert_array_equal(at_zero[0].class_probability, shifted[0].class_probability)
    np.testing.assert_allclose(
        shifted[0].outline_um, at_zero[0].outline_um + np.float32([x_um, y_um]), rtol=0, atol=0.01
    )


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(0, 40), st.integers(0, 40))
def test_a_block_cut_elsewhere_finds_the_same_away_from_its_border(seed: int, left: int, top: int) -> None:
    rng = np.random.default_rng(seed)
    maps = rough_maps(rng, 240)
    whole, whole_cells = decode_block(maps, (0.0, 0.0), POINTS)
    part, part_cells = decode_block(np.ascontiguousarray(maps[:, top:, left:]), (float(left), float(top)), POINTS)
    uncut_from_um = 40 + 60
    kept = []
    for found in (whole, whole_cells, part, part_cells):
        kept.append(found.select((found.center_um > uncut_from_um).all(axis=1)))
    assert len(kept[0]) >= 10
    assert len(kept[1]) >= 5
    for one, other in zip(kept[:2], kept[2:], strict=True):
        np.testing.assert_allclose(one.center_um, other.center_um, rtol=0, atol=1e-3)
    np.testing.assert_allclose(kept[0].outline_um, kept[2].outline_um, rtol=0, atol=1e-3)
    np.testing.assert_array_equal(kept[0].fiber_class, kept[2].fiber_class)


def rough_maps(rng: np.random.Generator, side: int) -> np.ndarray:
    """Maps of polygonal fibers as a network in doubt would give them."""
    y, x = np.mgrid[:side, :side]
    grid = np.stack(np.mgrid[15:side:30, 15:side:30], -1).reshape(-1, 2)
    middles = grid + rng.uniform(-8, 8, grid.shape)
    gaps = np.hypot(y[..., None] - middles[:, 0], x[..., None] - middles[:, 1])
    nearest = np.sort(gaps, axis=-1)
    rim = nearest[..., 1] - nearest[..., 0]
    maps = np.full((layout.CHANNELS, side, side), 0.1, np.float32)
    maps[layout.FOREGROUND] = rim > 3
    maps[layout.DISTANCE] = np.clip(rim / 25, 0, 1)
    maps[layout.BOUNDARY] = np.clip(1.5 - rim / 4, 0, 1)
    noise = rng.normal(size=(3, side, side)).astype(np.float32)
    maps[:3] += 0.6 * np.stack([cv2.GaussianBlur(plane, (0, 0), 2) for plane in noise])
    for _ in range(60):
        row, column = rng.integers(0, side, 2)
        maps[layout.CELLS.start + rng.integers(0, 4), row, column] = rng.uniform(0.3, 1)
    return np.clip(maps, 0, 1)


def test_touching_fibers_come_apart_and_a_dent_does_not_split_one() -> None:
    labels = np.zeros((200, 400), np.int32)
    labels[40:160, 20:150] = 1
    labels[40:160, 150:300] = 2
    maps = perfect_maps(encode_targets(truth_of(labels)))
    assert len(decode_block(maps, (0.0, 0.0), POINTS)[0]) == 2
    maps[layout.DISTANCE, :, 110:114] *= 0.1  # a false valley: the distance falls, but no border is seen
    fibers, _ = decode_block(maps, (0.0, 0.0), POINTS)
    assert len(fibers) == 2
    never_joining = OperatingPoints(merge_boundary=(1e-6,) * 5)
    assert len(decode_block(maps, (0.0, 0.0), never_joining)[0]) == 3


def test_whether_touching_parts_are_one_depends_on_their_class() -> None:
    labels = np.zeros((200, 400), np.int32)
    labels[40:160, 20:150] = 1
    labels[40:160, 150:300] = 2
    for kind in FiberClass:
        maps = perfect_maps(encode_targets(truth_of(labels)))
        maps[layout.CLASSES] = 0
        maps[layout.CLASSES.start + kind] = 1
        maps[layout.BOUNDARY, :, 70:80] *= 0.4  # what is seen of the border between them
        reluctant = replace(POINTS, merge_boundary=tuple(0.2 if other == kind else 0.9 for other in FiberClass))
        eager = replace(POINTS, merge_boundary=tuple(0.9 if other == kind else 0.2 for other in FiberClass))
        assert len(decode_block(maps, (0.0, 0.0), reluctant)[0]) == 2
        assert len(decode_block(maps, (0.0, 0.0), eager)[0]) == 1


def test_outlines_are_true_to_the_drawn_edge() -> None:
    labels = np.zeros((200, 200), np.int32)
    labels[40:140, 60:120] = 1
    fibers, _ = decoded(truth_of(labels))
    low, high = fibers.outline_um.min(axis=0), fibers.outline_um.max(axis=0)
    np.testing.assert_allclose([*low, *high], [30, 20, 60, 70], atol=0.1)
    assert fibers.min_feret_um[0] == pytest.approx(30, abs=0.2)
    np.testing.assert_allclose(fibers.center_um[0], [45, 45], atol=0.05)


def test_a_hole_belongs_to_its_fiber_and_so_does_a_nucleus_in_it() -> None:
    labels = np.zeros((200, 200), np.int32)
    cv2.circle(labels, (100, 100), 60, 1, -1)
    cv2.circle(labels, (100, 100), 12, 0, -1)
    fibers, cells = decoded(truth_of(labels, [(100.0, 100.0, CellClass.MACROPHAGE)]))
    assert len(fibers) == 1
    assert fibers.area_um2[0] == pytest.approx(np.pi * 30**2, rel=0.02)
    assert cells.fiber.tolist() == [0]


def test_a_fiber_at_the_blocks_border_is_cut() -> None:
    labels = np.zeros((200, 200), np.int32)
    labels[40:100, 0:60] = 1
    labels[40:100, 100:160] = 2
    fibers, _ = decoded(truth_of(labels))
    assert dict(zip(fibers.center_um[:, 0].round().tolist(), fibers.cut.tolist(), strict=True)) == {15: True, 65: False}
    assert fibers.outline_um[:, 0].min() == pytest.approx(0, abs=0.05)


def test_small_outlines_are_dropped_at_the_operating_point() -> None:
    labels = np.zeros((100, 100), np.int32)
    labels[40:60, 40:60] = 1  # 100 um2
    maps = perfect_maps(encode_targets(truth_of(labels)))
    assert len(decode_block(maps, (0.0, 0.0), OperatingPoints(minimum_area_um2=60))[0]) == 1
    assert len(decode_block(maps, (0.0, 0.0), OperatingPoints(minimum_area_um2=120))[0]) == 0


def test_an_outline_that_the_network_doubts_is_no_fiber_and_a_necrotic_one_may_be_doubted_more() -> None:
    labels = np.zeros((128, 128), np.int32)
    cv2.circle(labels, (64, 64), 36, 1, -1)
    maps = perfect_maps(encode_targets(truth_of(labels)))
    maps[layout.FOREGROUND] *= 0.8
    for kind, found in ((FiberClass.INTACT, [1, 0, 0]), (FiberClass.NECROTIC_PALE, [1, 1, 0])):
        maps[layout.CLASSES] = np.eye(len(FiberClass), dtype=np.float32)[kind][:, None, None]
        limits = ((0.7, 0.6), (0.85, 0.6), (0.85, 0.85))
        counts = [len(decode_block(maps, (0.0, 0.0), OperatingPoints(fiber=f, necrotic_fiber=n))[0]) for f, n in limits]
        assert counts == found


@pytest.mark.parametrize(
    ("nuclei", "kind", "share", "called"),
    [
        (2, CellClass.MACROPHAGE, 0.6, FiberClass.MYOPHAGOCYTOSIS),
        (2, CellClass.MACROPHAGE, 0.4, FiberClass.INTACT),
        (1, CellClass.MACROPHAGE, 0.6, FiberClass.INTACT),
        (2, CellClass.LYMPHOCYTE, 0.6, FiberClass.INTACT),
        (0, CellClass.MACROPHAGE, 0.9, FiberClass.MYOPHAGOCYTOSIS),
    ],
)
def test_a_fiber_with_phagocytes_is_called_necrotic_earlier(
    nuclei: int, kind: CellClass, share: float, called: FiberClass
) -> None:
    labels = np.zeros((128, 128), np.int32)
    cv2.circle(labels, (64, 64), 40, 1, -1)
    places = [(48.0 + 32 * number, 64.0, kind) for number in range(nuclei)]
    maps = perfect_maps(encode_targets(truth_of(labels, places)))
    maps[layout.CLASSES] = np.array([1 - share, 0, 0, 0, share], np.float32)[:, None, None]
    points = replace(POINTS, necrotic=0.8, necrotic_with_phagocytes=0.5)
    fibers, cells = decode_block(maps, (0.0, 0.0), points)
    assert cells.fiber.tolist() == [0] * nuclei
    assert fibers.fiber_class.tolist() == [called]
    plain, _ = decode_block(maps, (0.0, 0.0), replace(POINTS, necrotic=0.8))
    assert plain.fiber_class.tolist() == [FiberClass.INTACT if share < 0.8 else called]


def test_the_necrotic_classes_stand_together_against_the_others() -> None:
    # intact, regenerating, pale, hyaline, myophagocytosis
    probabilities = np.array([[0.4, 0, 0.1, 0.2, 0.3], [0.4, 0.2, 0.3, 0.1, 0], [0.1, 0.5, 0.4, 0, 0]])
    expected = [FiberClass.MYOPHAGOCYTOSIS, FiberClass.INTACT, FiberClass.REGENERATING]
    assert decide_class(probabilities, necrotic=0.5).tolist() == expected
    assert decide_class(probabilities, necrotic=0.3)[1] == FiberClass.NECROTIC_PALE


def test_two_peaks_too_near_are_one_nucleus_and_a_faint_one_is_none() -> None:
    near = [(60.0, 60.0, CellClass.LYMPHOCYTE), (63.0, 60.0, CellClass.LYMPHOCYTE)]
    maps = perfect_maps(
        encode_targets(truth_of(np.zeros((200, 200), np.int32), [*near, (120.0, 120.0, CellClass.OTHER)]))
    )
    maps[layout.CELLS.start + CellClass.OTHER] *= 0.3
    _, cells = decode_block(maps, (0.0, 0.0), POINTS)
    assert cells.cell_class.tolist() == [CellClass.LYMPHOCYTE]
    eager = OperatingPoints(cells=(0.4, 0.4, 0.4, 0.2))
    assert len(decode_block(maps, (0.0, 0.0), eager)[1]) == 2


def test_a_saturated_nucleus_is_one() -> None:
    maps = perfect_maps(encode_targets(truth_of(np.zeros((200, 200), np.int32), [(100.0, 100.0, CellClass.OTHER)])))
    maps[layout.CELLS] = np.minimum(1, 40 * maps[layout.CELLS])
    _, cells = decode_block(maps, (0.0, 0.0), POINTS)
    np.testing.assert_allclose(cells.center_um, [[50, 50]], atol=0.5)


def test_empty_maps_hold_nothing() -> None:
    fibers, cells = decode_block(np.zeros((layout.CHANNELS, 32, 48), np.float32), (0.0, 0.0), POINTS)
    assert len(fibers) == len(cells) == 0


def test_maps_of_another_shape_or_precision_are_refused() -> None:
    with pytest.raises(ValueError, match="maps must be float32"):
        decode_block(np.zeros((3, 32, 32), np.float32), (0.0, 0.0), POINTS)
    with pytest.raises(ValueError, match="not float64"):
        decode_block(np.zeros((layout.CHANNELS, 32, 32)), (0.0, 0.0), POINTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"foreground": 0.0}, "foreground must be between 0 and 1, not 0.0"),
        ({"necrotic": float("nan")}, "necrotic must be between 0 and 1, not nan"),
        ({"minimum_area_um2": -1.0}, "minimum_area_um2 must be positive, not -1.0"),
        ({"cells": (0.5, 0.5)}, "cells needs 4 thresholds, not 2"),
        ({"attributes": (0.5,) * (len(FiberAttribute) - 1) + (1.0,)}, "attributes must be between 0 and 1, not 1.0"),
    ],
)
def test_thresholds_that_no_map_reaches_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OperatingPoints(**change)  # type: ignore[arg-type]
