"""Killed before any call that alters the disk: what people see is whole, and the next run ends in the same tree."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_cohort import Cohort
from small_readings import SLIDES, not_whole, read_in_this_process, run_here
from syscall_faults import Point, forked, needs_strace, points_in
from tree_digest import tree

pytestmark = pytest.mark.cluster
LEAST_POINTS = 40


@pytest.fixture
def small(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    needs_strace()
    read_in_this_process(monkeypatch)
    cohort.write(SLIDES)
    return cohort


def whole_run(cohort: Cohort) -> tuple[list[Point], dict[str, str]]:
    """A run without a fault: where it writes, and what it gives."""
    log = cohort.folder / "strace.log"
    assert forked(lambda: 0 if run_here(cohort) else 1, log) == 0
    assert cohort.left_over() == [], "nor of the slide that could not be read"
    expected = tree(cohort.out)
    names = {"B1/reading.json", "B1/B1-x/reading.json", "B1/B1-y/report.html", "B2/B2-z/reading.json"}
    assert names | {"failures.json", "cohort.csv"} <= set(expected)
    return points_in(log, cohort.out), expected


def much_later(cohort: Cohort) -> None:
    """Who has written nothing yet into a file of his own is taken for dead when that file is old."""
    for name in ("leases", "runs"):
        for path in (cohort.out / ".cohort" / name).iterdir():
            os.utime(path, (time.time() - 3600,) * 2)


def killed_runs(cohort: Cohort, points: list[Point]) -> Iterator[Point]:
    """A run for each point, killed there."""
    for point in points:
        shutil.rmtree(cohort.out, ignore_errors=True)
        if forked(lambda: 0 if run_here(cohort) else 1, cohort.folder / "strace.log", point.kill()) == -9:
            yield point


def test_a_kill_before_any_write_costs_nothing(small: Cohort, record_property: pytest.RecordProperty) -> None:
    points, expected = whole_run(small)
    killed = []
    for point in killed_runs(small, points):
        killed.append(point)
        assert not_whole(small.out, expected) == [], point
        assert run_here(small), point
        assert tree(small.out) == expected, point
        much_later(small)
        run_here(small)
        assert small.left_over() == [], point
    kinds = {kind: sum(point.call == kind for point in killed) for kind in sorted({point.call for point in killed})}
    record_property("kills", len(killed))
    record_property("kinds", kinds)
    assert len(killed) >= LEAST_POINTS
    assert {"write", "fsync"} <= set(kinds)
    assert any(kind.startswith("rename") for kind in kinds)


def test_the_same_kills_find_a_writer_that_copies_into_place(
    small: Cohort, monkeypatch: pytest.MonkeyPatch, record_property: pytest.RecordProperty
) -> None:
    """The control: were the test blind, it would not see that this one leaves halves."""

    def copied(source: Path, target: Path) -> Path:
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
            shutil.rmtree(source)
        else:
            shutil.copyfile(source, target)
            source.unlink()
        return Path(target)

    monkeypatch.setattr(Path, "rename", copied)
    monkeypatch.setattr(Path, "replace", copied)
    points, expected = whole_run(small)
    halves = seen = 0
    for _ in killed_runs(small, points[::2]):
        seen += 1
        halves += bool(not_whole(small.out, expected))
    record_property("kills", seen)
    record_property("halves", halves)
    assert seen >= LEAST_POINTS
    assert halves >= 5
