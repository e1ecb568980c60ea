"""The run: claims what is open, has it done, writes down what came of it, and concludes biopsies whose slides are read.

It holds no truth of its own: what is done, what failed and who is at work all stand in the output folder, and every
decision is made from there. So a run may end at any point, by any cause, and the next one goes on; and several runs
may share one folder.
"""

from __future__ import annotations

import math
import platform
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime

import histo.errors
from histo.cohort.at_work import AtWork
from histo.cohort.engines import Engine
from histo.cohort.jobs import JobFailure, Outcome, Told
from histo.cohort.listening import Listener
from histo.cohort.plan import Part
from histo.cohort.state import State, Task
from histo.cohort.store import Attempt
from histo.errors import HistoError

LOOK_S = 0.5
"""Between two looks at what runs."""

WAIT_S = 5.0
"""Between two looks at what other runs are at work on."""


@dataclass(slots=True)
class Tally:
    """What a run did.

    Attributes:
        slides: Slides that it read.
        biopsies: Biopsies that it concluded.
        stopped: Whether it was stopped before its end.
    """

    slides: int = 0
    biopsies: int = 0
    stopped: bool = False


@dataclass(slots=True)
class Run:
    """One run over one output folder.

    Attributes:
        state: Where everything stands, and what is to be done.
        engine: What does it.
        work: Who this run is, and what it holds.
        listener: Told what happens.
        attempts: Most attempts at what may fare better another time.
        part: Which slides are this run's.
        reads: Whether it reads slides; else it but concludes biopsies whose slides are read.
        threads: CPU threads of each job.
        stop: Ends the run when set: what runs is ended, and nothing is lost but that.
        wait_s: Between two looks at what others are at work on.
    """

    state: State
    engine: Engine
    work: AtWork
    listener: Listener
    attempts: int = 2
    part: Part = field(default_factory=Part)
    reads: bool = True
    threads: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    wait_s: float = WAIT_S

    def run(self) -> Tally:
        """Do all that is open.

        Returns:
            What was done.

        Raises:
            HistoError: What stopped the run: a full disk, a device that is not there, others that took it for dead.
                What is done stays.
        """
        try:
            return _Loop(self).run()
        finally:
            self.engine.stop()


class _Loop:
    """The state of one run between two looks."""

    def __init__(self, run: Run) -> None:
        self._run, self._work, self._leases = run, run.work, run.work.leases
        self._state = run.state
        self._tally = Tally()
        self._running: dict[Future[Outcome], Task] = {}
        self._lock = threading.Lock()
        self._told_waiting = self._moved = False
        self._asked_at: dict[str, float] = {}

    def run(self) -> Tally:
        self._state.retire_what_is_not_current(self._work.owner.token, self._leases)
        while not self._run.stop.is_set():
            self._moved = False
            elsewhere = self._fill()
            if self._running:
                for future in wait(self._running, LOOK_S, FIRST_COMPLETED).done:
                    self._settle(self._running.pop(future), future.result())
            elif self._moved:
                continue  # with a slide that another run has read, a biopsy may have become ready
            elif not elsewhere or self._run.part.count > 1:
                return self._tally
            else:
                self._wait_for(elsewhere)
        self._tally.stopped = True
        return self._tally

    def _fill(self) -> list[Task]:
        """Begin what there is room for; give back what other runs are at work on."""
        elsewhere = []
        busy = {task.id for task in self._running.values()}
        for task in self._state.open_tasks(self._run.part):
            if task.id in busy or (task.unit is not None and not self._run.reads):
                continue
            if len(self._running) >= self._run.engine.slots:
                return []
            if time.monotonic() - self._asked_at.get(task.id, -math.inf) < self._run.wait_s:
                elsewhere.append(task)
            elif not self._leases.take(task.id):
                self._asked_at[task.id] = time.monotonic()
                elsewhere.append(task)
            elif not self._state.look_again(task):
                self._leases.give_back(task.id)  # another run was quicker
                self._moved = True
            else:
                self._begin(task)
        return elsewhere

    def _begin(self, task: Task) -> None:
        self._work.check()
        job = self._state.job(task, self._work.owner.token, self._run.threads)
        if job is None:  # a biopsy of one slide: its folder is the unit's, no process is needed
            self._settle(task, Outcome(task.id, key=task.wanted))
            self._moved = True
            return
        self._tell(lambda listener: listener.begun(task.subject))
        self._running[self._run.engine.submit(job, lambda told: self._hear(task, told))] = task

    def _hear(self, task: Task, told: Told) -> None:
        self._tell(lambda listener: listener.told(task.subject, told))

    def _settle(self, task: Task, outcome: Outcome) -> None:
        """Write down what came of a job, if it is still this run's to say."""
        try:
            if outcome.failure is not None:
                self._run.state.store.discard(task.id, self._work.owner.token)
            if self._run.stop.is_set() and outcome.failure is not None:
                return  # it was ended, it did not fail
            if not self._leases.holds(task.id):
                return  # this machine slept, and others took it over
            self._work.check()
            if outcome.failure is None:
                self._count(task)
                self._state.finish(task, outcome, self._work.owner.token)
                self._tell(lambda listener: listener.done(task.subject, outcome))
            elif outcome.failure.stops:
                raise _raised(outcome.failure)
            else:
                self._fail(task, outcome, outcome.failure)
        finally:
            self._leases.give_back(task.id)

    def _fail(self, task: Task, outcome: Outcome, failure: JobFailure) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        attempt = Attempt(failure.kind, failure.problem, failure.remedy, at, platform.node(), round(outcome.seconds, 1))
        record = self._state.fail(task, attempt, passing=failure.passing, most=self._run.attempts)
        count, again = len(record.attempts), not record.quarantined
        self._tell(lambda listener: listener.failed(task.subject, failure, count, again))

    def _count(self, task: Task) -> None:
        if task.unit is not None:
            self._tally.slides += 1
        else:
            self._tally.biopsies += 1

    def _wait_for(self, elsewhere: list[Task]) -> None:
        if not self._told_waiting:
            hosts = tuple(sorted({owner.host for owner in self._leases.others()}))
            self._tell(lambda listener: listener.waiting(len(elsewhere), hosts))
            self._told_waiting = True
        self._run.stop.wait(self._run.wait_s)
        self._state.look_at_records()

    def _tell(self, say: Callable[[Listener], None]) -> None:
        with self._lock:
            say(self._run.listener)


def _raised(failure: JobFailure) -> HistoError:
    kind = getattr(histo.errors, failure.kind, HistoError)
    error: HistoError = kind(failure.subject, failure.problem, failure.remedy)
    return error
