"""`histo cohort`: many slides in, a folder of readings out, unattended."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from histo.cli.guard import NOTHING_READ, SOME_FAILED, Debug
from histo.cli.options import (
    BundleFolder,
    ClinicalFile,
    ConventionsFile,
    DetectorErrorsFile,
    DeviceChoice,
    PrecisionChoice,
    Recover,
    Scale,
)

if TYPE_CHECKING:
    from histo.cohort.engines import Engine
    from histo.cohort.jobs import Reader
    from histo.cohort.plan import Part, Plan
    from histo.network import Card

GIB = 1 << 30


def cohort(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="MANIFEST|FOLDER", help="A CSV of slides, or a folder of them.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results; made if needed, resumed if there.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")] = False,
    mpp: Scale = None,
    bundle: BundleFolder = None,
    device: DeviceChoice = "auto",
    precision: PrecisionChoice = "auto",
    conventions: ConventionsFile = None,
    detector_errors: DetectorErrorsFile = None,
    clinical: ClinicalFile = None,
    recover: Recover = False,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Slides read at once.")] = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="CPU threads for each slide.")] = None,
    timeout: Annotated[float, typer.Option(metavar="MIN", min=0.01, help="Longest time for one slide.")] = 240.0,
    stall: Annotated[float, typer.Option(metavar="MIN", min=0.01, help="Longest time without a sign of life.")] = 15.0,
    memory: Annotated[
        float | None,
        typer.Option(metavar="GIB", min=0.1, help="Most memory for one slide; else what there is, shared."),
    ] = None,
    attempts: Annotated[
        int, typer.Option(metavar="N", min=1, help="Attempts at a slide that crashes, hangs or fills the memory.")
    ] = 2,
    retry_quarantined: Annotated[
        bool, typer.Option("--retry-quarantined", help="Try again what earlier runs have given up.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(metavar="INDEX/COUNT", help="Read one part of the slides, from 0/COUNT on, for job arrays."),
    ] = None,
    stage: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Copy slides to this near disk before they are read.")
    ] = None,
    stage_budget: Annotated[
        str, typer.Option(metavar="SIZE", help="Most space for these copies, as in 50GB; larger slides stay.")
    ] = "50GB",
    conclude_only: Annotated[
        bool, typer.Option("--conclude-only", help="Read no slide; conclude biopsies whose slides are read.")
    ] = False,
    slurm: Annotated[bool, typer.Option("--slurm", help="Submit what is missing as an array of Slurm jobs.")] = False,
    slurm_script_only: Annotated[
        bool, typer.Option("--slurm-script-only", help="Write the scripts for Slurm, and submit nothing.")
    ] = False,
    slurm_options: Annotated[
        str, typer.Option(metavar="TEXT", help="Options of sbatch, as in '--partition=gpu --gres=gpu:1'.")
    ] = "",
    slurm_tasks: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Most tasks of the array; else by the estimated time.")
    ] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Read on Ray: 'local', 'auto', or a cluster's address.")
    ] = None,
    ray_gpus: Annotated[
        float, typer.Option(metavar="X", min=0.0, help="GPUs for each slide on Ray; 0.25 shares one among four.")
    ] = 0.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell failures and the end only.")] = False,
    json_log: Annotated[
        bool, typer.Option("--json", help="Tell everything as lines of JSON on standard output.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Read many biopsies, unattended: each slide in a process of its own, resumed where an earlier run has ended.

    A manifest names slides, biopsies and patients (docs/file-formats.md); in a folder each slide is a biopsy of its
    own. Of each biopsy, DIR/BIOPSY/ holds what `histo read` writes, to the same bytes. A slide that crashes its reader,
    hangs it, or fills its memory costs that slide alone: it is tried again, then listed in DIR/failures.json.
    Several runs, on several machines, may share DIR.

    Exit codes: 0 read, 2 usage, 3 some slides failed or are left, 4 nothing is read, 130 and 143 stopped by a signal.

    Research use only. A pattern, not a diagnosis.

    Example:  histo cohort manifest.csv --out cohort
    """
    from histo.cli.cohort_engines import check_engines, engine_name, make_engine, on_slurm
    from histo.cli.cohort_watch import watch_cohort
    from histo.cli.consoles import error_console, output_console
    from histo.cohort.at_work import at_work
    from histo.cohort.finish import RunFacts, finish, retract
    from histo.cohort.forecast import forecast
    from histo.cohort.jobs import Limits, Reader
    from histo.cohort.leases import this_run
    from histo.cohort.pool import elsewhere, share_out
    from histo.cohort.run import Run, Tally
    from histo.cohort.staging import StagingEngine
    from histo.cohort.state import State
    from histo.cohort.store import Store
    from histo.errors import UsageError
    from histo.evidence import to_dict
    from histo.network import check_device

    slurm = slurm or slurm_script_only
    check_engines(slurm=slurm, ray=ray, ray_gpus=ray_gpus, only=only, conclude_only=conclude_only, stage=stage)
    part, budget_bytes = _part(only), _size(stage_budget)
    reader = Reader(
        bundle=_absolute(bundle),
        device=device,
        precision=precision,
        conventions=_absolute(conventions),
        detector_errors=_absolute(detector_errors),
        clinical=_absolute(clinical),
        recover=recover,
    )
    plan, card = _planned(source, out, reader, mpp)
    store = Store(out)
    memory_bytes = None if memory is None else int(memory * GIB)
    share = elsewhere if slurm or ray is not None else share_out
    pool = share(workers, threads, memory_bytes)
    console, errors = output_console(), error_console()
    if dry_run:
        from histo.cli.cohort_plan import show_plan

        show_plan(console, plan, store, pool, forecast(plan, store, pool.workers))
        return
    store.make()
    with at_work(store, this_run(), plan.digest) as work:
        state = State(plan, store)
        if strangers := state.strangers():
            problem = f"is there already, and `histo cohort` has not made it ({len(strangers)} such folders)"
            raise UsageError(out / strangers[0], problem, "choose another folder with --out")
        if not slurm and ray is None and (retry_quarantined or state.needs_network()):
            check_device(device)  # here jobs run on this machine
        if retry_quarantined:
            state.release_quarantine()
        if slurm:
            on_slurm(context, console, state, pool, slurm_tasks, slurm_options, script_only=slurm_script_only)
            return
        limits = Limits(60 * timeout, 60 * stall, pool.memory_bytes)
        engine: Engine = make_engine(ray, workers, pool, ray_gpus, limits)
        retract(state)
        facts = RunFacts(
            engine_name(ray),
            engine.slots,
            card.name,
            card.version,
            plan.settings.card_sha256,
            {
                "source": str(source),
                "out": str(out),
                "mpp": mpp,
                **to_dict(reader),
                "threads": pool.threads,
                "memory_gib": round(pool.memory_bytes / GIB, 2),
                "timeout_min": timeout,
                "stall_min": stall,
                "attempts": attempts,
                "only": only,
                "stage": None if stage is None else str(stage),
            },
        )
        if stage is not None:
            engine = StagingEngine(engine, stage, budget_bytes, work.owner, limits)
        watched = watch_cohort(console, errors, plan, state, part, quiet=quiet, json_log=json_log)
        with watched as watcher, _signals() as stopping:
            run = Run(
                state,
                engine,
                work,
                watcher,
                attempts=attempts,
                part=part,
                reads=not conclude_only,
                threads=pool.threads,
                stop=stopping.stop,
            )
            tally: Tally = run.run()
        found = finish(state, part, tally, facts, work)
    page = out / "overview.html"
    watcher.ended(found, tally, page if page.is_file() and not found.left else None)
    if stopping.code is not None:
        raise typer.Exit(stopping.code)
    if found.failures or found.left:
        raise typer.Exit(SOME_FAILED if found.read else NOTHING_READ)


