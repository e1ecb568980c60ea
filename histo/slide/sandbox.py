"""Runs the probe in a child process and believes only what it prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import histo.errors
from histo.errors import SlideError, SlideUnsafe
from histo.slide.backends import Backend
from histo.slide.probe import ProbeReport

COMMAND = ("-m", "histo.slide")
TIMEOUT_S = 600.0
"""Longest wait for the child once the file's digest is known: long, as a busy machine starves it; computing has its own
limit."""
_REMEDY = "copy it again from the scanner; if that does not help, export it as pyramidal TIFF"
Answer = TypeVar("Answer")


def probe(subject: Path, entry: Path, meanwhile: Callable[[], Answer]) -> tuple[ProbeReport, Answer]:
    """Let a child open a file and read test blocks.

    Args:
        subject: What the user gave, for the text of errors.
        entry: The file to open.
        meanwhile: Work to do while the child runs.

    Returns:
        The child's report, and what `meanwhile` gave.

    Raises:
        SlideUnsafe: If the child died, hung, or said nothing that makes sense.
        SlideError: What the child found wrong.
    """
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    # -P: nothing in the current folder may pose as a library.
    command = [sys.executable, "-P", *COMMAND, str(entry)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        try:
            answer = meanwhile()
            output, _ = child.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise SlideUnsafe(subject, f"opening it took longer than {TIMEOUT_S:g} s", _REMEDY) from None
        finally:
            if child.poll() is None:
                child.kill()
    if child.returncode != 0:
        raise SlideUnsafe(subject, f"opening it crashed a test process ({manner(child.returncode)})", _REMEDY)
    return _report(subject, output), answer


def _report(subject: Path, output: bytes) -> ProbeReport:
    try:
        told = json.loads(output)
        if "error" in told:
            name, problem, remedy = told["error"]
            kind = getattr(histo.errors, name)
            if not issubclass(kind, SlideError):
                raise TypeError(name)
            failure: SlideError = kind(subject, problem, remedy)
        else:
            found = told["report"]
            return ProbeReport(
                Backend(found["backend"]),
                tuple(int(level) for level in found["levels"]),
                int(found["levels_in_all"]),
                int(found["tested"]),
                int(found["failed"]),
            )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SlideUnsafe(subject, "the test process said nothing that makes sense", _REMEDY) from error
    raise failure


def manner(returncode: int) -> str:
    """How a process ended that did not end well: the signal's name, or its exit code."""
    if returncode < 0:
        try:
            return signal.Signals(-returncode).name
        except ValueError:
            return f"signal {-returncode}"
    return f"exit code {returncode}"
