"""Without a fault: what the runs that faults are aimed at leave, and what they do not."""

from __future__ import annotations

import pytest
from example_cohort import Cohort
from small_readings import SLIDES, not_whole, read_in_this_process, run_here
from tree_digest import tree, tree_digest


@pytest.fixture
def small(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    read_in_this_process(monkeypatch)
    cohort.write(SLIDES)
    assert run_here(cohort)
    return cohort


def test_nothing_is_left_of_a_slide_that_failed_while_it_was_written(small: Cohort) -> None:
    assert {path.partition("/")[0] for path in tree(small.out)} >= {"B1", "B2", "failures.json", "cohort.csv"}
    assert not (small.out / "B3").exists()
    assert small.left_over() == []


def test_the_look_for_halves_sees_one(small: Cohort) -> None:
    expected, digest = tree(small.out), tree_digest(small.out)
    assert not_whole(small.out, expected) == []
    report = small.out / "B1/B1-x/report.html"
    report.write_bytes(report.read_bytes()[:100])
    (small.out / "B2/reading.json").unlink()
    assert sorted(not_whole(small.out, expected)) == ["B1", "B2"]
    assert tree_digest(small.out) != digest
