"""What a run tells while it runs, to whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from histo.cohort.jobs import JobFailure, Outcome, Told


@dataclass(frozen=True, slots=True)
class Subject:
    """What a job is about.

    Attributes:
        id: Of the job.
        biopsy: Name of the biopsy.
        slide: Name of the slide; None where the biopsy itself is concluded.
    """

    id: str
    biopsy: str
    slide: str | None

    @property
    def name(self) -> str:
        """For people."""
        return self.biopsy if self.slide in (None, self.biopsy) else f"{self.biopsy}/{self.slide}"


class Listener(Protocol):
    """Listens to a run. Called from several threads, one at a time."""

    def begun(self, subject: Subject) -> None:
        """A job begins."""
        ...

    def told(self, subject: Subject, told: Told) -> None:
        """A job goes on."""
        ...

    def done(self, subject: Subject, outcome: Outcome) -> None:
        """A slide was read, or a biopsy concluded."""
        ...

    def failed(self, subject: Subject, failure: JobFailure, attempt: int, again: bool) -> None:
        """An attempt failed; `again` if there will be another."""
        ...

    def waiting(self, count: int, hosts: tuple[str, ...]) -> None:
        """Nothing is left but what other runs are at work on."""
        ...
