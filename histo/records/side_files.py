"""run.json and failures.json: what happened, beside what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from histo.errors import RecordError
from histo.records.atomic import remove, write_atomically
from histo.records.plain import REMEDY, json_bytes, plain, read_json
from histo.records.reading import SlideFailure

FAILURES_NAME = "failures.json"
RUN_NAME = "run.json"


def run_document(
    started: datetime, seconds: Mapping[str, float], read_mm2: float, slides: Mapping[str, Path | None]
) -> dict[str, Any]:
    """What differs from run to run, kept out of reading.json: times, and where the slide files lay.

    Args:
        started: When the reading began, with its time zone.
        seconds: Wall time of each stage.
        read_mm2: Assessable tissue, to tell the rate.
        slides: By name, the file or folder that was read; None for a slide in memory.
    """
    total = sum(seconds.values())
    return {
        "schema": "histo.run",
        "schema_version": "1.1",
        "started": started.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "seconds_total": round(total, 3),
        "assessable_mm2": plain(read_mm2),
        "slides": {name: None if path is None else str(path.absolute()) for name, path in slides.items()},
    }


def read_run_slides(folder: Path) -> dict[str, Path]:
    """Where the slides of a reading lay when they were read, as far as its run.json tells.

    Args:
        folder: That `histo read` wrote.

    Returns:
        Paths by the slide's name; nothing for a run.json of before schema 1.1, or where there is none.

    Raises:
        RecordError: If run.json is damaged.
    """
    path = folder / RUN_NAME
    if not path.is_file():
        return {}
    slides = read_json(path).get("slides", {})
    if not isinstance(slides, dict):
        raise RecordError(path, "does not tell its slides by name", REMEDY)
    return {name: Path(value) for name, value in slides.items() if isinstance(value, str)}


def write_failures(folder: Path, failures: Sequence[SlideFailure], asked: int) -> Path | None:
    """Write failures.json, or remove one that an earlier run left when nothing failed now.

    Args:
        folder: The folder given with --out.
        failures: The slides that could not be read; of a cohort, with what it knows besides.
        asked: How many slides were asked for.

    Returns:
        The file, or None when nothing failed.

    Raises:
        OutputError: If the disk is full or the folder is not writable.
    """
    path = folder / FAILURES_NAME
    if not failures:
        remove(path)
        return None
    document = {
        "schema": "histo.failures",
        "schema_version": "1.1",
        "slides_asked": asked,
        "slides_failed": len(failures),
        "failures": [plain(failure) for failure in failures],
    }
    return write_atomically(path, json_bytes(document))
