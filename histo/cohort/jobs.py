"""What one process is told to do, and what came of it: plain values, so that they cross processes and machines."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from histo.errors import BundleError, EngineError, HistoError, OutputError, UsageError
from histo.records import SlideFailure

DISK_REFUSES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What a disk answers that takes no more: the next job would hear the same."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads, as a command line names it: a process of any machine that sees the files can load it.

    Attributes:
        bundle: Folder of the weights; None for those that ship with histo.
        device: `auto`, `cpu` or `cuda`.
        precision: `auto`, `f32` or `bf16`.
        conventions: File of the laboratory's conventions; None for those that ship with histo.
        detector_errors: File of what a laboratory has measured of the weights; None for the bundle's own.
        clinical: File of what is known of the patients; None where nothing is.
        recover: Whether implants are drawn into each slide, to refuse it if too few come back.
    """

    bundle: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "f32", "bf16"] = "auto"
    conventions: str | None = None
    detector_errors: str | None = None
    clinical: str | None = None
    recover: bool = False


@dataclass(frozen=True, slots=True)
class SlideJob:
    """Read one slide and publish it as a unit.

    Attributes:
        id: Of the unit in its plan.
        slide: Absolute path of the slide: what errors and records name.
        copy: Where a copy of it lies, to be read in its place; None to read it where it is.
        signature: Of the slide's files when the job was made; another one at the end means that the slide changed.
        known: Key of the unit that an earlier version of these files gave; None if there was none.
        mpp: Scale in um per level-0 pixel that overrides the file's own.
        settings: Digest of what reads.
        parts: Digests of its parts when the run began, by name: other ones stop the run.
        biopsy: The name under which `clinical` tells of it, where the slide is a biopsy of its own; else None.
        known_of: Digest of what is known of the patient, where the slide is a biopsy of its own; else empty.
        out: The output folder.
        token: Of the lease under which it runs: no two runs of a job share one.
        threads: CPU threads of the network.
        reader: What reads.
    """

    id: str
    slide: str
    copy: str | None
    signature: str
    known: str | None
    mpp: float | None
    settings: str
    parts: Mapping[str, str]
    biopsy: str | None
    known_of: str
    out: str
    token: str
    threads: int
    reader: Reader


@dataclass(frozen=True, slots=True)
class BiopsyJob:
    """Conclude a biopsy from the units of its slides, and publish its folder.

    Attributes:
        id: Of the biopsy in its plan.
        biopsy: Its name.
        units: Keys of the units of those slides that were read, in the plan's order.
        failures: Of those that were not.
        key: Identity of the conclusion.
        settings: Digest of what reads.
        parts: Digests of its parts when the run began, by name: other ones stop the run.
        known_of: Digest of what is known of the patient; empty if nothing is.
        out: The output folder.
        token: Of the lease under which it runs.
        threads: CPU threads.
        reader: What reads.
    """

    id: str
    biopsy: str
    units: tuple[str, ...]
    failures: tuple[SlideFailure, ...]
    key: str
    settings: str
    parts: Mapping[str, str]
    known_of: str
    out: str
    token: str
    threads: int
    reader: Reader


@dataclass(frozen=True, slots=True)
class CopyJob:
    """Copy a slide near, companions included, before it is read.

    Attributes:
        id: Of the unit in its plan.
        slide: Absolute path of the slide.
        signature: Of the slide's files when the job was made.
        to: Folder for the copy; it exists, and is empty.
        threads: 1; every job has them.
    """

    id: str
    slide: str
    signature: str
    to: str
    threads: int = 1


Job = SlideJob | BiopsyJob | CopyJob


def subject_of(job: Job) -> str:
    """What a job is about: path of the slide, or name of the biopsy."""
    return job.biopsy if isinstance(job, BiopsyJob) else job.slide


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job gave nothing.

    Attributes:
        subject: What it is about: the slide, or what stopped the run.
        kind: Name of the exception class, or one of `Crashed`, `Hung`, `TooSlow`, `OutOfMemory`, `NotBegun`,
            `SlideChanged`, `Unexpected`.
        problem: What happened.
        remedy: What the user can do.
        passing: Whether another attempt may fare better.
        stops: Whether it would stop every other job too: the disk is full, the device is not there.
    """

    subject: str
    kind: str
    problem: str
    remedy: str
    passing: bool = False
    stops: bool = False

    @staticmethod
    def of(error: HistoError) -> JobFailure:
        """The failure that an exception tells of."""
        stops = isinstance(error, OutputError | EngineError | BundleError | UsageError)
        return JobFailure(error.subject, type(error).__name__, error.problem, error.remedy, stops=stops)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    Attributes:
        id: Of the job.
        key: Of the unit or conclusion that is published now; of a copy, its path; None where it failed.
        failure: Why it failed; None where it did not.
        seconds: Wall time of the process, its start included.
        cpu_seconds: Of the process and its children, as far as they were seen.
        peak_memory_bytes: Most memory of the process, as far as it was seen.
        read_wpx: Working pixels (0.5 um) that the network has read; 0 where nothing had to be read.
    """

    id: str
    key: str | None = None
    failure: JobFailure | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    read_wpx: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a job tells while it runs.

    Attributes:
        id: Of the job.
        stage: The stage that begins, e.g. `detect`; empty where it goes on.
        done_wpx: Working pixels that the network has read; bytes, of a copy.
        total_wpx: All there are to read; 0 while that is not known.
    """

    id: str
    stage: str = ""
    done_wpx: int = 0
    total_wpx: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take before its process is ended.

    Attributes:
        timeout_s: Wall time.
        stall_s: Wall time in which it tells nothing.
        memory_bytes: Memory of the process and its children that is their own (mapped files are not counted).
    """

    timeout_s: float
    stall_s: float
    memory_bytes: int
