"""The output folder: readings for people, and beside them, hidden, the units and what is known of each.

    OUT/
      <biopsy>/...               as `histo read` writes it
      .cohort/
        units/<key>/             one slide that was read, by the digest of all that made it: histo never alters it
          slide/<slide>/...      the slide's reading
          unit.json              what it is, what it took, and the digests of its other files
          kept.npz               what the conclusion of its biopsy needs; not of slides that are biopsies of their own
        slides/<id>.json         what is known of each slide: its unit, or the attempts that failed
        biopsies/<id>.json       the same of each biopsy
        leases/, runs/           who is at work
        tmp/                     what is being made; each folder is renamed into place, or removed
        replaced/                former folders that hold something that histo did not write

Files of a biopsy's folder are those of its units under another name, so whoever edits one in place alters the unit too.
That is why a unit is compared with its digests before it is put into a biopsy's folder.

A file of `slides/` and `biopsies/` is written by whoever holds the lease of that slide or biopsy, and by nobody else.
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from histo.cohort.digests import files_in, holds, tree_digests
from histo.cohort.jobs import DISK_REFUSES
from histo.errors import OutputError, RecordError
from histo.evidence import from_dict, to_dict
from histo.records import json_bytes, make_folder, read_json, write_atomically
from histo.records.atomic import WRITE_REMEDY, sync_folder

STATE = ".cohort"
UNIT_NAME = "unit.json"
READING = "reading.json"
Kind = Literal["slides", "biopsies"]


class Standing(Enum):
    """Where a slide or a biopsy stands."""

    OPEN = "open"
    DONE = "done"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that failed.

    Attributes:
        kind: Of the failure.
        problem: What happened.
        remedy: What the user can do.
        at: When, in UTC.
        host: On which machine.
        seconds: Wall time that it took.
    """

    kind: str
    problem: str
    remedy: str
    at: str
    host: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a slide or a biopsy.

    Attributes:
        id: In the plan.
        subject: Path of the slide, or name of the biopsy.
        signature: Of the slide's files, or the wanted key of the biopsy, to which the rest belongs.
        key: Of what is published; None if nothing is.
        attempts: That failed, the last one last; none once it is done.
        quarantined: Whether it is not tried again.
        size_bytes: Of the slide's files; of a biopsy, 0.
        seconds: That reading or concluding it took.
        digests: Of a biopsy: SHA-256 of its published files, by their path in its folder.
    """

    id: str
    subject: str
    signature: str
    key: str | None = None
    attempts: tuple[Attempt, ...] = ()
    quarantined: bool = False
    size_bytes: int = 0
    seconds: float = 0.0
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Store:
    """One output folder.

    Attributes:
        out: The folder.
    """

    out: Path

    @property
    def state(self) -> Path:
        """The hidden folder."""
        return self.out / STATE

    def make(self) -> None:
        """Make what is not there yet.

        Raises:
            OutputError: If that is not possible.
        """
        make_folder(self.out)
        for name in ("units", "slides", "biopsies", "leases", "runs", "tmp"):
            make_folder(self.state / name)

    def unit(self, key: str) -> Path:
        """The folder of a unit, whether it is there or not."""
        return self.state / "units" / key

    def has_unit(self, key: str | None) -> bool:
        """Whether a unit is there; then it was published in full."""
        return key is not None and (self.unit(key) / UNIT_NAME).is_file()

    def is_unit_whole(self, key: str) -> bool:
        """Whether a unit's files are, to the last byte, those that were published; of a former version, they are not.

        All are read: this is for the moment when they are put into a biopsy's folder.
        """
        try:
            found = tree_digests(self.unit(key))
        except OSError:
            return False
        found.pop(UNIT_NAME, None)
        return found == self.told_of_unit(key).get("digests")

    def set_unit_aside(self, key: str) -> None:
        """Take a unit out of use in one step. It goes to `replaced/`: what somebody has put into it is not lost.

        Raises:
            OutputError: If that is not possible.
        """
        place = self.state / "replaced"
        with telling(self.unit(key)):
            place.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):  # another run was quicker
                self.unit(key).rename(place / f"{key}.{uuid.uuid4().hex}.old")

    def told_of_unit(self, key: str) -> Mapping[str, Any]:
        """What a unit's `unit.json` tells; nothing if it cannot be read."""
        try:
            return read_json(self.unit(key) / UNIT_NAME)
        except RecordError:
            return {}

    def size_of(self, key: str) -> int:
        """Space that a unit takes."""
        return sum((self.unit(key) / file).stat().st_size for file in files_in(self.unit(key)))

    def drafted(self, identity: str, token: str) -> Path:
        """Where something is made before it is published, whether it is there or not."""
        return self.state / "tmp" / f"{identity}.{token}"

    def draft(self, identity: str, token: str) -> Path:
        """A new empty folder to make something in.

        Raises:
            OutputError: If it cannot be made.
        """
        folder = self.drafted(identity, token)
        with telling(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def discard(self, identity: str, token: str) -> None:
        """Remove what was being made, if anything was; whatever resists stays for the next run to sweep."""
        shutil.rmtree(self.drafted(identity, token), ignore_errors=True)

    def sweep(self, living: Callable[[], Collection[str]]) -> None:
        """Remove what dead runs were making; whatever resists stays.

        Args:
            living: Gives the tokens of runs that are alive.
        """
        folders = list((self.state / "tmp").iterdir())
        alive = living()  # asked for after the look: a run that has begun since has nothing in the list
        for folder in folders:
            if not any(token in folder.name for token in alive):
                shutil.rmtree(folder, ignore_errors=True)

    def publish_unit(self, draft: Path, key: str) -> None:
        """Rename a finished draft into place; where another run was first, its unit stays if it is whole.

        Raises:
            OutputError: If that is not possible.
        """
        final = self.unit(key)
        with telling(final):
            _sync_tree(draft)
            try:
                draft.rename(final)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                if self.is_unit_whole(key):
                    shutil.rmtree(draft, ignore_errors=True)
                else:
                    self.set_unit_aside(key)
                    draft.rename(final)
            sync_folder(final.parent)

    def record(self, kind: Kind, identity: str) -> Record | None:
        """What is known of a slide or a biopsy; None if nothing is, or what was written is damaged."""
        try:
            document = read_json(self.state / kind / f"{identity}.json")
            document.pop("files", None)  # a former version told sizes, which do not tell whether a file was altered
            return from_dict(Record, document, older=True)
        except (RecordError, ValueError):
            return None

    def records(self, kind: Kind) -> dict[str, Record]:
        """All that is known, by id."""
        found = {path.stem: self.record(kind, path.stem) for path in sorted((self.state / kind).glob("*.json"))}
        return {identity: record for identity, record in found.items() if record is not None}

    def write(self, kind: Kind, record: Record) -> None:
        """Write what is known.

        Raises:
            OutputError: If it cannot be written.
        """
        write_atomically(self.state / kind / f"{record.id}.json", json_bytes(to_dict(record)))

    def is_whole(self, name: str, record: Record) -> bool:
        """Whether every file of a biopsy's folder is there, and the reading is the one that was written.

        The others may hold something else: a report may have been drawn again.
        """
        folder = self.out / name
        there = all((folder / file).is_file() for file in record.digests)
        return there and holds(folder / READING, record.digests.get(READING))

    def publish_biopsy(self, draft: Path, record: Record, before: Record | None) -> Record:
        """Put a finished draft in the place of a biopsy's folder, and write down that it is there.

        The record is written before the folder appears: a folder of which no record tells is somebody else's.

        Args:
            draft: Of this store.
            record: What is known of the biopsy now, but for its files.
            before: What is known of the folder that is there now, if one is.

        Returns:
            The record, with its files.

        Raises:
            OutputError: If that is not possible.
        """
        final = self.out / record.subject
        with telling(final):
            _sync_tree(draft)
            whole = replace(record, digests=tree_digests(draft))
            self.retire(record.subject, before, draft.parent.name)
            self.write("biopsies", whole)
            draft.rename(final)
            sync_folder(self.out)
            shutil.rmtree(draft.parent, ignore_errors=True)
        return whole

    def retire(self, name: str, record: Record | None, mark: str) -> None:
        """Take a biopsy's folder out of sight in one step. Its units stay, so that it is soon made again.

        What somebody else has put into it or altered in it is never lost: then the folder goes to `replaced/`.

        Args:
            name: Of the biopsy.
            record: What is known of the folder.
            mark: A word that no other run uses.

        Raises:
            OutputError: If that is not possible.
        """
        folder = self.out / name
        if not folder.exists():
            return
        with telling(folder):
            own = record is not None and all(
                holds(folder / file, record.digests.get(file)) for file in files_in(folder)
            )
            place = self.state / ("tmp" if own else "replaced")
            place.mkdir(exist_ok=True)
            old = place / f"{name}.{mark}.old"
            folder.rename(old)
            if own:
                shutil.rmtree(old, ignore_errors=True)


def link_tree(source: Path, target: Path) -> None:
    """A folder again at another place: by hard links, so that it takes no space, or by copies where there are none.

    Raises:
        OutputError: If neither is possible.
    """
    with telling(target):
        shutil.copytree(source, target, copy_function=_linked)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in DISK_REFUSES:
            raise
        shutil.copy2(source, target)
    return target


def _sync_tree(folder: Path) -> None:
    """Everything in it to the disk, folders included, so that a rename after it never shows less."""
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what the disk refuses in the `with` block into an `OutputError` about a path."""
    try:
        yield
    except OSError as error:  # shutil's own errors are of this kind too
        raise OutputError(path, f"cannot write ({error.strerror or error})", WRITE_REMEDY) from error
