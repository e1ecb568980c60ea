"""What tells, without reading it, that a slide is still the one it was: names, sizes and times of its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from histo.cohort.jobs import JobFailure
from histo.slide import slide_files

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Signature:
    """Of a slide's files at one moment.

    Attributes:
        text: Digest of their names, sizes and times of change; `absent` if they cannot be looked at.
        size_bytes: Of all together.
    """

    text: str
    size_bytes: int


def sign(path: Path) -> Signature:
    """Look at a slide's files, companions included, without reading them.

    The time of the last change of the file's record (ctime) is in it, which no program can set back: so a file that
    was overwritten and given its old time of modification is another one.

    Args:
        path: A slide file or folder.
    """
    digest = hashlib.sha256()
    total = 0
    try:
        for file in slide_files(path):
            status = file.stat()
            name = file.relative_to(path.parent).as_posix()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}\n".encode())
            total += status.st_size
    except OSError:
        return Signature(ABSENT, 0)
    return Signature(digest.hexdigest()[:32], total)


def changed(slide: str, signature: str) -> JobFailure | None:
    """What is wrong if a slide's files are not what they were; None if they are.

    Args:
        slide: Its path.
        signature: Of its files when somebody began to read them.
    """
    if sign(Path(slide)).text == signature:
        return None
    remedy = "let whatever writes to it finish, then run again"
    return JobFailure(slide, "SlideChanged", "it changed while it was read", remedy)
