"""Progress on the screen: a moving line in a terminal, a line now and then in a log. Rate and time left in both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from histo.records import SlideFailure

LOG_SECONDS = 10.0
"""Least time between two lines in a log."""


def rate_text(done: int, total: int, seconds: float) -> str:
    """Megapixels per second and time left, as in `1.2 Mpx/s, 40 s left`."""
    rate = done / seconds if seconds > 0 else 0.0
    if not rate:
        return ""
    left = (total - done) / rate
    left_text = f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"
    return f"{rate / 1e6:.2f} Mpx/s, {left_text} left"


class Watcher:
    """Shows what a reading tells, and keeps the failures it tells of.

    Args:
        console: Where to show it.
        bar: The moving line; None to write lines now and then.
        slides: How many slides there will be.
    """

    def __init__(self, console: Console, bar: Progress | None, slides: int) -> None:
        """Begin before the first slide."""
        self.failures: list[SlideFailure] = []
        self._console, self._bar, self._slides = console, bar, slides
        self._task: TaskID | None = None
        self._seen = 0
        self._name = ""
        self._begun = self._told = time.monotonic()

    def slide(self, name: str, number: int, of: int) -> None:
        """A slide begins."""
        self._seen += 1
        self._name = name if self._slides == 1 else f"{name} ({self._seen} of {self._slides})"
        if self._bar is not None:
            self.pause()
            self._task = self._bar.add_task(self._name, total=None, stage="", rate="")

    def stage(self, name: str) -> None:
        """A stage begins."""
        self._begun = self._told = time.monotonic()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, stage=name, rate="")
        elif self._bar is None and name == "detect":
            self._say("reading")

    def advance(self, done: int, total: int) -> None:
        """The network has read some more."""
        now = time.monotonic()
        rate = rate_text(done, total, now - self._begun)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, rate=rate)
        elif now - self._told >= LOG_SECONDS or done == total:
            self._told = now
            self._say(f"{100 * done // max(total, 1)}%, {rate}")

    def share(self, done: int, total: int) -> None:
        """So many equal blocks of so many are done."""
        now = time.monotonic()
        left = (total - done) * (now - self._begun) / max(done, 1)
        text = f"{100 * done // max(total, 1)}%, {left:.0f} s left"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, rate=text)
        elif now - self._told >= LOG_SECONDS:
            self._told = now
            self._say(text)

    def failed(self, failure: SlideFailure) -> None:
        """A slide could not be read: one line, at once."""
        self.failures.append(failure)
        self.pause()
        self._console.print(f"histo: {failure}", soft_wrap=True)

    def pause(self) -> None:
        """Take the moving line away, so that other text can be printed."""
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def _say(self, text: str) -> None:
        self._console.print(f"{self._name}: {text}", soft_wrap=True)


@contextmanager
def watch(console: Console, slides: int) -> Iterator[Watcher]:
    """Show progress while the `with` block runs."""
    if not console.is_terminal:
        yield Watcher(console, None, slides)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[stage]}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[rate]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Watcher(console, bar, slides)


@contextmanager
def watch_file(console: Console, name: str) -> Iterator[Watcher]:
    """Show the making of one file while the `with` block runs, from its first stage."""
    with watch(console, 1) as watcher:
        watcher.slide(name, 1, 1)
        yield watcher
        watcher.pause()
