"""`histo export`: files in, one line out where it cannot be done, and then no file."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from exported_slides import blots, drawn, seen, write_reading, write_tiff
from typer.testing import CliRunner, Result

from histo.cli import app
from histo.slide import open_slide


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("read")
    with open_slide(write_tiff(place / "section.tif", drawn(blots(), 0.5)[0], 0.5)) as reader:
        return write_reading(place / "section", reader.info, seen(reader))


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *(str(word) for word in words)])


def line(result: Result) -> str:
    (only,) = result.stderr.strip().splitlines()
    assert "Traceback" not in only
    return only


def test_what_was_written_is_told(reading: Path, tmp_path: Path) -> None:
    result = run(reading, "geojson", "csv", "--out", tmp_path / "new" / "x")
    assert result.exit_code == 0, result.output
    told = [Path(text) for text in result.stdout.splitlines()]
    assert [path.name for path in told] == ["section.geojson", "section.fibers.csv", "section.cells.csv"]
    assert sorted((tmp_path / "new" / "x").iterdir()) == sorted(told)


def test_every_format_of_the_help_is_one(reading: Path, tmp_path: Path) -> None:
    from histo.exports import ExportFormat

    shown = run("--help").output
    for word in ExportFormat:
        assert word in shown
    assert run(reading, *ExportFormat, "--out", tmp_path).exit_code == 0
    assert len(list(tmp_path.iterdir())) == 11


def test_an_unknown_format(reading: Path, tmp_path: Path) -> None:
    result = run(reading, "svg", "--out", tmp_path / "x")
    assert result.exit_code == 2
    known = "geojson, geojson.gz, geojson.zip, csv, heatmap, dicom-ann, dicom-sr, dicom-pm, dicom-seg"
    assert line(result) == f"histo: 'svg': is no format of an export; give one of {known}"


def test_no_format_is_a_usage_error(reading: Path, tmp_path: Path) -> None:
    assert run(reading, "--out", tmp_path).exit_code == 2


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_no_reading_there(tmp_path: Path, name: str) -> None:
    result = run(tmp_path / name, "csv", "--out", tmp_path / "x")
    assert result.exit_code == 4
    assert line(result).endswith("there is no such file; read the slide again with `histo read`")
    assert not (tmp_path / "x").exists()


def test_the_folder_of_a_biopsy(reading: Path, tmp_path: Path) -> None:
    shutil.copytree(reading, tmp_path / "B12" / "section")
    shutil.copy(reading / "reading.json", tmp_path / "B12")
    result = run(tmp_path / "B12", "csv", "--out", tmp_path / "x")
    assert result.exit_code == 4
    wanted = f"is the folder of a biopsy, whose slides have folders of their own; name {tmp_path / 'B12' / 'section'}"
    assert line(result) == f"histo: {tmp_path / 'B12'}: {wanted}"


@pytest.mark.parametrize(
    "missing", ["fibers.parquet", "cells.parquet", "compartments.png", "findings.geojson", "run.json"]
)
def test_an_incomplete_folder(reading: Path, tmp_path: Path, missing: str) -> None:
    folder = Path(shutil.copytree(reading, tmp_path / "section"))
    (folder / missing).unlink()
    result = run(folder, "geojson", "heatmap", "dicom-sr", "--out", tmp_path / "x")
    assert result.exit_code == 4
    assert line(result) == f"histo: {folder / missing}: there is no such file; read the slide again with `histo read`"
    assert not list((tmp_path / "x").glob("*"))


def test_a_damaged_table(reading: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(reading, tmp_path / "section"))
    (folder / "fibers.parquet").write_bytes(b"PAR1" + bytes(100))
    result = run(folder, "csv", "--out", tmp_path / "x")
    assert result.exit_code == 4
    assert "fibers.parquet: is not a readable Parquet file" in line(result)


def test_a_full_disk_leaves_nothing(reading: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("histo.exports.export.write_heatmap", full)
    result = run(reading, "geojson", "heatmap", "--out", tmp_path / "x")
    assert result.exit_code == 4
    assert "section.heatmap.ome.tif: cannot write (No space left on device); free space on the disk" in line(result)
    assert list((tmp_path / "x").iterdir()) == []


def test_a_file_in_the_way_of_the_folder(reading: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    result = run(reading, "csv", "--out", tmp_path / "x")
    assert result.exit_code == 4
    assert "cannot make the folder" in line(result)


def test_without_highdicom_the_rest_works(reading: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo.exports.export.find_spec", lambda _: None)
    result = run(reading, "dicom-ann", "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert line(result) == "histo: DICOM: needs highdicom, which is not installed; pip install 'histo[dicom]'"
    assert run(reading, "geojson", "csv", "heatmap", "--out", tmp_path / "x").exit_code == 0


def test_a_slide_that_is_not_there(reading: Path, tmp_path: Path) -> None:
    result = run(reading, "dicom-ann", "--out", tmp_path / "x", "--slide", tmp_path / "gone.svs")
    assert result.exit_code == 4
    assert "gone.svs: there is no such file; check the path" in line(result)
