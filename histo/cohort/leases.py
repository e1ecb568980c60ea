"""Who is at work on what: small files that several runs, on several machines, respect.

A lease is a file that exists. It is made whole under a name of its own and then linked to the common one, which on
every file system with links (NFS among them) succeeds for one alone. Its time of modification is its heartbeat; it is
compared with that of a file made just now on the same disk, so that only the file server's clock counts. A lease whose
heart has not beaten for as long as it says, or whose process is seen to be gone, is dead and may be taken over.

To look at a lease and then to remove it are two steps, between which another may have done the same and taken it. So
whoever ends one, be it dead or his own, first links a file to the name of that lease's *end*: one alone succeeds, looks
again, and only then replaces or removes the lease. If he dies in between, the end has an end of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from histo.cohort.store import telling

LEASE_S = 180.0
"""Without a heartbeat for so long, whoever held it is taken to be dead: longer than an NFS client keeps old times."""

BEATS = 6
"""In so many parts of that time, a heartbeat each."""

ENDING = ".lease"

END = ".end"
"""Of the name of a lease's end."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lease.

    Attributes:
        token: Of the run: no two are the same.
        host: Name of the machine, for people.
        machine: Identity of the machine's start and of the process's own numbering; empty where neither is told.
        pid: Of the process.
        born: When that process began, in the system's own ticks, so that a number used again is no disguise.
        lease_s: For how long it holds without a heartbeat.
        says: What else the owner tells.
    """

    token: str
    host: str
    machine: str
    pid: int
    born: int
    lease_s: float
    says: str = ""


def this_run(lease_s: float = LEASE_S, says: str = "") -> Owner:
    """This process, as an owner of leases."""
    return Owner(uuid.uuid4().hex, platform.node(), _machine(), os.getpid(), _born(os.getpid()), lease_s, says)


class Leases:
    """Leases of one folder.

    Args:
        folder: Where they lie; it must exist.
        owner: Who takes them.
    """

    def __init__(self, folder: Path, owner: Owner) -> None:
        """Hold none yet."""
        self.owner = owner
        self._folder = folder
        self._held: set[str] = set()
        self._lost: set[str] = set()
        self._lock = threading.Lock()

    def take(self, identity: str) -> bool:
        """Take a lease that nobody holds, or whose owner is dead.

        Returns:
            Whether it is held now.

        Raises:
            OutputError: If the folder cannot be written to.
        """
        path = self._path(identity)
        with self._own_file(path) as own:
            now_s = own.stat().st_mtime
            taken = _linked(own, path) or self._ended(path, own, now_s, own.replace)
        if taken:
            with self._lock:
                self._held.add(identity)
                self._lost.discard(identity)
        return taken

    def give_back(self, identity: str) -> None:
        """End a lease; one that was taken over by others is left to them. It takes no room: the disk may be full."""
        with self._lock:
            self._held.discard(identity)
        path = self._path(identity)
        with contextlib.suppress(OSError):
            if _owner_of(path) == self.owner:
                self._ended(path, path, None, _removed)  # the lease itself names this run

    def give_back_all(self) -> None:
        """End every lease."""
        for identity in tuple(self._held):
            self.give_back(identity)

    def holds(self, identity: str) -> bool:
        """Whether the lease is still this run's: looked up on the disk."""
        try:
            return identity not in self._lost and _owner_of(self._path(identity)) == self.owner
        except OSError:
            return False

    def lost(self, identity: str) -> bool:
        """Whether others have ended this run's lease, as the last heartbeat saw it."""
        return identity in self._lost

    def beat(self) -> None:
        """A heartbeat of every lease that is held; those that others took are remembered as lost."""
        with self._lock:
            held = tuple(self._held)
        for identity in held:
            path = self._path(identity)
            try:
                if _owner_of(path) == self.owner:
                    os.utime(path)
                    continue
            except FileNotFoundError:
                pass
            except OSError:
                continue  # a disk that does not answer now may do so later
            with self._lock:
                self._lost.add(identity)

    def others(self) -> list[Owner]:
        """Living owners of leases in this folder, this run left out."""
        now_s = self._now_s()
        found = []
        for path in self._folder.glob(f"*{ENDING}"):
            with contextlib.suppress(OSError):
                owner = _owner_of(path)
                if owner is not None and owner.token != self.owner.token and not _is_dead(owner, path, now_s):
                    found.append(owner)
        return found

    def sweep(self, living: Callable[[], Collection[str]] | None = None) -> None:
        """Remove dead leases, and what dead runs were making of their own.

        Args:
            living: Gives the tokens of runs that are alive; without it, only what is as old as a dead lease is removed.
        """
        # Leases first: the end of one that is gone goes too.
        paths = sorted(self._folder.iterdir(), key=lambda path: path.suffix != ENDING)
        # Asked for after the look into the folder: whose file was there then was alive, or is dead, now.
        alive, now_s = () if living is None else living(), self._now_s()
        for path in paths:
            with contextlib.suppress(OSError):
                if path.suffix == ENDING:
                    self._sweep_lease(path, now_s)
                elif path.suffix == END:
                    if not self._path(_ended_by(path)).exists():  # otherwise it may be about to be ended
                        path.unlink(missing_ok=True)
                elif not any(token in path.name for token in alive) and (
                    living is not None or now_s - path.stat().st_mtime > self.owner.lease_s
                ):
                    path.unlink(missing_ok=True)

    def _now_s(self) -> float:
        """The time of the disk's own clock."""
        probe = self._folder / f".now.{self.owner.token}.tmp"
        with telling(probe):
            probe.touch()
            now_s = probe.stat().st_mtime
            probe.unlink()
        return now_s

    def _path(self, identity: str) -> Path:
        return self._folder / f"{identity}{ENDING}"

    @contextlib.contextmanager
    def _own_file(self, path: Path) -> Iterator[Path]:
        """A file that names this run, to be linked."""
        own = path.with_name(f".{path.stem}.{self.owner.token}.{uuid.uuid4().hex}.tmp")
        with telling(path):
            try:
                own.write_text(json.dumps(asdict(self.owner)), encoding="utf-8")
                yield own
            finally:
                own.unlink(missing_ok=True)

    def _sweep_lease(self, path: Path, now_s: float) -> None:
        if _is_dead(_owner_of(path), path, now_s):
            with self._own_file(path) as own:
                self._ended(path, own, now_s, _removed)

    def _ended(self, path: Path, own: Path, now_s: float | None, end: Callable[[Path], object]) -> bool:
        """End a lease that is dead at a time, or this run's own, as the only one who does.

        Args:
            path: The lease.
            own: A file that names this run.
            now_s: Time at which it is looked at; None ends a lease of this run.
            end: Called with the path; the lease is gone after it.

        Returns:
            Whether it was ended here.
        """
        try:
            owner = _owner_of(path)
            if not self._may_end(owner, path, now_s):
                return False
            claim = path.with_name(f".{path.stem}.{owner.token if owner else 'nobody'}{END}")
            while not _linked(own, claim):
                heir = _owner_of(claim)
                if now_s is None or heir == self.owner or not _is_dead(heir, claim, now_s):
                    return False
                claim = claim.with_name(f"{claim.name}{END}")
        except FileNotFoundError:
            return False  # its owner, or another, was quicker
        try:
            # What was seen before the claim may have been ended and taken by others since.
            if _owner_of(path) != owner or not self._may_end(owner, path, now_s):
                return False
            end(path)
            return True
        except FileNotFoundError:
            return False
        finally:
            claim.unlink(missing_ok=True)

    def _may_end(self, owner: Owner | None, path: Path, now_s: float | None) -> bool:
        return owner == self.owner if now_s is None else _is_dead(owner, path, now_s)


