"""Reads slides from a near disk: the next one is copied while others are read, and the copy is removed after use."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from histo.cohort.copying import can_be_copied
from histo.cohort.engines import Engine, Listen
from histo.cohort.isolate import COMMAND, run_isolated
from histo.cohort.jobs import CopyJob, Job, Limits, Outcome, SlideJob
from histo.cohort.leases import Heart, Leases, Owner
from histo.cohort.signature import sign
from histo.cohort.store import telling
from histo.records import make_folder

PREFIX = "histo-stage-"
AHEAD = 1
"""Slides that are copied before there is a worker for them."""

COPIES = 2
"""Made at once: one that hangs does not hold up the others."""


class StagingEngine:
    """Copies slides before another engine of the same machine reads them.

    A copy is made in a process of its own, which is ended when its disk does not answer; until then another one is made
    beside it. A slide that does not fit into the budget, or the disk, is read where it lies.

    Args:
        inner: What reads.
        folder: Where copies go; made if needed.
        budget_bytes: Most bytes of this run's copies at any time.
        owner: This run: what dead runs have left in the folder is removed.
        limits: Of a copy.
        command: What copies; tests give others.

    Raises:
        OutputError: If the folder cannot be written.
    """

    def __init__(
        self,
        inner: Engine,
        folder: Path,
        budget_bytes: int,
        owner: Owner,
        limits: Limits,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Make the folder; copy nothing yet."""
        self.slots = inner.slots + AHEAD
        self._inner, self._budget_bytes = inner, budget_bytes
        self._limits, self._command = limits, command
        self._used_bytes = 0
        self._room = threading.Condition()
        self._stop = threading.Event()
        make_folder(folder, "choose another folder with --stage")
        self._leases = Leases(folder, owner)
        self._leases.take(owner.token)
        lying = list(folder.glob(f"{PREFIX}*"))
        # Asked for after the look: a run that has begun since has nothing in the list.
        alive = {owner.token, *(other.token for other in self._leases.others())}
        for left in lying:
            if left.name.removeprefix(PREFIX) not in alive:
                shutil.rmtree(left, ignore_errors=True)
        self._folder = folder / f"{PREFIX}{owner.token}"
        with telling(self._folder):
            self._folder.mkdir()
        self._heart = Heart(self._leases)
        self._heart.__enter__()
        self._pool = ThreadPoolExecutor(COPIES, thread_name_prefix="copy")

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Copy a job's slide, if it has one, then begin the job."""
        if not isinstance(job, SlideJob) or not can_be_copied(Path(job.slide)):
            return self._inner.submit(job, listen)
        size_bytes = sign(Path(job.slide)).size_bytes
        if not 0 < size_bytes <= self._budget_bytes:
            return self._inner.submit(job, listen)
        answer: Future[Outcome] = Future()
        answer.set_running_or_notify_cancel()
        self._pool.submit(_answering(answer, lambda: self._copy_and_read(job, size_bytes, listen, answer)))
        return answer

    def stop(self) -> None:
        """End what runs, and remove every copy."""
        self._stop.set()
        with self._room:
            self._room.notify_all()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._inner.stop()
        self._heart.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._leases.give_back_all()

    def _copy_and_read(self, job: SlideJob, size_bytes: int, listen: Listen, answer: Future[Outcome]) -> None:
        with self._room:
            self._room.wait_for(lambda: self._stop.is_set() or self._used_bytes + size_bytes <= self._budget_bytes)
            self._used_bytes += size_bytes
        place = self._folder / job.id

        def end(outcome: Outcome) -> None:
            shutil.rmtree(place, ignore_errors=True)
            with self._room:
                self._used_bytes -= size_bytes
                self._room.notify_all()
            answer.set_result(outcome)

        shutil.rmtree(place, ignore_errors=True)
        try:
            place.mkdir()
        except OSError:  # the near disk is gone, or full: the slide is read where it lies
            copied = Outcome(job.id)
        else:
            wanted = CopyJob(job.id, job.slide, job.signature, str(place))
            copied = run_isolated(wanted, self._limits, listen, self._stop, self._command)
        if copied.failure is not None:
            end(copied)
            return
        if copied.key is None:
            shutil.rmtree(place, ignore_errors=True)  # a half that did not fit; the slide is read where it lies
        reading = self._inner.submit(replace(job, copy=copied.key), listen)
        reading.add_done_callback(_answering(answer, lambda: end(reading.result())))


def _answering(answer: Future[Outcome], do: Callable[[], None]) -> Callable[..., None]:
    """Do something; whatever goes wrong is the answer."""

    def run(*_: object) -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001 - nobody else would ever hear of it
            if not answer.done():
                answer.set_exception(error)

    return run
