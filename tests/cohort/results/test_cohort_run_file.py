"""run.json tells how fast a run went and by what, and not whose machine it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cohort_maker import example_reading, store
from cohort_runs import a_run

from histo.cohort.results import CohortBiopsy, write_results
from histo.cohort.results.inputs import Argument
from histo.cohort.results.run_file import cohort_run_document, without_place


def test_run_json_holds_what_explains_a_run(tmp_path: Path) -> None:
    one = CohortBiopsy("a", store(tmp_path, example_reading("a")))
    write_results(tmp_path, [one], [], a_run(jobs=2, manifest="/home/someone/study/m.csv"))
    document = json.loads((tmp_path / "run.json").read_text())
    assert document["schema"] == "histo.cohort_run"
    assert document["started"] == "2026-01-02T03:04:05+00:00"
    assert document["mpx_per_core_second"] == 2.0
    assert document["units"] == {"planned": 4, "done": 2, "skipped": 1, "failed": 1}
    assert document["bundle"]["sha256"] == "ab" * 32
    assert document["arguments"] == {"jobs": 2, "manifest": "m.csv"}
    assert document["machine"]["cores"] >= 1
    assert document["machine"]["memory_gib"] > 0
    assert document["provenance"]["histo"]
    assert document["biopsies"] == 1


def test_whose_machine_it_was_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "secret-host")
    run = a_run(
        out="/home/someone/out", cluster="ray://head.example.org:10001", slides="C:\\scans\\x.svs", near="../x/y"
    )
    text = json.dumps(cohort_run_document(run, 1))
    for secret in ("someone", "example.org", "scans", "..\\", "../", "secret-host"):
        assert secret not in text, secret


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("/a/b/c.csv", "c.csv"),
        ("~/x/y", "y"),
        ("D:\\x\\y.svs", "y.svs"),
        ("\\\\server\\share\\y.svs", "y.svs"),
        ("s3://bucket/key", "s3://..."),
        ("folder/x.svs", "folder/x.svs"),
        ("f32", "f32"),
        ("", ""),
        (2, 2),
        (True, True),
        (None, None),
    ],
)
def test_a_place_is_shortened(value: Argument, told: Argument) -> None:
    assert without_place(value) == told


def test_a_speed_that_nobody_measured_is_missing() -> None:
    for core_seconds in (None, 0.0):
        assert cohort_run_document(replace(a_run(), core_seconds=core_seconds), 1)["mpx_per_core_second"] is None
