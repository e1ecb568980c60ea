"""One dot a biopsy on an axis, in a row for each group: where every dot, tick and quartile lies, in panel units."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from histo.cohort.results.schema import Row
from histo.report.rows import number

LEFT, RIGHT = 176.0, 528.0
"""The ends of the axis, on a panel that is 540 wide."""

TOP = 8.0
_AXIS_HEIGHT = 30.0
_LEAST_ROW, _MOST_ROW = 22.0, 42.0
_COLUMN = 4.0
"""Dots whose places on the axis are closer than this are stacked."""

_STEP = 4.2
"""Between stacked dots, where there is room."""

_DECADES = 100.0
"""An axis that reaches less far above its unit has ticks between the powers of ten."""

_LONGEST_NAME = 32
_LEAST_FOR_QUARTILES = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """What a panel shows.

    Attributes:
        name: Of the column.
        title: In words, with the unit.
        log: Below this value the axis is even, above it logarithmic, so that 0 has a place; None for an even axis.
        note: What a reader must know; may be empty.
    """

    name: str
    title: str
    log: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A biopsy: its place, what it is called with its value, and how it is marked."""

    x: float
    y: float
    title: str
    key: int
    mark: Literal["plain", "hollow", "far"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A group of biopsies.

    Attributes:
        name: Of the group.
        note: How many biopsies have the number.
        y: Its middle.
        height: Of the row.
        dots: Of its biopsies.
        median: Place of the median; None for fewer than five.
        low: Of the lower quartile.
        high: Of the upper quartile.
        told: The same in words.
    """

    name: str
    note: str
    y: float
    height: float
    dots: tuple[Dot, ...]
    median: float | None
    low: float | None
    high: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A figure of dots.

    Attributes:
        axis: What is shown.
        height: Of the figure.
        foot: Where the axis lies.
        ticks: (place, text) on the axis.
        lanes: Groups, from above.
        missing: How many biopsies lack the number.
    """

    axis: Axis
    height: float
    foot: float
    ticks: tuple[tuple[float, str], ...]
    lanes: tuple[Lane, ...]
    missing: int

    @property
    def alt(self) -> str:
        """The figure in a sentence."""
        lanes = "; ".join(f"{lane.name}: {lane.told}" for lane in self.lanes)
        return f"{self.axis.title}, one dot a biopsy. {lanes or 'No biopsy has this number'}."


def lay_panel(
    axis: Axis, rows: Sequence[Row], group_of: Callable[[Row], str], order: Sequence[str],
    hollow: Collection[str] = (), far: Collection[str] = (),
) -> Panel:  # fmt: skip
    """Lay a figure out.

    Args:
        axis: What to show.
        rows: Of the cohort's table; a biopsy's key is its place among them.
        group_of: The group that a biopsy belongs to.
        order: Groups from above; those without a value are left out.
        hollow: Biopsies of which no pattern was named.
        far: Biopsies that are outliers in this number.
    """
    told = [
        (key, row, float(value)) for key, row in enumerate(rows) if isinstance(value := row[axis.name], (int, float))
    ]
    values = [value for _, _, value in told]
    place, ticks = _scale(axis, values)
    groups: dict[str, list[tuple[int, Row, float]]] = defaultdict(list)
    for one in told:
        groups[group_of(one[1])].append(one)
    lanes, top = [], TOP
    for name in order:
        if name in groups:
            lanes.append(_lane(name, groups[name], place, top, hollow, far))
            top += lanes[-1].height
    return Panel(axis, top + _AXIS_HEIGHT, top + 4, ticks, tuple(lanes), len(rows) - len(told))


def short_name(name: str) -> str:
    """A name that fits beside others."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _lane(
    name: str, members: Sequence[tuple[int, Row, float]], place: Callable[[float], float], top: float,
    hollow: Collection[str], far: Collection[str],
) -> Lane:  # fmt: skip
    columns: dict[int, list[tuple[float, int, Row]]] = defaultdict(list)
    for key, row, value in sorted(members, key=lambda one: (one[2], str(one[1]["biopsy"]))):
        columns[round(place(value) / _COLUMN)].append((value, key, row))
    tallest = max(len(column) for column in columns.values())
    height = min(max(_LEAST_ROW, tallest * _STEP + 8), _MOST_ROW)
    step = min(_STEP, (height - 8) / max(tallest - 1, 1))
    middle = top + height / 2
    dots = []
    for column in columns.values():
        for at, (value, key, row) in enumerate(column):
            away = (at + 1) // 2 * (1 if at % 2 else -1)  # from the middle outwards
            shift = step / 2 if len(column) % 2 == 0 else 0.0
            biopsy = str(row["biopsy"])
            mark: Literal["plain", "hollow", "far"] = (
                "far" if biopsy in far else "hollow" if biopsy in hollow else "plain"
            )
            title = f"{short_name(biopsy)}: {number(value)}"
            dots.append(Dot(place(value), middle + away * step - shift, title, key, mark))
    values = [value for _, _, value in members]
    low, median, high = (float(one) for one in np.percentile(values, (25, 50, 75)))
    enough = len(values) >= _LEAST_FOR_QUARTILES
    told = f"{len(values):,} with a median of {number(median)}"
    if enough:
        told += f" and quartiles of {number(low)} and {number(high)}"
    return Lane(
        name=name,
        note=f"{len(values):,}",
        y=middle,
        height=height,
        dots=tuple(sorted(dots, key=lambda dot: dot.key)),
        median=place(median) if enough else None,
        low=place(low) if enough else None,
        high=place(high) if enough else None,
        told=told,
    )


def _scale(axis: Axis, values: Sequence[float]) -> tuple[Callable[[float], float], tuple[tuple[float, str], ...]]:
    """From a value to its place on the panel, and the ticks."""
    unit = axis.log
    if unit is not None:
        far = max([*values, 4 * unit])
        reach = math.asinh(far / unit)

        def log_place(value: float) -> float:
            return LEFT + 6 + (RIGHT - LEFT - 12) * math.asinh(max(value, 0.0) / unit) / reach

        steps = (1.0,) if far >= _DECADES * unit else (1.0, 2.0, 5.0)
        marks = [0.0] + [step * 10.0**power for power in range(-3, 9) for step in steps
                         if unit <= step * 10.0**power <= far]  # fmt: skip
        return log_place, tuple((log_place(value), _short(value)) for value in marks)
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    low, high = (max(low - room, 0.0) if low >= 0 else low - room), high + room

    def place(value: float) -> float:
        return LEFT + 6 + (RIGHT - LEFT - 12) * (value - low) / (high - low)

    return place, tuple((place(value), _short(value)) for value in _even(low, high))


def _even(low: float, high: float) -> list[float]:
    """About five round numbers between two ends."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough)
    first = math.ceil(low / step)
    return [at * step for at in range(first, math.floor(high / step) + 1)]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"
