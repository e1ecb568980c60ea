"""findings.geojson is what QuPath expects: level-0 pixels, its class names, closed rings."""

from __future__ import annotations

import json
import tracemalloc
from io import TextIOBase
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from example_findings import example_cells, example_fibers, example_findings, example_slide, example_tissue

from histo.findings import CellClass, Cells, FiberClass, Fibers
from histo.geometry import Mpp
from histo.records import read_area_features, slide_areas, stream_geojson, write_geojson
from histo.slide import Scale

NAMES = {
    "Intact fiber",
    "Regenerating fiber",
    "Necrotic fiber: pale",
    "Necrotic fiber: hyaline",
    "Myophagocytosis",
    "Lymphocyte",
    "Macrophage",
    "Tissue",
    "Artefact",
    "Unreadable",
}
AREAS = tuple(slide_areas(example_slide(example_findings(0, 0))))


def written(path: Path, *, mpp: float = 0.25, all_nuclei: bool = False, **given: object) -> list[dict[str, Any]]:
    content: dict[str, Any] = {"fibers": Fibers.empty(), "cells": Cells.empty(), **given}
    write_geojson(path, scale=Scale(Mpp(mpp), "a tag"), identity="ab", all_nuclei=all_nuclei, **content)
    document = json.loads(path.read_text())
    assert document["type"] == "FeatureCollection"
    return document["features"]


def class_name(feature: dict[str, Any]) -> str:
    return feature["properties"]["classification"]["name"]


def test_class_names_are_those_that_were_promised(tmp_path: Path) -> None:
    features = written(tmp_path / "a.geojson", fibers=example_fibers(200), cells=example_cells(200), areas=AREAS)
    assert {class_name(feature) for feature in features} == NAMES


def test_fibers_lie_in_level_0_pixels_with_closed_rings_and_measurements(tmp_path: Path) -> None:
    fibers = example_fibers(20)
    features = written(tmp_path / "a.geojson", mpp=0.25, fibers=fibers)
    assert len(features) == len(fibers)
    for row, feature in enumerate(features):
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        np.testing.assert_allclose(np.array(ring[:-1]) * 0.25, fibers.outline(row), atol=0.06 * 0.25 + 1e-3)
        measured = feature["properties"]["measurements"]
        kind = fibers.fiber_class[row]
        assert measured["Probability"] == pytest.approx(fibers.class_probability[row, kind], abs=1e-4)
        assert measured["Area um2"] == pytest.approx(fibers.area_um2[row], abs=0.06)
        assert measured["Min Feret um"] == pytest.approx(fibers.min_feret_um[row], abs=0.006)


def test_what_a_pathologist_corrects_is_editable(tmp_path: Path) -> None:
    fibers = example_fibers(60)
    for row, feature in enumerate(written(tmp_path / "a.geojson", fibers=fibers)):
        intact = fibers.fiber_class[row] == FiberClass.INTACT
        assert feature["properties"]["objectType"] == ("detection" if intact else "annotation")
        assert feature["properties"].get("name") == (None if intact else f"Fiber {row}")


def test_myonuclei_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    cells = example_cells(100)
    inflammatory = np.isin(cells.cell_class, [CellClass.LYMPHOCYTE, CellClass.MACROPHAGE]).sum()
    assert len(written(tmp_path / "a.geojson", cells=cells)) == inflammatory
    every = written(tmp_path / "b.geojson", cells=cells, all_nuclei=True)
    assert len(every) == 100
    np.testing.assert_allclose(every[0]["geometry"]["coordinates"], cells.center_um[0] / 0.25, atol=0.051)


def test_ids_are_unique_and_repeat(tmp_path: Path) -> None:
    content = {"fibers": example_fibers(50), "cells": example_cells(50), "areas": AREAS}
    first, again = written(tmp_path / "a.geojson", **content), written(tmp_path / "b.geojson", **content)
    assert first == again
    assert len({feature["id"] for feature in first}) == len(first)
    assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()


