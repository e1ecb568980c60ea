"""The one interface over everything that runs jobs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from histo.cohort.jobs import Job, Outcome, Told

Listen = Callable[[Told], None]
"""Told what a job tells while it runs; may be called from any thread, and not at all by engines that cannot."""


class Engine(Protocol):
    """Runs jobs, each in a process of its own, wherever it has room.

    `histo.cohort.isolate.run_isolated` is what runs there: an engine brings the job to a machine and the outcome back.
    It must not retry: what is tried again is for `histo.cohort.run` to say.
    """

    @property
    def slots(self) -> int:
        """How many jobs it takes at once; more than that are not submitted."""
        ...

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Begin a job.

        Args:
            job: What to do.
            listen: Told what it tells.

        Returns:
            A future that never holds an exception for what the job itself did: a crash is an `Outcome` too.
        """
        ...

    def stop(self) -> None:
        """End every running job at once, and wait until they are gone; then take no more."""
        ...