def _planned(source: Path, out: Path, reader: Reader, mpp: float | None) -> tuple[Plan, Card]:
    """The plan, after everything that it names has been looked at: what is wrong is told before anything is read."""
    from histo.clinical import choose_biopsy, load_clinical
    from histo.cohort.plan import plan_cohort
    from histo.cohort.settings import settings_of
    from histo.errors import UsageError
    from histo.network import load_bundle
    from histo.pattern import load_conventions
    from histo.records import read_detector_errors

    if not source.exists():
        raise UsageError(source, "is neither a manifest nor a folder", "check the path")
    weights = load_bundle(None if reader.bundle is None else Path(reader.bundle))
    load_conventions(None if reader.conventions is None else Path(reader.conventions))
    if reader.detector_errors is not None:
        points = weights.card.operating_points
        read_detector_errors(Path(reader.detector_errors), weights.card.weights_sha256, points.sha256)
    known = None if reader.clinical is None else load_clinical(Path(reader.clinical))
    plan = plan_cohort(source, out, settings_of(reader, weights), mpp, known)
    if known is not None and reader.clinical is not None:
        choose_biopsy(Path(reader.clinical), known, [biopsy.name for biopsy in plan.biopsies])
    return plan, weights.card


class _Stopping:
    """What a signal has asked for."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.code: int | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self.code is not None:
            os._exit(128 + number)  # asked twice: at once. What runs ends with this process.
        self.code = 128 + number
        self.stop.set()


@contextmanager
def _signals() -> Iterator[_Stopping]:
    """Let SIGINT and SIGTERM end the run in good order, and the second one at once."""
    stopping = _Stopping()
    before = {number: signal.signal(number, stopping) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _part(only: str | None) -> Part:
    from histo.cohort.plan import Part
    from histo.errors import UsageError

    if only is None:
        return Part()
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", only)
    if found is None or int(found[1]) >= int(found[2]):
        raise UsageError(
            f"--only {only}", "is no part of the slides", "give INDEX/COUNT, from 0/8 to 7/8 for eight parts"
        )
    return Part(int(found[1]), int(found[2]))


def _size(text: str) -> int:
    from histo.errors import UsageError

    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMGT]?)i?B?", text.strip())
    if found is None:
        raise UsageError(f"--stage-budget {text}", "is no size", "give it as in 50GB or 800MB")
    return int(float(found[1]) * 1000 ** " kMGT".index(found[2] or " "))


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
