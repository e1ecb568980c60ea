"""The readings of a folder: which biopsies there are, of which slides, under ids that say nothing of paths."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from histo.errors import HistoError, RecordError
from histo.geometry import Mpp, Size
from histo.records import FINDINGS_FILES, StoredReading, read_reading

READING_NAME = "reading.json"
ID_DIGITS = 16
LOOK_AGAIN_S = 2.0
"""A screenful of tiles is one look at the folder."""

DEPTH = 2
"""`DIR/slide` or `DIR/biopsy/slide`; deeper folders are none of `histo read`."""


@dataclass(frozen=True, slots=True)
class SlideEntry:
    """One slide that was read.

    Attributes:
        id: What URLs call it.
        name: Of the slide.
        folder: With its tables.
        file: Name of the slide file when it was read; None for a slide in memory.
        sha256: Of the slide file.
        size_px: Of level 0.
        mpp: Of level 0, as it was read.
        scale_source: Where the scale was read.
        cells_assessed: Whether the scale shows what kind a nucleus is.
    """

    id: str
    name: str
    folder: Path
    file: str | None
    sha256: str
    size_px: Size
    mpp: Mpp
    scale_source: str
    cells_assessed: bool


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One biopsy that was read.

    Attributes:
        id: What URLs call it.
        name: Of the biopsy.
        slides: In the order of the reading.
        reading: What the machine concluded: the opinion that a second reader must not see first.
        reading_sha256: Of reading.json, so that an opinion tells which reading it was set against.
        biopsy: A digest of the slides: an opinion belongs to them, whatever reads them next.
    """

    id: str
    name: str
    slides: tuple[SlideEntry, ...]
    reading: StoredReading
    reading_sha256: str
    biopsy: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """A folder with a reading that cannot be reviewed, and why."""

    name: str
    problem: str


class Library:
    """The cases under a folder, read again when their reading.json changes.

    Args:
        folder: What was given to `histo read` as --out, or the folder of one reading.

    Raises:
        RecordError: If there is no such folder, or no reading in it.
    """

    def __init__(self, folder: Path) -> None:
        """Look through the folder."""
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, int], Case | Unusable]] = {}
        self._cases: dict[str, Case] = {}
        self._slides: dict[str, tuple[Case, SlideEntry]] = {}
        self._looked_at_s = -math.inf
        self._lock = threading.Lock()
        if not folder.is_dir():
            raise RecordError(folder, "there is no such folder", "name a folder that `histo read --out` wrote")
        self.cases()
        if not self._known:
            raise RecordError(folder, "holds no reading", "name a folder that `histo read --out` wrote")

    def cases(self) -> tuple[tuple[Case, ...], tuple[Unusable, ...]]:
        """All cases by name, and folders that cannot be reviewed."""
        with self._lock:
            self._refresh()
            unusable = tuple(one for _, one in self._known.values() if isinstance(one, Unusable))
            return tuple(sorted(self._cases.values(), key=lambda case: case.name.casefold())), unusable

    def case(self, case_id: str) -> Case:
        """One case.

        Raises:
            KeyError: If there is none of this id.
        """
        with self._lock:
            self._refresh(LOOK_AGAIN_S)
            return self._cases[case_id]

    def slide(self, slide_id: str) -> tuple[Case, SlideEntry]:
        """One slide and its case.

        Raises:
            KeyError: If there is none of this id.
        """
        with self._lock:
            self._refresh(LOOK_AGAIN_S)
            return self._slides[slide_id]

    def _refresh(self, age_s: float = 0.0) -> None:
        """Look through the folder again, unless that was done lately."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s < age_s:
            return
        cases = [one for one in self._look() if isinstance(one, Case)]
        self._cases = {case.id: case for case in cases}
        self._slides = {slide.id: (case, slide) for case in cases for slide in case.slides}
        self._looked_at_s = now_s

    def _look(self) -> list[Case | Unusable]:
        folders = [path.parent for depth in range(DEPTH + 1) for path in self._folder.glob("*/" * depth + READING_NAME)]
        fresh: dict[Path, tuple[tuple[int, int], Case | Unusable]] = {}
        for folder in sorted(folders):
            if any(parent in fresh for parent in folder.parents):
                continue  # a slide of a biopsy that is there as a whole
            try:
                status = (folder / READING_NAME).stat()
            except OSError:
                continue
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._known.get(folder)
            fresh[folder] = known if known and known[0] == stamp else (stamp, self._read(folder))
        self._known = fresh
        return [one for _, one in fresh.values()]

    def _read(self, folder: Path) -> Case | Unusable:
        relative = folder.relative_to(self._folder).as_posix()
        try:
            reading = read_reading(folder)
            digest = hashlib.sha256((folder / READING_NAME).read_bytes()).hexdigest()
            slides = tuple(
                self._slide(reading, facts, _folder_of(folder, facts["name"])) for facts in reading.document["slides"]
            )
        except (HistoError, OSError) as error:
            problem = error.problem if isinstance(error, HistoError) else "cannot be read"
            return Unusable(folder.name, problem)
        except (KeyError, TypeError, ValueError, AttributeError):
            return Unusable(folder.name, "its reading.json does not hold together")
        if not slides:
            return Unusable(folder.name, "its reading tells of no slide")
        biopsy = hashlib.sha256(" ".join(sorted(slide.sha256 for slide in slides)).encode()).hexdigest()
        return Case(_id("case", relative), reading.name, slides, reading, digest, biopsy)

    def _slide(self, reading: StoredReading, facts: Any, folder: Path) -> SlideEntry:  # noqa: ANN401
        missing = [name for name in FINDINGS_FILES if not (folder / name).is_file()]
        if missing:
            raise RecordError(folder, f"lacks {missing[0]}", "read the slide again with `histo read`")
        scale = facts["scale"]
        return SlideEntry(
            id=_id("slide", folder.relative_to(self._folder).as_posix()),
            name=str(facts["name"]),
            folder=folder,
            file=facts["file"],
            sha256=str(facts["sha256"]),
            size_px=Size(int(facts["width_px"]), int(facts["height_px"])),
            mpp=Mpp(float(scale["um_per_px"])),
            scale_source=str(scale["source"]),
            cells_assessed=reading.document["evidence"]["pooled"]["infiltrate"] is not None,
        )


def _folder_of(folder: Path, name: object) -> Path:
    """Where a slide's tables lie: in the reading's folder, or in a folder of it that has the slide's name."""
    if (folder / FINDINGS_FILES[1]).is_file():
        return folder
    if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
        raise ValueError("a slide's name is the name of its folder")
    return folder / name


def _id(kind: str, relative: str) -> str:
    return hashlib.sha256(f"{kind} {relative}".encode()).hexdigest()[:ID_DIGITS]
