"""Measures on their axes: every limit, interval and point in its order, and doubt said in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.pattern import Band, Gauge, Mark
from histo.report.case.strips import strip_of

LIMITS = st.lists(st.floats(0.01, 1e4), min_size=0, max_size=4, unique=True).map(sorted)
VALUES = st.floats(0, 1e5)


def gauge_of(limits: list[float], value: float, low: float | None = None, high: float | None = None) -> Gauge:
    bands = tuple(Band(f"band {at}", limit) for at, limit in enumerate(limits))
    return Gauge("necrosis", "Fibers", "per 1,000", value, low, high, (*bands, Band("last")), "(C)")


@given(limits=LIMITS, values=st.lists(VALUES, min_size=3, max_size=3).map(sorted))
@settings(deadline=None)
def test_everything_lies_on_the_axis_and_in_its_order(limits: list[float], values: list[float]) -> None:
    low, value, high = values
    gauge = gauge_of(limits, value, low, high)
    strip = strip_of(gauge)
    assert strip.low is not None
    assert strip.high is not None
    assert 0 <= strip.low <= strip.point <= strip.high <= 1
    assert strip.bands[0].left == 0
    assert strip.bands[-1].right == 1
    for before, after in zip(strip.bands, strip.bands[1:], strict=False):
        assert before.right == after.left
    assert [band.here for band in strip.bands].count(True) == 1
    (here,) = [band for band in strip.bands if band.here]
    assert here.left - 1e-9 <= strip.point <= here.right + 1e-9
    assert gauge.band is not None
    assert strip.where.startswith(gauge.band.name)


@given(limits=LIMITS, value=VALUES)
@settings(deadline=None)
def test_a_value_has_exactly_one_band(limits: list[float], value: float) -> None:
    band = gauge_of(limits, value).band
    assert band is not None
    below = [limit for limit in limits if limit <= value]
    assert band.name == ("last" if len(below) == len(limits) else f"band {len(below)}")


def test_a_limit_belongs_to_the_band_that_holds_it() -> None:
    bands = (Band("low", 5.0, holds_end=True), Band("high"))
    assert Gauge("x", "X", "%", 5.0, None, None, bands, "(C)").band == bands[0]
    assert Gauge("x", "X", "%", 5.1, None, None, bands, "(C)").band == bands[1]


def test_an_interval_over_a_limit_is_doubt_in_words() -> None:
    strip = strip_of(gauge_of([10.0, 50.0], 12.0, 8.0, 60.0))
    assert strip.where == "band 1; the interval also reaches band 0 and last"
    assert strip_of(gauge_of([10.0, 50.0], 12.0, 11.0, 14.0)).where == "band 1"
    assert strip_of(gauge_of([10.0, 50.0], 12.0)).where == "band 1"


def test_marks_and_units_are_told() -> None:
    gauge = Gauge(
        "necrosis", "Fat", "% of the tissue", 3.0, 2.0, 4.5, (Band("usual", 10.0), Band("raised")), "(C)",
        (Mark("at most (95%)", 7.25),), "slide 2",
    )  # fmt: skip
    strip = strip_of(gauge, tell_slide=True)
    assert strip.text == "Fat (slide 2)"
    assert strip.told == "3.00 (2.00 to 4.50) % of the tissue"
    assert [mark.text for mark in strip.marks] == ["at most (95%): 7.25"]
    assert strip.marks[0].at > strip.point
    assert strip.alt == (
        "Fat (slide 2): 3.00 (2.00 to 4.50) % of the tissue; usual; at most (95%): 7.25. "
        "Bands: usual from 0 to 10, raised from 10 on."
    )


@pytest.mark.parametrize("value", [0.0, 1e-9])
def test_nothing_has_a_place_too(value: float) -> None:
    assert strip_of(gauge_of([], value)).point == pytest.approx(0, abs=1)
