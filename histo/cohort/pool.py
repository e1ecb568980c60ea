"""How many processes, of how many threads, this machine has room for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
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
    names = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
    for group in _groups(system, "memory"):
        for limit, used in names:
            with contextlib.suppress(OSError, ValueError):  # ValueError: `max`, no limit
                free.append(int((group / limit).read_text()) - int((group / used).read_text()))
    return max(0, min(free))


def usable_cores(system: Path = Path("/")) -> int:
    """Cores that this process may run on, or the whole cores that its job or container has, if these are less.

    Args:
        system: Root of the file system; tests give others.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for group in _groups(system, "cpu"):
        for quota, period in _quotas(group):
            if quota > 0 and period > 0:  # -1: no limit
                cores = min(cores, max(1, quota // period))
    return cores


def _quotas(group: Path) -> Iterator[tuple[int, int]]:
    """Microseconds of CPU time that a control group may use, in so many of the clock."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: `max`, no limit
        quota, period = (group / "cpu.max").read_text().split()
        yield int(quota), int(period)
    with contextlib.suppress(OSError, ValueError):
        yield int((group / "cpu.cfs_quota_us").read_text()), int((group / "cpu.cfs_period_us").read_text())


def _groups(system: Path, kind: str) -> Iterator[Path]:
    """Every control group (Linux, of either version) of one kind, from this process's up to the root."""
    with contextlib.suppress(OSError):
        for line in (system / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds and kind not in kinds.split(","):
                continue
            root = system / "sys/fs/cgroup" / (kind if kinds else "")
            folder = root / path.lstrip("/")
            while folder == root or root in folder.parents:
                yield folder
                folder = folder.parent
