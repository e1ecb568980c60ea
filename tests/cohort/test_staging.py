"""Slides are copied near before they are read, whole, within the budget, and the copies go."""

from __future__ import annotations

import errno
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from example_cohort import FAKE, LIMITS, Cohort, Heard

from histo.cohort.copying import can_be_copied, copy_slide
from histo.cohort.engines import LocalEngine
from histo.cohort.jobs import CopyJob, Limits, Outcome, Told
from histo.cohort.leases import Leases, Owner, this_run
from histo.cohort.listening import Subject
from histo.cohort.signature import sign
from histo.cohort.staging import PREFIX, StagingEngine


def staging(cohort: Cohort, budget_bytes: int, limits: Limits = LIMITS) -> StagingEngine:
    owner = this_run()
    return StagingEngine(LocalEngine(2, LIMITS, FAKE), cohort.folder / "near", budget_bytes, owner, limits, FAKE)


def test_copies_are_read_and_go_and_the_budget_holds(cohort: Cohort) -> None:
    text = "sleep 0.05 " + 1000 * "x"
    slides = {f"B{i}/s": f"sleep 0.05\n{i}{1000 * 'x'}\n" for i in range(6)}
    cohort.write(slides)
    _, account = cohort.run(engine=staging(cohort, 2 * len(text) + 100))
    assert (account.read, account.failures) == (6, ())
    begun = cohort.begun()
    assert sum(line.startswith("CopyJob") for line in begun) == 6
    used = [int(line) for line in Path(f"{cohort.log}.stage").read_text().splitlines()]
    assert max(used) <= 2 * len(text) + 100
    assert list((cohort.folder / "near").iterdir()) == []
    assert (
        str(cohort.folder / "slides")
        in (cohort.out / ".cohort/slides")
        .joinpath(next(iter(p.name for p in (cohort.out / ".cohort/slides").iterdir())))
        .read_text()
    ), "records tell where the slide truly lies"


def test_a_slide_larger_than_the_budget_is_read_where_it_lies(cohort: Cohort) -> None:
    cohort.write({"B1/large": "ok\n" + 1000 * "x", "B2/small": "ok\n"})
    _, account = cohort.run(engine=staging(cohort, 100))
    assert account.read == 2
    assert [line for line in cohort.begun() if line.startswith("Copy")] == ["CopyJob B2-small.svs"]


def test_copies_of_dead_runs_are_removed_and_of_living_ones_not(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok\n"})
    near = cohort.folder / "near"
    (near / f"{PREFIX}dead").mkdir(parents=True)
    first = staging(cohort, 1000)
    second = staging(cohort, 1000)
    left = sorted(path.name for path in near.iterdir() if path.is_dir())
    assert len(left) == 2
    assert f"{PREFIX}dead" not in left
    first.stop()
    second.stop()
    assert list(near.iterdir()) == []


def test_copies_of_a_run_that_begins_at_the_same_moment_stay(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    near, others = cohort.folder / "near", Leases.others

    def one_more_begins(leases: Leases) -> list[Owner]:
        living = others(leases)
        newcomer = this_run()
        assert Leases(near, newcomer).take(newcomer.token)
        (near / f"{PREFIX}{newcomer.token}").mkdir()
        return living

    monkeypatch.setattr(Leases, "others", one_more_begins)
    engine = staging(cohort, 1000)
    assert len([path for path in near.iterdir() if path.is_dir()]) == 2
    engine.stop()


def test_a_copy_that_hangs_does_not_hold_up_others(cohort: Cohort) -> None:
    stop = threading.Event()

    class Ends(Heard):
        def done(self, subject: Subject, outcome: Outcome) -> None:
            super().done(subject, outcome)
            if {("done", "B2"), ("done", "B3")} <= set(self.events):
                stop.set()

    cohort.write({"B1/far": "stuck\n", "B2/a": "ok a\n", "B3/b": "ok b\n"})
    heard = Ends()
    engine = staging(cohort, 1000, replace(LIMITS, stall_s=300.0))
    tally, account = cohort.run(engine=engine, attempts=1, heard=heard, stop=stop)
    assert (tally.stopped, account.read, account.failures) == (True, 2, ())


def test_where_the_near_folder_is_gone_slides_are_read_where_they_lie(cohort: Cohort) -> None:
    cohort.write({"B1/x": "ok 1\n", "B2/y": "ok 2\n"})
    engine = staging(cohort, 1000)
    shutil.rmtree(cohort.folder / "near")
    _, account = cohort.run(engine=engine)
    assert (account.read, account.failures) == (2, ())
    assert not [line for line in cohort.begun() if line.startswith("Copy")]


def test_a_slide_is_copied_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    mirax, companion = tmp_path / "far/one.mrxs", tmp_path / "far/one"
    companion.mkdir(parents=True)
    mirax.write_bytes(b"jpeg")
    for name in ("Slidedat.ini", "Data0000.dat"):
        (companion / name).write_bytes(name.encode())
    (tmp_path / "near").mkdir()
    told: list[Told] = []
    outcome = copy_slide(CopyJob("id", str(mirax), sign(mirax).text, str(tmp_path / "near")), told.append)
    assert outcome.key == str(tmp_path / "near/one.mrxs")
    assert sorted(path.name for path in (tmp_path / "near/one").iterdir()) == ["Data0000.dat", "Slidedat.ini"]
    assert told[-1].done_wpx == told[-1].total_wpx == sign(mirax).size_bytes == 4 + 12 + 12

    dicom = tmp_path / "far/dicom"
    dicom.mkdir()
    (dicom / "a.dcm").write_bytes(b"\0" * 128 + b"DICM")
    alone = sign(dicom)
    (dicom / "b.svs").write_bytes(b"a slide of its own")
    assert sign(dicom) == alone
    (tmp_path / "near2").mkdir()
    outcome = copy_slide(CopyJob("id", str(dicom), sign(dicom).text, str(tmp_path / "near2")), told.append)
    assert outcome.key == str(tmp_path / "near2/dicom")
    assert [path.name for path in (tmp_path / "near2/dicom").iterdir()] == ["a.dcm"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_near_disk_that_takes_no_more_gives_no_copy_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    slide = tmp_path / "one.svs"
    slide.write_bytes(b"x")
    job = CopyJob("id", str(slide), sign(slide).text, str(tmp_path / "near"))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "the disk refuses")

    monkeypatch.setattr(Path, "mkdir", refuse)
    outcome = copy_slide(job, lambda _: None)
    assert (outcome.key, outcome.failure) == (None, None)


def test_a_slide_that_changes_while_it_is_copied_has_failed(tmp_path: Path) -> None:
    slide = tmp_path / "one.svs"
    slide.write_bytes(b"x")
    (tmp_path / "near").mkdir()
    job = CopyJob("id", str(slide), sign(slide).text, str(tmp_path / "near"))

    def grow(_: Told) -> None:
        slide.write_bytes(b"xx")

    outcome = copy_slide(job, grow)
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.problem) == ("SlideChanged", "it changed while it was read")


@pytest.mark.parametrize("name", ["one.vms", "one.vmu", "one.dcm", "one.vsi", "one"])
def test_files_whose_companions_have_any_name_are_not_copied(name: str, tmp_path: Path) -> None:
    assert not can_be_copied(tmp_path / name)
    assert can_be_copied(tmp_path / "one.svs")
