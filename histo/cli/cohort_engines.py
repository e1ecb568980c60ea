"""Where `histo cohort` has its slides read: here, by Ray, or by jobs of Slurm that run the same command."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

if TYPE_CHECKING:
    from histo.cohort.engines import Engine
    from histo.cohort.jobs import Limits
    from histo.cohort.pool import Pool
    from histo.cohort.state import State

OF_THE_SUBMISSION = frozenset(
    {"slurm", "slurm_script_only", "slurm_options", "slurm_tasks", "retry_quarantined", "workers", "threads", "memory"}
)
"""Options that a job does not get as they were given: they have had their effect, or are told in full."""


def check_engines(
    *, slurm: bool, ray: str | None, ray_gpus: float, only: str | None, conclude_only: bool, stage: Path | None
) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: If some do.
    """
    from histo.errors import UsageError

    if slurm and (ray is not None or only is not None or conclude_only):
        other = "--ray" if ray is not None else "--only" if only is not None else "--conclude-only"
        raise UsageError(f"--slurm and {other}", "contradict each other", "give one of them")
    if only is not None and conclude_only:
        raise UsageError("--only and --conclude-only", "contradict each other", "give one of them")
    if ray is None and ray_gpus:
        raise UsageError("--ray-gpus", "has no meaning without Ray", "give --ray too, or leave it out")
    if ray not in (None, "local") and stage is not None:
        raise UsageError("--stage", "copies slides to a disk of this machine alone", "leave it out, or use --ray local")


def engine_name(ray: str | None) -> str:
    """What run.json tells of where slides were read: `local`, `ray`, or `slurm` in a job of Slurm's."""
    if ray is not None:
        return "ray"
    return "slurm" if "SLURM_JOB_ID" in os.environ else "local"


def make_engine(ray: str | None, workers: int | None, pool: Pool, gpus: float, limits: Limits) -> Engine:
    """The local pool, or Ray.

    Args:
        ray: Address of Ray; None for the local pool.
        workers: What the user asked for; None for as many as Ray has room for.
        pool: How this machine is shared out; of Ray, what each job asks for.
        gpus: Of each job; Ray's alone.
        limits: Of each job.

    Raises:
        UsageError: If Ray is not installed.
        EngineError: If the cluster does not answer, or has no room.
    """
    from histo.cohort.engines import LocalEngine
    from histo.errors import UsageError

    if ray is None:
        return LocalEngine(pool.workers, limits)
    try:
        from histo.cohort.engines.ray_cluster import RayEngine
    except ImportError as error:
        raise UsageError("--ray", f"Ray is not installed ({error})", "pip install 'histo[ray]'") from error
    return RayEngine(ray, workers, pool.threads, gpus, limits)


def on_slurm(
    context: typer.Context,
    console: Console,
    state: State,
    pool: Pool,
    most_tasks: int | None,
    options: str,
    *,
    script_only: bool,
) -> None:
    """Write the scripts of the array and of the job after it, and submit them.

    Args:
        context: Of the command, whose other options the jobs get.
        console: Told where the scripts are, and the numbers of the jobs.
        state: What is to be done, and where.
        pool: Of each task.
        most_tasks: As many as the user wants; None to choose.
        options: Of `sbatch`, as on a command line.
        script_only: Submit nothing.

    Raises:
        UsageError: If the options cannot be read, there is no Slurm here, or it refuses.
        OutputError: If the scripts cannot be written.
    """
    from histo.cohort.forecast import forecast
    from histo.cohort.slurm import lay_out, submit, write_scripts
    from histo.errors import UsageError

    try:
        extra = shlex.split(options)
    except ValueError as error:
        raise UsageError("--slurm-options", f"cannot be read ({error})", "quote them as for a shell") from error
    seconds = forecast(state.plan, state.store, pool.workers).seconds
    array = lay_out(state, pool, seconds, most_tasks)
    size = ["--workers", str(pool.workers), "--threads", str(pool.threads)]
    arguments = [*arguments_of(context), *size, "--memory", f"{pool.memory_bytes / 2**30:.3f}"]
    scripts = write_scripts(state.store, array, arguments, extra)
    tasks = f"{len(array.indices)} task" + ("s" if len(array.indices) > 1 else "")
    ask = f"each with {array.cpus} CPUs, {array.memory_mib} MiB, {array.minutes} min"
    console.print(
        f"to read what is missing: {tasks}, {ask}" if array.indices else "no slide is missing", soft_wrap=True
    )
    for path in (scripts.read, scripts.conclude):
        if path is not None:
            console.print(f"  {path}", soft_wrap=True)
    if script_only:
        console.print(f"nothing is submitted; to do it:\n  {scripts.by_hand}", soft_wrap=True)
        return
    reading, concluding = submit(scripts)
    if reading is not None:
        console.print(f"submitted: array {reading}")
    console.print(f"submitted: job {concluding}, which concludes and tells what failed")
    console.print("when it has run, the same command submits what is still missing")


def arguments_of(context: typer.Context) -> list[str]:
    """The command line again, with absolute paths, without the options of the submission."""
    options: list[str] = []
    positional: list[str] = []
    for parameter in context.command.params:
        name, flag = parameter.name or "", parameter.opts[0]
        value, source = context.params.get(name), context.get_parameter_source(name)
        if name in OF_THE_SUBMISSION or value in (None, False) or source is None or source.name == "DEFAULT":
            continue
        told = [] if value is True else [str(value.absolute() if isinstance(value, Path) else value)]
        if flag.startswith("-"):
            options += [flag, *told]
        else:
            positional += told
    return [context.command.name or "", *positional, *options]
