"""Jobs on this machine: a few processes at once, each watched by a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from histo.cohort.engines.engine import Listen
from histo.cohort.isolate import COMMAND, run_isolated
from histo.cohort.jobs import Job, Limits, Outcome


class LocalEngine:
    """The local pool.

    Args:
        workers: Processes at once.
        limits: Of each.
        command: What runs in each; tests give others.
    """

    def __init__(self, workers: int, limits: Limits, command: Sequence[str] = COMMAND) -> None:
        """Start no process yet."""
        self.slots = workers
        self._limits, self._command = limits, command
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="worker")

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Begin a job in a process of its own."""
        return self._pool.submit(run_isolated, job, self._limits, listen, self._stop, self._command)

    def stop(self) -> None:
        """End every process, and wait until they are gone."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
