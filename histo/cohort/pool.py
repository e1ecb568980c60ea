"""How many processes, of how many threads, this machine has room for."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

NEEDED_BYTES = 2 << 30
"""Of one process: reading a large slide stays below 1.5 GiB, and the child that opens it first is small."""

SPARED = 0.1
"""Share of the memory that is left to everything else."""


@dataclass(frozen=True, slots=True)
class Pool:
    """How the machine is shared out.

    Attributes:
        workers: Processes at once.
        threads: CPU threads of each.
        memory_bytes: Most memory of each.
    """

    workers: int
    threads: int
    memory_bytes: int


def share_out(
    workers: int | None = None,
    threads: int | None = None,
    memory_bytes: int | None = None,
    cores: int | None = None,
    available_bytes: int | None = None,
) -> Pool:
    """Share out cores and memory.

    Args:
        workers: What the user asked for; None to choose.
        threads: What the user asked for; None to choose.
        memory_bytes: Most memory of each process; None to choose.
        cores: That this process may use; None to look.
        available_bytes: Memory that is free; None to look.
    """
    cores = usable_cores() if cores is None else cores
    available = usable_bytes() if available_bytes is None else available_bytes
    room = int(available * (1 - SPARED))
    if workers is None:
        by_cores = max(1, cores // (threads or 1))
        workers = max(1, min(by_cores, room // (memory_bytes or NEEDED_BYTES)))
    if threads is None:
        threads = max(1, cores // workers)
    return Pool(workers, threads, memory_bytes or max(NEEDED_BYTES, room // workers))


def elsewhere(workers: int | None = None, threads: int | None = None, memory_bytes: int | None = None) -> Pool:
    """What one task on another machine, whose size is not known, asks for: no more than it needs, unless told.

    Args:
        workers: What the user asked for; None for one.
        threads: What the user asked for; None for one: several slides at once are faster than one on several.
        memory_bytes: Most memory of each process; None for what reading a large slide needs.
    """
    return Pool(workers or 1, threads or 1, memory_bytes or NEEDED_BYTES)


def usable_bytes(system: Path = Path("/")) -> int:
    """Memory that is free here: of the machine, or of the job or container, if that is less.

    Args:
        system: Root of the file system; tests give others.
    """
    free = [int(psutil.virtual_memory().available)]
    with contextlib.suppress(OSError):
        for line in (system / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds == "":
                free += _left(system / "sys/fs/cgroup", path, "memory.max", "memory.current")
            elif "memory" in kinds.split(","):
                files = ("memory.limit_in_bytes", "memory.usage_in_bytes")
                free += _left(system / "sys/fs/cgroup/memory", path, *files)
    return max(0, min(free))


def _left(root: Path, path: str, limit: str, used: str) -> list[int]:
    """Of every control group (Linux) from this process's up to the root that has a limit, what is left of it."""
    found = []
    folder = root / path.lstrip("/")
    while folder == root or root in folder.parents:
        with contextlib.suppress(OSError, ValueError):  # ValueError: `max`, no limit
            found.append(int((folder / limit).read_text()) - int((folder / used).read_text()))
        folder = folder.parent
    return found


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
