"""Faults aimed at one system call: a function runs in a forked process under `strace --inject`."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

WRITING = (
    *("write", "pwrite64", "sendfile", "copy_file_range", "ftruncate", "fsync", "fdatasync", "utimensat"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
"""What alters a disk."""

_CALL = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\((?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th call of one kind, from 1."""

    call: str
    number: int

    def kill(self) -> str:
        """The process is dead before the call has done anything."""
        return f"inject={self.call}:signal=SIGKILL:when={self.number}"

    def refuse(self, error: str) -> str:
        """This call and all later ones of its kind fail."""
        return f"inject={self.call}:error={error}:when={self.number}+"


@cache
def why_not() -> str:
    """Why faults cannot be aimed here; empty if they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"strace may not trace here ({tried.stderr.strip()[:100]})"


def needs_strace() -> None:
    if reason := why_not():
        pytest.skip(reason)


def forked(do: Callable[[], int], log: Path, fault: str | None = None) -> int:
    """Run a function in a forked process under strace.

    Args:
        do: Gives the exit code; 99 stands for whatever it raises.
        log: What it called, by lines.
        fault: As strace takes it; None for none.

    Returns:
        The exit code; of a killed process, minus the signal's number.
    """
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            os.kill(os.getpid(), signal.SIGSTOP)  # until it is traced
            code = do()
        except BaseException:  # noqa: BLE001 - nothing of the parent's must run in the child
            traceback.print_exc()
        finally:
            os._exit(code)
    os.waitpid(pid, os.WUNTRACED)
    words = ["strace", "-f", "-y", "-s", "0", "-o", str(log), "-e", "signal=none", "-e", f"trace={','.join(WRITING)}"]
    words += [] if fault is None else ["-e", fault]
    with subprocess.Popen([*words, "-p", str(pid)], stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        for line in tracer.stderr:
            if "attached" in line:
                break
        os.kill(pid, signal.SIGCONT)
        _, status = os.waitpid(pid, 0)
        tracer.stderr.read()
    return os.waitstatus_to_exitcode(status)


def points_in(log: Path, folder: Path) -> list[Point]:
    """The calls of the first process of a log that touch a folder, in their order."""
    counts: dict[str, int] = {}
    found, first = [], None
    for line in log.read_text(errors="replace").splitlines():
        if (match := _CALL.match(line)) is None:
            continue
        first = first or match["pid"]
        if match["pid"] != first:
            continue  # the heart, a thread of its own with counters of its own
        counts[match["call"]] = counts.get(match["call"], 0) + 1
        if str(folder) in match["rest"]:
            found.append(Point(match["call"], counts[match["call"]]))
    return found
