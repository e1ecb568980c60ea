"""The machine that a run was on, as far as it explains how fast it went."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

from histo.cohort.pool import usable_cores


@dataclass(frozen=True, slots=True)
class Machine:
    """What does not tell whose machine it is.

    Attributes:
        cpu: The processor's model; None where the system does not tell.
        cores: Logical cores that this process may use, by its share of their time.
        memory_gib: Of the machine.
        system: The operating system and the architecture.
    """

    cpu: str | None
    cores: int
    memory_gib: float
    system: str


def this_machine() -> Machine:
    """The machine that this process runs on."""
    memory_gib = psutil.virtual_memory().total / (1 << 30)
    return Machine(_cpu(), usable_cores(), round(memory_gib, 1), f"{platform.system()} {platform.machine()}")


def _cpu() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)
