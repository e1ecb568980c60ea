"""run.json and failures.json: what happened, beside what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from histo.records.atomic import remove, write_atomically
from histo.records.plain import json_bytes, plain
from histo.records.reading import SlideFailure

FAILURES_NAME = "failures.json"


def run_document(started: datetime, seconds: Mapping[str, float], read_mm2: float) -> dict[str, Any]:
    """What differs from run to run, kept out of reading.json: times and nothing of the host.

    Args:
        started: When the reading began, with its time zone.
        seconds: Wall time of each stage.
        read_mm2: Assessable tissue, to tell the rate.
    """
    total = sum(seconds.values())
    return {
        "schema": "histo.run",
        "schema_version": "1.0",
        "started": started.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "seconds_total": round(total, 3),
        "assessable_mm2": plain(read_mm2),
    }


def write_failures(folder: Path, failures: Sequence[SlideFailure], asked: int) -> Path | None:
    """Write failures.json, or remove one that an earlier run left when nothing failed now.

    Args:
        folder: The folder given with --out.
        failures: The slides that could not be read.
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
        "schema_version": "1.0",
        "slides_asked": asked,
        "slides_failed": len(failures),
        "failures": [plain(failure) for failure in failures],
    }
    return write_atomically(path, json_bytes(document))
