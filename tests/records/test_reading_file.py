"""reading.json and the folder of a slide, read back, with every damage told by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from example_findings import example_cells, example_findings, example_slide

from histo.errors import RecordError
from histo.evidence import SlideObservation, weigh_evidence
from histo.findings import Findings
from histo.pattern import PatternLabel, Suitability, load_conventions, read_pattern
from histo.records import (
    BiopsyReading,
    ModelFacts,
    SlideFailure,
    Staged,
    json_bytes,
    read_findings,
    read_reading,
    reading_document,
    unreadable_outlines,
    write_cells,
    write_failures,
    write_findings,
)

MODEL = ModelFacts(
    "bundle", "1", "ab", "openvino", "cpu", "f32", "phantoms", "train", "research", ("none",), "Apache-2.0", "cd"
)


def example_reading(findings: Findings) -> BiopsyReading:
    slide = example_slide(findings)
    evidence = weigh_evidence([SlideObservation("section", findings, slide.coverage)])
    pattern = read_pattern(evidence, [Suitability("section", True, "H&E", 0.5)], load_conventions())
    failure = SlideFailure("/home/someone/other.svs", "NotASlide", "it is plain text", "give a slide")
    return BiopsyReading("section", (slide,), (failure,), evidence, pattern, MODEL)


@pytest.fixture(scope="module")
def reading() -> BiopsyReading:
    findings = example_findings(120, 60)
    return example_reading(Findings(findings.fibers, findings.cells, findings.compartments, unreadable_mm2=1 / 3))


@pytest.fixture
def folder(tmp_path: Path, reading: BiopsyReading) -> Path:
    with Staged(tmp_path) as staged:
        write_findings(staged, reading.slides[0])
        staged.add("reading.json", lambda path: path.write_bytes(json_bytes(reading_document(reading))))
    return tmp_path


def test_a_reading_comes_back(folder: Path, reading: BiopsyReading) -> None:
    stored = read_reading(folder)
    assert stored.label is reading.pattern.label
    assert stored.differential == tuple(candidate.label for candidate in reading.pattern.differential)
    assert stored.coverage == reading.evidence.pooled.coverage
    assert (stored.um_per_px, stored.scale_source) == (0.5, "aperio.MPP = 0.5")
    assert stored.document["model"]["engine"] == "openvino"
    packages = stored.document["provenance"]["packages"]
    for package in ("openslide-bin", "scipy", "shapely", "scikit-image", "tifffile", "imagecodecs", "pillow"):
        assert packages[package], package


def test_the_promised_entries_are_there(reading: BiopsyReading) -> None:
    document = reading_document(reading)
    for entry in ("schema_version", "pattern", "evidence", "coverage", "scale", "model", "provenance"):
        assert entry in document
    for entry in ("label", "differential", "refusal"):
        assert entry in document["pattern"]
    assert document["pattern"]["label"] in set(PatternLabel)
    assert "/home/someone" not in json.dumps(document)


def test_where_the_fibers_and_cells_of_each_reason_lie_is_told(reading: BiopsyReading) -> None:
    reasons = reading_document(reading)["pattern"]["reasons"]
    assert [reason["finding"] for reason in reasons] == [reason.finding for reason in reading.pattern.reasons]
    findings, told = reading.slides[0].findings, 0
    for reason in reasons:
        for place in reason["places"]:
            assert place["slide"] == "section"
            for ids, um, center_um in (
                ("fiber_ids", "fibers_um", findings.fibers.center_um),
                ("cell_ids", "cells_um", findings.cells.center_um),
            ):
                where = np.array(place[um]).reshape(-1, 2)
                np.testing.assert_allclose(where, center_um[np.array(place[ids], np.int64)], atol=0.051)
                told += len(where)
    assert told > 0


def test_findings_come_back_with_the_unreadable_area(folder: Path) -> None:
    assert read_findings(str(folder)).unreadable_mm2 == 1 / 3


def test_what_could_not_be_read_is_outlined(reading: BiopsyReading) -> None:
    (slide,) = reading_document(reading)["slides"]
    outlines = unreadable_outlines(reading.slides[0])
    assert len(slide["unreadable_regions"]) == len(outlines) > 0
    for region, outline in zip(slide["unreadable_regions"], outlines, strict=True):
        rings = [np.array(ring).reshape(-1, 2) for ring in region["rings_um"]]
        assert shapely.Polygon(rings[0], rings[1:]).area == pytest.approx(outline.area) == region["area_um2"]


def _drop(entry: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(entry)


def _set(entry: str, inner: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document[entry].__setitem__(inner, value)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_drop("pattern"), "lacks 'pattern'"),
        (_drop("schema"), "is not a reading (its schema is None)"),
        (lambda document: document.update(schema_version="2.0"), "has schema version '2.0', and this histo reads 1.5"),
        (_set("pattern", "label", "IMNM"), "does not hold together ('IMNM' is not a valid PatternLabel)"),
        (_set("coverage", "found_mm2", -1), "found_mm2 must be a finite area of at least 0 mm2, not -1"),
        (_set("coverage", "found_mm2", 3), "found_mm2 is 3, and its parts add up to 2.25"),
        (_set("scale", "um_per_px", "half"), "does not hold together (could not convert string to float: 'half')"),
        (_set("pattern", "differential", [3]), "does not hold together ('int' object is not subscriptable)"),
    ],
)
def test_damage_is_told(folder: Path, damage: Callable[[dict[str, Any]], None], problem: str) -> None:
    path = folder / "reading.json"
    document = json.loads(path.read_text())
    damage(document)
    path.write_text(json.dumps(document))
    with pytest.raises(RecordError) as caught:
        read_reading(folder)
    assert caught.value.subject == str(path)
    assert problem in str(caught.value)


def test_files_of_different_readings_are_not_mixed(folder: Path) -> None:
    write_cells(folder / "cells.parquet", example_cells(5), sha256="00")
    with pytest.raises(RecordError, match="its tables hold 120 fibers and 5 nuclei, its reading tells of other ones"):
        read_findings(folder)


def test_failures_are_listed_and_an_old_list_goes(tmp_path: Path) -> None:
    failure = SlideFailure("a.svs", "NotASlide", "it is plain text", "give a slide")
    path = write_failures(tmp_path, [failure], asked=3)
    assert path is not None
    assert json.loads(path.read_text())["failures"] == [
        {"slide": "a.svs", "kind": "NotASlide", "problem": "it is plain text", "remedy": "give a slide"}
    ]
    assert write_failures(tmp_path, [], asked=3) is None
    assert not path.exists()
