"""Every biopsy has one dot, in its group's row, at its place on the axis."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from histo.cohort.results.panels import LEFT, RIGHT, Axis, lay_panel
from histo.cohort.results.schema import Row

EVEN, LOG = Axis("x", "X"), Axis("x", "X", 0.5)
GROUPS = ["one", "two", "three"]

numbers = st.lists(
    st.tuples(st.one_of(st.none(), st.floats(0, 1e4, allow_subnormal=False)), st.sampled_from(GROUPS)), max_size=60
)


def rows_of(pairs: list[tuple[float | None, str]]) -> list[Row]:
    return [{"biopsy": f"b{at}", "x": value, "site": group} for at, (value, group) in enumerate(pairs)]


@given(numbers, st.sampled_from([EVEN, LOG]))
def test_every_value_has_one_dot_inside_the_panel(pairs: list[tuple[float | None, str]], axis: Axis) -> None:
    panel = lay_panel(axis, rows_of(pairs), lambda row: str(row["site"]), GROUPS)
    dots = {dot.key: (dot, lane) for lane in panel.lanes for dot in lane.dots}
    assert set(dots) == {at for at, (value, _) in enumerate(pairs) if value is not None}
    assert panel.missing == len(pairs) - len(dots)
    for key, (dot, lane) in dots.items():
        assert lane.name == pairs[key][1]
        assert LEFT <= dot.x <= RIGHT
        assert abs(dot.y - lane.y) <= lane.height / 2
    tops = [lane.y - lane.height / 2 for lane in panel.lanes]
    ends = [lane.y + lane.height / 2 for lane in panel.lanes]
    assert all(end <= top + 1e-9 for end, top in zip(ends, tops[1:], strict=False))
    assert [lane.name for lane in panel.lanes] == [
        name for name in GROUPS if name in {lane.name for lane in panel.lanes}
    ]


@given(numbers, st.sampled_from([EVEN, LOG]))
def test_larger_values_lie_farther_right_and_ticks_ascend(pairs: list[tuple[float | None, str]], axis: Axis) -> None:
    panel = lay_panel(axis, rows_of(pairs), lambda _: "one", ["one"])
    placed = sorted((pairs[dot.key][0], dot.x) for lane in panel.lanes for dot in lane.dots)  # type: ignore[type-var]
    assert [x for _, x in placed] == sorted(x for _, x in placed)
    places = [at for at, _ in panel.ticks]
    assert places == sorted(set(places))
    assert all(LEFT <= at <= RIGHT for at in places)
    assert not panel.lanes or len(places) >= 2


def test_marks_quartiles_and_words() -> None:
    rows = rows_of([(float(value), "one") for value in (1, 2, 3, 4, 5)] + [(9.0, "two")])
    panel = lay_panel(EVEN, rows, lambda row: str(row["site"]), GROUPS, hollow={"b0", "b1"}, far={"b1"})
    one, two = panel.lanes
    assert [dot.mark for dot in one.dots] == ["hollow", "far", "plain", "plain", "plain"]
    assert one.told == "5 with a median of 3.00 and quartiles of 2.00 and 4.00"
    assert [one.low, one.median, one.high] == [one.dots[at].x for at in (1, 2, 3)]
    assert (two.low, two.median, two.high) == (None, None, None)
    assert panel.alt == f"X, one dot a biopsy. one: {one.told}; two: 1 with a median of 9.00."
    assert one.dots[0].title == "b0: 1.00"


def test_equal_values_are_stacked_and_do_not_cover_each_other() -> None:
    panel = lay_panel(EVEN, rows_of([(3.0, "one")] * 7), lambda _: "one", ["one"])
    heights = sorted(dot.y for dot in panel.lanes[0].dots)
    assert min(b - a for a, b in pairwise(heights)) > 3.9
