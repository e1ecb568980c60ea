"""`histo read`: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle
from typer.testing import CliRunner, Result

import histo.biopsy
from histo.cli import app
from histo.findings import Findings

SIDE_UM = 300.0
WHOLE_UM = 1100.0
"""Enough tissue for a pattern."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return paint(tmp_path / "biopsy.png", SIDE_UM)


def paint(path: Path, side_um: float) -> Path:
    cv2.imwrite(str(path), cv2.cvtColor(example_rgb(side_um=side_um), cv2.COLOR_RGB2BGR))
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def read(bundle: Path, *words: str | Path) -> Result:
    return run("read", *words, "--bundle", bundle, "--device", "cpu")


def test_a_reading_is_printed_and_written(tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def detect(*_: object) -> Findings:
        return example_findings(150, 80, side_um=WHOLE_UM)

    monkeypatch.setattr(histo.biopsy, "detect", detect)
    picture = paint(tmp_path / "biopsy.png", WHOLE_UM)
    result = read(bundle, picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 0
    for expected in (
        "Pattern: ",
        "Research use only. A histologic pattern, not a diagnosis",
        "Reasons",
        "Differential (a ranking, not calibrated)",
        "per 1,000 fibers (95%)",
        "Necrotic fibers, all kinds",
        "  myophagocytosis",
        "0.5 µm per pixel, from --mpp",
        "mm² found: ",
        "random 0 on openvino",
        "report.html",
    ):
        assert expected in result.stdout
    assert (tmp_path / "out/biopsy/reading.json").is_file()
    assert not (tmp_path / "out/failures.json").exists()


def test_a_refusal_is_a_result(tmp_path: Path, bundle: Path, picture: Path) -> None:
    result = read(bundle, picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 0
    assert "Pattern: not assessable" in result.stdout
    assert "Refused: " in result.stdout
    assert "muscle fibers were found; a pattern needs 100." in " ".join(result.stdout.split())
    assert "everything else is not assessed" in result.stdout
    assert not re.search(r" 0  ", result.stdout), "nothing that was not found is told as a number"


def test_some_failures_are_listed_and_give_3(tmp_path: Path, bundle: Path, picture: Path) -> None:
    absent = tmp_path / "absent.svs"
    result = read(bundle, absent, picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 3
    assert f"histo: {absent}: there is no such file; check the path" in result.stderr
    failures = json.loads((tmp_path / "out/failures.json").read_text())
    assert (failures["slides_asked"], failures["slides_failed"]) == (2, 1)
    assert failures["failures"][0] == {
        "slide": str(absent),
        "kind": "SlideNotFound",
        "problem": "there is no such file",
        "remedy": "check the path",
    }
    assert (tmp_path / "out/biopsy/reading.json").is_file()
    # The next run mends it, and the list goes.
    again = read(bundle, picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert again.exit_code == 0
    assert not (tmp_path / "out/failures.json").exists()


def test_nothing_read_gives_4(tmp_path: Path, bundle: Path, picture: Path) -> None:
    result = read(bundle, picture, "--out", tmp_path / "out")
    assert result.exit_code == 4
    assert "biopsy.png: no tag tells the scale; give it in um per pixel with --mpp" in result.stderr
    assert result.stdout == ""


def test_slides_of_one_biopsy(tmp_path: Path, bundle: Path, picture: Path) -> None:
    other = tmp_path / "level2.png"
    other.write_bytes(picture.read_bytes())
    result = read(bundle, picture, other, "--out", tmp_path / "out", "--mpp", "0.5", "--biopsy", "P 1")
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["P 1"]
    assert (tmp_path / "out/P 1/reading.json").is_file()
    assert (tmp_path / "out/P 1/level2/reading.json").is_file()
    assert "and a folder for each slide: biopsy, level2" in result.stdout


def test_two_slides_of_one_name_are_a_usage_error_before_anything_is_made(
    tmp_path: Path, bundle: Path, picture: Path
) -> None:
    result = read(bundle, picture, tmp_path / "elsewhere/biopsy.svs", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == "histo: biopsy: two slides have this name, and so would their results; rename one of them\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("read", "a.svs"), "Missing option '--out'"),
        (("read", "--out", "out"), "Missing argument 'SLIDE...'"),
        (("read", "a.svs", "--out", "out", "--device", "abacus"), "'abacus' is not one of"),
        (("raed",), "No such command 'raed'"),
    ],
)
def test_a_wrong_command_line_gives_2(words: tuple[str, ...], expected: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert expected in result.stderr


@pytest.mark.parametrize("biopsy", [(), ("--biopsy", "P 1")])
def test_an_impossible_scale_is_a_usage_error_and_no_failure_of_a_slide(
    tmp_path: Path, bundle: Path, picture: Path, biopsy: tuple[str, ...]
) -> None:
    result = read(bundle, picture, "--out", tmp_path / "out", "--mpp", "-1", *biopsy)
    assert result.exit_code == 2
    assert result.stderr == "histo: --mpp: -1 is not a scale; give um per pixel, e.g. --mpp 0.25\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_weights_are_told_in_a_line(tmp_path: Path, picture: Path) -> None:
    result = read(tmp_path / "nowhere", picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 4
    assert result.stderr.count("\n") == 1
    assert "nowhere: is not a folder; give a folder that holds card.json and weights.safetensors" in result.stderr


def test_a_file_in_the_way_is_told_in_a_line(tmp_path: Path, bundle: Path, picture: Path) -> None:
    (tmp_path / "out").write_text("")
    result = read(bundle, picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 4
    assert "out: cannot make the folder (File exists); choose another folder with --out" in result.stderr


def test_a_fault_of_histo_costs_one_slide_and_shows_no_traceback(
    tmp_path: Path, bundle: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(picture.read_bytes())
    calls: list[int] = []

    def detect(*_: object) -> Findings:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError("a bug")
        return example_findings(20, 10, side_um=SIDE_UM)

    monkeypatch.setattr(histo.biopsy, "detect", detect)
    result = read(bundle, picture, other, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 3
    assert "biopsy.png: unexpected ZeroDivisionError (a bug); read it alone with --debug" in result.stderr
    assert "Traceback" not in result.stderr
    assert (tmp_path / "out/other/reading.json").is_file()


def full_disk_after(monkeypatch: pytest.MonkeyPatch, name: str, files: int) -> None:
    """Let a writer of slides' folders find the disk full once it has written so many."""
    calls: list[int] = []

    def write(path: Path, *_: object, **__: object) -> None:
        calls.append(1)
        if len(calls) > files:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(b"")

    monkeypatch.setattr(name, write)


@pytest.mark.parametrize(("written", "exit_code", "failed"), [(1, 3, 2), (0, 4, 3)])
def test_a_disk_that_fills_up_ends_the_batch_and_keeps_what_is_done(
    tmp_path: Path,
    bundle: Path,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: int,
    exit_code: int,
    failed: int,
) -> None:
    names = ["biopsy.png", "second.png", "third.png"]
    for name in names[1:]:
        (tmp_path / name).write_bytes(picture.read_bytes())
    full_disk_after(monkeypatch, "histo.report.folder._draw", written)
    monkeypatch.setattr(histo.biopsy, "detect", lambda *_: example_findings(20, 10, side_um=SIDE_UM))
    paths = [tmp_path / name for name in names]
    result = read(bundle, *paths, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == exit_code
    listed = json.loads((tmp_path / "out/failures.json").read_text())
    assert [failure["slide"] for failure in listed["failures"]] == [str(path) for path in paths[-failed:]]
    assert {failure["kind"] for failure in listed["failures"]} == {"OutputError"}
    assert "No space left on device" in listed["failures"][0]["problem"]
    assert all("was not begun" in failure["problem"] for failure in listed["failures"][1:])
    assert [path.name for path in sorted((tmp_path / "out").glob("*/reading.json"))] == ["reading.json"] * written
    assert "Traceback" not in result.stderr


def test_a_disk_that_fills_up_within_a_biopsy_of_several_slides_is_told_slide_by_slide(
    tmp_path: Path, bundle: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "level2.png"
    other.write_bytes(picture.read_bytes())
    monkeypatch.setattr(histo.biopsy, "detect", lambda *_: example_findings(20, 10, side_um=SIDE_UM))
    words = (picture, other, "--out", tmp_path / "out", "--mpp", "0.5", "--biopsy", "P 1")
    full_disk_after(monkeypatch, "histo.report.folder._draw", 1)
    result = read(bundle, *words)
    assert result.exit_code == 3
    listed = json.loads((tmp_path / "out/failures.json").read_text())
    assert [failure["slide"] for failure in listed["failures"]] == [str(other)]
    assert (tmp_path / "out/P 1/biopsy/reading.json").is_file()
    assert not (tmp_path / "out/P 1/reading.json").exists()


def test_a_disk_without_room_for_the_list_itself_still_gives_the_exit_code(
    tmp_path: Path, bundle: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    result = read(bundle, picture, "--out", tmp_path / "out", "--mpp", "0.5")
    assert result.exit_code == 4
    assert "failures.json: cannot write (No space left on device)" in result.stderr
    assert "1 of 1 slides could not be read: the lines above tell which" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_what_happened(tmp_path: Path, bundle: Path) -> None:
    result = read(bundle, tmp_path / "absent.svs", "--out", tmp_path / "out", "--debug")
    assert type(result.exception).__name__ == "SlideNotFound"


def histo_process(*words: str | Path) -> subprocess.Popen[str]:
    # a shell's background job, as these tests may be, starts with Ctrl-C ignored, and hands that on
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from histo.cli import main; main()"
    )
    command = [sys.executable, "-c", start, *(str(word) for word in words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_ends_with_130_and_leaves_nothing_half_written(tmp_path: Path, bundle: Path) -> None:
    glass = tmp_path / "large.png"
    cv2.imwrite(str(glass), np.tile(example_rgb(side_um=512.0), (4, 4, 1)))
    process = histo_process("read", glass, "--mpp", "0.5", "--out", tmp_path / "out", "--bundle", bundle)
    assert process.stderr is not None
    while "large: reading" not in (line := process.stderr.readline()):
        assert line, "the process ended before it read"
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "histo: stopped; nothing is left half-written, and slides that were finished are kept" in errors
    assert "Traceback" not in errors
    assert list((tmp_path / "out").rglob("*")) == []


def test_exit_codes_reach_the_shell(tmp_path: Path, bundle: Path) -> None:
    process = histo_process("read", tmp_path / "absent.svs", "--out", tmp_path / "out", "--bundle", bundle)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 4
    assert "absent.svs: there is no such file; check the path" in errors
