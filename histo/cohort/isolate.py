"""Runs one job in a process of its own and watches it: how long it takes, whether it still tells, what memory it holds.

Nothing that a job does reaches the process that asked for it: a slide that crashes the C library, hangs it, or fills
the memory costs that slide alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import psutil

from histo.cohort.jobs import DISK_REFUSES, Job, JobFailure, Limits, Outcome, Told, subject_of
from histo.errors import OutputError
from histo.evidence import from_dict, to_dict
from histo.slide.sandbox import manner

COMMAND = (sys.executable, "-P", "-m", "histo.cohort")
"""-P: nothing in the current folder may pose as a library."""

LOOK_S = 0.2
DEATH_S = 10.0
"""Longest wait for a killed process: one that hangs in the disk's driver cannot be ended at all."""

PAUSE_S = 10.0
"""After a process could not be begun: the next one could not be either, and each try is an attempt at a slide."""

TEMPORARY_REMEDY = "free space there, or set TMPDIR to another folder"

_SHOWN_OF_STDERR = 200


def run_isolated(
    job: Job,
    limits: Limits,
    listen: Callable[[Told], None],
    stop: threading.Event,
    command: Sequence[str] = COMMAND,
) -> Outcome:
    """Run a job in a new process.

    Args:
        job: What to do.
        limits: What it may take.
        listen: Told what it tells.
        stop: Ends it at once when set.
        command: What to run: reads the job as a line, prints lines, the last one its outcome. (Tests give others.)

    Returns:
        Its outcome. A crash, a hang, too much memory, and a system that begins no process are failures in it.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:  # no folder takes a file: the disk is full, or read-only
        none = OutputError("the temporary folder", f"cannot write ({error.strerror})", TEMPORARY_REMEDY)
        return Outcome(job.id, failure=JobFailure.of(none))
    try:
        return _run(job, limits, listen, stop, command)
    except (OSError, RuntimeError) as error:  # RuntimeError: no thread can be begun
        if isinstance(error, OSError) and error.errno in DISK_REFUSES:
            full = OutputError(tempfile.gettempdir(), f"cannot write ({error.strerror})", TEMPORARY_REMEDY)
            return Outcome(job.id, failure=JobFailure.of(full))
        stop.wait(PAUSE_S)
        problem = f"its process cannot be begun or watched ({getattr(error, 'strerror', None) or error})"
        remedy = "use fewer --workers, or see what else fills this machine"
        return Outcome(job.id, failure=JobFailure(subject_of(job), "NotBegun", problem, remedy, passing=True))


def _run(
    job: Job, limits: Limits, listen: Callable[[Told], None], stop: threading.Event, command: Sequence[str]
) -> Outcome:
    begun = time.monotonic()
    scratch = Path(tempfile.mkdtemp(prefix="histo-cohort-"))
    try:
        with (scratch / "stderr").open("w+b") as errors:
            watch = _Watch(job, limits, listen, stop)
            outcome = watch.run(command, _environment(job, scratch), errors)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return replace(
        outcome,
        seconds=time.monotonic() - begun,
        peak_memory_bytes=watch.peak_bytes,
        cpu_seconds=max(outcome.cpu_seconds, watch.cpu_seconds),
    )


class _Watch:
    """One process, from its start to its outcome."""

    def __init__(self, job: Job, limits: Limits, listen: Callable[[Told], None], stop: threading.Event) -> None:
        self.peak_bytes = 0
        self.cpu_seconds = 0.0
        self._job, self._limits, self._listen, self._stop = job, limits, listen, stop
        self._subject = subject_of(job)
        self._told_at = self._begun = time.monotonic()
        self._outcome: Outcome | None = None

    def run(self, command: Sequence[str], environment: dict[str, str], errors: IO[bytes]) -> Outcome:
        child = subprocess.Popen(
            [*command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is for the one who asks; and the whole group can be ended
        )
        ear = threading.Thread(target=self._hear, args=(child.stdout,), daemon=True)
        try:
            ear.start()
        except RuntimeError:
            end(child)
            assert child.stdout is not None
            child.stdout.close()  # its ear would have done it
            raise
        ended_for: JobFailure | None = None
        try:
            with contextlib.suppress(OSError):  # it may be dead already
                assert child.stdin is not None
                child.stdin.write(self._asked())
                child.stdin.flush()
            while child.poll() is None and ended_for is None:
                ended_for = self._look(child.pid)
                if ended_for is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        child.wait(LOOK_S)
        finally:
            died = end(child)
        ear.join(DEATH_S)
        if self._outcome is not None and child.returncode == 0:
            return self._outcome
        if ended_for is not None:
            if not died:
                ended_for = replace(ended_for, problem=f"{ended_for.problem}; its process cannot be ended")
            return Outcome(self._job.id, failure=ended_for)
        errors.seek(0)
        return Outcome(self._job.id, failure=self._crash(child.returncode, errors.read()))

    def _asked(self) -> bytes:
        asked = {"kind": type(self._job).__name__, "memory_bytes": self._limits.memory_bytes, "job": to_dict(self._job)}
        return (json.dumps(asked) + "\n").encode("utf-8")

    def _hear(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with contextlib.suppress(ValueError, LookupError, TypeError):  # who dies may say half a word
                    self._take(json.loads(line))

    def _take(self, said: dict[str, Any]) -> None:
        self._told_at = time.monotonic()
        if "outcome" in said:
            self._outcome = from_dict(Outcome, said["outcome"])
        else:
            self._listen(from_dict(Told, said["told"]))

    def _look(self, pid: int) -> JobFailure | None:
        """Why the process must end now; None if it may go on."""
        limits, now = self._limits, time.monotonic()
        self._measure(pid)
        if self._stop.is_set():
            return self._failure("Stopped", "was stopped", "run again")
        if self.peak_bytes > limits.memory_bytes:
            problem = f"it takes more than {limits.memory_bytes / 2**30:.1f} GiB of memory"
            return self._failure("OutOfMemory", problem, "give it more with --memory, or use fewer --workers")
        if now - self._told_at > limits.stall_s:
            problem = f"nothing was heard of it for {limits.stall_s:g} s"
            return self._failure("Hung", problem, "see whether its disk answers; give it longer with --stall")
        if now - self._begun > limits.timeout_s:
            problem = f"it takes longer than {limits.timeout_s:g} s"
            return self._failure("TooSlow", problem, "give it longer with --timeout")
        return None

    def _measure(self, pid: int) -> None:
        """Memory of the process and its children that is theirs alone, and CPU time."""
        total_bytes, cpu_seconds = 0, 0.0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    memory, times = one.memory_info(), one.cpu_times()
                    total_bytes += memory.rss - getattr(memory, "shared", 0)
                    cpu_seconds += times.user + times.system
        self.peak_bytes = max(self.peak_bytes, total_bytes)
        self.cpu_seconds = max(self.cpu_seconds, cpu_seconds)

    def _failure(self, kind: str, problem: str, remedy: str) -> JobFailure:
        return JobFailure(self._subject, kind, problem, remedy, passing=True)

    def _crash(self, returncode: int, errors: bytes) -> JobFailure:
        said = errors[-4000:].decode("utf-8", "replace").strip()
        if "bad_alloc" in said or "MemoryError" in said:
            problem = f"it takes more than {self._limits.memory_bytes / 2**30:.1f} GiB of memory"
            return self._failure("OutOfMemory", problem, "give it more with --memory, or use fewer --workers")
        if returncode == -signal.SIGKILL:
            problem = "the system killed the process that read it (SIGKILL), as it does when memory runs out"
            return self._failure("OutOfMemory", problem, "use fewer --workers, or a machine with more memory")
        text = " ".join(said.splitlines()[-1].split())[:_SHOWN_OF_STDERR] if said else ""
        how = manner(returncode) + (f": {text}" if text else "")
        return self._failure("Crashed", f"it crashed the process that read it ({how})", "export or copy it again")


def end(child: subprocess.Popen[bytes]) -> bool:
    """End a process and all that it started; whether it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # its own children may live on though it is dead
    try:
        child.wait(DEATH_S)
    except subprocess.TimeoutExpired:
        return False
    finally:
        with contextlib.suppress(OSError):
            if child.stdin is not None:
                child.stdin.close()
    return True


def _environment(job: Job, scratch: Path) -> dict[str, str]:
    """That of this process; with threads as told, and a place for what is temporary that is removed afterwards."""
    threads = str(job.threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return os.environ | dict.fromkeys(names, threads) | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "TMPDIR": str(scratch),
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own reserves 1 GiB at once, which counts against the limit
    }  # fmt: skip
