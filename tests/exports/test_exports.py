"""Exports tell what the reading told, the same bytes each time; and who the patient is only when asked."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from exported_slides import alter_reading, blots, dicom, drawn, seen, write_reading, write_tiff

from histo.errors import RecordError, UsageError
from histo.exports import ExportFormat, export_reading, load_slide
from histo.findings import Cells, Fibers, Findings
from histo.records import read_fibers, write_csv
from histo.slide import open_slide


def test_every_format_is_the_same_bytes_on_repeat(tiff_reading: Path, tmp_path: Path) -> None:
    first = export_reading(tiff_reading, tmp_path / "a", list(ExportFormat), all_nuclei=True)
    again = export_reading(tiff_reading, tmp_path / "b", list(ExportFormat), all_nuclei=True)
    assert [path.name for path in first] == [
        "section.geojson",
        "section.geojson.gz",
        "section.geojson.zip",
        "section.fibers.csv",
        "section.cells.csv",
        "section.heatmap.ome.tif",
        "section.annotations.dcm",
        "section.report.dcm",
        "section.compartments.dcm",
        "section.necrosis.dcm",
        "section.infiltrate.dcm",
    ]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_geojson_is_that_of_the_reading(tiff_reading: Path, tmp_path: Path) -> None:
    (plain,) = export_reading(tiff_reading, tmp_path, ["geojson"])
    assert plain.read_bytes() == (tiff_reading / "findings.geojson").read_bytes()
    (every,) = export_reading(tiff_reading, tmp_path, ["geojson"], all_nuclei=True)
    names = {f["properties"]["classification"]["name"] for f in json.loads(every.read_text())["features"]}
    assert {"Tissue", "Myonucleus", "Other nucleus", "Lymphocyte"} <= names


def test_csv_holds_every_column_and_value(tiff_reading: Path, tmp_path: Path) -> None:
    export_reading(tiff_reading, tmp_path, ["csv"])
    for name in ("fibers", "cells"):
        table = pq.read_table(tiff_reading / f"{name}.parquet").to_pylist()
        with (tmp_path / f"section.{name}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(table)
        for row, expected in zip(rows, table, strict=True):
            outline = expected.pop("outline_um", None)
            if outline is not None:
                ring = shapely.get_coordinates(shapely.from_wkt(row.pop("outline_um_wkt")))
                np.testing.assert_array_equal(ring[:-1].astype(np.float32).ravel(), np.array(outline, np.float32))
            assert list(row) == list(expected)
            for column, value in expected.items():
                if isinstance(value, float):
                    assert np.float32(row[column]) == np.float32(value)
                else:
                    told = str(value).lower() if isinstance(value, bool) else str(value)
                    assert row[column] == ("" if value is None else told)


def test_an_empty_table_has_a_header(tmp_path: Path, tiff_reading: Path) -> None:
    table = pq.read_table(tiff_reading / "fibers.parquet").slice(0, 0)
    pq.write_table(table, tmp_path / "none.parquet")
    write_csv(tmp_path / "none.parquet", tmp_path / "none.csv")
    (header,) = (tmp_path / "none.csv").read_text().splitlines()
    assert header.startswith('"fiber","fiber_class"')
    assert header.endswith('"outline_um_wkt"')


@pytest.fixture
def coarse(tmp_path: Path) -> Path:
    """The reading of a slide that is too coarse to tell cells."""
    with open_slide(write_tiff(tmp_path / "coarse.tif", drawn(blots(), 1.5)[0], 1.5)) as reader:
        return write_reading(tmp_path / "out" / "coarse", reader.info, seen(reader), cells_assessed=False)


def test_where_cells_are_not_assessed_none_is_exported(coarse: Path, tmp_path: Path) -> None:
    formats = ["geojson", "heatmap", "dicom-ann", "dicom-pm"]
    written = export_reading(coarse, tmp_path / "x", formats, all_nuclei=True)
    assert [path.name for path in written if "infiltrate" in path.name] == []
    document = json.loads((tmp_path / "x" / "coarse.geojson").read_text())
    assert document["histo"]["cells_assessed"] is False
    assert all(f["geometry"]["type"] == "Polygon" for f in document["features"])
    groups = dicom(tmp_path / "x" / "coarse.annotations.dcm").AnnotationGroupSequence
    assert {group.GraphicType for group in groups} == {"POLYGON"}


def test_nothing_found_is_nothing_to_annotate(tiff_reading: Path, tmp_path: Path) -> None:
    stored = load_slide(tiff_reading)
    with open_slide(write_tiff(tmp_path / "bare.tif", drawn(blots(), 0.5)[0], 0.5)) as reader:
        bare = Findings(Fibers.empty(), Cells.empty(), stored.findings.compartments)
        folder = write_reading(tmp_path / "out" / "bare", reader.info, bare)
    with pytest.raises(RecordError, match="holds no fiber and no cell to annotate; export another format"):
        export_reading(folder, tmp_path / "x", ["geojson", "dicom-ann"])
    assert list((tmp_path / "x").iterdir()) == []
    others = [one for one in ExportFormat if one is not ExportFormat.DICOM_ANN]
    assert len(export_reading(folder, tmp_path / "x", others)) == 10


def test_the_scale_keeps_all_its_digits(tmp_path: Path) -> None:
    mpp = 0.2527391846
    with open_slide(write_tiff(tmp_path / "odd.tif", drawn(blots(), mpp)[0], mpp)) as reader:
        exact = reader.info.scale.mpp.um_per_px
        folder = write_reading(tmp_path / "out" / "odd", reader.info, seen(reader))
    assert load_slide(folder).scale.mpp.um_per_px == exact
    assert json.loads((folder / "reading.json").read_bytes())["scale"]["um_per_px"] != exact


def test_a_slide_name_leads_nowhere_else(tiff_reading: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiff_reading, tmp_path / "section"))
    (slide,) = json.loads((folder / "reading.json").read_bytes())["slides"]
    for name in ("../elsewhere", "", "/etc/x", 3):
        alter_reading(folder, {"slides": [slide | {"name": name}]})
        with pytest.raises(RecordError, match="names no slide"):
            export_reading(folder, tmp_path / "x", ["csv"])


def test_a_geojson_that_another_program_wrote_is_refused(tiff_reading: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiff_reading, tmp_path / "section"))
    for text in ('{"type":"FeatureCollection","features":[]}', '{"type":"FeatureCollection","histo":{}\n{"a":1},\n'):
        (folder / "findings.geojson").write_text(text)
        with pytest.raises(RecordError, match="is not as histo wrote it; read the slide again"):
            export_reading(folder, tmp_path / "x", ["geojson"])
    assert list((tmp_path / "x").iterdir()) == []


def test_fibers_of_a_reading_are_not_altered(tiff_reading: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in tiff_reading.iterdir()}
    export_reading(tiff_reading, tmp_path, list(ExportFormat))
    assert {path.name: path.read_bytes() for path in tiff_reading.iterdir()} == before
    assert len(read_fibers(tiff_reading / "fibers.parquet")) == len(blots())


def test_unknown_and_missing_formats(tiff_reading: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'svg': is no format of an export; give one of geojson, geojson\.gz"):
        export_reading(tiff_reading, tmp_path / "x", ["geojson", "svg"])
    with pytest.raises(UsageError, match="none is given"):
        export_reading(tiff_reading, tmp_path / "x", [])
    assert not (tmp_path / "x").exists()
