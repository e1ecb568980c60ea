"""Cohorts of slides that are small texts, read by a process that stands in for the true one: `fake_reader.py`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from histo.cohort.at_work import at_work
from histo.cohort.engines import Engine, LocalEngine
from histo.cohort.finish import Account, RunFacts, finish
from histo.cohort.jobs import JobFailure, Limits, Outcome, Reader, Told
from histo.cohort.leases import Owner, this_run
from histo.cohort.listening import Subject
from histo.cohort.plan import Part, Plan, plan_cohort
from histo.cohort.results import CohortResults
from histo.cohort.run import Run, Tally
from histo.cohort.settings import Settings
from histo.cohort.state import State
from histo.cohort.store import Store

FAKE = (sys.executable, "-S", "-E", str(Path(__file__).with_name("fake_reader.py")))
FACTS = RunFacts("local", 2, "random", "0", "0" * 64)
LIMITS = Limits(timeout_s=60, stall_s=30, memory_bytes=1 << 30)


def settings(digest: str = "settings") -> Settings:
    return Settings(Reader(), "card", {}, digest)


@dataclass
class Heard:
    """A listener that remembers."""

    events: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def begun(self, subject: Subject) -> None:
        self.events.append(("begun", subject.name))

    def told(self, subject: Subject, told: Told) -> None:
        pass

    def done(self, subject: Subject, outcome: Outcome) -> None:
        self.events.append(("done", subject.name))

    def failed(self, subject: Subject, failure: JobFailure, attempt: int, again: bool) -> None:
        self.failures.append((subject.name, failure.kind, failure.problem, again))

    def waiting(self, count: int, hosts: tuple[str, ...]) -> None:
        self.events.append(("waiting", str(count)))


@dataclass
class Cohort:
    """A folder of slides, their manifest, and the output folder."""

    folder: Path
    log: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def store(self) -> Store:
        return Store(self.out)

    def write(self, slides: dict[str, str]) -> Path:
        """Slides by `biopsy/slide`, each a text; gives the manifest."""
        lines = ["biopsy,patient,slide"]
        for name, text in slides.items():
            biopsy, slide = name.split("/")
            path = self.folder / "slides" / f"{biopsy}-{slide}.svs"
            path.parent.mkdir(exist_ok=True)
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
            lines.append(f"{biopsy},{biopsy},{path.relative_to(self.folder)}")
        manifest = self.folder / "manifest.csv"
        manifest.write_text("\n".join(lines) + "\n")
        return manifest

    def plan(self, digest: str = "settings") -> Plan:
        return plan_cohort(self.folder / "manifest.csv", self.out, settings(digest))

    def begun(self) -> list[str]:
        """What was begun since the last look, in the order of names."""
        lines = sorted(self.log.read_text().splitlines()) if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def run(
        self,
        plan: Plan | None = None,
        *,
        limits: Limits = LIMITS,
        engine: Engine | None = None,
        workers: int = 2,
        attempts: int = 2,
        part: Part | None = None,
        reads: bool = True,
        stop: threading.Event | None = None,
        heard: Heard | None = None,
        owner: Owner | None = None,
        write: Callable[..., CohortResults] = lambda *_: CohortResults((), ()),
    ) -> tuple[Tally, Account]:
        plan, part = plan or self.plan(), part or Part()
        self.store.make()
        with at_work(self.store, owner or this_run(), plan.digest) as work:
            state = State(plan, self.store)
            run = Run(
                state,
                engine or LocalEngine(workers, limits, FAKE),
                work,
                heard or Heard(),
                attempts=attempts,
                part=part,
                reads=reads,
                stop=stop or threading.Event(),
                wait_s=0.1,
            )
            tally = run.run()
            return tally, finish(state, part, tally, FACTS, work, write)

    def tree(self) -> dict[str, str]:
        """Every file that people see, with its text."""
        paths = [path for path in sorted(self.out.rglob("*")) if path.is_file()]
        visible = [path for path in paths if ".cohort" not in path.parts]
        return {path.relative_to(self.out).as_posix(): path.read_text() for path in visible}

    def left_over(self) -> list[str]:
        """What a run must not leave behind."""
        folders = [self.out / ".cohort" / name for name in ("tmp", "leases", "runs")]
        found = [path for folder in folders for path in folder.iterdir()]
        # Of a run that died as it began, a file of its own stays in runs/ until it is as old as a dead lease.
        return [path.name for path in found if path.parent.name != "runs" or not path.name.startswith(".")]


def make_cohort(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    log = folder / "log.txt"
    monkeypatch.setenv("FAKE_LOG", str(log))
    return Cohort(folder, log)
