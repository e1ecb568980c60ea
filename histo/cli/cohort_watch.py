"""A cohort's run on the screen: bars in a terminal, lines in a log, or lines of JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from histo.cli.cohort_plan import duration
from histo.cli.lasting import LastingStream
from histo.cohort.finish import Account
from histo.cohort.jobs import JobFailure, Outcome, Told
from histo.cohort.listening import Subject
from histo.cohort.plan import Part, Plan
from histo.cohort.run import Tally
from histo.cohort.signature import sign
from histo.cohort.state import State
from histo.cohort.store import Standing


class CohortWatcher:
    """Shows what a run tells.

    Args:
        console: For results: the last line, and JSON.
        errors: For progress and failures.
        bar: The moving lines; None to write lines.
        part: Which slides are the run's.
        sizes: Bytes of every slide of the part that is to be read, by id: they tell how much is left.
        quiet: Tell failures and the end only.
        json_log: Tell everything as lines of JSON.
    """

    def __init__(
        self,
        console: Console,
        errors: Console,
        bar: Progress | None,
        part: Part,
        sizes: dict[str, int],
        *,
        quiet: bool,
        json_log: bool,
    ) -> None:
        """Begin before the first slide."""
        self._console, self._errors, self._bar, self._part = console, errors, bar, part
        self._sizes, self._quiet, self._json = sizes, quiet, json_log
        self._total_bytes, self._done_bytes = sum(sizes.values()), 0
        self._slides, self._done, self._read_wpx = len(sizes), 0, 0
        self._begun = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._all = None if bar is None else bar.add_task("all slides", total=max(self._total_bytes, 1), text="")

    def begun(self, subject: Subject) -> None:
        """A job begins."""
        self._log("begun", subject)
        if self._bar is not None:
            self._tasks[subject.id] = self._bar.add_task(subject.name, total=None, text="")

    def told(self, subject: Subject, told: Told) -> None:
        """A job goes on."""
        if told.stage:
            self._log("stage", subject, stage=told.stage)
        if self._bar is None or subject.id not in self._tasks:
            return
        if told.total_wpx:
            self._bar.update(self._tasks[subject.id], completed=told.done_wpx, total=told.total_wpx)
        else:
            self._bar.update(self._tasks[subject.id], text=told.stage)

    def done(self, subject: Subject, outcome: Outcome) -> None:
        """A slide was read, or a biopsy concluded."""
        self._read_wpx += outcome.read_wpx
        if subject.slide is not None:
            self._over(subject)
        facts = {"seconds": round(outcome.seconds, 1), "peak_memory_bytes": outcome.peak_memory_bytes}
        self._log("done", subject, **facts, read_wpx=outcome.read_wpx, cpu_seconds=round(outcome.cpu_seconds, 1))
        self._away(subject)
        if subject.slide is not None:
            self._say(
                f"{subject.name} ({self._done} of {self._slides}): read in {duration(outcome.seconds)}; {self._rate()}"
            )

    def failed(self, subject: Subject, failure: JobFailure, attempt: int, again: bool) -> None:
        """An attempt failed."""
        if subject.slide is not None and not again:
            self._over(subject)
        told = {"kind": failure.kind, "problem": failure.problem, "remedy": failure.remedy}
        self._log("failed", subject, **told, attempt=attempt, again=again)
        self._away(subject)
        if not self._json:
            what = "; it will be tried again" if again else f"; {failure.remedy}"
            self._errors.print(f"histo: {failure.subject}: {failure.problem}{what}", soft_wrap=True)

    def waiting(self, count: int, hosts: tuple[str, ...]) -> None:
        """Only others are at work."""
        self._log("waiting", None, count=count, hosts=list(hosts))
        self._say(f"waiting for {count} that other runs are at work on ({', '.join(hosts) or 'unknown'})")

    def ended(self, account: Account, tally: Tally, page: Path | None) -> None:
        """The run is over: one line, and where its overview lies if there is one."""
        failed = account.failed_slides
        self._log(
            "stopped" if tally.stopped else "ended",
            None,
            slides=account.slides,
            read=account.read,
            failed=failed,
            biopsies=account.biopsies,
            concluded=account.concluded,
        )
        if self._json:
            return
        text = f"{account.read} of {account.slides} slides read, "
        text += f"{account.concluded} of {account.biopsies} biopsies concluded"
        if tally.stopped:
            text += "; stopped: the same command goes on from here"
        elif account.left:
            text += f"; {account.left} not read yet"
        if account.failures:
            where = (
                "see failures.json" if self._part.count == 1 else "the run without --only lists them in failures.json"
            )
            text += f"; {len(account.failures)} given up: {where}"
        self._console.print(text, soft_wrap=True)
        if page is not None and not self._quiet:
            self._console.print(f"Overview: {page}", soft_wrap=True)

    def _over(self, subject: Subject) -> None:
        self._done += 1
        self._done_bytes += self._sizes.get(subject.id, 0)
        if self._bar is not None and self._all is not None:
            self._bar.update(
                self._all, completed=self._done_bytes, text=f"{self._done} of {self._slides}, {self._rate()}"
            )

    def _rate(self) -> str:
        """Megapixels per second of this run so far, and time left by the bytes of the slides."""
        seconds = time.monotonic() - self._begun
        text = f"{self._read_wpx / 1e6 / max(seconds, 1e-9):.2f} Mpx/s"
        if self._done_bytes:
            left = seconds * (self._total_bytes - self._done_bytes) / self._done_bytes
            text += f", about {duration(left)} left"
        return text

    def _away(self, subject: Subject) -> None:
        if self._bar is not None and subject.id in self._tasks:
            self._bar.remove_task(self._tasks.pop(subject.id))

    def _say(self, text: str) -> None:
        if not self._quiet and not self._json and self._bar is None:
            self._errors.print(text, soft_wrap=True)

    def _log(self, event: str, subject: Subject | None, **facts: object) -> None:
        if self._json:
            about = {} if subject is None else {"biopsy": subject.biopsy, "slide": subject.slide}
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._console.file.write(
                json.dumps({"at": at, "event": event, **about, **facts}, ensure_ascii=False) + "\n"
            )
            self._console.file.flush()


@contextmanager
def watch_cohort(
    console: Console, errors: Console, plan: Plan, state: State, part: Part, *, quiet: bool, json_log: bool
) -> Iterator[CohortWatcher]:
    """Show a run while the `with` block runs; a console whose pipe breaks or disk fills goes silent.

    Args:
        console: For results: the last line, and JSON.
        errors: For progress and failures.
        plan: What is to be done.
        state: How it stands.
        part: Which slides are the run's.
        quiet: Tell failures and the end only.
        json_log: Tell everything as lines of JSON.
    """
    for one in (console, errors):
        one.file = cast("IO[str]", LastingStream(one.file))
    sizes = {unit.id: sign(unit.path).size_bytes for unit in plan.part(part) if state.slide(unit) is Standing.OPEN}
    if quiet or json_log or not errors.is_terminal:
        yield CohortWatcher(console, errors, None, part, sizes, quiet=quiet, json_log=json_log)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        yield CohortWatcher(console, errors, bar, part, sizes, quiet=quiet, json_log=json_log)
