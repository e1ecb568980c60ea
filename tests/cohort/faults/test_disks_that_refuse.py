"""A full disk, and one that has become read-only, under every writer: one line, nothing half there; then it goes on."""

from __future__ import annotations

import os
import shutil

import pytest
from example_cohort import Cohort
from small_disk import remount, small_disk
from small_readings import SLIDES, not_whole, read_in_this_process, run_here
from syscall_faults import forked, needs_strace, points_in
from tree_digest import tree

from histo.errors import OutputError

pytestmark = pytest.mark.cluster
REFUSED = 12
TAKES_SPACE = ("write", "mkdir", "link", "rename", "fsync", "utimensat")
ALTERS = (*TAKES_SPACE, "unlink", "rmdir")


@pytest.fixture
def small(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    read_in_this_process(monkeypatch)
    cohort.write(SLIDES)
    return cohort


def refused(cohort: Cohort) -> int:
    """A run; `REFUSED` if it ends with the one error that a disk may cause, told in one line."""
    try:
        return 0 if run_here(cohort) else 97
    except OutputError as error:
        return REFUSED if str(error).count("\n") == 0 and error.remedy else 98


@pytest.mark.parametrize(("error", "calls"), [("ENOSPC", TAKES_SPACE), ("EROFS", ALTERS)])
def test_a_disk_that_refuses_from_any_call_on(
    small: Cohort, error: str, calls: tuple[str, ...], record_property: pytest.RecordProperty
) -> None:
    """From each call on that alters the disk, all of its kind fail: whoever wrote there says so, in one line."""
    needs_strace()
    log = small.folder / "strace.log"
    assert forked(lambda: refused(small), log) == 0
    expected = tree(small.out)
    points = [point for point in points_in(log, small.out) if point.call in calls]
    stopped = unharmed = 0
    for point in points:
        shutil.rmtree(small.out, ignore_errors=True)
        code = forked(lambda: refused(small), log, point.refuse(error))
        assert code in (REFUSED, 0), point
        stopped += code == REFUSED
        unharmed += code == 0
        assert not_whole(small.out, expected) == [], point
        if code == 0:
            assert tree(small.out) == expected, point
        assert run_here(small), point
        assert tree(small.out) == expected, point
    record_property("stopped, unharmed", (stopped, unharmed))
    assert stopped >= 40


def test_a_disk_of_any_size_that_is_too_small(small: Cohort, record_property: pytest.RecordProperty) -> None:
    """True full disks, each a page larger than the last, until one is large enough."""
    small.store.make()
    shutil.rmtree(small.out)
    run_here(small)
    expected = tree(small.out)
    shutil.rmtree(small.out)
    page_kib = os.sysconf("SC_PAGESIZE") >> 10
    stopped = 0
    for size_kib in range(page_kib, 4096, page_kib):
        with small_disk(small.out, size_kib):
            code = refused(small)
            assert not_whole(small.out, expected) == [], size_kib
            if code == 0:
                assert tree(small.out) == expected
                break
            assert code == REFUSED, size_kib
            stopped += 1
            remount(small.out, "size=4m")
            assert refused(small) == 0, size_kib
            assert tree(small.out) == expected, size_kib
    record_property("sizes that were too small", stopped)
    assert stopped >= 10


def test_a_disk_that_has_become_read_only(small: Cohort) -> None:
    with small_disk(small.out, 4096):
        run_here(small)
        expected = tree(small.out)
        small.write({**SLIDES, "B2/new": "fourth\n"})
        remount(small.out, "ro")
        assert refused(small) == REFUSED
        assert tree(small.out) == expected
        remount(small.out, "rw")
        assert run_here(small, read=4)
        assert "B2/B2-new/reading.json" in tree(small.out)
