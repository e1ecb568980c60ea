"""Calls ranked by how sure they are: precision against recall, and sensitivity against false calls per mm2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]

_DRAWS_AT_ONCE = 100
"""Resamples that are ranked together: 20,000 calls then take 16 MB."""


@dataclass(frozen=True, eq=False)
class RankedCalls:
    """Everything that might be called one kind of finding, over several fields.

    Attributes:
        score: (N,) float64, how sure each call is.
        hit: (N,) bool, whether it is right; of several calls of one object at most one is.
        field: (N,) int64, the number of its field.
        positives: (F,) int64, how many objects of the kind each field truly holds, found or not.
        mm2: (F,) float64, area in which each field was looked through.
    """

    score: _Floats
    hit: NDArray[np.bool_]
    field: NDArray[np.int64]
    positives: NDArray[np.int64]
    mm2: _Floats


@dataclass(frozen=True, eq=False)
class Curve:
    """What each threshold gives, the highest first.

    Attributes:
        threshold: (K,) float64, every distinct score.
        precision: (K,) float64.
        recall: (K,) float64, of all positives.
        false_per_mm2: (K,) float64.
    """

    threshold: _Floats
    precision: _Floats
    recall: _Floats
    false_per_mm2: _Floats


def gather(parts: Sequence[tuple[_Floats, NDArray[np.bool_], int, float]]) -> RankedCalls:
    """Put fields together, each as its scores, hits, number of positives and mm2."""
    lengths = [len(score) for score, _, _, _ in parts]
    return RankedCalls(
        score=np.concatenate([np.zeros(0), *(part[0] for part in parts)]),
        hit=np.concatenate([np.zeros(0, np.bool_), *(part[1] for part in parts)]),
        field=np.repeat(np.arange(len(parts)), lengths),
        positives=np.array([part[2] for part in parts], np.int64),
        mm2=np.array([part[3] for part in parts], np.float64),
    )


def trace(calls: RankedCalls) -> Curve | None:
    """The curve of all fields together; None where there is nothing to find or nothing was called."""
    if not calls.positives.sum() or not len(calls.score):
        return None
    once = np.ones((1, len(calls.positives)))
    threshold, hits, false = next(_ranked(calls, once))
    area = max(float(calls.mm2.sum()), 1e-12)
    return Curve(threshold, (hits / (hits + false))[0], hits[0] / calls.positives.sum(), false[0] / area)


def average_precision(calls: RankedCalls, share: _Floats) -> _Floats:
    """Precision, averaged over the steps in which recall grows; objects without any call stay missed.

    Args:
        calls: Ranked.
        share: (D, F), how often each field counts in each draw; see `train.intervals.resample`.

    Returns:
        (D,) float64, NaN where a draw holds nothing to find.
    """
    positives = share @ calls.positives
    areas = []
    for (_, hits, false), true in zip(_ranked(calls, share), _split(positives), strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = hits / true[:, None]
            precision = np.nan_to_num(hits / (hits + false))
        areas.append((np.diff(recall, axis=1, prepend=0) * precision).sum(axis=1))
    return np.where(positives > 0, np.concatenate(areas), np.nan)


def sensitivity_at(calls: RankedCalls, false_per_mm2: Sequence[float], share: _Floats) -> _Floats:
    """The free-response curve (Bunch 1978, doi 10.1117/12.955926) at some rates of false calls.

    Args:
        calls: Ranked.
        false_per_mm2: Rates, each the most that is allowed.
        share: As for `average_precision`.

    Returns:
        (D, rates) float64, NaN where a draw holds nothing to find.
    """
    positives, mm2 = share @ calls.positives, share @ calls.mm2
    found = []
    for (_, hits, false), true, area in zip(_ranked(calls, share), _split(positives), _split(mm2), strict=True):
        padded = np.pad(hits, ((0, 0), (1, 0)))
        allowed = np.stack([(false <= rate * area[:, None]).sum(axis=1) for rate in false_per_mm2], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.take_along_axis(padded, allowed, axis=1) / true[:, None])
    return np.where(positives[:, None] > 0, np.concatenate(found), np.nan)


def _split(values: _Floats) -> Iterator[_Floats]:
    for begin in range(0, len(values), _DRAWS_AT_ONCE):
        yield values[begin : begin + _DRAWS_AT_ONCE]


def _ranked(calls: RankedCalls, share: _Floats) -> Iterator[tuple[_Floats, _Floats, _Floats]]:
    """Distinct scores from the highest down, and for some draws at a time the hits and false calls that reach each."""
    order = np.argsort(-calls.score, kind="stable")
    score, hit, field = calls.score[order], calls.hit[order], calls.field[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(score) != 0, True)[: len(score)])
    for part in _split(share):
        weight = part[:, field]
        hits = np.cumsum(weight * hit, axis=1)[:, last_of_tie]
        false = np.cumsum(weight * ~hit, axis=1)[:, last_of_tie]
        yield score[last_of_tie], hits, false
