"""Jobs on Ray: on this machine, or wherever a cluster has room. The one module that imports Ray.

All machines must see the slides and the output folder under the same paths, and hold the same histo.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray tells its makers about use, unless told not to

import ray
from ray.exceptions import OutOfMemoryError, RayError, TaskCancelledError

from histo.cohort.engines.engine import Listen
from histo.cohort.isolate import COMMAND, DEATH_S, run_isolated
from histo.cohort.jobs import Job, JobFailure, Limits, Outcome, subject_of
from histo.errors import EngineError

LOCAL = "local"
"""The address that stands for a Ray of this machine's own, begun and ended with the run."""

KNOCK_S = 10.0


class RayEngine:
    """Ray takes each job to a machine and watches the process that watches it; nothing is told while a job runs.

    Args:
        address: `local`, `auto`, or that of a cluster, as `ray.init` takes it.
        workers: Jobs at once; None for as many as there is room for.
        threads: CPU threads of each.
        gpus: Of each; a fraction shares one among several.
        limits: Of each. Ray counts their memory when it looks for room.
        command: What runs in the process of a job; tests give others.

    Raises:
        EngineError: If the cluster does not answer, or has not the room for one job.
    """

    def __init__(
        self,
        address: str,
        workers: int | None,
        threads: int,
        gpus: float,
        limits: Limits,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Join the cluster, or begin one; submit nothing yet."""
        own: dict[str, Any] = {}
        if address == LOCAL:
            own = {"num_cpus": None if workers is None else workers * threads, "include_dashboard": False}
        try:
            _knock(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
        except (RayError, OSError, RuntimeError, ValueError) as error:
            text = " ".join(str(error).split())[:200]
            raise EngineError(f"Ray at {address}", f"cannot be joined ({text})", "see `ray status`") from error
        self._limits, self._command = limits, tuple(command)
        asked = {"CPU": float(threads), "GPU": gpus, "memory": float(limits.memory_bytes)}
        free = ray.cluster_resources()
        most = min(int(free.get(name, 0) / amount) for name, amount in asked.items() if amount)
        if most < 1:
            ray.shutdown()
            problem = f"has not the room for one job ({threads} CPUs, {gpus:g} GPUs, {limits.memory_bytes >> 20} MiB)"
            raise EngineError(f"Ray at {address}", problem, "ask for less with --threads, --memory or --ray-gpus")
        self.slots = most if workers is None else min(workers, most)
        self._remote = ray.remote(_run).options(
            num_cpus=threads, num_gpus=gpus, memory=limits.memory_bytes, max_retries=0
        )
        self._running: dict[Any, None] = {}
        self._lock = threading.Lock()

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Begin a job wherever there is room."""
        answer: Future[Outcome] = Future()
        answer.set_running_or_notify_cancel()
        reference = self._remote.remote(job, self._limits, self._command)
        with self._lock:
            self._running[reference] = None
        reference.future().add_done_callback(partial(self._answer, job, reference, answer))
        return answer

    def stop(self) -> None:
        """End every job, wait until their processes are gone, and leave the cluster."""
        with self._lock:
            running = list(self._running)
        for reference in running:
            ray.cancel(reference)  # a KeyboardInterrupt in the watcher, which ends the process that it watches
        if running:
            _, left = ray.wait(running, num_returns=len(running), timeout=DEATH_S)
            for reference in left:
                ray.cancel(reference, force=True)  # a job notices that its watcher is gone, and ends
        ray.shutdown()

    def _answer(self, job: Job, reference: object, answer: Future[Outcome], done: Future[Outcome]) -> None:
        with self._lock:
            self._running.pop(reference, None)
        error = done.exception()
        answer.set_result(done.result() if error is None else Outcome(job.id, failure=_failure(job, error)))


def _knock(address: str) -> None:
    """Whether anybody is at `HOST:PORT` at all; Ray itself would try for minutes, and tell of every try.

    Raises:
        OSError: If not.
    """
    host, _, port = address.rpartition(":")
    if port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), KNOCK_S).close()


def _run(job: Job, limits: Limits, command: Sequence[str]) -> Outcome:
    """What Ray runs: the watcher of one process."""
    return run_isolated(job, limits, lambda _: None, threading.Event(), command)


def _failure(job: Job, error: BaseException) -> JobFailure:
    """What the loss of a watcher amounts to: perhaps the machine died, perhaps its memory was full."""
    subject = subject_of(job)
    if isinstance(error, TaskCancelledError):
        return JobFailure(subject, "Stopped", "was stopped", "run again", passing=True)
    if isinstance(error, OutOfMemoryError):
        problem = "Ray ended it because its machine's memory was full"
        return JobFailure(
            subject, "OutOfMemory", problem, "use fewer --workers, or give it more --memory", passing=True
        )
    text = " ".join(str(error).split())[:200]
    problem = f"Ray lost the process that watched it ({type(error).__name__}: {text})"
    return JobFailure(subject, "Crashed", problem, "see the logs of Ray", passing=True)
