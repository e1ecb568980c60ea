"""A system that begins no process, no thread or no folder for one: an attempt at that slide, not the end of the run."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from example_cohort import LIMITS, Cohort, Heard

import histo.cohort.isolate
from histo.cohort.isolate import run_isolated
from histo.cohort.jobs import CopyJob, Outcome
from histo.errors import OutputError
from histo.evidence import to_dict

SLIDES = {"B1/x": "ok 1\n", "B2/y": "ok 2\n"}


@pytest.fixture(autouse=True)
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histo.cohort.isolate, "PAUSE_S", 0.0)


def refuse_once(number: int, call: Callable[..., object]) -> Callable[..., object]:
    """The call, but the first one fails as the system tells it."""
    left = [OSError(number, os.strerror(number))]

    def called(*words: object, **options: object) -> object:
        if left:
            raise left.pop()
        return call(*words, **options)

    return called


@pytest.mark.parametrize(
    ("module", "name", "number"),
    [(subprocess, "Popen", errno.EAGAIN), (subprocess, "Popen", errno.ENOMEM), (tempfile, "mkdtemp", errno.EMFILE)],
)
def test_what_the_system_refuses_now_is_tried_again(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch, module: object, name: str, number: int
) -> None:
    cohort.write(SLIDES)
    heard = Heard()
    monkeypatch.setattr(module, name, refuse_once(number, getattr(module, name)))
    _, account = cohort.run(heard=heard)
    assert (account.read, account.failures) == (2, ())
    ((_, kind, problem, again),) = heard.failures
    assert (kind, again) == ("NotBegun", True)
    assert problem == f"its process cannot be begun or watched ({os.strerror(number)})"


def test_a_worker_pauses_after_a_refusal_so_that_attempts_are_not_used_up_at_once(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort.write({"B1/x": "ok\n"})
    monkeypatch.setattr(histo.cohort.isolate, "PAUSE_S", 0.7)
    monkeypatch.setattr(subprocess, "Popen", refuse_once(errno.EAGAIN, subprocess.Popen))
    begun = time.monotonic()
    cohort.run(attempts=1)
    assert time.monotonic() - begun >= 0.7


def test_a_process_that_nobody_can_listen_to_is_ended(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    start, refused = threading.Thread.start, []

    def no_ear(thread: threading.Thread) -> None:
        if getattr(thread, "_target", None).__qualname__ == "_Watch._hear":
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", no_ear)
    cohort.write({"B1/x": "hang\n"})
    heard = Heard()
    before = set(psutil.Process().children())
    cohort.run(heard=heard, attempts=1)
    assert [kind for _, kind, _, _ in heard.failures] == ["NotBegun"]
    assert len(refused) == 1
    assert set(psutil.Process().children()) <= before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_for_what_is_temporary_stops_the_run(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    cohort.write(SLIDES)
    monkeypatch.setattr(tempfile, "mkdtemp", refuse_once(number, tempfile.mkdtemp))
    with pytest.raises(OutputError) as caught:
        cohort.run()
    assert caught.value.subject == tempfile.gettempdir()
    assert caught.value.problem == f"cannot write ({os.strerror(number)})"
    assert "TMPDIR" in caught.value.remedy
    assert cohort.left_over() == []


def test_where_no_folder_takes_what_is_temporary_the_run_stops(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    cohort.write(SLIDES)
    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    with pytest.raises(OutputError, match="No usable temporary directory") as caught:
        cohort.run()
    assert "TMPDIR" in caught.value.remedy


def test_arrow_takes_no_memory_at_once_that_would_count_against_the_limit(tmp_path: Path) -> None:
    tells = (
        "import json, sys, pyarrow; sys.stdin.readline(); "
        f"outcome = {to_dict(Outcome('a'))}; outcome['key'] = pyarrow.default_memory_pool().backend_name; "
        "print(json.dumps({'outcome': outcome}))"
    )
    job = CopyJob("a", str(tmp_path / "slide"), "", str(tmp_path))
    outcome = run_isolated(job, LIMITS, lambda _: None, threading.Event(), [sys.executable, "-c", tells])
    assert (outcome.key, outcome.failure) == ("system", None)
