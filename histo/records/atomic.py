"""Files that are either there in full or not there at all.

Everything is written under a temporary name in the folder where it will live, flushed to the disk, and renamed. A
reading is several files: they are all written first and renamed together, the one that vouches for the others last, so
that a folder with a `reading.json` is complete.

A process that is killed leaves its temporary files behind. While it lives it holds a lock on each, which the system
drops with the process; so whoever writes to the folder next takes away those that nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from histo.errors import OutputError

WRITE_REMEDY = "free space on the disk, or choose another folder"

HOST = re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "host"
"""Part of a temporary file's name: a lock taken on one machine need not be seen on another that shares the disk."""


def sync_folder(folder: Path) -> None:
    """Make renames durable: on Linux and macOS a folder is synced through its own descriptor."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, remedy: str = "choose another folder with --out") -> None:
    """Create a folder for results, with its parents.

    Args:
        folder: The folder.
        remedy: What to do about it if it cannot be made, in terms of the command that was given.

    Raises:
        OutputError: If something that is not a folder is in the way, or writing is not allowed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(folder, f"cannot make the folder ({reason})", remedy) from error


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        OutputError: If that is not allowed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(path, f"cannot be removed ({error.strerror or error})", "remove it by hand") from error


class Staged:
    """Several files of one folder, published together when the `with` block ends well.

    On any exception (Ctrl-C included) the temporary files are removed and what the folder held before is untouched.

    Args:
        folder: Where the files will live; it must exist.
    """

    def __init__(self, folder: Path) -> None:
        """Begin with nothing staged."""
        self._folder = folder
        self._staged: list[tuple[Path, Path]] = []
        self._locks: list[int] = []

    def __enter__(self) -> Self:
        """The set of files; what killed processes left in the folder is taken away."""
        _sweep(self._folder)
        return self

    def add(self, name: str, write: Callable[[Path], object]) -> Path:
        """Write one file under a temporary name.

        Args:
            name: The file's final name.
            write: Called with the temporary path; must leave a complete, closed file there.

        Returns:
            The path that the file will have.

        Raises:
            OutputError: If the disk is full or the folder is not writable.
        """
        final = self._folder / name
        try:
            descriptor, temporary = _held_file(self._folder, name)
            self._locks.append(descriptor)
            self._staged.append((temporary, final))
            # mkstemp makes files that only their owner may read; results get the permissions that others' files get.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            write(temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(final, f"cannot write ({error.strerror or error})", WRITE_REMEDY) from error
        return final

    def staged_bytes(self, name: str) -> bytes:
        """What a file that was added holds."""
        (temporary,) = (temporary for temporary, final in self._staged if final.name == name)
        return temporary.read_bytes()

    @property
    def published(self) -> tuple[Path, ...]:
        """The files, in the order of adding; there once the `with` block has ended well."""
        return tuple(final for _, final in self._staged)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish in the order of adding, or remove the temporary files."""
        try:
            if kind is None:
                self._publish()
        finally:
            for temporary, _ in self._staged:
                with contextlib.suppress(OSError):  # of a disk that is read-only by now the first error tells
                    temporary.unlink(missing_ok=True)
            for descriptor in self._locks:
                os.close(descriptor)
            self._locks.clear()

    def _publish(self) -> None:
        try:
            if len(self._staged) > 1:
                # The file that vouches for the others goes first and comes back last.
                self._staged[-1][1].unlink(missing_ok=True)
            for temporary, final in self._staged:
                temporary.replace(final)
            sync_folder(self._folder)
        except OSError as error:
            raise OutputError(self._folder, f"cannot write ({error.strerror or error})", WRITE_REMEDY) from error


def _held_file(folder: Path, name: str) -> tuple[int, Path]:
    """A new temporary file, locked for as long as its descriptor is open."""
    while True:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.{HOST}.", suffix=".tmp", dir=folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            # A disk without locks: there nobody can sweep either.
            return descriptor, Path(temporary)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(temporary)
        os.close(descriptor)  # swept between its making and its locking


def _sweep(folder: Path) -> None:
    """Remove this machine's temporary files that no living process holds; whatever resists stays."""
    for path in folder.glob(f".*.{HOST}.*.tmp"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:
            continue
        finally:
            os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> Path:
    """Write one file: it holds all of `data`, or what it held before.

    Raises:
        OutputError: If the disk is full or the folder is not writable.
    """
    with Staged(path.parent) as staged:
        return staged.add(path.name, lambda temporary: temporary.write_bytes(data))