def test_tissue_keeps_its_holes_and_its_area(tmp_path: Path) -> None:
    features = [f for f in written(tmp_path / "a.geojson", areas=AREAS, mpp=0.5) if class_name(f) == "Tissue"]
    area_px = sum(shapely.Polygon(f["geometry"]["coordinates"][0], f["geometry"]["coordinates"][1:]).area
                  for f in features)  # fmt: skip
    tissue_um2 = example_tissue().mpp.area_um2(float(np.count_nonzero(example_tissue().tissue)))
    assert area_px * 0.25 == pytest.approx(tissue_um2, rel=1e-6)
    assert sum(f["properties"]["measurements"]["Area um2"] for f in features) == pytest.approx(tissue_um2, rel=1e-6)
    assert any(len(f["geometry"]["coordinates"]) > 1 for f in features)


def test_the_collection_tells_its_scale_and_where_it_was_read(tmp_path: Path) -> None:
    written(tmp_path / "a.geojson", mpp=0.25)
    assert json.loads((tmp_path / "a.geojson").read_text())["histo"] == {
        "frame": "level-0 pixels, origin top left",
        "um_per_px": 0.25,
        "scale_source": "a tag",
        "slide_sha256": "ab",
        "cells_assessed": True,
    }


def test_a_call_of_myophagocytosis_tells_the_macrophages_inside(tmp_path: Path) -> None:
    fibers = example_fibers(80, diseased=0.8)
    cells = example_cells(300, fibers=80)
    inside = np.zeros(80, int)
    for kind, fiber in zip(cells.cell_class, cells.fiber, strict=True):
        inside[fiber] += kind == CellClass.MACROPHAGE and fiber >= 0
    features = written(tmp_path / "a.geojson", fibers=fibers, cells=cells)
    for row, feature in enumerate(features[:80]):
        intact = fibers.fiber_class[row] == FiberClass.INTACT
        measured = feature["properties"]["measurements"].get("Macrophage nuclei inside")
        assert measured == (None if intact else inside[row])


def test_where_cells_cannot_be_told_none_is_written_and_the_file_says_so(tmp_path: Path) -> None:
    features = written(tmp_path / "a.geojson", fibers=example_fibers(60), cells=None)
    assert len(features) == 60
    assert all("Macrophage nuclei inside" not in f["properties"]["measurements"] for f in features)
    assert json.loads((tmp_path / "a.geojson").read_text())["histo"]["cells_assessed"] is False


class _Nowhere(TextIOBase):
    """Takes text, and keeps only its length."""

    length = 0

    def write(self, text: str) -> int:
        self.length += len(text)
        return len(text)


def test_memory_does_not_grow_with_the_slide() -> None:
    """Of 3,000 fibers and 3,000 cells hardly more than of 300: what is made anew is a feature at a time."""
    peaks, lengths = [], []
    for count in (300, 3000):
        fibers, cells, nowhere = example_fibers(count), example_cells(count), _Nowhere()
        tracemalloc.start()
        stream_geojson(
            nowhere, fibers, cells, areas=(), scale=Scale(Mpp(0.25), "a tag"), identity="ab", all_nuclei=True
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        lengths.append(nowhere.length)
    assert lengths[1] - lengths[0] > 1_000_000
    assert peaks[1] - peaks[0] < 100_000


def test_areas_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    features = written(tmp_path / "a.geojson", fibers=example_fibers(5), cells=example_cells(5), areas=AREAS)
    found = list(read_area_features(tmp_path / "a.geojson"))
    assert found == [f for f in features if class_name(f) in ("Tissue", "Artefact", "Unreadable")]
    assert {class_name(f) for f in found} == {"Tissue", "Artefact", "Unreadable"}
    written(tmp_path / "none.geojson")
    assert list(read_area_features(tmp_path / "none.geojson")) == []
