"""Which prediction is which truth: fibers by overlap, nuclei by distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from histo.findings import Fibers
from histo.geometry import Mpp

MATCH_IOU = 0.5
MATCH_UM = 6.0

Labels = NDArray[np.int32]
Pairs = NDArray[np.int64]


def draw_fibers(fibers: Fibers, shape: tuple[int, int], mpp: Mpp) -> Labels:
    """Outlines as a label map.

    Args:
        fibers: With slide micrometers counted from the map's corner.
        shape: (H, W) of the map.
        mpp: Scale of the map.

    Returns:
        (H, W) int32; row r is r + 1, 0 is none. A pixel belongs to the outline that holds its middle.
    """
    labels = np.zeros(shape, np.int32)
    for row in range(len(fibers)):
        vertices = mpp.to_px(fibers.outline(row).astype(np.float64))[:, ::-1] - 0.5
        low = np.maximum(np.floor(vertices.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(vertices.max(axis=0)).astype(int) + 1, shape)
        if np.all(high > low):
            labels[low[0] : high[0], low[1] : high[1]][fill_polygon(vertices - low, tuple(high - low))] = row + 1
    return labels


def fill_polygon(vertices: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels' middles lie inside a polygon: every crossing of a row flips all pixels to its right.

    Drawing libraries also fill the pixels that the border touches, which would flatter or punish thin gaps.

    Args:
        vertices: (V, 2) row and column, counted from the middle of pixel (0, 0); not closed.
        shape: (H, W) of the result.

    Returns:
        (H, W) bool.
    """
    height, width = shape
    begin, end = vertices, np.roll(vertices, -1, axis=0)
    first = np.ceil(np.minimum(begin[:, 0], end[:, 0])).astype(np.int64).clip(0, height)
    last = np.ceil(np.maximum(begin[:, 0], end[:, 0])).astype(np.int64).clip(0, height)
    edge = np.repeat(np.arange(len(vertices)), last - first)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(last - first) - last, last - first)
    way = (row - begin[edge, 0]) / (end[edge, 0] - begin[edge, 0])
    column = begin[edge, 1] + way * (end[edge, 1] - begin[edge, 1])
    flips = np.zeros((height, width + 1), np.int64)
    np.add.at(flips, (row, np.ceil(column).astype(np.int64).clip(0, width)), 1)
    inside: NDArray[np.bool_] = flips.cumsum(axis=1)[:, :width] % 2 == 1
    return inside


def match_fibers(truth: Labels, predicted: Labels, at_least: float = MATCH_IOU) -> tuple[Pairs, NDArray[np.float64]]:
    """Pairs of labels that overlap by at least an intersection over union, each label in one pair at most.

    From 0.5 on no label can overlap two others by more, so that taking the best first finds the largest set.

    Args:
        truth: (H, W) int32, 0 is none.
        predicted: (H, W) int32, 0 is none.
        at_least: Intersection over union, 0.5 or more.

    Returns:
        (K, 2) int64 truth and predicted labels, and (K,) float64 their intersection over union, best first.
    """
    both = (truth > 0) & (predicted > 0)
    span = int(predicted.max(initial=0)) + 1
    codes, overlap = np.unique(truth[both].astype(np.int64) * span + predicted[both], return_counts=True)
    t, p = codes // span, codes % span
    iou = overlap / (np.bincount(truth.ravel())[t] + np.bincount(predicted.ravel())[p] - overlap)
    taken: tuple[set[int], set[int]] = (set(), set())
    kept: list[int] = []
    for place in np.argsort(-iou, kind="stable"):
        if iou[place] < at_least:
            break
        if t[place] not in taken[0] and p[place] not in taken[1]:
            taken[0].add(int(t[place]))
            taken[1].add(int(p[place]))
            kept.append(int(place))
    return np.stack([t[kept], p[kept]], axis=1), iou[kept]


def pair_points(
    truth_um: NDArray[np.floating], predicted_um: NDArray[np.floating], within_um: float = MATCH_UM
) -> Pairs:
    """Pair points one to one within a distance: one of the largest possible sets of pairs.

    Args:
        truth_um: (N, 2).
        predicted_um: (M, 2).
        within_um: Largest distance of a pair.

    Returns:
        (K, 2) int64, rows of truth and of prediction.
    """
    if not len(truth_um) or not len(predicted_um):
        return np.zeros((0, 2), np.int64)
    near = cdist(truth_um, predicted_um) <= within_um
    rows, columns = linear_sum_assignment(near, maximize=True)
    close = near[rows, columns]
    return np.stack([rows[close], columns[close]], axis=1).astype(np.int64)


def match_points(
    truth_um: NDArray[np.floating], predicted_um: NDArray[np.floating], within_um: float = MATCH_UM
) -> int:
    """How many points can be paired one to one within a distance: the largest such number."""
    return len(pair_points(truth_um, predicted_um, within_um))
