"""Biopsies whose quality or stain is unlike the cohort's: by robust z-scores, and by the bundle's own judgment.

A robust z-score is 0.6745 times the distance from the cohort's median over its median absolute deviation; above 3.5 it
is an outlier (Iglewicz and Hoaglin 1993, "How to detect and handle outliers", ASQC). Where half of the cohort has one
and the same value that deviation is 0, and 0.7979 times the distance over the mean absolute deviation takes its place.
Both are 1 for a standard deviation of a normal distribution. Ratios, densities and lengths are compared by their
logarithms, percentages p by log(1 + p). What is an outlier depends on the rest of the cohort, so it stands on the page
and not in the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from histo.cohort.results.schema import Row
from histo.pattern.familiarity import Verdict

FAR = 3.5
"""Robust z-scores above this are outliers."""

LEAST_BIOPSIES = 10
"""(C) With fewer there is no cohort to be unlike."""

_OF_MEDIAN, _OF_MEAN = 0.6745, 0.7979
"""Median and mean absolute deviation of a standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that tells quality or stain.

    Attributes:
        name: Of the column.
        text: In words.
        scale: `log`, `percent` (log of 1 + p) or `plain`.
        worse: Whether only high values are of interest (`high`), or both ends (`both`).
    """

    name: str
    text: str
    scale: str
    worse: str


MEASURES = (
    Measure("rejected_percent", "artefact, % of the tissue", "percent", "high"),
    Measure("out_of_focus_percent", "out of focus, % of the tissue", "percent", "high"),
    Measure("unreadable_percent", "unreadable, % of the tissue", "percent", "high"),
    Measure("sharpness", "sharpness (contrast below 0.5 µm over that at 1 µm)", "log", "both"),
    Measure("stain_density", "density of the stain", "log", "both"),
    Measure("stain_red_share", "red's share of what most of the tissue absorbs", "plain", "both"),
    Measure("stain_blue_share", "blue's share of what most of the tissue absorbs", "plain", "both"),
    Measure("stain_nuclei_red_share", "red's share of what nuclei absorb", "plain", "both"),
    Measure("nucleus_um", "typical diameter of nuclei, µm", "log", "both"),
)

_UNIT: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "log": (lambda value: math.log(max(value, 1e-6)), math.exp),
    "percent": (lambda value: math.log1p(value), lambda at: math.expm1(at)),
    "plain": (lambda value: value, lambda at: at),
}


@dataclass(frozen=True, slots=True)
class Usual:
    """Where a measure lies in a cohort, in its own unit: outside are the outliers."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlier:
    """One number of one biopsy that is unlike the cohort's.

    Attributes:
        biopsy: Whose.
        measure: Which.
        value: The number.
        usual: The range that is not called far.
        z: Robust z-score.
    """

    biopsy: str
    measure: Measure
    value: float
    usual: Usual
    z: float


def robust_z(values: Sequence[float]) -> tuple[np.ndarray, float, float]:
    """Robust z-scores with the middle and the width that they were taken by.

    Args:
        values: At least one, finite.

    Returns:
        (N,) scores; the median; and the distance from it that has a score of 1: 0 where all values are equal, and all
        scores then are.
    """
    at = np.asarray(values, np.float64)
    middle = float(np.median(at))
    away = np.abs(at - middle)
    width = float(np.median(away)) / _OF_MEDIAN or float(away.mean()) / _OF_MEAN
    scores = (at - middle) / width if width else np.zeros_like(at)
    return scores, middle, width


def find_outliers(rows: Sequence[Row]) -> tuple[Outlier, ...]:
    """All outliers of a cohort, the farthest first; none where it is small.

    Args:
        rows: Of the cohort's table.
    """
    found = [one for measure in MEASURES for one in _of_measure(measure, rows)]
    return tuple(sorted(found, key=lambda one: (-abs(one.z), one.biopsy, one.measure.name)))


def _of_measure(measure: Measure, rows: Sequence[Row]) -> list[Outlier]:
    told = [(str(row["biopsy"]), value) for row in rows if isinstance(value := row[measure.name], float)]
    if len(told) < LEAST_BIOPSIES:
        return []
    into, back = _UNIT[measure.scale]
    scores, middle, width = robust_z([into(value) for _, value in told])
    usual = Usual(back(middle - FAR * width), back(middle + FAR * width))
    return [
        Outlier(biopsy, measure, value, usual, float(z))
        for (biopsy, value), z in zip(told, scores, strict=True)
        if z > FAR or (measure.worse == "both" and z < -FAR)
    ]


def unfamiliar(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Biopsies with a slide that the bundle calls strange or doubtful, the strangest first."""
    order = list(Verdict)
    judged = [row for row in rows if row["familiarity"] in (Verdict.DOUBTFUL.value, Verdict.STRANGE.value)]
    return tuple(sorted(judged, key=lambda row: (-order.index(Verdict(str(row["familiarity"]))), -farthest(row)[1],
                                                 str(row["biopsy"]))))  # fmt: skip


def farthest(row: Row) -> tuple[str, float]:
    """In which group of numbers a biopsy is farthest from what is familiar, and how far."""
    told = [(name, value) for name in ("colors", "texture", "answers")
            if isinstance(value := row[f"distance_{name}"], float)]  # fmt: skip
    return max(told, key=lambda pair: pair[1], default=("nuclei", 0.0))
