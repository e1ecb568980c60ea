"""How a run went that there never was."""

from __future__ import annotations

from datetime import UTC, datetime

from histo.cohort.results import CohortRun
from histo.cohort.results.inputs import Argument


def a_run(**arguments: Argument) -> CohortRun:
    """A run with such arguments."""
    return CohortRun(
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        wall_seconds=100.0,
        core_seconds=160.0,
        working_megapixels=320.0,
        engine="local",
        workers=2,
        bundle_name="bundle",
        bundle_version="3",
        bundle_sha256="ab" * 32,
        planned=4,
        done=2,
        skipped=1,
        failed=1,
        arguments=arguments,
    )
