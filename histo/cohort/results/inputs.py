"""What a cohort's results are made from: which readings there are, what failed, and how the run went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from histo.cohort.manifest import NO_SITE
from histo.pattern import PatternLabel
from histo.records import SlideFailure

Argument = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class CohortBiopsy:
    """A biopsy whose reading lies in the cohort's folder.

    Attributes:
        biopsy: Its name, unique in the cohort.
        folder: Of its reading, relative to the cohort's folder; it holds `reading.json` and `report.html`.
        patient: Pseudonym of the patient; None where no manifest tells.
        site: Scanner or laboratory.
        label: The pattern that the manifest gives it; None where it gives none.

    Raises:
        ValueError: If the folder is absolute or leads out of the cohort's.
    """

    biopsy: str
    folder: PurePosixPath
    patient: str | None = None
    site: str = NO_SITE
    label: PatternLabel | None = None

    def __post_init__(self) -> None:
        """Refuse a folder that is not inside the cohort's."""
        if self.folder.is_absolute() or ".." in self.folder.parts:
            raise ValueError(f"the folder of a reading must lie in the cohort's, not at {self.folder}")


@dataclass(frozen=True, slots=True)
class CohortFailure:
    """A slide that could not be read, or a biopsy that could not be concluded.

    Attributes:
        biopsy: Its biopsy.
        failure: What was wrong, and the remedy; of a path in `failure.slide` only the last part is shown.
    """

    biopsy: str
    failure: SlideFailure


@dataclass(frozen=True, slots=True)
class CohortRun:
    """How a run went. Everything here may differ when the same cohort is read again, so it goes into run.json alone.

    Attributes:
        started: When, with its time zone.
        wall_seconds: By the clock.
        core_seconds: CPU seconds that reading the cohort's slides took, in whatever run; None where no unit tells.
        working_megapixels: Core pixels of the tiles that were read for it, in millions at 0.5 um: no halo.
        engine: What the units ran on: `local`, `slurm`, `ray`.
        workers: How many at a time.
        bundle_name: Of the weights.
        bundle_version: Of the weights.
        bundle_sha256: Of the weights' card.
        planned: Units of the cohort: slides and biopsies.
        done: Units that this run finished.
        skipped: Units that were there already.
        failed: Units that failed.
        arguments: What the run was asked to do, by option. Paths are shortened to their last part when written.
    """

    started: datetime
    wall_seconds: float
    core_seconds: float | None
    working_megapixels: float
    engine: str
    workers: int
    bundle_name: str
    bundle_version: str
    bundle_sha256: str
    planned: int
    done: int
    skipped: int
    failed: int
    arguments: Mapping[str, Argument] = field(default_factory=dict)
