"""What a run writes at its end: how fast the cohort was read, and what could not be read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_cohort import Cohort

from histo.cohort.plan import RESULT_FILES, Part
from histo.cohort.results import CohortFailure, CohortResults, CohortRun
from histo.records import SlideFailure

SLIDES = {"B1/x": "ok 1\n", "B1/y": "ok 2\n", "B2/z": "ok 3\n"}


class Writer:
    """Stands in for `write_results`, and remembers the runs that were told."""

    def __init__(self, *damaged: CohortFailure) -> None:
        self.runs: list[CohortRun] = []
        self.damaged = damaged

    def __call__(self, out: Path, _: object, __: object, run: CohortRun) -> CohortResults:
        self.runs.append(run)
        for name in RESULT_FILES[:-1]:
            (out / name).write_text("results\n")
        return CohortResults((), self.damaged)


def test_speed_is_that_of_all_slides_whichever_run_read_them(cohort: Cohort) -> None:
    """As after an array of jobs: the run that writes the results reads nothing itself."""
    cohort.write(SLIDES)
    write = Writer()
    for index in range(3):
        cohort.run(part=Part(index, 3), write=write)
    assert write.runs == [], "a part writes nothing"
    cohort.run(reads=False, write=write)
    (run,) = write.runs
    assert run.core_seconds == pytest.approx(3 * 2.5)
    assert run.working_megapixels == pytest.approx(3 * 1000 / 1e6)


def test_speed_that_no_unit_tells_is_missing(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok 1\n"})
    cohort.run(part=Part(0, 2))
    (unit,) = cohort.out.glob(".cohort/units/*/unit.json")
    unit.write_text("{")
    write = Writer()
    cohort.run(write=write)
    (run,) = write.runs
    assert (run.core_seconds, run.working_megapixels) == (None, 0.0)


def test_a_damaged_reading_is_told_by_every_run_until_it_is_mended(cohort: Cohort) -> None:
    cohort.write(SLIDES)
    failure = SlideFailure("B1", "RecordError", "reading.json is not valid JSON", "read it again")
    damaged = Writer(CohortFailure("B1", failure))
    assert cohort.run(write=Writer())[1].failures == ()
    (cohort.out / "cohort.csv").unlink()
    for _ in range(2):
        _, account = cohort.run(write=damaged)
        assert [one.kind for one in account.failures] == ["RecordError"]
        assert "reading.json is not valid JSON" in (cohort.out / "failures.json").read_text()
    assert len(damaged.runs) == 2
    sound = Writer()
    for _ in range(2):
        assert cohort.run(write=sound)[1].failures == ()
    assert len(sound.runs) == 1, "what is sound is written once"
    assert not (cohort.out / "failures.json").exists()
