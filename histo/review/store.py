"""review.sqlite3: the history of what readers did, in one file of the reviewed folder.

Write-ahead logging, so that several tabs and several readers' servers may write at once. Two triggers refuse to alter
or remove a row. Times are the server's.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from histo.errors import OutputError, RecordError
from histo.review.entries import Act, Draft, Entry

STORE_NAME = "review.sqlite3"
SCHEMA_VERSION = 1
WAIT_S = 10.0

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    act TEXT NOT NULL,
    biopsy TEXT NOT NULL,
    slide TEXT,
    findings TEXT,
    target TEXT,
    undoes INTEGER REFERENCES entry (seq),
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_of_author ON entry (biopsy, author, seq);
CREATE TRIGGER IF NOT EXISTS entry_is_not_altered BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_is_not_removed BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
PRAGMA user_version = {SCHEMA_VERSION};
"""
_COLUMNS = "seq, at, author, act, biopsy, slide, findings, target, undoes, payload"

Check = Callable[[Sequence[Entry]], None]
"""Called with the author's entries about the biopsy while nobody else can write; raises to refuse."""


class Store:
    """The history. Safe from several threads; other processes may write to the same file.

    Args:
        folder: Where the file lies, or shall lie.

    Raises:
        OutputError: If it cannot be made or written.
        RecordError: If it is damaged, or of a version that this histo does not know.
    """

    def __init__(self, folder: Path) -> None:
        """Open the file, or make it."""
        self._path = folder / STORE_NAME
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise _cannot_write(self._path, error) from error
        try:
            self._begin()
        except sqlite3.OperationalError as error:
            raise _cannot_write(self._path, error) from error
        except sqlite3.DatabaseError as error:
            raise RecordError(self._path, f"is damaged ({error})", "move it away; a copy may help") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def entries(self, biopsy: str, author: str, after: int = 0) -> tuple[Entry, ...]:
        """What one reader did about a biopsy, by number.

        Args:
            biopsy: Digest of its slides.
            author: The reader.
            after: Only entries with greater numbers.
        """
        with self._lock:
            return self._select("biopsy = ? AND author = ? AND seq > ?", (biopsy, author, after))

    def readers(self, biopsy: str) -> tuple[str, ...]:
        """Who has entries about a biopsy, by name."""
        with self._lock:
            rows = self._db.execute("SELECT DISTINCT author FROM entry WHERE biopsy = ? ORDER BY author", (biopsy,))
            return tuple(str(row[0]) for row in rows)

    def append(self, draft: Draft, author: str, check: Check) -> Entry:
        """Write an entry, if a check of what is there allows it.

        Args:
            draft: What to write.
            author: The reader.
            check: Sees all entries of the reader about the biopsy, while nobody else can write.

        Raises:
            OutputError: If the disk is full, or the file may not be written. Nothing is written then.
        """
        payload = json.dumps(dict(draft.payload or {}), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        values = (at, author, draft.act.value, draft.biopsy, draft.slide, draft.findings, draft.target, draft.undoes)
        with self._lock, self._transaction():
            check(self._select("biopsy = ? AND author = ?", (draft.biopsy, author)))
            insert = f"INSERT INTO entry ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            seq = self._db.execute(insert, (*values, payload)).lastrowid
            (written,) = self._select("seq = ?", (seq,))
            return written

    def _begin(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA_VERSION):
            problem = f"has schema version {version}, and this histo reads {SCHEMA_VERSION}"
            raise RecordError(self._path, problem, "use the histo that wrote it")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _cannot_write(self._path, error) from error

    def _select(self, where: str, values: tuple[object, ...]) -> tuple[Entry, ...]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM entry WHERE {where} ORDER BY seq", values)
        return tuple(
            Entry(Act(act), biopsy, slide, findings, target, undoes, json.loads(payload), seq, author, at)
            for seq, at, author, act, biopsy, slide, findings, target, undoes, payload in rows
        )


def _cannot_write(path: Path, error: sqlite3.Error) -> OutputError:
    return OutputError(path, f"cannot be written ({error})", "free space on the disk, or mend the folder's rights")
