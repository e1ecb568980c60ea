"""How long each stage of a reading took, and telling whoever listens that a stage begins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from histo.progress import Progress


class StageClock:
    """Wall time by stage, in the order in which stages began.

    Args:
        listener: Told of every stage.
    """

    def __init__(self, listener: Progress) -> None:
        """Start at nothing, now."""
        self.listener = listener
        self.started = datetime.now(UTC)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens in the `with` block; the same stage adds up."""
        self.listener.stage(name)
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def add(self, other: StageClock) -> None:
        """Add another clock's times."""
        for name, seconds in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
