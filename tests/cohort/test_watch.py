"""What a run tells of itself while it runs, and at its end."""

from __future__ import annotations

import io

import pytest
from example_cohort import FAKE, LIMITS, Cohort
from rich.console import Console

from histo.cli.cohort_watch import watch_cohort
from histo.cohort.at_work import at_work
from histo.cohort.engines import LocalEngine
from histo.cohort.finish import account
from histo.cohort.leases import this_run
from histo.cohort.plan import Part
from histo.cohort.run import Run
from histo.cohort.state import State


def told(cohort: Cohort, part: Part) -> tuple[str, str]:
    """What a run of a part prints: as its result, and while it goes on."""
    cohort.store.make()
    console, errors = Console(file=io.StringIO(), width=300), Console(file=io.StringIO(), width=300)
    plan = cohort.plan()
    with at_work(cohort.store, this_run(), plan.digest) as work:
        state = State(plan, cohort.store)
        with watch_cohort(console, errors, plan, state, part, quiet=False, json_log=False) as watcher:
            tally = Run(state, LocalEngine(1, LIMITS, FAKE), work, watcher, part=part, attempts=1).run()
    watcher.ended(account(state, part), tally, None)
    return console.file.getvalue(), errors.file.getvalue()  # type: ignore[attr-defined]


def test_a_part_counts_its_own_slides(cohort: Cohort) -> None:
    cohort.write({f"B{number}/s": "ok\n" for number in range(8)})
    _, while_it_ran = told(cohort, Part(0, 4))
    assert "(1 of 2): read in" in while_it_ran
    first, last = (line for line in while_it_ran.splitlines() if "read in" in line)
    assert "left" in first
    assert last.endswith("about 0 s left"), "nothing is left of this part, though much is of the whole"


@pytest.mark.parametrize(
    ("part", "where"),
    [(Part(), "see failures.json"), (Part(0, 2), "the run without --only lists them in failures.json")],
)
def test_what_was_given_up_is_said_to_stand_where_it_does(cohort: Cohort, part: Part, where: str) -> None:
    cohort.write({"B1/x": "no NotASlide\n", "B2/y": "ok\n"})
    result, _ = told(cohort, part)
    assert result.endswith(f"; 1 given up: {where}\n")
