"""What a run writes at its end: how fast the cohort was read."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_cohort import Cohort

from histo.cohort.plan import RESULT_FILES, Part
from histo.cohort.results import CohortResults, CohortRun

SLIDES = {"B1/x": "ok 1\n", "B1/y": "ok 2\n", "B2/z": "ok 3\n"}


class Writer:
    """Stands in for `write_results`, and remembers the runs that were told."""

    def __init__(self) -> None:
        self.runs: list[CohortRun] = []

    def __call__(self, out: Path, _: object, __: object, run: CohortRun) -> CohortResults:
        self.runs.append(run)
        for name in RESULT_FILES[:-1]:
            (out / name).write_text("results\n")
        return CohortResults((), ())


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
