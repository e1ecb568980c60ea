"""run.json of a cohort: what differs from run to run."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from histo.cohort.results.inputs import Argument, CohortRun
from histo.cohort.results.machine import this_machine
from histo.records import plain, provenance

_ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://.*", re.DOTALL)


def cohort_run_document(run: CohortRun, biopsies: int) -> dict[str, Any]:
    """The document.

    Args:
        run: What the run tells of itself.
        biopsies: Readings in the table.
    """
    core_seconds = run.core_seconds
    speed = run.working_megapixels / core_seconds if core_seconds else None
    return {
        "schema": "histo.cohort_run",
        "schema_version": "1.0",
        "started": run.started.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds_total": plain(run.wall_seconds),
        "core_seconds": plain(core_seconds),
        "working_megapixels": plain(run.working_megapixels),
        "mpx_per_core_second": plain(speed),
        "engine": run.engine,
        "workers": run.workers,
        "units": {"planned": run.planned, "done": run.done, "skipped": run.skipped, "failed": run.failed},
        "biopsies": biopsies,
        "bundle": {"name": run.bundle_name, "version": run.bundle_version, "sha256": run.bundle_sha256},
        "arguments": {name: without_place(value) for name, value in run.arguments.items()},
        "machine": plain(this_machine()),
        "provenance": provenance(),
    }


def without_place(value: Argument) -> Argument:
    """An argument that does not tell where on whose machine: of a path its last part, of an address its scheme."""
    if not isinstance(value, str):
        return value
    if address := _ADDRESS.match(value):
        return f"{address[1]}://..."
    for kind in (PurePosixPath, PureWindowsPath):
        path = kind(value)
        if len(path.parts) > 1 and (path.is_absolute() or path.parts[0] == "~" or ".." in path.parts):
            return path.name
    return value
