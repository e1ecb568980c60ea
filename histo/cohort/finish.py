"""What is written when a run is over: failures.json, and what the whole cohort amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from histo.cohort.at_work import AtWork
from histo.cohort.plan import RESULT_FILES, Part
from histo.cohort.results import CohortBiopsy, CohortFailure, CohortResults, CohortRun, write_results
from histo.cohort.results.inputs import Argument
from histo.cohort.run import Tally
from histo.cohort.settings import digest_of
from histo.cohort.state import State
from histo.cohort.store import Standing
from histo.pattern import PatternLabel
from histo.records import SlideFailure, write_failures
from histo.records.atomic import remove, write_atomically

OF_THE_MOMENT = frozenset({"Crashed", "Hung", "TooSlow", "OutOfMemory", "NotBegun", "Unexpected", "RecordError"})
"""Failures that another hour may be spared; after all others slide or manifest must change, and that is seen."""

RETRY = ", then run with --retry-quarantined"

STAMP = "results.sha256"
"""In the hidden folder: what the results were made from."""


@dataclass(frozen=True, slots=True)
class GivenUp(SlideFailure):
    """A slide that could not be read, or a biopsy that could not be concluded.

    Attributes:
        biopsy: Name of the biopsy.
        attempts: How many failed before it was given up.
    """

    biopsy: str
    attempts: int


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What run.json tells of a run besides what it did.

    Attributes:
        engine: What the jobs ran on: `local`, `slurm`, `ray`.
        workers: How many at a time.
        bundle_name: Of the weights.
        bundle_version: Of the weights.
        bundle_sha256: Of the weights' card.
        arguments: What was asked for, by option.
        started: When.
    """

    engine: str
    workers: int
    bundle_name: str
    bundle_version: str
    bundle_sha256: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Account:
    """How a cohort stands.

    Attributes:
        slides: All slides.
        read: Slides that are read.
        biopsies: All biopsies.
        concluded: Biopsies whose reading is there.
        failures: What was given up, in the plan's order.
    """

    slides: int
    read: int
    biopsies: int
    concluded: int
    failures: tuple[GivenUp, ...]

    @property
    def failed_slides(self) -> int:
        """Slides that could not be read."""
        return sum(failure.slide != failure.biopsy for failure in self.failures)

    @property
    def left(self) -> int:
        """Slides that are neither read nor given up: left to other runs, or by a run that was stopped or reads none."""
        return self.slides - self.read - self.failed_slides


def account(state: State, part: Part) -> Account:
    """Look how a cohort stands; of its slides, those of a part."""
    plan = state.plan
    units = plan.part(part)
    own = {unit.id for unit in units}
    failures = []
    for biopsy in plan.biopsies:
        found = [state.failure(unit) for unit in biopsy.units if unit.id in own]
        for failed in (*found, state.biopsy_failure(biopsy)):
            if failed is not None:
                failure, attempts = failed
                remedy = failure.remedy + (RETRY if failure.kind in OF_THE_MOMENT else "")
                parts = (failure.slide, failure.kind, failure.problem, remedy)
                failures.append(GivenUp(*parts, biopsy.name, attempts))
    return Account(
        slides=len(units),
        read=sum(state.slide(unit) is Standing.DONE for unit in units),
        biopsies=len(plan.biopsies),
        concluded=sum(state.biopsy(biopsy) is Standing.DONE for biopsy in plan.biopsies),
        failures=tuple(failures),
    )


def retract(state: State) -> None:
    """Take away what an earlier run wrote of the whole cohort, if that is not what the plan amounts to any more.

    Raises:
        OutputError: If that is not allowed.
    """
    found = account(state, Part())
    if found.left or _stamp(state, found) != _stamped(state):
        for name in RESULT_FILES:
            remove(state.store.out / name)


