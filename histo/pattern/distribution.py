"""How far a slide's appearance is from what the network was trained on, and in what.

A slide is a point in each group of numbers (colors, texture, the network's answers), in units that are nearly normal
over training fields. Its distance is Mahalanobis's, from a shrunk correlation widened by `gap`: a slide differs from a
simulator's in ways that no simulator knows, so each number may also be off on its own, by that share of its variance
among fields whose tissue, stain, preparation and scanner were drawn at random.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from histo.appearance import Appearance

Floats = NDArray[np.float64]
Unit = Literal["log", "odds", "plain"]

OF_NETWORK = "answers"
"""The group that means nothing beside other weights."""

GROUPS = ("colors", "texture", OF_NETWORK)
"""Numbers that are compared together: a strange color is not to be thinned out by an ordinary texture."""

UNITS: Mapping[str, Unit] = {
    "colors.stained": "odds",
    "colors.density": "log",
    "colors.red_middle": "plain",
    "colors.blue_middle": "plain",
    "colors.red_high": "plain",
    "colors.blue_low": "plain",
    "colors.blue_high": "plain",
    "texture.contrast": "log",
    "texture.finest": "log",
    "texture.fine": "log",
    "texture.coarse": "log",
    "answers.fiber": "odds",
    "answers.fiber_doubt": "log",
    "answers.class_doubt": "log",
    "answers.compartment_doubt": "log",
    "answers.depth": "log",
    "answers.rim": "log",
    "answers.nuclei_per_mm2": "log",
    "answers.nucleus_um2": "log",
}
"""The unit of each number that is compared: logarithms of ratios and amounts, log odds of shares."""

_SMALLEST = 1e-3
_LEAST: Mapping[str, float] = {"answers.nuclei_per_mm2": 100.0}
"""Below these an amount is as good as none: a field without a nucleus is not infinitely far from one with three."""


def names_of(group: str) -> tuple[str, ...]:
    """The numbers of a group, in the order of `UNITS`."""
    return tuple(name for name in UNITS if name.startswith(f"{group}."))


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """How far held-out fields lie apart in a group of numbers.

    Attributes:
        correlation: (P, P) of the group's numbers, shrunk.
        distance: What 95 of 100 held-out fields stay within.
    """

    correlation: Floats
    distance: float


@dataclass(frozen=True, eq=False, slots=True)
class Distribution:
    """What appearances are familiar.

    Attributes:
        name: What it was fitted on, in words.
        weights_sha256: Of the network whose answers it knows.
        fields: How many it was fitted on.
        gap: Variance allowed besides, in each number's own.
        middle: By number, the mean in its unit.
        spread: By number, the standard deviation in its unit.
        reach: By group of `GROUPS`.
        sha256: Of the file.
    """

    name: str
    weights_sha256: str
    fields: int
    gap: float
    middle: Mapping[str, float]
    spread: Mapping[str, float]
    reach: Mapping[str, Reach]
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """One number of a slide against what is familiar.

    Attributes:
        name: Of the number.
        value: On the slide.
        low: Two standard deviations below the familiar middle.
        high: Two above it.
        deviations: Standard deviations above the middle.
    """

    name: str
    value: float
    low: float
    high: float
    deviations: float


@dataclass(frozen=True, slots=True)
class GroupDistance:
    """How far a slide is from what is familiar, in one group of numbers.

    Attributes:
        group: Of `GROUPS`.
        distance: Over the distance that 95 of 100 held-out fields stay within.
        farthest: The numbers that are farthest from their familiar middle, the farthest first.
    """

    group: str
    distance: float
    farthest: tuple[Departure, ...]


def in_unit(name: str, value: float) -> float:
    """A number of an appearance in the unit that it is compared in."""
    unit = UNITS[name]
    if unit == "log":
        return math.log(max(value, _LEAST.get(name, _SMALLEST)))
    if unit == "odds":
        share = min(max(value, _SMALLEST), 1 - _SMALLEST)
        return math.log(share / (1 - share))
    return value


def from_unit(name: str, position: float) -> float:
    """The number that is at a position of its unit."""
    unit = UNITS[name]
    if unit == "log":
        return math.exp(position)
    return 1 / (1 + math.exp(-position)) if unit == "odds" else position


def distances(deviations: Floats, correlation: Floats, gap: float) -> Floats:
    """(N,) root mean square distances of (N, P) appearances.

    Args:
        deviations: From the middle of each number, in its standard deviations.
        correlation: (P, P), shrunk.
        gap: Variance allowed besides.
    """
    widened = correlation + gap * np.eye(len(correlation))
    squares = np.sum(deviations * np.linalg.solve(widened, deviations.T).T, axis=1)
    found: Floats = np.sqrt(squares / len(correlation))
    return found


def measure_distances(
    appearance: Appearance, distribution: Distribution, weights_sha256: str, told: int = 3
) -> tuple[GroupDistance, ...]:
    """How far a slide is from what is familiar, group by group.

    Args:
        appearance: Of the slide.
        distribution: What is familiar.
        weights_sha256: Of the network that read the slide; with others than the distribution knows, its answers are
            left out.
        told: Numbers of each group that are kept, those that are farthest from their middle.
    """
    known = distribution.weights_sha256 == weights_sha256
    values, found = appearance.named(), []
    for group in GROUPS if known else [group for group in GROUPS if group != OF_NETWORK]:
        departures = [_departure(name, values[name], distribution) for name in names_of(group)]
        reach = distribution.reach[group]
        away = distances(np.array([[each.deviations for each in departures]]), reach.correlation, distribution.gap)
        farthest = sorted(departures, key=lambda each: (-abs(each.deviations), each.name))
        found.append(GroupDistance(group, float(away[0]) / reach.distance, tuple(farthest[:told])))
    return tuple(found)


def _departure(name: str, value: float, distribution: Distribution) -> Departure:
    middle, spread = distribution.middle[name], distribution.spread[name]
    low, high = (from_unit(name, middle + step * spread) for step in (-2, 2))
    return Departure(name, value, low, high, (in_unit(name, value) - middle) / spread)
