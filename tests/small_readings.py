"""Runs of a cohort in one process, through histo's own writers, with readings of a few small files: for faulty disks.

What is left out is the network and the pictures. Jobs are done by `histo.cohort.work.do`, files are written by
`Staged`, published by `Store`, and recorded by `State`, as they are in earnest.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from example_cohort import Cohort
from tree_digest import tree

import histo.biopsy
import histo.cohort.kept
import histo.cohort.work
from histo.cohort.engines import Listen
from histo.cohort.jobs import Job, Outcome
from histo.cohort.plan import RESULT_FILES
from histo.cohort.results import CohortResults
from histo.errors import SlideUnreadable
from histo.records.atomic import Staged

BROKEN = "broken\n"
SLIDES = {"B1/x": "first\n", "B1/y": "second\n", "B2/z": "third\n", "B3/w": BROKEN}
"""Two biopsies that can be read, and one that cannot: so that every file of a cohort is written."""

FILES = {"findings.geojson": 3000, "report.html": 9000, "reading.json": 500}


class SameProcess:
    """An engine that does each job where it is asked, so that a fault hits whoever writes, watcher or worker."""

    slots = 1

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        answer: Future[Outcome] = Future()
        answer.set_result(histo.cohort.work.do(job, listen))
        return answer

    def stop(self) -> None:
        pass


def write_small(folder: Path, text: str) -> None:
    """The files of a reading, from a text, published together."""
    with Staged(folder) as staged:
        for name, size in FILES.items():
            content = (f"{name} of {text}\n" * size)[:size].encode()
            staged.add(name, lambda path, content=content: path.write_bytes(content))  # type: ignore[misc]


def read_small(slide: Path, *arguments: object, original: Path, recover: bool) -> tuple[SimpleNamespace, None]:
    """Stands in for `read_and_write_slide`; of a slide that says so, nothing can be read."""
    text = slide.read_text()
    if text == BROKEN:
        raise SlideUnreadable(slide, "its tiles are damaged", "export it again")
    folder = arguments[3]
    assert isinstance(folder, Path)
    folder /= original.stem
    folder.mkdir(parents=True)
    write_small(folder, text)
    return SimpleNamespace(
        info=SimpleNamespace(name=original.stem, sha256=hashlib.sha256(text.encode()).hexdigest())
    ), None


def conclude_small(name: str, *arguments: object) -> None:
    """Stands in for `conclude_and_write`."""
    folder = arguments[5]
    assert isinstance(folder, Path)
    write_small(folder, name)


def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs read small files."""

    def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(histo.cohort.work, "refuse_changes", nothing)  # the settings of these cohorts are words
    monkeypatch.setattr(histo.cohort.work, "_model", nothing)
    monkeypatch.setattr(histo.biopsy, "read_and_write_slide", read_small)
    monkeypatch.setattr(histo.biopsy, "conclude_and_write", conclude_small)
    monkeypatch.setattr(histo.cohort.kept, "kept_slide", nothing)


def write_small_results(out: Path, *_: object) -> CohortResults:
    """Stands in for `write_results`: tables and the overview, published together."""
    with Staged(out) as staged:
        for name in RESULT_FILES:
            if name != "failures.json":
                staged.add(name, lambda path: path.write_bytes(b"results\n" * 700))
    return CohortResults(staged.published, ())


def run_here(cohort: Cohort, read: int = 3) -> bool:
    """One run, to its end; whether all that can be read is read, and what cannot is told."""
    _, account = cohort.run(engine=SameProcess(), write=write_small_results)
    kinds = [failure.kind for failure in account.failures]
    return (account.read, account.concluded, account.left, kinds) == (read, 2, 0, ["SlideUnreadable"])


def not_whole(out: Path, expected: dict[str, str]) -> list[str]:
    """What one can see in part, or otherwise than a run without faults leaves it: biopsies, and files of the cohort."""
    found = tree(out) if out.exists() else {}
    broken = []
    for name in {path.partition("/")[0] for path in found}:
        here = {path: digest for path, digest in found.items() if path.partition("/")[0] == name}
        wanted = {path: digest for path, digest in expected.items() if path.partition("/")[0] == name}
        if here != wanted:
            broken.append(name)
    return broken
