"""What a reading tells while it runs, to whoever shows it."""

from __future__ import annotations

from typing import Protocol

from histo.records import SlideFailure


class Progress(Protocol):
    """Listens to a reading. Called in the thread that reads, in the order of events."""

    def slide(self, name: str, number: int, of: int) -> None:
        """A slide begins: its name, its number from 1, and how many there are."""
        ...

    def stage(self, name: str) -> None:
        """A stage begins, e.g. `find tissue`."""
        ...

    def advance(self, done: int, total: int) -> None:
        """The network has read `done` of `total` working pixels (0.5 um/px, without halo)."""
        ...

    def failed(self, failure: SlideFailure) -> None:
        """A slide could not be read; the others are."""
        ...


class Silent:
    """Listens and says nothing."""

    def slide(self, name: str, number: int, of: int) -> None:
        """Nothing."""

    def stage(self, name: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int) -> None:
        """Nothing."""

    def failed(self, failure: SlideFailure) -> None:
        """Nothing."""
