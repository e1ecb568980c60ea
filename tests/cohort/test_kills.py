"""A run may die at any call that touches the disk; the next one ends with the very tree of a run that did not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from example_cohort import Cohort

from histo.cohort.digests import tree_digests
from histo.cohort.engines import Listen
from histo.cohort.jobs import Job, Outcome, SlideJob
from histo.cohort.settings import digest_of
from histo.cohort.store import Record, Store, link_tree

SLIDES = {"B1/x": "one\n", "B1/y": "two\n", "B2/z": "three\n"}
CALLS = ("rename", "replace", "link", "fsync", "mkdir", "unlink", "rmdir", "open", "utime")
"""Of the module `os`: whatever writes passes through these."""


class InlineEngine:
    """Does a job at once, in this very process: so that one count of calls reaches all of it."""

    slots = 1

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        answer: Future[Outcome] = Future()
        store = Store(Path(job.out))  # type: ignore[union-attr]
        if isinstance(job, SlideJob):
            text, name = Path(job.slide).read_text(), Path(job.slide).stem
            draft, key = store.draft(job.id, job.token), digest_of(text, name, job.settings)
            (draft / "slide" / name).mkdir(parents=True)
            (draft / "slide" / name / "reading.json").write_text(text)
            (draft / "unit.json").write_text(json.dumps({"digests": tree_digests(draft)}))
            store.publish_unit(draft, key)
            answer.set_result(Outcome(job.id, key=key))
        else:
            draft = store.draft(job.id, job.token) / "biopsy"  # type: ignore[union-attr]
            draft.mkdir()
            for key in job.units:  # type: ignore[union-attr]
                (slide,) = (store.unit(key) / "slide").iterdir()
                link_tree(slide, draft / slide.name)
            (draft / "reading.json").write_text(json.dumps(job.units))  # type: ignore[union-attr]
            answer.set_result(Outcome(job.id, key=job.key))  # type: ignore[union-attr]
        return answer

    def stop(self) -> None:
        pass


class NaiveStore(Store):
    """The control, as scripts do it: results are written where they will lie, and a folder that is there is done."""

    def publish_biopsy(self, draft: Path, record: Record, before: Record | None) -> Record:
        final = self.out / record.subject
        final.mkdir(exist_ok=True)
        self.write("biopsies", record)
        for path in sorted(path for path in draft.rglob("*") if path.is_file()):
            target = final / path.relative_to(draft)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
        return record

    def is_whole(self, name: str, record: Record) -> bool:
        return (self.out / name).is_dir()


def killed_at(number: int, run: Callable[[], object]) -> bool:
    """Run in a fork that dies, as by SIGKILL, at its n-th call; whether it died."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == 9
    left = [number]

    def mortal(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*words: object, **options: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return call(*words, **options)

        return counted

    for name in CALLS:
        setattr(os, name, mortal(getattr(os, name)))
    try:
        run()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the fork must never return into the test
        os._exit(1)


def visible(cohort: Cohort) -> dict[str, str]:
    assert cohort.left_over() == []
    return cohort.tree()


@pytest.fixture
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    cohort = Cohort(tmp_path_factory.mktemp("whole"), Path(os.devnull))
    cohort.write(SLIDES)
    cohort.run(engine=InlineEngine())
    tree = visible(cohort)
    assert len(tree) == 5
    return tree


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_a_kill_at_any_call_costs_nothing_but_what_ran(
    expected: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    points, number = 0, 1
    while True:
        cohort = Cohort(tmp_path_factory.mktemp("killed"), Path(os.devnull))
        cohort.write(SLIDES)
        if not killed_at(number, lambda cohort=cohort: cohort.run(engine=InlineEngine())):  # type: ignore[misc]
            break
        for name, text in cohort.tree().items():
            assert text == expected[name], f"half-written after a kill at call {number}: {name}"
        _, account = cohort.run(engine=InlineEngine())
        assert (account.read, account.concluded, account.failures) == (3, 2, ()), number
        assert visible(cohort) == expected, number
        points += 1
        number += 1 + number // 14
    assert points >= 40


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_a_writer_in_place_fails_that_test(
    expected: dict[str, str], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the test above would find it."""
    monkeypatch.setattr(Cohort, "store", property(lambda self: NaiveStore(self.out)))
    for number in range(1, 200):
        cohort = Cohort(tmp_path_factory.mktemp("killed"), Path(os.devnull))
        cohort.write(SLIDES)
        if not killed_at(number, lambda cohort=cohort: cohort.run(engine=InlineEngine())):  # type: ignore[misc]
            break
        cohort.run(engine=InlineEngine())
        if cohort.tree() != expected:
            return
    raise AssertionError("no kill did any damage to what is written in place")
