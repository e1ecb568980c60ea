"""A lease has one owner at a time, outlives no dead one, and is never taken from a living one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from histo.cohort import leases as leases_module
from histo.cohort.leases import Heart, Leases, Owner, this_run
from histo.errors import OutputError


def one_that_is_gone() -> Owner:
    """A run of this machine whose process has ended."""
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()
    return replace(this_run(), pid=gone.pid)


def die_giving_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a lease whose owner died while it ended it."""
    dead = Leases(folder, one_that_is_gone())
    assert dead.take("slide")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        dead.give_back("slide")


def test_one_of_many_gets_it(tmp_path: Path) -> None:
    everyone = [Leases(tmp_path, this_run()) for _ in range(20)]
    start, taken = threading.Barrier(20), []

    def take(leases: Leases) -> None:
        start.wait()
        if leases.take("slide"):
            taken.append(leases)

    threads = [threading.Thread(target=take, args=(leases,)) for leases in everyone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert taken[0].holds("slide")
    assert [path.name for path in tmp_path.iterdir()] == ["slide.lease"]
    taken[0].give_back("slide")
    assert list(tmp_path.iterdir()) == []
    assert everyone[3].take("slide")


def test_of_many_that_find_a_dead_one_still_one_gets_it(tmp_path: Path) -> None:
    for round_number in range(40):
        dead = Leases(tmp_path, replace(this_run(), machine="elsewhere", lease_s=60))
        assert dead.take("slide")
        os.utime(tmp_path / "slide.lease", (time.time() - 61,) * 2)
        everyone = [Leases(tmp_path, this_run()) for _ in range(8)]
        start = threading.Barrier(8)
        taken: list[Leases] = []

        def take(leases: Leases, start: threading.Barrier = start, taken: list[Leases] = taken) -> None:
            start.wait()
            if leases.take("slide"):
                taken.append(leases)

        threads = [threading.Thread(target=take, args=(leases,)) for leases in everyone]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) <= 1, f"round {round_number}"
        taken = taken or [leases for leases in everyone if leases.take("slide")][:1]
        assert not dead.holds("slide")
        taken[0].give_back("slide")
        assert list(tmp_path.iterdir()) == []


def test_who_looked_too_early_does_not_take_it_from_the_heir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, heir, late, third = (Leases(tmp_path, replace(this_run(), lease_s=60)) for _ in range(4))
    assert dead.take("slide")
    os.utime(tmp_path / "slide.lease", (time.time() - 61,) * 2)
    look, looks = leases_module._is_dead, []

    def looked(*arguments: object) -> bool:
        found = look(*arguments)  # type: ignore[arg-type]
        looks.append(found)
        if len(looks) == 1:  # the late one has seen a dead lease; before it acts, the heir takes it
            assert heir.take("slide")
        return found

    monkeypatch.setattr(leases_module, "_is_dead", looked)
    assert not late.take("slide")
    assert not third.take("slide")
    assert looks[0] and heir.holds("slide")
    heir.give_back("slide")
    assert list(tmp_path.iterdir()) == []


def test_who_dies_giving_it_back_has_heirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    die_giving_back(tmp_path, monkeypatch)
    one = Leases(tmp_path, this_run())
    assert one.take("slide")
    one.give_back("slide")
    one.sweep(list)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("deaths", [1, 2])
def test_an_heir_that_dies_has_heirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int) -> None:
    assert Leases(tmp_path, one_that_is_gone()).take("slide")

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        for _ in range(deaths):
            with pytest.raises(Killed):
                Leases(tmp_path, one_that_is_gone()).take("slide")
    one, two = Leases(tmp_path, this_run()), Leases(tmp_path, this_run())
    assert one.take("slide") and not two.take("slide")
    one.give_back("slide")
    two.sweep(list)
    assert list(tmp_path.iterdir()) == []


def test_who_dies_ending_a_lease_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    die_giving_back(tmp_path, monkeypatch)
    assert {path.suffix for path in tmp_path.iterdir()} == {".lease", ".end"}
    listed = sorted(tmp_path.iterdir(), key=lambda path: path.suffix == ".lease")  # as some disks list it
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    Leases(tmp_path, this_run()).sweep(list)
    assert [path for path in listed if path.exists()] == []


def test_without_a_heartbeat_it_ends_and_its_owner_learns_of_it(tmp_path: Path) -> None:
    sleeper = Leases(tmp_path, replace(this_run(), lease_s=60))
    assert sleeper.take("slide")
    other = Leases(tmp_path, this_run())
    assert not other.take("slide")
    os.utime(tmp_path / "slide.lease", (time.time() - 59,) * 2)
    assert not other.take("slide"), "not yet"
    os.utime(tmp_path / "slide.lease", (time.time() - 61,) * 2)
    assert other.take("slide")
    sleeper.beat()
    assert not sleeper.holds("slide")
    sleeper.give_back("slide")
    assert other.holds("slide"), "who has lost it cannot give it back"


def test_a_heart_keeps_it(tmp_path: Path) -> None:
    leases = Leases(tmp_path, replace(this_run(), lease_s=0.6))
    other = Leases(tmp_path, this_run())
    with Heart(leases):
        assert leases.take("slide")
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert not other.take("slide")
            time.sleep(0.05)


def test_a_process_of_this_machine_that_is_gone_is_seen_at_once(tmp_path: Path) -> None:
    dead = Leases(tmp_path, one_that_is_gone())
    assert dead.take("slide")
    assert Leases(tmp_path, this_run()).take("slide")


def test_a_process_of_the_same_number_on_another_machine_is_not_taken_for_dead(tmp_path: Path) -> None:
    far = Leases(tmp_path, replace(this_run(), machine="another start of another machine", pid=1, born=1))
    assert far.take("slide")
    assert not Leases(tmp_path, this_run()).take("slide")


def test_living_others_are_told(tmp_path: Path) -> None:
    one, two = Leases(tmp_path, this_run()), Leases(tmp_path, replace(this_run(), says="plan"))
    one.take("one")
    two.take("two")
    assert [owner.says for owner in one.others()] == ["plan"]
    two.give_back_all()
    assert one.others() == []


def test_without_links_it_is_still_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    one, two = Leases(tmp_path, this_run()), Leases(tmp_path, this_run())
    assert one.take("slide")
    assert not two.take("slide")
    one.give_back("slide")
    assert two.take("slide")


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        Leases(tmp_path / "absent", this_run()).take("slide")


def test_on_a_full_disk_a_lease_is_given_back_and_nothing_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object, **__: object) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    leases = Leases(tmp_path, this_run())
    assert leases.take("slide")
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="No space left"):
        leases.take("another")
    leases.give_back("slide")
    assert list(tmp_path.iterdir()) == []
