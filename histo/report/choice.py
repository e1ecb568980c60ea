"""Which fibers a report shows: those that decide the pattern, for the reader to check."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from histo.findings import FiberClass, Fibers

SHOWN_CLASSES = (
    FiberClass.MYOPHAGOCYTOSIS,
    FiberClass.NECROTIC_HYALINE,
    FiberClass.NECROTIC_PALE,
    FiberClass.REGENERATING,
)
"""Classes worth a picture, in the order in which they are shown."""

MOST_OF_A_CLASS = 8


def deciding_fibers(fibers: Fibers, most: int = MOST_OF_A_CLASS) -> tuple[int, ...]:
    """Rows of the fibers to show: of every diseased class the most certain, whole fibers before cut ones.

    Args:
        fibers: All fibers of a slide.
        most: How many of one class at most.

    Returns:
        Rows, class by class in the order of `SHOWN_CLASSES`; ties go to the lower row, so that the choice repeats.
    """
    chosen: list[int] = []
    for kind in SHOWN_CLASSES:
        rows = np.flatnonzero(fibers.fiber_class == kind)
        chosen += surest(rows.tolist(), fibers.class_probability[:, kind], fibers.cut, most)
    return tuple(chosen)


def surest(rows: Sequence[int], scores: NDArray[np.float32], cut: NDArray[np.bool_], most: int) -> tuple[int, ...]:
    """The rows with the highest scores, whole fibers before cut ones; ties go to the lower row.

    Args:
        rows: To choose from.
        scores: (N,) of all fibers.
        cut: (N,) of all fibers.
        most: How many at most.
    """
    among = np.asarray(rows, dtype=np.int64)
    order = np.lexsort((among, -scores[among], cut[among]))
    return tuple(among[order[:most]].tolist())


def fibers_at_random(fibers: Fibers, seed: str, most: int) -> tuple[int, ...]:
    """Rows of whole fibers, drawn by lot; the same lot for the same seed, and in the order of the slide."""
    whole = np.flatnonzero(~fibers.cut)
    drawn = np.random.default_rng(zlib.crc32(seed.encode("utf-8"))).permutation(whole)[:most]
    return tuple(sorted(drawn.tolist()))


def leading(classes: list[FiberClass], count: int) -> list[int]:
    """Indices of the first `count` items when every class takes a turn: some of each before more of one.

    Args:
        classes: The class of each item, those of one class together, the best first.
        count: How many to take.

    Returns:
        Indices into `classes`, ordered by class again.
    """
    turn = {kind: [index for index, item in enumerate(classes) if item is kind] for kind in SHOWN_CLASSES}
    picked: list[int] = []
    while len(picked) < count and any(turn.values()):
        for kind in SHOWN_CLASSES:
            if turn[kind] and len(picked) < count:
                picked.append(turn[kind].pop(0))
    return sorted(picked)
