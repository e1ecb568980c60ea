"""A disk that does not answer, by a pipe that nobody writes to: whoever opens it waits for ever, and is ended."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from example_cohort import FAKE, LIMITS, Cohort, Heard

from histo.cohort.engines import LocalEngine
from histo.cohort.leases import this_run
from histo.cohort.staging import StagingEngine


@pytest.fixture
def stalled(cohort: Cohort) -> Cohort:
    cohort.write({"B1/pipe": "ok\n", "B2/a": "ok a\n", "B2/b": "ok b\n"})
    path = cohort.folder / "slides/B1-pipe.svs"
    path.unlink()
    os.mkfifo(path)
    return cohort


def test_a_slide_that_cannot_be_waited_for_costs_itself_alone(stalled: Cohort) -> None:
    heard = Heard()
    _, account = stalled.run(limits=replace(LIMITS, stall_s=1.0), heard=heard)
    assert (account.read, account.concluded) == (2, 1)
    ((failure),) = account.failures
    assert (failure.kind, failure.attempts, failure.problem) == ("Hung", 2, "nothing was heard of it for 1 s")
    assert [again for *_, again in heard.failures] == [True, False]
    assert stalled.left_over() == []


def test_with_copies_of_slides_too(stalled: Cohort, tmp_path: Path) -> None:
    limits, owner = replace(LIMITS, stall_s=1.0), this_run()
    engine = StagingEngine(LocalEngine(2, limits, FAKE), tmp_path / "near", 1 << 30, owner, limits, FAKE)
    _, account = stalled.run(engine=engine, owner=owner)
    assert (account.read, [failure.kind for failure in account.failures]) == (2, ["Hung"])
    assert list((tmp_path / "near").iterdir()) == []
