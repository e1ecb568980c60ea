"""A run at work in an output folder: seen by other runs from before it alters anything until all is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from histo.cohort.leases import Heart, Leases, Owner
from histo.cohort.store import Store
from histo.errors import HistoError, UsageError


@dataclass(frozen=True, slots=True)
class AtWork:
    """One run, while it may alter the folder.

    Attributes:
        out: The output folder.
        owner: Who it is.
        leases: Those of slides and biopsies.
        runs: Those of runs; of these it holds its own.
    """

    out: Path
    owner: Owner
    leases: Leases
    runs: Leases

    def check(self) -> None:
        """Make sure that others still see this run. It costs two short looks at one file.

        Raises:
            HistoError: If they have taken it for dead: what it would write may be out of date.
        """
        self.runs.beat()
        if self.runs.lost(self.owner.token):
            problem = "another run has taken this one for dead: its machine slept, or the disk did not answer"
            raise HistoError(self.out, problem, "the same command goes on from here")


@contextmanager
def at_work(store: Store, owner: Owner, plan_digest: str) -> Iterator[AtWork]:
    """Be at work in an output folder while a `with` block runs.

    Args:
        store: The folder, which `Store.make` has made.
        owner: Who this run is.
        plan_digest: Of what it does: runs of one digest may share the folder.

    Raises:
        UsageError: If a run of another digest is at work in it.
        OutputError: If the folder cannot be written to.
    """
    runs = Leases(store.state / "runs", replace(owner, says=plan_digest))
    leases = Leases(store.state / "leases", owner)
    runs.take(owner.token)
    try:
        # First what is dead goes, then the living are looked at: one that wakes in between is seen, or learns of it.
        runs.sweep()
        _refuse_others(store, runs)
        _sweep(store, runs, leases)
        with Heart(runs, leases):
            yield AtWork(store.out, owner, leases, runs)
    finally:
        leases.give_back_all()
        runs.give_back(owner.token)


def _refuse_others(store: Store, runs: Leases) -> None:
    for owner in runs.others():
        if owner.says != runs.owner.says:
            problem = f"a run on {owner.host} (process {owner.pid}) is at work in it with other slides or settings"
            raise UsageError(store.out, problem, "wait until it has ended, or choose another folder with --out")


def _sweep(store: Store, runs: Leases, leases: Leases) -> None:
    """Remove what dead runs have left. A run is in `runs` before it makes anything."""

    def living() -> set[str]:
        return {runs.owner.token, *(owner.token for owner in runs.others())}

    store.sweep(living)
    leases.sweep(living)
