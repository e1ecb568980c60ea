"""How long a run will take and how much space: from what slides have taken in this folder, or on simulated sections."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from histo.cohort.plan import Plan
from histo.cohort.signature import sign
from histo.cohort.state import State
from histo.cohort.store import Standing, Store

PHANTOM_SECONDS = 7.0
PHANTOM_SECONDS_PER_MB = 7.0
PHANTOM_OUTPUT_PER_BYTE = 8.0
"""Measured on three simulated sections of 0.3 to 2 mm2 (JPEG), f32: CPU seconds of a process with one thread, 11 and 12
for 0.6 MB and 23 for 2.3 MB; 6 to 20 MB of results. Scanners compress real sections differently."""

_LOOKED_AT = 50
"""Units whose folders are measured."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is left to do.

    Attributes:
        slides: To read.
        slide_bytes: Of their files.
        seconds: Wall time, with so many workers.
        output_bytes: Space that the results will take.
        free_bytes: Space that there is.
        measured_slides: Slides of this folder on which the rates were measured; 0 for those of simulated sections.
    """

    slides: int
    slide_bytes: int
    seconds: float
    output_bytes: int
    free_bytes: int
    measured_slides: int


def forecast(plan: Plan, store: Store, workers: int) -> Forecast:
    """Estimate what is left of a plan.

    Args:
        plan: What is to be done.
        store: Where; its folder need not be there.
        workers: Slides that are read at once.
    """
    state = State(plan, store)
    left = [unit for unit in plan.units if state.slide(unit) is Standing.OPEN]
    slide_bytes = sum(sign(unit.path).size_bytes for unit in left)
    fixed_seconds = PHANTOM_SECONDS
    records = [one for one in store.records("slides").values() if store.has_unit(one.key) and one.size_bytes]
    seconds_per_byte, output_per_byte = PHANTOM_SECONDS_PER_MB / 1e6, PHANTOM_OUTPUT_PER_BYTE
    if records:
        fixed_seconds = 0.0
        read_bytes = sum(record.size_bytes for record in records)
        seconds_per_byte = sum(record.seconds for record in records) / read_bytes
        some = records[-_LOOKED_AT:]
        written = sum(store.size_of(record.key) for record in some if record.key is not None)
        output_per_byte = written / sum(record.size_bytes for record in some)
    there = next(folder for folder in (store.out.absolute(), *store.out.absolute().parents) if folder.is_dir())
    return Forecast(
        slides=len(left),
        slide_bytes=slide_bytes,
        seconds=(fixed_seconds * len(left) + slide_bytes * seconds_per_byte) / min(workers, max(len(left), 1)),
        output_bytes=int(slide_bytes * output_per_byte),
        free_bytes=shutil.disk_usage(there).free,
        measured_slides=len(records),
    )
