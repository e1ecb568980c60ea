"""Copies a slide near, whole: the file with the folder that belongs to it, or the folder of a DICOM slide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from histo.cohort.jobs import DISK_REFUSES, CopyJob, JobFailure, Outcome, Told
from histo.cohort.signature import changed
from histo.slide import slide_files

_CHUNK = 8 << 20

LOOSE = frozenset({".vms", ".vmu", ".vsi", ".dcm", ""})
"""Of such a file one cannot tell by names which others belong to it: it is read where it lies."""


def can_be_copied(slide: Path) -> bool:
    """Whether all files of a slide are known by their names."""
    return slide.is_dir() or slide.suffix.lower() not in LOOSE


def copy_slide(job: CopyJob, tell: Callable[[Told], None]) -> Outcome:
    """Copy a slide.

    Args:
        job: From where to where.
        tell: Told how far it is, in bytes.

    Returns:
        An outcome whose `key` is the path of the copy; none, and no failure, if its folder takes no more.
    """
    slide, target = Path(job.slide), Path(job.to)
    done = 0
    try:
        files = slide_files(slide)
        total = sum(file.stat().st_size for file in files)
        for file in files:
            copy = target / file.relative_to(slide.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as source, copy.open("wb") as sink:
                while chunk := source.read(_CHUNK):
                    sink.write(chunk)
                    done += len(chunk)
                    tell(Told(job.id, done_wpx=done, total_wpx=total))
    except OSError as error:
        if error.errno in DISK_REFUSES:
            return Outcome(job.id)
        problem = f"it cannot be copied ({error.strerror or error})"
        remedy = "see whether its disk answers, and whether the folder of --stage can be written to"
        return Outcome(job.id, failure=JobFailure(job.slide, "SlideUnreadable", problem, remedy, passing=True))
    if (change := changed(job.slide, job.signature)) is not None:
        return Outcome(job.id, failure=change)
    return Outcome(job.id, key=str(target / slide.name))
