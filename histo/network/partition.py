"""From maps to fiber labels: a watershed on the distance, then merging over edges that are no borders.

The watershed is the exact steepest-ascent one, vectorized: every pixel points to its highest neighbor, pointers are
followed to the peaks, and peaks that stand too little above the pass to a higher peak are joined (the h-maxima rule).
Ties are decided by the order of rows, then columns, so that a shifted map gives shifted labels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.network import layout
from histo.network.operating import OperatingPoints

Labels = NDArray[np.int32]
Maps = NDArray[np.float32]

_LEVELS = 1 << 14
"""Steps of the quantized landscape: rounding of sums that differ with the position in memory must not decide a tie."""

_SMOOTHING_UM = 1.0
_FORWARD = ((0, 1), (1, -1), (1, 0), (1, 1))
"""Half of the eight neighbors (rows, columns); the other half are their opposites."""


def label_fibers(maps: Maps, points: OperatingPoints) -> Labels:
    """Number the fibers of a block.

    Args:
        maps: (26, h, w) activated maps.
        points: Thresholds.

    Returns:
        (h, w) int32; 0 is no fiber, fibers are 1..n without gaps, holes inside a fiber filled.
    """
    inside = maps[layout.FOREGROUND] >= points.foreground
    boundary = maps[layout.BOUNDARY]
    landscape = cv2.GaussianBlur(maps[layout.DISTANCE] * (1 - boundary), (0, 0), _SMOOTHING_UM)
    heights = np.where(inside, np.rint(landscape * _LEVELS), -1).astype(np.int32)
    labels = _basins(heights)
    labels = _join_low_peaks(labels, heights, points.seed_height * _LEVELS)
    limit = np.asarray(points.merge_boundary, np.float32)[maps[layout.CLASSES].argmax(axis=0)]
    labels = _join_over_false_borders(labels, boundary / limit)
    return _fill_holes(labels)


def _shifted(shape: tuple[int, ...], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of pixels, and of their neighbors `down` rows and `right` columns away."""
    height, width = shape
    rows, columns = slice(0, height - down), slice(max(0, -right), width - max(0, right))
    return (rows, columns), (slice(down, height), slice(columns.start + right, columns.stop + right))


def _basins(heights: NDArray[np.int32]) -> Labels:
    """Each pixel of height >= 0 gets the number of the peak that steepest ascent leads to; others 0."""
    place = np.arange(heights.size, dtype=np.int32).reshape(heights.shape)
    best, target = heights.copy(), place.copy()
    for down, right in _FORWARD:
        here, there = _shifted(heights.shape, down, right)
        later = heights[there] >= best[here]  # of equals, the one further down the rows is the higher
        np.copyto(best[here], heights[there], where=later)
        np.copyto(target[here], place[there], where=later)
    for down, right in _FORWARD:
        here, there = _shifted(heights.shape, down, right)
        earlier = heights[here] > best[there]
        np.copyto(best[there], heights[here], where=earlier)
        np.copyto(target[there], place[here], where=earlier)
    inside = np.flatnonzero(heights >= 0)
    pointer = target.ravel()
    reached = pointer[inside]
    while not np.array_equal(onward := pointer[reached], reached):
        pointer[inside] = reached = onward
    is_peak = np.zeros(heights.size, np.bool_)
    is_peak[reached] = True
    labels = np.zeros(heights.size, np.int32)
    labels[inside] = np.cumsum(is_peak, dtype=np.int32)[reached]
    return labels.reshape(heights.shape)


