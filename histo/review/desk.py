"""All that the routes work with: the cases, their slides and findings, the history, and who sits before them."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from histo.review.byte_cache import ByteCache
from histo.review.entries import Entry
from histo.review.found import Found, FoundShelf
from histo.review.library import Case, Library, SlideEntry
from histo.review.phases import sees_machine
from histo.review.shelf import Shelf, SlideState
from histo.review.store import Store

TILE_CACHE_BYTES = 96 << 20
LOOK_AGAIN_S = 10.0
"""How often a slide that is not there is looked for: under --slides that walks a whole archive."""


class NotThere(Exception):
    """What was asked for does not exist, or must look as if it did not."""


class Sealed(Exception):
    """The machine's opinion was asked for before the reader recorded his own."""


class Stale(Exception):
    """The page did not know what another tab had done."""


class Refused(Exception):
    """The request makes no sense as things stand; the text says why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a review is run.

    Attributes:
        folder: With the readings; the history is kept there.
        reader: Who reviews: the author of every entry.
        slides: Where to look for slides that do not lie where they did.
        port: Where the server listens.
        token: What must be shown on a host that others use too.
        second_read_first: Whether no case may be opened without a second read.
    """

    folder: Path
    reader: str
    slides: Path | None = None
    port: int = 8765
    token: str | None = None
    second_read_first: bool = False


@dataclass(frozen=True, eq=False)
class Desk:
    """What the routes work with. Made by `open_desk`."""

    settings: Settings
    library: Library
    shelf: Shelf
    store: Store
    found: FoundShelf = field(default_factory=FoundShelf)
    tiles: ByteCache = field(default_factory=lambda: ByteCache(TILE_CACHE_BYTES))
    _checker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "check slides"))
    _pending: set[str] = field(default_factory=set)
    _looked_at_s: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def case(self, case_id: str) -> Case:
        """One case.

        Raises:
            NotThere: If there is none.
        """
        try:
            return self.library.case(case_id)
        except KeyError:
            raise NotThere from None

    def slide(self, slide_id: str) -> tuple[Case, SlideEntry]:
        """One slide and its case.

        Raises:
            NotThere: If there is none.
        """
        try:
            return self.library.slide(slide_id)
        except KeyError:
            raise NotThere from None

    def entries(self, case: Case) -> tuple[Entry, ...]:
        """The reader's entries about a case."""
        return self.store.entries(case.biopsy, self.settings.reader)

    def unsealed(self, slide_id: str) -> tuple[Case, SlideEntry, Found]:
        """A slide with the machine's findings, for a reader who may see them.

        Raises:
            NotThere: If there is no such slide.
            Sealed: If he may not.
        """
        case, slide = self.slide(slide_id)
        if not sees_machine(self.entries(case)):
            raise Sealed
        return case, slide, self.found.get(slide)

    def look_for(self, slides: tuple[SlideEntry, ...]) -> None:
        """Have the files of slides looked for and checked, unless that is going on or was done lately."""
        for slide in slides:
            with self._lock:
                lately = time.monotonic() - self._looked_at_s.get(slide.id, -math.inf) < LOOK_AGAIN_S
                ready = self.shelf.standing(slide).state is SlideState.READY
                if slide.id in self._pending or lately or ready:
                    continue
                self._pending.add(slide.id)
                self._looked_at_s[slide.id] = time.monotonic()
            self._checker.submit(self._check, slide)

    def close(self) -> None:
        """Stop checking, and let go of slides and history."""
        self._checker.shutdown(wait=True, cancel_futures=True)
        self.shelf.close()
        self.store.close()

    def _check(self, slide: SlideEntry) -> None:
        try:
            self.shelf.check(slide)
        finally:
            with self._lock:
                self._pending.discard(slide.id)


def open_desk(settings: Settings) -> Desk:
    """Open a folder of readings for review.

    Raises:
        RecordError: If it holds no reading, or its history is damaged.
        OutputError: If its history cannot be written.
    """
    return Desk(settings, Library(settings.folder), Shelf(settings.slides), Store(settings.folder))
