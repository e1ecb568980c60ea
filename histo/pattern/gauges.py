"""Measures of a biopsy with the limits that they were held against: how near each decision was."""

from __future__ import annotations

from dataclasses import dataclass

from histo.pattern.conventions import Conventions


@dataclass(frozen=True, slots=True)
class Band:
    """A named part of an axis, from where the band before it ends.

    Attributes:
        name: What a value in it is called.
        to: Its upper end; None for the last band, which has none.
        holds_end: Whether a value on that end belongs to this band; otherwise to the next.
    """

    name: str
    to: float | None = None
    holds_end: bool = False

    def reaches(self, value: float) -> bool:
        """Whether it ends at or behind a value."""
        return self.to is None or value < self.to or (self.holds_end and value == self.to)


@dataclass(frozen=True, slots=True)
class Mark:
    """A single value on an axis, e.g. what false calls alone would give."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """One measure on an axis that begins at 0.

    Attributes:
        finding: What it bears on: a field of `Grades`, or the name of a limit of adequacy.
        text: What is measured.
        unit: Of all its numbers.
        value: What was measured.
        low: Lower end of the 95% interval; None where there is no interval.
        high: Upper end.
        bands: In order, without gaps; none where nothing is graded by it.
        source: Where the limits come from: DOIs, (C) for conventions, or how they were found.
        marks: Further values on the axis.
        slide: The slide it is of; None for the biopsy.
    """

    finding: str
    text: str
    unit: str
    value: float
    low: float | None
    high: float | None
    bands: tuple[Band, ...]
    source: str
    marks: tuple[Mark, ...] = ()
    slide: str | None = None

    @property
    def band(self) -> Band | None:
        """The band that the value lies in; None without bands."""
        return self.band_of(self.value)

    def band_of(self, value: float) -> Band | None:
        """The band of any value on this axis."""
        return next((band for band in self.bands if band.reaches(value)), None)


def source_of(conventions: Conventions, *keys: str) -> str:
    """The sources of some numbers of the conventions, each once."""
    told = dict(conventions.sources)
    return "; ".join(dict.fromkeys(told[key] for key in keys))
