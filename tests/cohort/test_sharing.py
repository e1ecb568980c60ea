"""Several runs on one output folder: each slide is read once, and nobody's settings mix with another's."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import pytest
from example_cohort import Cohort, Heard

from histo.cohort.jobs import Outcome
from histo.cohort.leases import Leases, Owner, this_run
from histo.cohort.listening import Subject
from histo.cohort.results import CohortResults
from histo.cohort.state import State
from histo.cohort.store import Standing
from histo.errors import HistoError, UsageError


def test_two_runs_at_once_do_each_unit_once(cohort: Cohort) -> None:
    slides = {f"B{i}/{name}": "sleep 0.15\n" for i in range(6) for name in "ab"}
    cohort.write(slides)
    plan = cohort.plan()
    accounts = []

    def run() -> None:
        accounts.append(cohort.run(plan)[1])

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(found.read, found.concluded, found.failures) for found in accounts] == [(12, 6, ())] * 2
    begun = cohort.begun()
    assert begun == sorted(set(begun)), "nothing was begun twice"
    assert len(begun) == 12 + 6
    assert cohort.left_over() == []


def test_a_run_waits_for_what_others_are_at_work_on(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok\n", "B2/y": "ok\n"})
    plan = cohort.plan()
    cohort.store.make()
    other = Leases(cohort.out / ".cohort/leases", this_run())
    assert other.take(plan.units[0].id)
    heard = Heard()

    def give_back_soon() -> None:
        while ("waiting", "1") not in heard.events:
            time.sleep(0.02)
        other.give_back_all()

    threading.Thread(target=give_back_soon).start()
    _, account = cohort.run(plan, heard=heard)
    assert (account.read, account.concluded) == (2, 2)


def test_what_a_killed_run_on_another_machine_held_is_taken_over(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok\n"})
    plan = cohort.plan()
    cohort.store.make()
    dead = Leases(cohort.out / ".cohort/leases", replace(this_run(), machine="elsewhere", host="node7"))
    dead.take(plan.units[0].id)
    os.utime(cohort.out / f".cohort/leases/{plan.units[0].id}.lease", (time.time() - 1000,) * 2)
    left = cohort.out / ".cohort/tmp" / f"{plan.units[0].id}.{dead.owner.token}"
    left.mkdir()
    _, account = cohort.run(plan)
    assert account.concluded == 1
    assert cohort.left_over() == [], "what the dead run was making is gone too"


def test_a_run_of_another_plan_is_refused_while_one_is_at_work(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok\n"})
    cohort.store.make()
    other = Leases(cohort.out / ".cohort/runs", replace(this_run(), host="node7", says="another plan"))
    other.take(other.owner.token)
    with pytest.raises(UsageError, match=r"a run on node7 .* is at work in it with other slides or settings; wait"):
        cohort.run()
    assert cohort.begun() == []
    other.give_back_all()
    assert cohort.run()[1].concluded == 1


def test_a_run_that_slept_too_long_does_not_speak_for_what_others_took_over(cohort: Cohort) -> None:
    """Its lease is gone when the outcome comes: the record is written by the one who holds it."""
    cohort.write({"B1/x": "sleep 0.5\n"})
    plan = cohort.plan()
    unit = plan.units[0].id
    cohort.store.make()
    thief = Leases(cohort.out / ".cohort/leases", replace(this_run(), machine="elsewhere"))
    lease = cohort.out / f".cohort/leases/{unit}.lease"

    def steal() -> None:
        while not lease.exists():
            time.sleep(0.01)
        os.utime(lease, (time.time() - 1000,) * 2)
        assert thief.take(unit)
        while not list(cohort.out.glob(".cohort/units/*")):
            time.sleep(0.01)
        time.sleep(0.3)
        assert not (cohort.out / f".cohort/slides/{unit}.json").exists()
        thief.give_back(unit)

    thread = threading.Thread(target=steal)
    thread.start()
    _, account = cohort.run(plan)
    thread.join()
    assert (account.read, account.concluded) == (1, 1)


def test_what_another_run_publishes_meanwhile_is_no_strangers(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok\n", "B2/y": "ok\n"})
    cohort.store.make()
    state = State(cohort.plan(), cohort.store)
    cohort.run()
    assert state.strangers() == []
    (cohort.out / ".cohort/biopsies" / f"{state.plan.biopsies[1].id}.json").unlink()
    assert state.strangers() == ["B2"]


def test_a_run_that_others_took_for_dead_stops_and_leaves_their_results(cohort: Cohort) -> None:
    """A machine slept for longer than its lease holds; meanwhile a run with other settings has read all."""
    awake = cohort.folder / "awake"
    cohort.write({"B1/x": f"until {awake}\n"})
    before, after = cohort.plan(), cohort.plan("other")
    stopped: list[Exception] = []

    def sleep() -> None:
        try:
            cohort.run(before)
        except HistoError as error:
            stopped.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    while not cohort.begun():
        time.sleep(0.02)
    (lease,) = cohort.out.glob(".cohort/runs/*.lease")
    os.utime(lease, (time.time() - 1000,) * 2)

    def wake() -> None:
        while lease.exists():
            time.sleep(0.02)
        awake.touch()

    waker = threading.Thread(target=wake)
    waker.start()
    _, account = cohort.run(after)
    thread.join()
    waker.join()
    assert account.concluded == 1
    (error,) = stopped
    assert str(error) == (
        f"{cohort.out}: another run has taken this one for dead: its machine slept, or the disk did not answer; "
        "the same command goes on from here"
    )
    assert cohort.store.record("slides", before.units[0].id) is None
    state = State(after, cohort.store)
    assert [state.biopsy(biopsy) for biopsy in after.biopsies] == [Standing.DONE]
    assert cohort.left_over() == []


@pytest.mark.parametrize("last", ["B1/B1-x", "B2"])
def test_a_run_that_others_took_for_dead_begins_and_writes_nothing_more(cohort: Cohort, last: str) -> None:
    cohort.write({"B1/x": "ok\n", "B2/y": "ok\n"})

    class Sleeper(Heard):
        def done(self, subject: Subject, outcome: Outcome) -> None:
            super().done(subject, outcome)
            if subject.name == last:
                (lease,) = cohort.out.glob(".cohort/runs/*.lease")
                lease.unlink()

    heard, written = Sleeper(), list[bool]()

    def write(*_: object) -> CohortResults:
        written.append(True)
        return CohortResults((), ())

    with pytest.raises(HistoError, match="another run has taken this one for dead"):
        cohort.run(workers=1, heard=heard, write=write)
    assert heard.events[-1] == ("done", last)
    assert written == []
    cohort.run(write=write)
    assert written == [True]


def test_a_run_of_another_plan_is_refused_until_the_first_has_written_its_tables(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok\n"})
    refused = []

    def write(*_: object) -> CohortResults:
        with pytest.raises(UsageError, match="is at work in it with other slides or settings"):
            cohort.run(cohort.plan("other"))
        refused.append(True)
        cohort.run(cohort.plan())  # one of the same plan is not
        return CohortResults((), ())

    assert cohort.run(write=write)[1].concluded == 1
    assert refused == [True]


def test_a_run_that_wakes_before_another_begins_is_seen(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look for dead runs and the look for living ones, its heart beats again."""
    cohort.write({"B1/x": "ok\n"})
    cohort.store.make()
    sleeper = Leases(cohort.out / ".cohort/runs", replace(this_run(), machine="elsewhere", says="another plan"))
    sleeper.take(sleeper.owner.token)
    lease = cohort.out / f".cohort/runs/{sleeper.owner.token}.lease"
    os.utime(lease, (time.time() - 1000,) * 2)
    look = Leases.others

    def others(leases: Leases) -> list[Owner]:
        found = look(leases)
        sleeper.beat()
        return found

    monkeypatch.setattr(Leases, "others", others)
    cohort.run()
    assert sleeper.lost(sleeper.owner.token), "it is alive, or it learns that it is not"
