from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from train.matching import fill_polygon, match_fibers, match_points

seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(3, 12), st.floats(-0.4, 0.4))
def test_filling_a_polygon_agrees_with_a_point_in_polygon_test(seed: int, corners: int, stretch: float) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = rng.uniform(4, 14, corners) * (1 + stretch)
    vertices = np.stack([15.013 + radius * np.sin(angle), 14.987 + radius * np.cos(angle)], axis=1)
    assert np.array_equal(fill_polygon(vertices, (30, 28)), polygon2mask((30, 28), vertices))


@settings(deadline=None, max_examples=40)
@given(seeds)
def test_polygons_that_share_edges_cover_each_pixel_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.sort(rng.uniform(2, 18, 2))
    parts = [[(0, 0), (0, x), (20, y), (20, 0)], [(0, x), (0, 20), (20, 20), (20, y)]]
    covered = sum(fill_polygon(np.array(part, np.float64) - 0.5, (20, 20)).astype(int) for part in parts)
    assert np.all(covered == 1)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_matching_fibers_finds_every_pair_above_the_threshold(seed: int, truths: int, predictions: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.kron(rng.integers(0, truths + 1, (3, 3)), np.ones((4, 4), int)).astype(np.int32)
    predicted = np.where(rng.random(truth.shape) < 0.8, truth, rng.integers(0, predictions + 1, truth.shape))
    predicted = predicted.astype(np.int32)
    expected = {}
    for t, p in itertools.product(range(1, truths + 1), range(1, int(predicted.max()) + 1)):
        union = np.count_nonzero((truth == t) | (predicted == p))
        iou = np.count_nonzero((truth == t) & (predicted == p)) / union if union else 0.0
        if iou > 0.5:
            expected[(t, p)] = iou
    pairs, iou = match_fibers(truth, predicted, 0.5)
    found = {(int(t), int(p)): value for (t, p), value in zip(pairs, iou, strict=True) if value > 0.5}
    assert found == expected


def test_a_pair_at_exactly_the_threshold_counts_and_no_label_is_used_twice() -> None:
    truth = np.ones((2, 4), np.int32)
    predicted = np.array([[1, 1, 2, 2]] * 2, np.int32)
    pairs, iou = match_fibers(truth, predicted)
    assert pairs.tolist() == [[1, 1]]
    assert iou.tolist() == [0.5]


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(0, 5), st.integers(0, 5))
def test_matching_points_finds_the_largest_number_of_pairs(seed: int, truths: int, predictions: int) -> None:
    rng = np.random.default_rng(seed)
    true, found = rng.uniform(0, 15, (truths, 2)), rng.uniform(0, 15, (predictions, 2))
    few, many = (true, found) if truths <= predictions else (found, true)
    best = max(
        sum(float(np.hypot(*(a - b))) <= 6.0 for a, b in zip(few, order, strict=True))
        for order in itertools.permutations(many, len(few))
    )
    assert match_points(true, found, 6.0) == best
