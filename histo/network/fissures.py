"""Pieces of one hyaline fiber are put together: its fissures look like borders, and would make several fibers of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from histo.network.partition import Forest, Labels, contacts

_GROWN_PX = 3.0
"""Pieces are grown by so many map pixels (1 um) to see which of them face each other."""

_GAP_PX = 1.5
"""Two pieces that face each other across less than this, on average, are parted by a fissure.

With `_HYALINE` measured on 36 phantom sections of the validation split, on which a bundle cut 74 pairs of pieces out of
one necrotic fiber: 49 of them are joined, and 7 pairs that are none. Wider gaps join more of these than of those.
"""

_LARGEST_PX = 5000
"""No more than a swollen fiber of 80 um is put together: in a sheet of necrosis, whole hyaline fibers adjoin."""

_HYALINE = 0.5
_PERHAPS_HYALINE = 0.3


def join_over_fissures(labels: Labels, hyaline: NDArray[np.floating]) -> Labels:
    """Make one label of hyaline pieces that only a fissure parts.

    Args:
        labels: (h, w) int32 of `label_fibers`, at 1 um/px.
        hyaline: (labels,) mean probability of hyaline necrosis inside each; joined where that of two is at least one
            half on average.

    Returns:
        (h, w) int32, the same array if there is nothing to join; fissures between joined pieces belong to them, and
        labels have no gaps.
    """
    perhaps = hyaline >= _PERHAPS_HYALINE
    perhaps[:1] = False
    if np.count_nonzero(perhaps) < 2:
        return labels
    pieces = np.where(perhaps[labels], labels, 0)
    apart, nearest = cv2.distanceTransformWithLabels(
        (pieces == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[pieces > 0]] = pieces[pieces > 0]
    free = (labels == 0) | (pieces > 0)
    grown = np.where((apart <= _GROWN_PX) & free, owner[nearest], 0).astype(np.int32)
    first, second, key = contacts(grown)
    if not len(key):
        return labels
    count = int(labels.max()) + 1
    pair, which, length = np.unique(key, return_inverse=True, return_counts=True)
    low, high = np.divmod(pair, int(grown.max()) + 1)
    gap = np.bincount(which, weights=apart.ravel()[first] + apart.ravel()[second]) / length
    fissured = (gap <= _GAP_PX) & (hyaline[low] + hyaline[high] >= 2 * _HYALINE)
    area, forest = np.bincount(labels.ravel(), minlength=count).tolist(), Forest(count)
    for place in np.flatnonzero(fissured)[np.argsort(gap[fissured], kind="stable")].tolist():
        one, other = sorted((forest.root(int(low[place])), forest.root(int(high[place]))))
        fissured[place] = one == other or area[one] + area[other] <= _LARGEST_PX
        if one != other and fissured[place]:
            forest.parent[other] = one
            area[one] += area[other]
    if not fissured.any():
        return labels
    filled = labels.copy()
    facing = np.concatenate([side[fissured[which]] for side in (first, second)])
    filled.ravel()[facing] = grown.ravel()[facing]
    joined = forest.relabel(filled)
    return _fill_fissures(joined, np.unique(joined[np.isin(labels, np.concatenate([low[fissured], high[fissured]]))]))


def _fill_fissures(labels: Labels, joined: NDArray[np.int32]) -> Labels:
    """Close the gaps inside each joined label, where nothing else lies."""
    reach = int(np.ceil(_GROWN_PX))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    filled = labels.copy()
    windows = ndimage.find_objects(labels)
    for label in joined.tolist():
        box = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in windows[label - 1])
        here = filled[box]
        closed = cv2.morphologyEx((here == label).astype(np.uint8), cv2.MORPH_CLOSE, disk)
        here[(closed > 0) & (here == 0)] = label
    return filled
