"""Slurm: an array whose tasks read what is missing, and a job after it that concludes. Both run `histo cohort`.

The tasks share the output folder through its leases, like any runs. So an array may be submitted again at any time,
while an earlier one still runs too: what is done is not done again.
"""

from __future__ import annotations

import math
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from histo.cohort.plan import Part
from histo.cohort.pool import Pool
from histo.cohort.state import State
from histo.cohort.store import Standing, Store
from histo.errors import UsageError
from histo.records import make_folder, write_atomically

MOST_TASKS = 1000
"""Slurm refuses indices above MaxArraySize - 1, which is 1,000 unless a cluster sets it otherwise."""

TASK_S = 1200.0
"""A task that reads for so long makes up for its start, and little is lost with its machine."""

SPARE_MINUTES = 30
TIMES_THE_ESTIMATE = 3
"""A task may last so many times what is estimated, and so much longer: then Slurm ends it, and nothing is lost."""

WATCHER_MIB = 1024
"""Of the process that watches those that read; Slurm counts both."""

HISTO = (sys.executable, "-P", "-m", "histo")
"""This installation, wherever a task runs; -P: nothing in the folder of the submission may pose as a library."""


@dataclass(frozen=True, slots=True)
class Array:
    """Which parts of a plan are read, and what one task of the array asks for.

    Attributes:
        count: Parts that the plan is cut into.
        indices: Of those in which a slide is open; each is a task.
        cpus: Of each task.
        memory_mib: Of each task.
        minutes: Longest time of each task.
    """

    count: int
    indices: tuple[int, ...]
    cpus: int
    memory_mib: int
    minutes: int


def lay_out(state: State, pool: Pool, seconds: float, most_tasks: int | None = None) -> Array:
    """Cut what is missing into tasks.

    Args:
        state: What is to be done, and how it stands.
        pool: Of each task: processes, their threads and memory.
        seconds: What reading all that is open is estimated to take one task.
        most_tasks: As many tasks as the user wants, if there are slides enough; None to choose by the estimate.
    """
    opened = {unit.id for unit in state.plan.units if state.slide(unit) is Standing.OPEN}
    wanted = math.ceil(seconds / TASK_S) if most_tasks is None else most_tasks
    count = max(1, min(wanted, math.ceil(len(opened) / pool.workers), MOST_TASKS))
    parts = [state.plan.part(Part(index, count)) for index in range(count)]
    indices = tuple(index for index, part in enumerate(parts) if any(unit.id in opened for unit in part))
    estimate_minutes = seconds / 60 / max(len(indices), 1)
    return Array(
        count=count,
        indices=indices,
        cpus=pool.workers * pool.threads,
        memory_mib=pool.workers * (pool.memory_bytes >> 20) + WATCHER_MIB,
        minutes=math.ceil(TIMES_THE_ESTIMATE * estimate_minutes) + SPARE_MINUTES,
    )


def read_script(array: Array, arguments: Sequence[str], logs: Path, options: Sequence[str]) -> str:
    """The script of the array.

    Args:
        array: Its tasks; at least one.
        arguments: Of `histo`, with absolute paths, but for `--only`.
        logs: Folder of its logs.
        options: Of `sbatch`, as the user gives them; they stand last, so that they decide.
    """
    ranges = ",".join(_ranges(array.indices))
    lines = [
        "--job-name=histo-read",
        f"--array={ranges}",
        "--ntasks=1",
        f"--cpus-per-task={array.cpus}",
        f"--mem={array.memory_mib}M",
        f"--time={array.minutes}",
        f"--output={_pattern(logs)}/read-%A_%a.log",
        *_COMMON,
        *options,
    ]
    command = shlex.join([*HISTO, *arguments]) + f' --only "${{SLURM_ARRAY_TASK_ID}}/{array.count}"'
    return _script(lines, command)


def conclude_script(array: Array, arguments: Sequence[str], logs: Path, options: Sequence[str]) -> str:
    """The script of the job that concludes what the array has read, and tells what failed.

    Args:
        array: As that of `read_script`.
        arguments: The same.
        logs: The same.
        options: The same.
    """
    lines = [
        "--job-name=histo-conclude",
        "--ntasks=1",
        f"--cpus-per-task={array.cpus}",
        f"--mem={array.memory_mib}M",
        f"--output={_pattern(logs)}/conclude-%j.log",
        *_COMMON,
        *options,
    ]
    return _script(lines, shlex.join([*HISTO, *arguments, "--conclude-only"]))


_COMMON = ("--open-mode=append", "--requeue", "--signal=B:TERM@60")
"""A job whose machine dies begins again, and goes on. A minute before its time is over it ends in good order."""


def _script(options: Sequence[str], command: str) -> str:
    directives = "".join(f"#SBATCH {shlex.quote(option)}\n" for option in options)
    return f"#!/bin/bash\n{directives}\n# Research use only. A pattern, not a diagnosis.\nexec {command}\n"


def _pattern(folder: Path) -> str:
    """A folder in a file name of Slurm's, in which % has a meaning."""
    return str(folder).replace("%", "%%")


def _ranges(indices: Sequence[int]) -> list[str]:
    """`0-3`, `7`: runs of whole numbers in ascending order."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1][1:] = [index]
        else:
            runs.append([index])
    return ["-".join(map(str, run)) for run in runs]


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts that are written.

    Attributes:
        read: That of the array; None if there is nothing to read.
        conclude: That of the job after it.
    """

    read: Path | None
    conclude: Path

    @property
    def by_hand(self) -> str:
        """The line that submits them."""
        conclude = shlex.quote(str(self.conclude))
        if self.read is None:
            return f"sbatch {conclude}"
        return f"sbatch --dependency=afterany:$(sbatch --parsable {shlex.quote(str(self.read))}) {conclude}"


def write_scripts(store: Store, array: Array, arguments: Sequence[str], options: Sequence[str]) -> Scripts:
    """Write both scripts into the output folder.

    Raises:
        OutputError: If that is not possible.
    """
    folder = store.state / "slurm"
    logs = folder.absolute() / "logs"
    make_folder(logs)
    conclude = write_atomically(
        folder.absolute() / "conclude.sbatch", conclude_script(array, arguments, logs, options).encode()
    )
    if not array.indices:
        return Scripts(None, conclude)
    read = write_atomically(folder.absolute() / "read.sbatch", read_script(array, arguments, logs, options).encode())
    return Scripts(read, conclude)


def submit(scripts: Scripts) -> tuple[str | None, str]:
    """Submit the array, and the job that follows it however it ends.

    Returns:
        The number of the array's job, and that of the job after it.

    Raises:
        UsageError: If there is no Slurm here, or it refuses.
    """
    if scripts.read is None:
        return None, _sbatch([str(scripts.conclude)])
    array = _sbatch([str(scripts.read)])
    return array, _sbatch([f"--dependency=afterany:{array}", str(scripts.conclude)])


def _sbatch(arguments: Sequence[str]) -> str:
    try:
        done = subprocess.run(["sbatch", "--parsable", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        remedy = "run it on a machine of the cluster, or write the scripts alone with --slurm-script-only"
        raise UsageError("sbatch", f"cannot be run here ({error.strerror or error})", remedy) from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise UsageError("sbatch", f"refuses ({said[:300]})", "change what --slurm-options asks for")
    return done.stdout.strip().partition(";")[0]
