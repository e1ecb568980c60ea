"""What a slide does to its reader costs it alone: it is told, tried again where that may help, then set apart."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from example_cohort import LIMITS, Cohort, Heard

from histo.cohort.jobs import Limits

SHORT = Limits(timeout_s=4.0, stall_s=1.0, memory_bytes=200 << 20)


def test_one_of_each_kind_and_the_others_go_on(cohort: Cohort) -> None:
    """The acceptance of the whole: what fails is listed with its reason, what is sound is read."""
    kinds = {"abort": "abort", "segv": "segv", "exit": "exit", "hang": "hang", "memory": "memory", "grow": "grow"}
    slides = {f"{kind}/s": f"{text}\n" for kind, text in kinds.items()}
    cohort.write(
        {**slides, "chatter/s": "chatter\n", "scale/s": "no ScaleMissing\n", "good/a": "ok\n", "good/b": "ok 2\n"}
    )
    heard = Heard()
    _, account = cohort.run(limits=SHORT, workers=4, heard=heard)
    assert (account.slides, account.read, account.concluded, account.left) == (10, 2, 1, 0)
    failures = {failure.biopsy: failure for failure in account.failures}
    told = {name: (failure.kind, failure.attempts) for name, failure in failures.items()}
    assert told == {
        "abort": ("Crashed", 2),
        "segv": ("Crashed", 2),
        "exit": ("Crashed", 2),
        "hang": ("Hung", 2),
        "chatter": ("TooSlow", 2),
        "memory": ("OutOfMemory", 2),
        "grow": ("SlideChanged", 1),
        "scale": ("ScaleMissing", 1),
    }
    assert failures["abort"].problem == "it crashed the process that read it (SIGABRT)"
    assert failures["segv"].problem == "it crashed the process that read it (SIGSEGV)"
    assert failures["exit"].problem == "it crashed the process that read it (exit code 1: ValueError: no such thing)"
    assert failures["hang"].problem == "nothing was heard of it for 1 s"
    assert failures["chatter"].problem == "it takes longer than 4 s"
    assert failures["memory"].problem == "it takes more than 0.2 GiB of memory"
    assert failures["grow"].problem == "it changed while it was read"
    assert ("abort/abort-s", "Crashed", failures["abort"].problem, True) in heard.failures, "told when tried again"

    document = json.loads((cohort.out / "failures.json").read_text())
    assert (document["schema"], document["slides_asked"], document["slides_failed"]) == ("histo.failures", 10, 8)
    assert document["failures"][0] == {
        "slide": str(cohort.folder / "slides/abort-s.svs"),
        "kind": "Crashed",
        "problem": "it crashed the process that read it (SIGABRT)",
        "remedy": "export or copy it again, then run with --retry-quarantined",
        "biopsy": "abort",
        "attempts": 2,
    }
    assert sorted(path.name for path in cohort.out.iterdir()) == [".cohort", "failures.json", "good"]
    assert cohort.left_over() == []


@pytest.fixture
def failed(cohort: Cohort) -> Cohort:
    cohort.write({"B1/x": "abort\n", "B1/y": "ok\n", "B2/z": "no NotASlide\n"})
    _, account = cohort.run()
    assert [(failure.kind, failure.attempts) for failure in account.failures] == [("Crashed", 2), ("NotASlide", 1)]
    assert cohort.begun() == ["BiopsyJob B1", *["SlideJob B1-x.svs"] * 2, "SlideJob B1-y.svs", "SlideJob B2-z.svs"]
    return cohort


def test_the_conclusion_tells_of_slides_that_are_missing(failed: Cohort) -> None:
    assert json.loads(failed.tree()["B1/reading.json"])["failures"] == [
        ["Crashed", "it crashed the process that read it (SIGABRT)"]
    ]


def test_what_is_set_apart_is_not_tried_again(failed: Cohort) -> None:
    _, account = failed.run()
    assert failed.begun() == []
    assert len(account.failures) == 2
    assert (failed.out / "failures.json").is_file()


def test_a_mended_slide_is_read_without_being_asked_for(failed: Cohort) -> None:
    failed.write({"B1/x": "ok mended\n", "B1/y": "ok\n", "B2/z": "no NotASlide\n"})
    _, account = failed.run()
    assert failed.begun() == ["BiopsyJob B1", "SlideJob B1-x.svs"]
    assert [failure.biopsy for failure in account.failures] == ["B2"]


def test_the_quarantine_can_be_opened(failed: Cohort) -> None:
    from histo.cohort.state import State

    assert State(failed.plan(), failed.store).release_quarantine() == 2
    failed.run()
    assert "SlideJob B2-z.svs" in failed.begun()


def test_another_attempt_may_fare_better(cohort: Cohort) -> None:
    cohort.write({"B1/x": "first abort\n", "B2/y": "ok\n"})
    _, account = cohort.run()
    assert account.failures == ()
    assert cohort.begun().count("SlideJob B1-x.svs") == 2
    assert not (cohort.out / "failures.json").exists()


def test_attempts_count_over_runs(cohort: Cohort) -> None:
    cohort.write({"B1/x": "abort\n"})
    cohort.run(attempts=3)
    assert cohort.begun() == ["SlideJob B1-x.svs"] * 3


def test_a_process_that_is_ended_takes_its_children_with_it(cohort: Cohort) -> None:
    """A hang ends soon after its limit, though the process sleeps for ten minutes."""
    cohort.write({"B1/x": "hang\n"})
    begun = time.monotonic()
    cohort.run(limits=replace(LIMITS, stall_s=0.5), attempts=1)
    assert time.monotonic() - begun < 30
