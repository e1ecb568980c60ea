"""findings.geojson is what QuPath expects: level-0 pixels, its class names, closed rings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from example_findings import example_cells, example_fibers, example_tissue

from histo.findings import CellClass, Cells, FiberClass, Fibers
from histo.geometry import Mpp
from histo.records import write_geojson

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
}


def written(path: Path, *, mpp: float = 0.25, all_nuclei: bool = False, **given: object) -> list[dict[str, Any]]:
    content: dict[str, Any] = {"fibers": Fibers.empty(), "cells": Cells.empty(), "tissue": None, **given}
    write_geojson(path, mpp=Mpp(mpp), identity="ab", all_nuclei=all_nuclei, **content)
    document = json.loads(path.read_text())
    assert document["type"] == "FeatureCollection"
    return document["features"]


def class_name(feature: dict[str, Any]) -> str:
    return feature["properties"]["classification"]["name"]


def test_class_names_are_those_that_were_promised(tmp_path: Path) -> None:
    features = written(
        tmp_path / "a.geojson", fibers=example_fibers(200), cells=example_cells(200), tissue=example_tissue()
    )
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
    content = {"fibers": example_fibers(50), "cells": example_cells(50), "tissue": example_tissue()}
    first, again = written(tmp_path / "a.geojson", **content), written(tmp_path / "b.geojson", **content)
    assert first == again
    assert len({feature["id"] for feature in first}) == len(first)
    assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()


def test_tissue_keeps_its_holes_and_its_area(tmp_path: Path) -> None:
    tissue = example_tissue()
    features = [f for f in written(tmp_path / "a.geojson", tissue=tissue, mpp=0.5) if class_name(f) == "Tissue"]
    area_px = sum(shapely.Polygon(f["geometry"]["coordinates"][0], f["geometry"]["coordinates"][1:]).area
                  for f in features)  # fmt: skip
    assert area_px * 0.25 / 1e6 == pytest.approx(tissue.found_mm2, rel=1e-6)
    assert any(len(f["geometry"]["coordinates"]) > 1 for f in features)
