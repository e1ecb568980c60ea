"""Slide files of readings: found by path or by digest, opened once, and never shown for another than was read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from histo.errors import HistoError, SlideError
from histo.records import read_run_slides
from histo.review.library import SlideEntry
from histo.slide import SlideReader, open_slide, slide_digest

MOST_OPEN = 8
"""Slides held open: each holds a handle and the cache of its library."""

Stamp = tuple[int, int, int]


class SlideState(StrEnum):
    """What is known of a slide's file."""

    CHECKING = "checking"
    READY = "ready"
    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a slide's file, and what to do about it; nothing of where it lies."""

    state: SlideState
    sentence: str


class SlideUnavailable(SlideError):
    """The slide cannot be shown; `standing` says why."""

    def __init__(self, name: str, standing: Standing) -> None:
        """Keep the standing."""
        super().__init__(name, standing.sentence, "start `histo review` with --slides FOLDER")
        self.standing = standing


CHECKING = Standing(SlideState.CHECKING, "The slide file is being checked.")
READY = Standing(SlideState.READY, "The slide file is the one that was read.")
MISSING = Standing(
    SlideState.MISSING,
    "The slide file is not where it was when it was read. Start `histo review` with --slides FOLDER, naming the folder "
    "that holds it; the findings alone are shown until then.",
)
CHANGED = Standing(
    SlideState.CHANGED,
    "The slide file has changed since it was read, so findings may not lie where they seem to: it is not shown. Read "
    "it again with `histo read`, or name the folder with the original by --slides FOLDER.",
)


@dataclass(frozen=True, slots=True)
class _Open:
    path: Path
    stamp: Stamp
    reader: SlideReader


class Shelf:
    """Slides that are open, the least used closed first.

    Args:
        folder: Where to look for slides by digest that do not lie where they did; None for nowhere.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is open yet."""
        self._folder = folder
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._standing: dict[str, Standing] = {}
        self._digests: dict[tuple[Path, Stamp], str] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def standing(self, slide: SlideEntry) -> Standing:
        """What was found when the slide was last looked for."""
        return self._standing.get(slide.id, CHECKING)

    def check(self, slide: SlideEntry) -> Standing:
        """Look for a slide, and open it if it is the one that was read."""
        try:
            self.reader(slide)
        except SlideUnavailable as error:
            return error.standing
        return READY

    def reader(self, slide: SlideEntry) -> SlideReader:
        """The slide, open.

        Raises:
            SlideUnavailable: If its file is missing, has changed, or cannot be read.
        """
        with self._lock:
            own = self._locks.setdefault(slide.id, threading.Lock())
        with own:
            held = self._held(slide)
            if held is not None:
                return held
            standing = MISSING
            for path in self._candidates(slide):
                found, opened = self._try(path, slide)
                if opened is not None:
                    self._keep(slide, opened)
                    self._standing[slide.id] = READY
                    return opened.reader
                standing = found if standing is MISSING else standing
            self._standing[slide.id] = standing
            raise SlideUnavailable(slide.name, standing)

    def close(self) -> None:
        """Close every slide."""
        with self._lock:
            for held in self._open.values():
                held.reader.close()
            self._open.clear()

    def _held(self, slide: SlideEntry) -> SlideReader | None:
        with self._lock:
            held = self._open.get(slide.id)
            if held is None:
                return None
            if _stamp(held.path) == held.stamp:
                self._open.move_to_end(slide.id)
                return held.reader
            del self._open[slide.id]
        held.reader.close()
        return None

    def _keep(self, slide: SlideEntry, opened: _Open) -> None:
        with self._lock:
            self._open[slide.id] = opened
            # A reader that goes is not closed by hand: another thread may be inside it. The last reference closes it.
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)

    def _try(self, path: Path, slide: SlideEntry) -> tuple[Standing, _Open | None]:
        stamp = _stamp(path)
        if stamp is None:
            return MISSING, None
        if self._digests.get((path, stamp), slide.sha256) != slide.sha256:
            return CHANGED, None
        try:
            reader = open_slide(path, slide.mpp.um_per_px)
        except (HistoError, OSError) as error:
            if self._digest(path, stamp) != slide.sha256:
                return CHANGED, None
            problem = error.problem if isinstance(error, HistoError) else "it cannot be read"
            return Standing(SlideState.UNREADABLE, f"The slide file cannot be opened: {problem}."), None
        self._digests[path, stamp] = reader.info.sha256
        if reader.info.sha256 != slide.sha256 or reader.info.size_px != slide.size_px:
            reader.close()
            return CHANGED, None
        return READY, _Open(path, stamp, reader)

    def _candidates(self, slide: SlideEntry) -> Iterator[Path]:
        """Where it lay, then what has its digest under --slides: files of its name first."""
        try:
            recorded = read_run_slides(slide.folder).get(slide.name)
        except HistoError:
            recorded = None
        if recorded is not None:
            yield recorded
        if self._folder is None:
            return
        # A slide that was renamed keeps its ending; whatever else lies there is not read.
        ending = Path(slide.file or "").suffix.lower()
        try:
            files = [path for path in self._folder.rglob("*") if path.suffix.lower() == ending]
        except OSError:
            return
        files.sort(key=lambda path: (path.name != slide.file, str(path)))
        for path in files:
            stamp = _stamp(path)
            if stamp is not None and self._digest(path, stamp) == slide.sha256:
                yield path

    def _digest(self, path: Path, stamp: Stamp) -> str | None:
        """Of a slide file or folder; each is read once."""
        if (path, stamp) not in self._digests:
            try:
                self._digests[path, stamp] = slide_digest(path)
            except (HistoError, OSError):
                return None
        return self._digests[path, stamp]


def _stamp(path: Path) -> Stamp | None:
    """What changes when a file does; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