def finish(
    state: State,
    part: Part,
    tally: Tally,
    facts: RunFacts,
    work: AtWork,
    write: Callable[..., CohortResults] = write_results,
) -> Account:
    """Write what belongs to the whole cohort: failures.json as it stands, and its tables once every slide has its end.

    A run that found everything done leaves an earlier run's files as they are. Of a part, nothing is written.

    Args:
        state: Where everything stands.
        part: Which slides were this run's.
        tally: What it did.
        facts: What it was.
        work: The run itself, which is still at work.
        write: Writes tables and pages; tests give others.

    Raises:
        OutputError: If it cannot be written.
        HistoError: If others have taken the run for dead; then nothing is written.
    """
    found = account(state, part)
    out = state.store.out
    if part.count > 1:
        return found
    work.check()
    stamp = _stamp(state, found)
    there = all((out / name).is_file() for name in RESULT_FILES if name != "failures.json")
    if not found.left and not (there and stamp == _stamped(state)):
        readings = [
            CohortBiopsy(
                biopsy.name,
                PurePosixPath(biopsy.name),
                biopsy.patient,
                biopsy.site,
                None if biopsy.label is None else PatternLabel(biopsy.label),
            )
            for biopsy in state.plan.biopsies
            if state.biopsy(biopsy) is Standing.DONE
        ]
        failures = [CohortFailure(one.biopsy, one) for one in found.failures]
        written = write(out, readings, failures, _run(state, found, tally, facts))
        parts = [(one.failure, one.biopsy) for one in written.damaged]
        damaged = (GivenUp(of.slide, of.kind, of.problem, of.remedy, biopsy, 1) for of, biopsy in parts)
        found = replace(found, failures=(*found.failures, *damaged))
        if written.damaged:  # without a stamp the next run looks again, and tells it again
            remove(state.store.state / STAMP)
        else:
            write_atomically(state.store.state / STAMP, stamp.encode("ascii"))
    write_failures(out, found.failures, asked=found.slides)
    return found


def _run(state: State, found: Account, tally: Tally, facts: RunFacts) -> CohortRun:
    planned, done, failed = found.slides + found.biopsies, tally.slides + tally.biopsies, len(found.failures)
    core_seconds, read_wpx = _taken(state)
    return CohortRun(
        started=facts.started,
        wall_seconds=(datetime.now(UTC) - facts.started).total_seconds(),
        core_seconds=core_seconds,
        working_megapixels=read_wpx / 1e6,
        engine=facts.engine,
        workers=facts.workers,
        bundle_name=facts.bundle_name,
        bundle_version=facts.bundle_version,
        bundle_sha256=facts.bundle_sha256,
        planned=planned,
        done=done,
        skipped=max(0, planned - done - failed),
        failed=failed,
        arguments=facts.arguments,
    )


def _taken(state: State) -> tuple[float | None, int]:
    """CPU seconds and working pixels of all slides that are read, from their units: so no engine need tell."""
    keys = dict.fromkeys(key for biopsy in state.plan.biopsies for key in state.keys(biopsy))
    told = [state.store.told_of_unit(key) for key in keys]
    taken = [(one["cpu_seconds"], one["read_wpx"]) for one in told if {"cpu_seconds", "read_wpx"} <= one.keys()]
    if not taken:
        return None, 0
    return sum(seconds for seconds, _ in taken), sum(pixels for _, pixels in taken)


def _stamp(state: State, found: Account) -> str:
    """What the results are made from: conclusions, what the manifest tells of biopsies, and failures."""
    told = [
        [biopsy.name, biopsy.patient, biopsy.site, biopsy.label, state.wanted(biopsy)]
        for biopsy in state.plan.biopsies
        if state.biopsy(biopsy) is Standing.DONE
    ]
    return digest_of(told, [[one.slide, one.kind, one.problem] for one in found.failures])


def _stamped(state: State) -> str | None:
    try:
        return (state.store.state / STAMP).read_text(encoding="ascii")
    except OSError:
        return None