class Heart:
    """Keeps leases alive while a `with` block runs."""

    def __init__(self, *leases: Leases) -> None:
        """Begin at once, in a thread."""
        self._leases = leases
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        """Start."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause_s = min(leases.owner.lease_s for leases in self._leases) / BEATS
        while not self._stop.wait(pause_s):
            for leases in self._leases:
                leases.beat()


def _ended_by(end: Path) -> str:
    """What the lease was of."""
    return end.name.partition(END)[0].removeprefix(".").rpartition(".")[0]


def _removed(path: Path) -> None:
    path.unlink()


def _linked(own: Path, path: Path) -> bool:
    """Give a file a second name, if nobody has it."""
    try:
        os.link(own, path)
    except FileExistsError:
        # The answer of an NFS server that did it, but whose first answer was lost, looks the same.
        return path.exists() and own.samefile(path)
    except OSError:
        return _written(own, path)
    return True


def _written(own: Path, path: Path) -> bool:
    """The same on a disk without links: weaker, for a file is seen before it is filled."""
    try:
        with path.open("xb") as file:
            file.write(own.read_bytes())
    except FileExistsError:
        return False
    return True


def _owner_of(path: Path) -> Owner | None:
    """Who holds a lease; None where the file is not (yet) one."""
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None


def _is_dead(owner: Owner | None, path: Path, now_s: float) -> bool:
    lease_s = LEASE_S if owner is None else owner.lease_s
    if now_s - path.stat().st_mtime > lease_s:
        return True
    if owner is None or not owner.machine or owner.machine != _machine():
        return False
    return _born(owner.pid) != owner.born


@cache
def _machine() -> str:
    """This start of this machine, and the numbering of processes that this one lives in."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _born(pid: int) -> int:
    """When a process began, in ticks since the machine did (a clock that nobody sets); 0 if there is none."""
    try:
        return int(
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
        )
    except (OSError, LookupError, ValueError):
        return 0
