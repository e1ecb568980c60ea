"""COCO's run lengths, decoded: column by column, background first, counts as numbers or packed into text."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.annotations.drawn import Damaged
from histo.mask_outlines import mask_polygons

MAX_CROP_PX = 100_000_000
"""Largest box around one object: an object of 5 x 5 mm at 0.5 um/px."""


def rle_shape(segmentation: dict[str, Any], place: str) -> shapely.MultiPolygon:
    """The outline of a run-length mask, exactly along pixel borders.

    Only the box around the object is ever a picture: a mask of a whole slide would not fit into the memory.

    Args:
        segmentation: `size` (height, width) and `counts`.
        place: For messages.

    Raises:
        Damaged: If the counts do not fill the size, or the object is too large.
    """
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not (isinstance(size, list) and len(size) == 2 and all(type(n) is int and 0 < n < 1 << 31 for n in size)):
        raise Damaged(f"the size of {place} is not a height and a width")
    runs = unpacked(counts, place) if isinstance(counts, str) else _plain(counts, place)
    height, width = size
    ends = np.cumsum(runs)
    if np.any(runs < 0) or not len(runs) or ends[-1] != height * width:
        raise Damaged(f"the runs of {place} do not fill its {width} x {height} pixels")
    first, last = (ends - runs)[1::2], ends[1::2]
    there = last > first
    return _crop_outline(first[there], last[there], height, place)


def _crop_outline(
    first: NDArray[np.int64], last: NDArray[np.int64], height: int, place: str
) -> shapely.MultiPolygon:  # fmt: skip
    """The shape of the runs [first, last) of pixels that are counted down the columns."""
    if not len(first):
        return shapely.MultiPolygon()
    left, right = int(first[0] // height), int((last[-1] - 1) // height) + 1
    within = first // height == (last - 1) // height
    top = int((first % height).min()) if within.all() else 0
    bottom = int(((last - 1) % height).max()) + 1 if within.all() else height
    if (right - left) * (bottom - top) > MAX_CROP_PX:
        raise Damaged(f"{place} spans {right - left} x {bottom - top} pixels, too many for one object")
    mask = np.zeros((right - left, bottom - top), np.bool_)
    for start, end in zip(first.tolist(), last.tolist(), strict=True):
        while start < end:  # a run that goes over the end of a column goes on at the top of the next
            column, row = divmod(start, height)
            stop = min(end, (column + 1) * height)
            mask[column - left, row - top : stop - column * height - top] = True
            start = stop
    pieces = [shapely.transform(piece, lambda xy: xy + np.array([left, top])) for piece in mask_polygons(mask.T)]
    return shapely.MultiPolygon(pieces)


def _plain(counts: Any, place: str) -> NDArray[np.int64]:  # noqa: ANN401
    if not isinstance(counts, list) or not all(type(n) is int and 0 <= n < 1 << 62 for n in counts):
        raise Damaged(f"the counts of {place} are not whole numbers")
    return np.array(counts, np.int64)


def unpacked(text: str, place: str) -> NDArray[np.int64]:
    """The counts of packed text.

    5 bits a character, low bits first, a sixth bit for "goes on"; from the fourth number on, each is the difference to
    the one two before.

    Raises:
        Damaged: If the text breaks off or holds other characters.
    """
    counts: list[int] = []
    value, shift = 0, 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 60:
            raise Damaged(f"the packed counts of {place} are damaged")
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            if code & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value, shift = 0, 0
    if shift:
        raise Damaged(f"the packed counts of {place} break off")
    return np.array(counts, np.int64)
