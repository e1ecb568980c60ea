"""`histo cohort`: what it prints, what it writes, its exit codes, and how it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from example_findings import example_rgb
from example_model import save_random_bundle
from typer.testing import CliRunner, Result

from histo.biopsy import read_biopsy
from histo.cli import app
from histo.cli.cohort import _signals
from histo.model import load_model

FOUND = ("reading.json", "findings.geojson", "fibers.parquet", "cells.parquet", "compartments.png")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    folder = tmp_path / "slides"
    folder.mkdir()
    cv2.imwrite(str(folder / "one.png"), cv2.cvtColor(example_rgb(side_um=300.0), cv2.COLOR_RGB2BGR))
    return folder


def cohort(bundle: Path, *words: str | Path) -> Result:
    options = ["--bundle", str(bundle), "--device", "cpu", "--workers", "1", "--threads", "1"]
    return CliRunner().invoke(app, ["cohort", *(str(word) for word in words), *options])


def test_a_folder_is_read_in_true_processes_as_histo_read_reads_it(slides: Path, tmp_path: Path, bundle: Path) -> None:
    (slides / "page.svs").write_text("<!doctype html><title>Sign in</title>")
    out = tmp_path / "out"
    result = cohort(bundle, slides, "--out", out, "--mpp", "0.5")
    assert result.exit_code == 3, result.output
    assert "one (1 of 2): read in " in result.stderr
    assert "Mpx/s" in result.stderr
    assert f"histo: {slides / 'page.svs'}: it is an HTML web page; the download failed: fetch the slide again" in (
        result.stderr
    )
    assert result.stdout == (
        "1 of 2 slides read, 1 of 2 biopsies concluded; 1 given up: see failures.json\n"
        f"Overview: {out / 'overview.html'}\n"
    )
    assert (out / "cohort.csv").read_text().count("\n") == 2
    (failure,) = json.loads((out / "failures.json").read_text())["failures"]
    assert (failure["biopsy"], failure["kind"], failure["attempts"]) == ("page", "NotASlide", 1)

    read_biopsy(slides / "one.png", out=tmp_path / "read", mpp=0.5, model=load_model(bundle, device="cpu", threads=1))
    for name in FOUND:  # what is drawn is drawn coarsely by this process; tests/cohort/test_work.py compares that too
        assert (out / "one" / name).read_bytes() == (tmp_path / "read/one" / name).read_bytes(), name
    assert sorted(path.name for path in (out / "one").iterdir()) == sorted(
        path.name for path in (tmp_path / "read/one").iterdir()
    )

    plan = cohort(bundle, slides, "--out", out, "--mpp", "0.5", "--dry-run")
    assert plan.exit_code == 0
    assert "2: 1 read, 1 given up, 0 to read" in plan.stdout
    assert "2: 1 concluded" in plan.stdout
    again = cohort(bundle, slides, "--out", out, "--mpp", "0.5", "--quiet")
    assert again.exit_code == 3
    assert again.stderr == ""


def test_a_plan_is_shown_and_nothing_is_done(slides: Path, tmp_path: Path, bundle: Path) -> None:
    result = cohort(bundle, slides, "--out", tmp_path / "out", "--mpp", "0.5", "--dry-run")
    assert result.exit_code == 0
    assert "1: 0 read, 0 given up, 1 to read" in result.stdout
    assert "1, of 1 threads" in result.stdout
    assert "by what simulated sections took on one core of another machine" in result.stdout
    assert f"to read: {slides / 'one.png'}" in result.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "3/3"], "--only 3/3: is no part of the slides; give INDEX/COUNT, from 0/8 to 7/8 for eight parts"),
        (["--only", "x"], "--only x: is no part of the slides; give INDEX/COUNT, from 0/8 to 7/8 for eight parts"),
        (["--only", "²/3"], "--only ²/3: is no part of the slides; give INDEX/COUNT, from 0/8 to 7/8 for eight parts"),
        (["--stage-budget", "much"], "--stage-budget much: is no size; give it as in 50GB or 800MB"),
    ],
)
def test_usage_errors(slides: Path, tmp_path: Path, bundle: Path, words: list[str], message: str) -> None:
    result = cohort(bundle, slides, "--out", tmp_path / "out", *words)
    assert (result.exit_code, result.stderr) == (2, f"histo: {message}\n")


def test_a_source_that_is_not_there_and_a_manifest_with_faults(tmp_path: Path, bundle: Path) -> None:
    result = cohort(bundle, tmp_path / "gone.csv", "--out", tmp_path / "out")
    message = f"histo: {tmp_path / 'gone.csv'}: is neither a manifest nor a folder; check the path\n"
    assert (result.exit_code, result.stderr) == (2, message)
    manifest = tmp_path / "m.csv"
    manifest.write_text("biopsy,patient,slide\nB1,P1,one.svs\nB2,,two.svs\n")
    result = cohort(bundle, manifest, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == (
        f"histo: {manifest}: row 2: slide one.svs does not exist; row 3: patient is empty; "
        "row 3: slide two.svs does not exist; correct these rows; docs/file-formats.md describes the columns\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_folder_that_somebody_else_made_is_not_overwritten(slides: Path, tmp_path: Path, bundle: Path) -> None:
    (tmp_path / "out/one").mkdir(parents=True)
    result = cohort(bundle, slides, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 2
    assert result.stderr == (
        f"histo: {tmp_path / 'out/one'}: is there already, and `histo cohort` has not made it (1 such folders); "
        "choose another folder with --out\n"
    )


def test_a_file_in_the_way_of_the_output_is_told(slides: Path, tmp_path: Path, bundle: Path) -> None:
    (tmp_path / "out").write_text("")
    result = cohort(bundle, slides, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 4
    assert result.stderr.startswith(f"histo: {tmp_path / 'out'}: cannot make the folder (")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_the_run_and_the_next_goes_on(
    slides: Path, tmp_path: Path, bundle: Path, number: signal.Signals, code: int
) -> None:
    words = ["cohort", slides, "--out", tmp_path / "out", "--mpp", "0.5", "--bundle", bundle, "--json"]
    command = [sys.executable, "-c", "from histo.cli import main; main()", *(str(word) for word in words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    begun = json.loads(process.stdout.readline())
    assert (begun["event"], begun["biopsy"], begun["slide"]) == ("begun", "one", "one")
    os.kill(process.pid, number)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (code, "")
    ended = json.loads(output.splitlines()[-1])
    assert (ended["event"], ended["slides"], ended["read"], ended["failed"]) == ("stopped", 1, 0, 0)
    assert not (tmp_path / "out/one").exists()
    assert not (tmp_path / "out/failures.json").exists()
    state = tmp_path / "out/.cohort"
    assert [path.name for name in ("leases", "runs", "slides", "units") for path in (state / name).iterdir()] == []


def test_a_second_signal_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with _signals() as stopping:
        signal.raise_signal(signal.SIGTERM)  # to this thread: by the next line it has come
        assert stopping.stop.is_set()
        assert (stopping.code, ended) == (143, [])
        signal.raise_signal(signal.SIGINT)
        assert ended == [130]
