"""What `histo cohort --dry-run` shows."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from histo.cohort.forecast import Forecast
from histo.cohort.plan import Plan
from histo.cohort.pool import Pool
from histo.cohort.state import State
from histo.cohort.store import Standing, Store

SHOWN_SLIDES = 20


def show_plan(console: Console, plan: Plan, store: Store, pool: Pool, forecast: Forecast) -> None:
    """Print what a run would do.

    Args:
        console: Where.
        plan: What is to be done.
        store: Where results would lie.
        pool: How the machine would be shared out.
        forecast: What it would take.
    """
    state = State(plan, store)
    standings = [state.slide(unit) for unit in plan.units]
    done, given_up = standings.count(Standing.DONE), standings.count(Standing.QUARANTINED)
    concluded = sum(state.biopsy(biopsy) is Standing.DONE for biopsy in plan.biopsies)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold")
    table.add_column()
    table.add_row("Slides", f"{len(plan.units)}: {done} read, {given_up} given up, {forecast.slides} to read")
    table.add_row("Biopsies", f"{len(plan.biopsies)}: {concluded} concluded")
    if plan.left_out:
        table.add_row("Left out", f"{plan.left_out} files of the folder that are no slides")
    table.add_row(
        "Workers", f"{pool.workers}, of {pool.threads} threads and at most {pool.memory_bytes / 2**30:.1f} GiB"
    )
    table.add_row("Slide files", f"{gigabytes(forecast.slide_bytes)} to read")
    table.add_row("Time", f"about {duration(forecast.seconds)}")
    table.add_row(
        "Space", f"about {gigabytes(forecast.output_bytes)}, of {gigabytes(forecast.free_bytes)} that are free"
    )
    console.print(table)
    if forecast.slides:
        console.print(_basis(forecast), soft_wrap=True)
    left = [unit for unit, standing in zip(plan.units, standings, strict=True) if standing is Standing.OPEN]
    for unit in left[:SHOWN_SLIDES]:
        console.print(f"  to read: {unit.path}", soft_wrap=True)
    if len(left) > SHOWN_SLIDES:
        console.print(f"  and {len(left) - SHOWN_SLIDES} more")


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3.4 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def gigabytes(count: int) -> str:
    """`3 MB`, `12.3 GB`."""
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def _basis(forecast: Forecast) -> str:
    if forecast.measured_slides:
        return f"Time and space by what {forecast.measured_slides} slides of this folder took, per byte of their files."
    return (
        "Time and space by what simulated sections took on one core of another machine: a rough guess. "
        "It is better once some slides of this folder are read."
    )
