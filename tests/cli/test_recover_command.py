"""`histo recover`: what it writes beside a reading, and the line it gives where it cannot be tried."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from example_findings import example_rgb
from example_model import save_random_bundle
from typer.testing import CliRunner, Result

from histo.cli import app
from histo.network.bundle import DEFAULT_BUNDLE


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def field(tmp_path: Path) -> Path:
    path = tmp_path / "field.png"
    cv2.imwrite(str(path), example_rgb(side_um=150)[..., ::-1])
    return path


def test_a_slide_without_healthy_fibers_is_one_line(field: Path, bundle: Path) -> None:
    result = run("recover", field, "--mpp", "0.5", "--bundle", bundle)
    assert result.exit_code == 4
    assert result.stderr.splitlines()[-1].startswith("histo: field: 0 healthy fibers were found, and 5 are needed")


def test_a_slide_without_a_scale_is_one_line(field: Path, bundle: Path) -> None:
    result = run("recover", field, "--bundle", bundle)
    assert result.exit_code == 4
    assert "--mpp" in result.stderr.splitlines()[-1]


def test_another_stain_is_one_line(tmp_path: Path, bundle: Path) -> None:
    path = tmp_path / "brown.png"
    rng = np.random.default_rng(0)
    cv2.imwrite(str(path), np.clip(rng.normal((60, 110, 150), 12, (300, 300, 3)), 0, 255).astype(np.uint8))
    result = run("recover", path, "--mpp", "0.5", "--bundle", bundle)
    assert result.exit_code == 4
    assert "not H&E; give an H&E slide" in result.stderr.splitlines()[-1]


def test_no_implants_are_a_usage_error(field: Path, bundle: Path) -> None:
    assert run("recover", field, "--mpp", "0.5", "--bundle", bundle, "--per-kind", "0").exit_code == 2


def test_a_reading_of_another_file_is_not_taken(field: Path, bundle: Path, tmp_path: Path) -> None:
    assert run("read", field, "--mpp", "0.5", "--bundle", bundle, "--out", tmp_path / "out").exit_code == 0
    cv2.imwrite(str(field), example_rgb(side_um=160)[..., ::-1])
    result = run("recover", field, "--mpp", "0.5", "--bundle", bundle, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "holds the reading of another file; give another folder with --out" in result.stderr


def test_a_real_field_gives_implants_back(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not DEFAULT_BUNDLE.is_dir():
        pytest.skip("the default bundle is not trained yet")
    monkeypatch.setattr("histo.report.recovery_sheet.DPI", 40)
    slide = real_data / "muscle" / "fibers_01.tif"
    result = run("recover", slide, "--mpp", "0.2775", "--per-kind", "1", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "Optimistic" in result.stdout
    document = json.loads((tmp_path / "fibers_01" / "recovery.json").read_bytes())
    assert document["necrotic"]["implanted"] == 4
    assert document["look"]["stain_source"] == "macenko"
    assert document["control"]["untouched_called"] == 0
    assert (tmp_path / "fibers_01" / "recovery.png").stat().st_size > 10_000