def contacts(labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Neighboring pixels of two fibers: flat places of both, and a key that is the same for each pair of fibers."""
    place = np.arange(labels.size, dtype=np.int64).reshape(labels.shape)
    firsts, seconds = [], []
    for down, right in _FORWARD:
        here, there = _shifted(labels.shape, down, right)
        differ = (labels[here] != labels[there]) & (labels[here] > 0) & (labels[there] > 0)
        firsts.append(place[here][differ])
        seconds.append(place[there][differ])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    a, b = labels.ravel()[first].astype(np.int64), labels.ravel()[second].astype(np.int64)
    return first, second, np.minimum(a, b) * (int(labels.max()) + 1) + np.maximum(a, b)


class Forest:
    """Disjoint sets of labels; the root of a set is its smallest member, unless told otherwise."""

    def __init__(self, count: int) -> None:
        """Every label is a set of its own."""
        self.parent = np.arange(count, dtype=np.int32).tolist()

    def root(self, label: int) -> int:
        """The set that a label belongs to."""
        while self.parent[label] != label:
            self.parent[label] = label = self.parent[self.parent[label]]
        return int(label)

    def relabel(self, labels: Labels) -> Labels:
        """The same labels with a number for each set, in the order of their roots and without gaps."""
        roots = np.array([self.root(label) for label in range(len(self.parent))])
        return np.unique(roots, return_inverse=True)[1].astype(np.int32)[labels]


def _join_low_peaks(labels: Labels, heights: NDArray[np.int32], rise: float) -> Labels:
    first, second, key = contacts(labels)
    if not len(key):
        return labels
    flat = heights.ravel()
    pair, which = np.unique(key, return_inverse=True)
    passes = np.full(len(pair), -1, np.int32)
    np.maximum.at(passes, which, np.minimum(flat[first], flat[second]))
    count = int(labels.max()) + 1
    peaks = np.zeros(count, np.int32)
    np.maximum.at(peaks, labels.ravel(), flat)
    peak, forest = peaks.tolist(), Forest(count)
    order = np.argsort(-passes, kind="stable")
    for low, high, level in zip(
        (pair[order] // count).tolist(), (pair[order] % count).tolist(), passes[order].tolist(), strict=True
    ):
        a, b = forest.root(low), forest.root(high)
        if a != b and min(peak[a], peak[b]) - level < rise:
            winner, loser = (a, b) if peak[a] >= peak[b] else (b, a)
            forest.parent[loser] = winner
    return forest.relabel(labels)


def _join_over_false_borders(labels: Labels, border: Maps) -> Labels:
    """Join neighbors along whose common edge the border is on average below 1, until none is left."""
    flat = border.ravel()
    while True:
        first, second, key = contacts(labels)
        if not len(key):
            return labels
        pair, which, length = np.unique(key, return_inverse=True, return_counts=True)
        seen = np.bincount(which, weights=np.maximum(flat[first], flat[second])) / length
        false = pair[seen < 1]
        if not len(false):
            return labels
        count = int(labels.max()) + 1
        forest = Forest(count)
        for a, b in zip((false // count).tolist(), (false % count).tolist(), strict=True):
            low, high = sorted((forest.root(a), forest.root(b)))
            forest.parent[high] = low
        labels = forest.relabel(labels)


def _fill_holes(labels: Labels) -> Labels:
    """Background that a single fiber encloses becomes that fiber."""
    count, holes = cv2.connectedComponents((labels == 0).astype(np.uint8), connectivity=4)
    if count < 2:
        return labels
    lowest = np.full(count, np.iinfo(np.int32).max, np.int64)
    highest = np.zeros(count, np.int64)
    for down, right in ((0, 1), (1, 0)):
        here, there = _shifted(labels.shape, down, right)
        for near, far in ((here, there), (there, here)):
            touch = (holes[near] > 0) & (labels[far] > 0)
            np.minimum.at(lowest, holes[near][touch], labels[far][touch])
            np.maximum.at(highest, holes[near][touch], labels[far][touch])
    enclosed = lowest == highest
    for side in (holes[0], holes[-1], holes[:, 0], holes[:, -1]):
        enclosed[side] = False
    enclosed[0] = False
    owner = np.where(enclosed, highest, 0).astype(np.int32)
    return np.where(labels > 0, labels, owner[holes])
