"""One row a biopsy: every column says what the reading says, and the file says what the column is."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.parquet as pq
import pytest
from cohort_maker import example_reading, phantom_reading, store
from cohort_runs import a_run

from histo.cohort.results import CohortBiopsy, write_results
from histo.cohort.results.schema import COLUMNS, GROUPS, NAMES, SCHEMA, SCHEMA_VERSION, read_row
from histo.pattern import PatternLabel
from histo.records import BiopsyReading

ROOT = Path(__file__).resolve().parents[3]
BY_NAME = {column.told.name: column.told for column in COLUMNS}

SAID = {
    "pattern": "pattern.label",
    "rule": "pattern.rule",
    "grade_necrosis": "pattern.grades.necrosis",
    "differential_first": "pattern.differential.0.label",
    "differential_second": "pattern.differential.1.label",
    "assessable_mm2": "coverage.assessable_mm2",
    "fold_mm2": "coverage.artefact_mm2.fold",
    "um_per_px": "scale.um_per_px",
    "scale_source": "scale.source",
    "fibers": "evidence.pooled.fibers.fibers",
    "fibers_per_mm2_high": "evidence.pooled.fibers.per_mm2.high",
    "necrotic_fibers": "evidence.pooled.necrotic.fibers",
    "necrotic_per_1000_fibers": "evidence.pooled.necrotic.per_1000_fibers.value",
    "necrotic_per_1000_fibers_low": "evidence.pooled.necrotic.per_1000_fibers.low",
    "necrotic_hyaline_per_mm2": "evidence.pooled.necrotic_hyaline.per_mm2.value",
    "myophagocytosis_per_1000_fibers": "evidence.pooled.myophagocytosis.per_1000_fibers.value",
    "regenerating_fibers": "evidence.pooled.regenerating.fibers",
    "invasion_candidates_fibers": "evidence.pooled.invasion_candidates.fibers",
    "false_call_floor_fibers": "evidence.pooled.floor.floor_fibers",
    "necrosis_at_most_per_1000_fibers": "evidence.pooled.necrosis_bound.at_most_per_1000_fibers",
    "infiltrate_cells": "evidence.pooled.infiltrate.total.cells",
    "endomysial_per_mm2": "evidence.pooled.infiltrate.endomysial.per_mm2.value",
    "perivascular_cells": "evidence.pooled.infiltrate.perivascular.cells",
    "endomysial_per_own_mm2_low": "evidence.pooled.infiltrate.endomysial.per_own_mm2.low",
    "clusters": "evidence.pooled.infiltrate.clusters_count",
    "densest_field_per_mm2": "evidence.pooled.infiltrate.worst_field.per_mm2",
    "early_percent": "evidence.pooled.stages.early_percent.value",
    "stage_synchrony": "evidence.pooled.stages.synchrony.value",
    "necrosis_nearest_index": "evidence.pooled.necrosis_spread.nearest_index",
    "necrosis_ripley_p": "evidence.pooled.necrosis_spread.ripley.p",
    "necrosis_edge_index": "evidence.pooled.necrosis_position.edge_index",
    "min_feret_median_um": "evidence.pooled.sizes.min_feret_median.value",
    "min_feret_cv_high": "evidence.pooled.sizes.min_feret_variation.high",
    "endomysium_percent": "evidence.pooled.composition.endomysium_percent",
    "fat_percent": "evidence.pooled.composition.fat_percent",
    "nucleus_um": "slides.0.appearance.nucleus_um",
    "stain_density": "slides.0.appearance.colors.density",
    "sharpness": "slides.0.appearance.texture.finest",
    "slides_sha256": "slides.0.sha256",
    "bundle_sha256": "model.sha256",
    "histo": "provenance.histo",
}
"""Where a reader of reading.json finds the same."""


def entry_at(document: Any, path: str) -> Any:  # noqa: ANN401
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def row_and_document(out: Path, reading: BiopsyReading) -> tuple[dict[str, Any], Any]:
    folder = store(out, reading)
    row = read_row(out, CohortBiopsy(reading.name, folder, "P1", "north", PatternLabel.NORMAL))
    return row, json.loads((out / folder / "reading.json").read_text())


def test_a_row_says_what_the_reading_says(tmp_path: Path) -> None:
    row, document = row_and_document(tmp_path, example_reading("a"))
    assert tuple(row) == NAMES
    wrong = {name: (row[name], entry_at(document, path)) for name, path in SAID.items()
             if row[name] is None or row[name] != entry_at(document, path)}  # fmt: skip
    assert wrong == {}
    assert (row["patient"], row["site"], row["manifest_label"], row["reading"]) == ("P1", "north", "normal", "a")


def test_what_is_truly_on_a_phantom_arrives(tmp_path: Path) -> None:
    """From a scene through evidence, pattern and file into the table."""
    reading = phantom_reading("a", "imnm_srp", 5, 0.6)
    row, _ = row_and_document(tmp_path, reading)
    fibers = reading.slides[0].findings.fibers
    assert row["fibers"] == len(fibers)
    assert row["necrotic_fibers"] == int((fibers.fiber_class >= 2).sum()) > 0
    assert row["pattern"] == "not_assessable"
    assert "too_little_tissue" in row["refusals"].split("; ")


@pytest.mark.parametrize("levels", [1, 2])
def test_parts_of_a_row_add_up(tmp_path: Path, levels: int) -> None:
    row, _ = row_and_document(tmp_path, example_reading("a", levels=levels))
    assert row["slides"] == levels
    assert row["found_mm2"] == pytest.approx(row["rejected_mm2"] + row["unreadable_mm2"] + row["assessable_mm2"])
    assert row["necrotic_fibers"] == sum(
        row[f"{kind}_fibers"] for kind in ("necrotic_pale", "necrotic_hyaline", "myophagocytosis")
    )
    places = ("endomysial", "perimysial", "perivascular", "unplaced")
    assert row["infiltrate_cells"] == sum(row[f"{place}_cells"] for place in places)
    assert row["infiltrate_cells"] == row["lymphocyte_like_cells"] + row["macrophage_like_cells"]
    for name in NAMES:
        if name.endswith("_low") and f"{name[:-4]}_high" in NAMES and name[:-4] in NAMES:
            value, low, high = (row[part] for part in (name[:-4], name, f"{name[:-4]}_high"))
            assert (low is None) == (high is None)
            assert low is None or low <= value <= high, name
    spread = (row["slides_necrotic_low"], row["slides_necrotic_high"])
    assert spread == (None, None) if levels == 1 else spread[0] <= spread[1]


def test_what_was_not_assessed_is_missing_and_not_zero(tmp_path: Path) -> None:
    row, _ = row_and_document(tmp_path, example_reading("a", cells_assessed=False))
    for name in (
        "infiltrate_cells",
        "infiltrate_per_mm2",
        "clusters",
        "densest_field_per_mm2",
        "cells_inside_necrotic",
    ):
        assert row[name] is None
    assert row["necrotic_fibers"] > 0


def test_values_are_of_the_kind_that_the_column_says(tmp_path: Path) -> None:
    kinds = {"text": str, "count": int, "number": float, "flag": bool}
    for reading in (example_reading("a"), example_reading("b", levels=2), example_reading("c", fibers=20)):
        row, _ = row_and_document(tmp_path, reading)
        for name, value in row.items():
            assert value is None or type(value) is kinds[BY_NAME[name].kind], name
    assert row["pattern"] == "not_assessable"  # the last has too few fibers
    assert row["differential_first"] is row["differential_tied"] is None


def test_columns_are_told() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for told in BY_NAME.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", told.name)
        assert told.meaning == told.meaning.strip() != ""
        assert told.unit or told.kind != "number", told.name
        for ending, unit in (
            ("_um", "um"),
            ("_mm2", "mm2"),
            ("_percent", "%"),
            ("_per_1000_fibers", "per 1,000 fibers"),
        ):
            if told.name.endswith(ending):
                assert told.unit.startswith("per mm2" if "_per_" in told.name and unit == "mm2" else unit), told.name


def test_the_page_of_columns_is_that_of_the_code() -> None:
    """`python docs/write_cohort_table.py` writes it."""
    page = (ROOT / "docs/cohort-table.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]*) \| ([^|]*) \| (.*) \|$", page, re.MULTILINE)
    assert rows == [(one.name, one.kind, one.unit, one.meaning) for one in BY_NAME.values()]
    assert [f"## {group.title}" for group in GROUPS] == [
        line for line in page.splitlines() if line.startswith("## ") and line not in ("## Reading it", "## Beside it")
    ]
    assert f"`{SCHEMA}`, version {SCHEMA_VERSION}" in page


def test_both_files_hold_the_same_rows_and_tell_their_columns(tmp_path: Path) -> None:
    readings = [example_reading("b", 1), example_reading("=a", 2, levels=2), example_reading("c", 3, 20)]
    cohort = [CohortBiopsy(one.name, store(tmp_path, one)) for one in readings]
    write_results(tmp_path, cohort, [], a_run())
    table = pq.read_table(tmp_path / "cohort.parquet")
    assert table.column("biopsy").to_pylist() == ["=a", "b", "c"]
    assert table.column_names == list(NAMES)
    for field in table.schema:
        told = BY_NAME[field.name]
        assert (field.metadata[b"unit"].decode(), field.metadata[b"meaning"].decode()) == (told.unit, told.meaning)
    assert table.schema.metadata[b"schema_version"].decode() == SCHEMA_VERSION
    assert b"not a diagnosis" in table.schema.metadata[b"notice"]
    lines = list(csv.DictReader(io.StringIO((tmp_path / "cohort.csv").read_text(encoding="utf-8"))))
    for line, row in zip(lines, table.to_pylist(), strict=True):
        for name, value in row.items():
            told = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            assert line[name] == ("'" + told if told.startswith("=") else told), name


def test_a_name_cannot_be_a_formula(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@x", "fine"]
    cohort = [CohortBiopsy(name, store(tmp_path, example_reading(name, 1)), name, name) for name in names]
    write_results(tmp_path, cohort, [], a_run())
    cells = list(csv.reader(io.StringIO((tmp_path / "cohort.csv").read_text(encoding="utf-8"))))
    texts = [
        cell for row in cells[1:] for cell, name in zip(row, cells[0], strict=True) if BY_NAME[name].kind == "text"
    ]
    assert [cell for cell in texts if cell[:1] in tuple("=+-@")] == []
    assert "'=1+1" in texts


def test_a_folder_outside_the_cohort_is_refused() -> None:
    for folder in ("/etc", "../elsewhere", "a/../../b"):
        with pytest.raises(ValueError, match="must lie in the cohort's"):
            CohortBiopsy("a", PurePosixPath(folder))


def test_two_readings_of_one_name_are_refused(tmp_path: Path) -> None:
    one = CohortBiopsy("a", store(tmp_path, example_reading("a")))
    with pytest.raises(ValueError, match="one name"):
        write_results(tmp_path, [one, replace(one, folder=PurePosixPath("b"))], [], a_run())
