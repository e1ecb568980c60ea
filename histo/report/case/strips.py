"""A measure on its axis: bands, a point, its interval and marks, all as shares of the axis, ready to be drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from histo.pattern import Gauge
from histo.report.rows import number, typeset

ROOM = 1.3
"""The axis reaches so many times as far as the last limit or the end of the interval."""

WIDE = 8.0
"""From this ratio of the largest to the smallest limit on, the axis is logarithmic."""

SHORTEST_LABEL = 0.011
"""Room that a letter of a band's name needs, as share of the axis."""

APART = 0.09
"""Ticks closer than this would be written over each other."""


@dataclass(frozen=True, slots=True)
class StripBand:
    """A band: where it lies, its name if there is room for it, and whether the value lies in it."""

    left: float
    right: float
    name: str
    here: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis with its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Strip:
    """What is drawn of one measure.

    Attributes:
        text: What is measured.
        told: Value, interval and unit in words.
        where: The band of the value, and those that its interval reaches, in words.
        source: Where the limits come from.
        bands: In order.
        point: The value.
        low: Lower end of the interval; None without one.
        high: Upper end.
        ticks: The limits.
        marks: Further values.
        alt: All of it in a sentence.
    """

    text: str
    told: str
    where: str
    source: str
    bands: tuple[StripBand, ...]
    point: float
    low: float | None
    high: float | None
    ticks: tuple[Tick, ...]
    marks: tuple[Tick, ...]
    alt: str


def strip_of(gauge: Gauge, *, tell_slide: bool = False) -> Strip:
    """Lay a measure out.

    Args:
        gauge: The measure.
        tell_slide: Whether to name the slide that it is of.
    """
    limits = [band.to for band in gauge.bands if band.to is not None]
    far = max([*limits, gauge.value, gauge.high or 0.0, *(mark.value for mark in gauge.marks)], default=1.0)
    place = _axis([limit for limit in limits if limit > 0], ROOM * far or 1.0)
    ends = [0.0, *(place(limit) for limit in limits), 1.0]
    here = gauge.band
    bands = tuple(
        StripBand(left, right, _fitting(band.name, right - left), band is here)
        for band, left, right in zip(gauge.bands, ends, ends[1:], strict=False)
    )
    text = f"{gauge.text} ({gauge.slide})" if tell_slide and gauge.slide else gauge.text
    told, where = _told(gauge), _where(gauge)
    marks = "".join(f"; {mark.name}: {number(mark.value)}" for mark in gauge.marks)
    return Strip(
        text=text,
        told=told,
        where=where,
        source=gauge.source,
        bands=bands,
        point=place(gauge.value),
        low=None if gauge.low is None else place(gauge.low),
        high=None if gauge.high is None else place(gauge.high),
        ticks=_apart([Tick(place(limit), _short(limit)) for limit in limits]),
        marks=tuple(Tick(place(mark.value), f"{mark.name}: {number(mark.value)}") for mark in gauge.marks),
        alt=f"{text}: {told}; {where or 'not graded'}{marks}. Bands: {_listed(gauge)}.",
    )


def _axis(limits: list[float], far: float) -> Callable[[float], float]:
    """From a value to its place between 0 and 1: even, or logarithmic from a quarter of the first limit on."""
    if not limits or far <= WIDE * min(limits):
        return lambda value: min(max(value / far, 0.0), 1.0)
    unit = min(limits) / 4
    return lambda value: min(math.log1p(max(value, 0.0) / unit) / math.log1p(far / unit), 1.0)


def _told(gauge: Gauge) -> str:
    interval = "" if gauge.low is None or gauge.high is None else f" ({number(gauge.low)} to {number(gauge.high)})"
    unit = typeset(gauge.unit)
    counted = float(gauge.value).is_integer() and not interval
    value = f"{gauge.value:,.0f}" if counted else number(gauge.value)
    joint = "" if unit.startswith("%") or not unit else " "
    if interval and unit.startswith("%"):
        return f"{value}{interval} {unit}"
    return f"{value}{interval}{joint}{unit}"


def _where(gauge: Gauge) -> str:
    """Names the band, and the others that the interval reaches: there the grade is in doubt."""
    if gauge.band is None:
        return ""
    if gauge.low is None or gauge.high is None:
        return gauge.band.name
    first, last = gauge.band_of(gauge.low), gauge.band_of(gauge.high)
    reached = gauge.bands[gauge.bands.index(first) : gauge.bands.index(last) + 1] if first and last else ()
    others = list(dict.fromkeys(band.name for band in reached if band.name != gauge.band.name))
    return gauge.band.name + (f"; the interval also reaches {' and '.join(others)}" if others else "")


def _listed(gauge: Gauge) -> str:
    parts, begin = [], 0.0
    for band in gauge.bands:
        end = "on" if band.to is None else f"to {_short(band.to)}"
        parts.append(f"{band.name} from {_short(begin)} {end}")
        begin = band.to or begin
    return ", ".join(parts) or "none"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _fitting(name: str, room: float) -> str:
    return name if len(name) * SHORTEST_LABEL <= room else ""


def _apart(ticks: list[Tick]) -> tuple[Tick, ...]:
    kept: list[Tick] = []
    for tick in ticks:
        crowded = bool(kept) and tick.at - kept[-1].at < APART
        kept.append(Tick(tick.at, "") if crowded else tick)
    return tuple(kept)
