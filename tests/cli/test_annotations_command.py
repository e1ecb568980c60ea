"""`histo annotations check` and `names`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

import histo.report.annotated
from histo.annotations import load_mapping
from histo.cli import app


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["annotations", *[str(word) for word in words]])


@pytest.fixture(autouse=True)
def coarse_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histo.report.annotated, "DPI", 20)


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """Discs on glass at 1 um per pixel, and their outlines as QuPath exports them."""
    rng = np.random.default_rng(0)
    picture = np.full((900, 900, 3), 235, np.uint8)
    features = []
    for x in range(60, 850, 70):
        for y in range(60, 850, 70):
            center, radius = np.array([x, y]) + rng.integers(-8, 8, 2), int(rng.integers(18, 30))
            cv2.circle(picture, center.tolist(), radius, (160, 120, 205), -1)
            turn = np.linspace(0, 2 * np.pi, 25)[:, None]
            ring = center + 0.5 + radius * np.hstack([np.cos(turn), np.sin(turn)])
            features.append(feature("Intact fiber", ring))
    cv2.imwrite(str(tmp_path / "slide.png"), picture)
    features.append(feature("Annotated region", np.array([[30, 30], [880, 30], [880, 880], [30, 880], [30, 30]])))
    (tmp_path / "drawn.geojson").write_text(json.dumps(features))
    return tmp_path / "slide.png"


def feature(name: str, ring: np.ndarray) -> dict[str, object]:
    geometry = {"type": "Polygon", "coordinates": [ring.tolist()]}
    return {"type": "Feature", "geometry": geometry, "properties": {"classification": {"name": name}}}


def moved(path: Path, by: float) -> Path:
    features = json.loads(path.read_text())
    for item in features:
        item["geometry"]["coordinates"] = (np.array(item["geometry"]["coordinates"]) + by).tolist()
    path.write_text(json.dumps(features))
    return path


def test_check_tells_what_was_understood_and_draws_it(slide: Path) -> None:
    picture = slide.parent / "seen.png"
    result = run("check", slide.parent / "drawn.geojson", "--slide", slide, "--mpp", 1, "--out", picture)
    assert result.exit_code == 0, result.output
    for line in (
        "Format       QuPath GeoJSON",
        "Drawn        Intact fiber (144), Annotated region (1)",
        "Fibers       144: intact 144",
        "Nuclei       0",
        "Regions      annotated 1",
        "Placement    sits well; best offset (0, 0) µm, best scale 1; ",
        f"Picture      {picture}",
    ):
        assert line in result.stdout
    assert "Complete     fibers 0.72" in result.stdout
    assert "Warning" not in result.stdout
    drawn = cv2.imread(str(picture))
    assert drawn.shape[1] > 1.5 * drawn.shape[0], "the section and a place beside it"
    assert [path.name for path in slide.parent.glob(".*")] == []


def test_check_fails_where_outlines_are_moved(slide: Path) -> None:
    drawn = moved(slide.parent / "drawn.geojson", 35)
    result = run("check", drawn, "--slide", slide, "--mpp", 1, "--out", slide.parent / "seen.png")
    assert result.exit_code == 1
    assert "Placement    is moved; best offset (-35, -35) µm" in result.stdout
    assert "Warning      the outlines fit when moved by (-35, -35) um" in result.stdout


def test_an_unknown_class_is_one_line_and_no_picture(slide: Path) -> None:
    (slide.parent / "lab.toml").write_text('[classes]\n"Intact fiber" = "intact"')
    result = run("check", slide.parent / "drawn.geojson", "--slide", slide, "--mpp", 1, "--mapping",
                 slide.parent / "lab.toml", "--out", slide.parent / "seen.png")  # fmt: skip
    assert result.exit_code == 4
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "does not say what these classes mean: 'Annotated region' (1); add a line" in result.stderr
    assert not (slide.parent / "seen.png").exists()


def test_names_are_listed_and_a_mapping_begun(tmp_path: Path) -> None:
    ring = np.array([[0, 0], [50, 0], [50, 50], [0, 0]])
    names = ['Fibre "x"', 'Fibre "x"', "Lymphocyte"]
    (tmp_path / "a.json").write_text(json.dumps([feature(name, ring) for name in names]))
    result = run("names", tmp_path / "a.json", "--out", tmp_path / "lab.toml")
    assert result.exit_code == 0, result.output
    assert '       2  Fibre "x"\n       1  Lymphocyte\n' in result.stdout
    begun = (tmp_path / "lab.toml").read_text()
    assert '\n# "Fibre \\"x\\"" = ""  # drawn: 2\n"Lymphocyte" = "lymphocyte"  # drawn: 1\n' in begun
    assert set(load_mapping(tmp_path / "lab.toml").meanings) == {"Lymphocyte"}
    again = run("names", tmp_path / "a.json", "--out", tmp_path / "lab.toml")
    assert again.exit_code == 2
    assert "is there already; choose another name, so that no work is lost" in again.stderr


@pytest.mark.parametrize("command", ["check", "names"])
def test_every_help_has_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:  histo annotations {command}" in result.stdout
