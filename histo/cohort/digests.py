"""Digests of files: what tells whether a file still holds what was written to it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """Every file in a folder and those in it, by its path in the folder, in order."""
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]


def tree_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder and those in it, by its path as `files_in` gives it.

    Raises:
        OSError: If one cannot be read.
    """
    return {file: file_digest(folder / file) for file in files_in(folder)}


def holds(path: Path, digest: str | None) -> bool:
    """Whether a file can be read and has this digest; without a digest it is not read, and the answer is no.

    It is read once only as long as its size and times stay the same: a run that waits looks again every few seconds.
    """
    if digest is None:
        return False
    try:
        status = path.stat()
        version = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return _digest_of_version(path, version) == digest
    except OSError:
        return False


@cache
def _digest_of_version(path: Path, _: tuple[int, ...]) -> str:
    return file_digest(path)
