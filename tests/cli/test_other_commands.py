"""`histo info`, `doctor`, `phantom`, `bench`, and the help of all."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pytest
from example_findings import example_rgb
from example_model import save_random_bundle
from typer.testing import CliRunner, Result

import histo.doctor
from histo.cli import app
from histo.cli.phantom import PATTERN_LINES
from histo.doctor import Check
from histo.errors import EngineError
from histo.phantom import DISEASES, PATTERN_SPECS
from histo.records import read_cells, read_fibers


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("command", ["read", "recover", "info", "doctor", "phantom", "bench"])
def test_every_help_has_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:  histo {command}" in result.stdout


@pytest.mark.parametrize("words", [(), ("read",), ("recover",)])
def test_help_of_what_names_a_pattern_says_what_it_is_for(words: tuple[str, ...]) -> None:
    assert "Research use only. A pattern, not a diagnosis." in run(*words, "--help").stdout


def test_the_version_is_that_of_the_package() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"histo {version('histo')}\n")


def test_help_of_phantoms_says_what_they_are_for() -> None:
    assert "Research use only." in run("phantom", "--help").stdout


def test_help_needs_no_heavy_library() -> None:
    program = (
        "import sys; sys.argv = ['histo', '--help']\n"
        "from histo.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'cv2', 'openslide', 'openvino', 'matplotlib', 'pyarrow', 'scipy'}\n"
        "sys.exit(f'imported {heavy & set(sys.modules)}' if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_info_tells_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "biopsy.png"
    cv2.imwrite(str(path), cv2.cvtColor(example_rgb(side_um=300), cv2.COLOR_RGB2BGR))
    result = run("info", path, "--mpp", "0.5")
    assert result.exit_code == 0
    assert "Size         600 x 600 px" in result.stdout
    assert "Scale        0.5 µm per pixel, from --mpp" in result.stdout
    assert "Can be read  yes" in result.stdout
    assert "mm² found" in result.stdout


def test_info_tells_what_cannot_be_read_and_why(tmp_path: Path) -> None:
    path = tmp_path / "biopsy.png"
    cv2.imwrite(str(path), np.full((300, 300, 3), 200, np.uint8))
    result = run("info", path)
    assert result.exit_code == 4
    assert "Size         300 x 300 px" in result.stdout
    assert "Can be read  no: no tag tells the scale; give it in um per pixel with --mpp" in result.stdout


def test_doctor_finds_this_installation_well(bundle: Path) -> None:
    result = run("doctor", "--bundle", bundle)
    assert "FAULT" not in result.stdout
    assert "ok    engines: torch and OpenVINO run, and differ by at most" in result.stdout
    assert result.exit_code == 0


def test_doctor_gives_the_fix_of_a_fault(tmp_path: Path) -> None:
    result = run("doctor", "--bundle", tmp_path / "absent")
    assert result.exit_code == 1
    assert "FAULT bundle: " in result.stdout
    assert "fix: give a folder that holds card.json and weights.safetensors" in result.stdout


def test_a_check_that_fails_does_not_stop_the_others(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> Check:
        raise ImportError("libvino.so: cannot open shared object file")

    def broken(_: object) -> Check:
        raise EngineError("engine torch", "does not run", "install torch again")

    monkeypatch.setattr(histo.doctor, "_openvino", absent)
    monkeypatch.setattr(histo.doctor, "_engines", broken)
    checks = {check.name: check for check in histo.doctor.examine(bundle)}
    assert not checks["OpenVINO"].ok
    assert "libvino.so" in checks["OpenVINO"].found
    assert checks["engines"] == Check("engines", False, "engine torch: does not run", "install torch again")
    assert checks["memory"].found.endswith("cores")


def test_an_old_library_with_known_holes_is_a_fault(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setattr("histo.slide.library_warnings", lambda: ("openslide-bin 4.0.0.1 may lack security fixes",))
    (found,) = (check for check in histo.doctor.examine(bundle) if check.name == "OpenSlide")
    assert not found.ok
    assert "CVE-2026-48977" in found.fix


def test_a_phantom_comes_with_its_truth_and_can_be_measured(tmp_path: Path, bundle: Path) -> None:
    path = tmp_path / "demo.tif"
    result = run("phantom", path, "--pattern", "necrotizing", "--seed", "3", "--mm2", "0.3")
    assert result.exit_code == 0, result.stderr
    assert "0.3 mm² of tissue" in result.stdout
    fibers, cells = (
        read_fibers(tmp_path / "demo.truth.fibers.parquet"),
        read_cells(tmp_path / "demo.truth.cells.parquet"),
    )
    assert len(fibers) > 20
    truth = json.loads((tmp_path / "demo.truth.geojson").read_text())["features"]
    assert len(truth) >= len(fibers)
    assert len(cells) > 20
    told = json.loads((tmp_path / "demo.truth.json").read_text())
    assert (told["pattern"], told["disease"], told["seed"]) == ("necrotizing", None, 3)
    assert sum(told["counts"]["fibers"].values()) == len(fibers)

    measured = run("bench", path, "--bundle", bundle, "--device", "cpu", "--json")
    assert measured.exit_code == 0, measured.stderr
    numbers = json.loads(measured.stdout)
    assert numbers["slide"] == "demo"
    for stage in ("whole", "reading", "network"):
        speed = numbers[stage]
        assert speed["mpx_per_core_second"] == pytest.approx(speed["megapixels"] / speed["cpu_seconds"], rel=0.05)
    assert numbers["whole"]["megapixels"] >= numbers["assessable_mm2"] * 4
    assert 50 < numbers["peak_rss_mib"] < 4000


def test_a_phantom_needs_a_name_that_slides_have(tmp_path: Path) -> None:
    result = run("phantom", tmp_path / "demo.png")
    assert result.exit_code == 2
    assert "demo.png: is not the name of a TIFF file; end it with .tif" in result.stderr


def test_a_phantom_says_what_is_in_its_way_in_words_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "demo.tif").mkdir()
    below_a_file, on_a_folder = run("phantom", tmp_path / "file/x/a.tif"), run("phantom", tmp_path / "demo.tif")
    assert "cannot make the folder (Not a directory); choose another folder\n" in below_a_file.stderr
    assert "demo.tif: is a folder; give the name of a file" in on_a_folder.stderr


def test_an_unknown_pattern_lists_the_known_ones(tmp_path: Path) -> None:
    result = run("phantom", tmp_path / "demo.tif", "--pattern", "imnm")
    assert result.exit_code == 2
    assert "imnm: is not a pattern that can be simulated; choose one of" in result.stderr
    assert "necrotizing" in result.stderr


def test_a_disease_that_contradicts_the_pattern_is_wrong_usage(tmp_path: Path) -> None:
    result = run("phantom", tmp_path / "demo.tif", "--disease", "neurogenic", "--pattern", "normal")
    assert result.exit_code == 2
    assert "neurogenic: shows the pattern neurogenic with seed 1, not normal" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_pattern_and_disease_is_listed() -> None:
    listed = run("phantom", "--list")
    assert listed.exit_code == 0
    assert PATTERN_LINES.keys() == PATTERN_SPECS.keys()
    patterns, diseases = listed.stdout.split("\n\n")
    assert [line.split()[0] for line in patterns.splitlines()[1:]] == list(PATTERN_SPECS)
    assert [line.split()[0] for line in diseases.splitlines()[1:]] == list(DISEASES)
