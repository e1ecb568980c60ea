"""Files that are either there in full or not there at all.

Everything is written under a temporary name in the folder where it will live, flushed to the disk, and renamed. A
reading is several files: they are all written first and renamed together, the one that vouches for the others last, so
that a folder with a `reading.json` is complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from histo.errors import OutputError

WRITE_REMEDY = "free space on the disk, or choose another folder with --out"


def _sync_folder(folder: Path) -> None:
    """Make renames durable: on Linux and macOS a folder is synced through its own descriptor."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder for results, with its parents.

    Raises:
        OutputError: If something that is not a folder is in the way, or writing is not allowed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(folder, f"cannot make the folder ({reason})", "choose another folder with --out") from error


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

    def __enter__(self) -> Self:
        """The set of files."""
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
            descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=self._folder)
            os.close(descriptor)
            self._staged.append((Path(temporary), final))
            # mkstemp makes files that only their owner may read; results get the permissions that others' files get.
            umask = os.umask(0)
            os.umask(umask)
            Path(temporary).chmod(0o666 & ~umask)
            write(Path(temporary))
            with Path(temporary).open("rb") as file:
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
                temporary.unlink(missing_ok=True)

    def _publish(self) -> None:
        try:
            if len(self._staged) > 1:
                # The file that vouches for the others goes first and comes back last.
                self._staged[-1][1].unlink(missing_ok=True)
            for temporary, final in self._staged:
                temporary.replace(final)
            _sync_folder(self._folder)
        except OSError as error:
            raise OutputError(self._folder, f"cannot write ({error.strerror or error})", WRITE_REMEDY) from error


def write_atomically(path: Path, data: bytes) -> Path:
    """Write one file: it holds all of `data`, or what it held before.

    Raises:
        OutputError: If the disk is full or the folder is not writable.
    """
    with Staged(path.parent) as staged:
        return staged.add(path.name, lambda temporary: temporary.write_bytes(data))
