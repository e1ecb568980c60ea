"""detector-errors.json: written, read back strictly, and refused for other weights; what a reading makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle

import histo.biopsy
from histo.biopsy import read_biopsy
from histo.errors import BundleError
from histo.evidence.corrected_count import Finding
from histo.evidence.correction import DetectorErrors, PatientErrors
from histo.findings import Findings
from histo.geometry import Mpp
from histo.model import load_model
from histo.network import ERRORS_FILE, load_bundle, save_bundle
from histo.records import errors_document, json_bytes, read_detector_errors
from histo.report.corrections import corrected_rows, uncorrected
from histo.slide import MemorySlide

ERRORS = DetectorErrors(
    {finding: tuple(PatientErrors(1.5, 20 + k, 4, k % 3) for k in range(12)) for finding in Finding}, simulated=False
)
WEIGHTS, POINTS = "ab" * 32, "cd" * 32


def test_what_was_measured_comes_back_without_names_and_in_no_order_of_people(tmp_path: Path) -> None:
    path = tmp_path / ERRORS_FILE
    turned = DetectorErrors({finding: ones[::-1] for finding, ones in ERRORS.by_patient.items()}, simulated=False)
    assert errors_document(ERRORS, WEIGHTS, POINTS) == errors_document(turned, WEIGHTS, POINTS)
    path.write_bytes(json_bytes(errors_document(turned, WEIGHTS, POINTS)))
    assert read_detector_errors(path, WEIGHTS, POINTS) == ERRORS
    with pytest.raises(BundleError, match=r"was measured of other weights \(abababababab\.\.\., not 000000000000"):
        read_detector_errors(path, "0" * 64, POINTS)
    with pytest.raises(BundleError, match="was measured of other operating points"):
        read_detector_errors(path, WEIGHTS, "0" * 64)
    with pytest.raises(BundleError, match="there is no such file; measure again"):
        read_detector_errors(tmp_path / "absent.json", WEIGHTS, POINTS)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda d: d.update(schema="histo.reading"), "is not histo.detector_errors 1.0"),
        (lambda d: d.update(note="x"), "the file must hold exactly"),
        (lambda d: d["patients"][1].pop("necrotic"), "patient 2 must hold exactly"),
        (lambda d: d["patients"][0]["necrotic"].update(name="Smith"), "patient 1, necrotic must hold exactly"),
        (lambda d: d["patients"][0]["necrotic"].update(true=1), "true is 1, and found and missed add up to 24"),
        (lambda d: d["patients"][0]["infiltrate"].update(found=True), "mm2 must be a number, and the others whole"),
        (lambda d: d["patients"][0]["infiltrate"].update(mm2=0), "something is counted in 0 mm2"),
        (lambda d: d.update(simulated="no"), "simulated must be true or false"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path: Path, damage: Callable[[dict[str, Any]], Any], problem: str) -> None:
    path = tmp_path / ERRORS_FILE
    document = json.loads(json_bytes(errors_document(ERRORS, WEIGHTS, POINTS)))
    damage(document)
    path.write_text(json.dumps(document))
    with pytest.raises(BundleError) as caught:
        read_detector_errors(path, WEIGHTS, POINTS)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bundle_corrects_only_with_its_own_errors_and_never_alters_the_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def detect(*_: object) -> Findings:
        return example_findings(150, 80, side_um=1100.0)

    monkeypatch.setattr(histo.biopsy, "detect", detect)
    folder = save_random_bundle(tmp_path / "bundle")
    slide = MemorySlide(example_rgb(side_um=1100.0), Mpp(0.5), name="section")
    raw = read_biopsy(slide, model=load_model(folder, device="cpu"))
    why_not = uncorrected(raw.evidence.corrections)
    assert why_not is not None
    assert why_not.startswith("Counts are as found, not corrected: nobody has measured")
    assert corrected_rows(raw.evidence.corrections) == ()

    card = load_bundle(folder).card
    document = errors_document(ERRORS, card.weights_sha256, card.operating_points.sha256)
    (folder / ERRORS_FILE).write_bytes(json_bytes(document))
    reading = read_biopsy(slide, model=load_model(folder, device="cpu"))
    assert reading.pattern == raw.pattern
    assert replace(reading.evidence, corrections=()) == replace(raw.evidence, corrections=())
    assert all(one.count is not None for one in reading.evidence.corrections)
    assert uncorrected(reading.evidence.corrections) is None
    assert len(corrected_rows(reading.evidence.corrections)) == len(Finding)

    # New figures in the card leave the errors; new thresholds make them errors of another bundle.
    bundle = load_bundle(folder)
    save_bundle(folder, bundle.weights, replace(card, version="1"))
    assert load_model(folder, device="cpu").detector_errors == ERRORS
    points = replace(card.operating_points, necrotic=0.7)
    kept = tmp_path / "kept.json"
    kept.write_bytes((folder / ERRORS_FILE).read_bytes())
    save_bundle(folder, bundle.weights, replace(card, operating_points=points))
    assert load_model(folder, device="cpu").detector_errors is None
    with pytest.raises(BundleError, match="other operating points"):
        load_model(folder, device="cpu", detector_errors=kept)
