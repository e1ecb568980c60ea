"""What leaves a review: annotations that training takes, and ratings to compare."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from review_page import Page
from test_audit import answer_all, draw, say
from typer.testing import CliRunner

from histo.agreement import MACHINE
from histo.annotations import load_annotations, load_mapping
from histo.cli import app
from histo.cohort import load_manifest
from histo.findings import CellClass, FiberClass
from histo.geometry import Mpp, Size
from histo.review import Settings
from histo.review.export_folder import export_corrections
from histo.review.ratings import ratings_of_review

TRIANGLE = [100.0, 100.0, 150.0, 100.0, 125.0, 150.0]
SIZE_PX = Size(1200, 1200)


def corrected(page: Page) -> tuple[str, str]:
    case, slide = page.open("alpha")
    page.correct(slide, act="accept", target="fiber-1")
    page.correct(slide, act="relabel", target="fiber-2", finding_class="myophagocytosis")
    page.correct(slide, act="reject", target="fiber-3")
    page.correct(slide, act="relabel", target="cell-4", finding_class="lymphocyte")
    drawn = page.correct(slide, act="draw", finding_class="necrotic_hyaline", outline_um=TRIANGLE).json()
    page.correct(slide, act="draw", finding_class="macrophage", point_um=[20.0, 30.0])
    gone = page.correct(slide, act="draw", finding_class="macrophage", point_um=[40.0, 30.0]).json()
    page.post(f"/api/slides/{slide}/undo", json={"entry": gone["undo"]})
    assert drawn["corrections"]
    return case, slide


def test_corrections_are_read_back_as_they_were_said(page: Page, settings: Settings, tmp_path: Path) -> None:
    case, slide = corrected(page)
    said = {"seen": 99, "pattern": "necrotizing", "reasons": "x"}
    assert page.post(f"/api/cases/{case}/final", json=said).status_code == 200
    machine = page.get(f"/api/slides/{slide}/findings/fiber-1").json()
    relabelled = page.get(f"/api/slides/{slide}/findings/fiber-2").json()
    done = export_corrections(settings.folder, tmp_path / "out")
    (row,) = load_manifest(done.manifest).rows
    assert (row.biopsy, row.label, row.mpp, done.left_out) == ("alpha", "necrotizing", 0.5, ("beta",))
    assert row.annotation is not None
    understood = load_annotations(row.annotation, load_mapping(None), Mpp(0.5), SIZE_PX)
    kinds = sorted(FiberClass(int(code)).name for code in understood.fibers.fiber_class)
    assert kinds == sorted(["NECROTIC_HYALINE", "MYOPHAGOCYTOSIS", machine["finding_class"].upper()])
    areas = {FiberClass(int(code)): outline.area for code, outline in zip(
        understood.fibers.fiber_class, understood.fibers.outlines, strict=True)}  # fmt: skip
    assert areas[FiberClass.MYOPHAGOCYTOSIS] == pytest.approx(relabelled["area_um2"], rel=0.05)
    assert sorted(CellClass(int(code)).name for code in understood.cells.cell_class) == ["LYMPHOCYTE", "MACROPHAGE"]
    assert dict(understood.object_counts)["Ignore"] == 1
    again = export_corrections(settings.folder, tmp_path / "again")
    assert again.manifest.read_bytes() == done.manifest.read_bytes()


def test_fields_of_an_audit_say_where_absence_counts(page: Page, settings: Settings, tmp_path: Path) -> None:
    case, _ = page.open("alpha")
    # Every fiber that the machine calls necrotic is none to the reader, so that nothing hides cells from him.
    audit = draw(page, case, called=5000, healthy=500, fields=500)
    answer_all(page, case, audit)
    fields = [item for item in audit["items"] if item["kind"] == "field"]
    x, y = fields[0]["x_um"], fields[0]["y_um"]
    mark = [{"kind": "lymphocyte", "x_um": x + 9, "y_um": y + 9}]
    assert say(page, case, audit, fields[0]["number"], "read", marks=mark) == 200
    assert say(page, case, audit, fields[1]["number"], "cannot_tell") == 200
    done = export_corrections(settings.folder, tmp_path / "out")
    ((path, _),) = done.objects
    understood = load_annotations(path, load_mapping(None), Mpp(0.5), SIZE_PX)
    assert understood.cells_known.area >= (len(fields) - 1) * 250**2 - 1
    assert len(understood.cells) == 1
    assert set(understood.fibers.fiber_class.tolist()) == {FiberClass.INTACT}
    necrotic = [{"kind": "necrotic_pale", "x_um": x + 9, "y_um": y + 9}]
    assert say(page, case, audit, fields[0]["number"], "read", marks=necrotic) == 200
    export_corrections(settings.folder, tmp_path / "out")
    fewer = load_annotations(path, load_mapping(None), Mpp(0.5), SIZE_PX)
    assert fewer.cells_known.area < understood.cells_known.area


def test_it_must_be_clear_whose_corrections_are_meant(
    page: Page, other: Page, settings: Settings, tmp_path: Path
) -> None:
    run = CliRunner().invoke(app, ["annotations", "from-review", str(settings.folder), "--out", str(tmp_path / "o")])
    assert run.exit_code == 2 and "has been reviewed by nobody" in run.output
    corrected(page)
    other.open("alpha")
    run = CliRunner().invoke(app, ["annotations", "from-review", str(settings.folder), "--out", str(tmp_path / "o")])
    assert run.exit_code == 2 and "A. Smith, B. Jones" in run.output
    run = CliRunner().invoke(app, ["annotations", "from-review", str(settings.folder), "--out", str(tmp_path / "o"),
                                   "--reader", "B. Jones"])  # fmt: skip
    assert run.exit_code == 2 and "B. Jones has corrected nothing" in run.output
    assert not (tmp_path / "o").exists()
    run = CliRunner().invoke(app, ["annotations", "from-review", str(settings.folder), "--out", str(tmp_path / "o"),
                                   "--reader", "A. Smith"])  # fmt: skip
    assert run.exit_code == 0, run.output
    rows = list(csv.DictReader((tmp_path / "o" / "manifest.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["patient"] for row in rows] == ["alpha"]
    run = CliRunner().invoke(app, ["annotations", "from-review", str(tmp_path), "--out", str(tmp_path / "p")])
    assert run.exit_code == 4 and "holds no history of a review" in run.output


def second_read(page: Page, case: str, pattern: str) -> None:
    body = {"seen": 99, "pattern": pattern, "grades": {"necrosis": "mild"}, "confidence": "low"}
    assert page.post(f"/api/cases/{case}/second-read", json=body).status_code == 200


def test_only_what_was_said_blind_is_compared(page: Page, other: Page, settings: Settings) -> None:
    case, _ = page.ready("alpha")
    second_read(page, case, "necrotizing")
    beta, _ = page.open("beta")
    late = {"seen": 99, "pattern": "normal", "grades": {}, "confidence": "low"}
    assert page.post(f"/api/cases/{beta}/second-read", json=late).status_code == 409
    case, _ = other.ready("alpha")
    second_read(other, case, "normal")
    ratings, _ = ratings_of_review(settings.folder)
    patterns = {rating.reader: rating.value for rating in ratings if rating.finding == "pattern"}
    assert patterns == {"A. Smith": "necrotizing", "B. Jones": "normal", MACHINE: patterns[MACHINE]}
    assert {rating.biopsy for rating in ratings} == {"alpha"}


def test_audited_items_are_rated_twice_with_their_weight(page: Page, settings: Settings, tmp_path: Path) -> None:
    case, _ = page.open("alpha")
    audit = draw(page, case)
    answer_all(page, case, audit)
    record = page.get(f"/api/cases/{case}/audit/record").json()
    ratings, _ = ratings_of_review(settings.folder)
    fibers = [rating for rating in ratings if rating.finding == "fiber in an audit"]
    chance = {f"{item['slide']} {item['kind']} {item['row']}": item["inclusion_probability"]
              for item in record["design"]["items"]}  # fmt: skip
    assert all(rating.weight == pytest.approx(1 / chance[rating.item]) for rating in ratings)
    assert {rating.value for rating in fibers if rating.reader == "A. Smith"} == {"not_necrotic"}
    assert {rating.value for rating in fibers if rating.reader == MACHINE} > {"not_necrotic"}
    run = CliRunner().invoke(app, ["agreement", "--review", str(settings.folder), "--out", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    assert "A. Smith and machine" in run.output and "fiber in an audit" in run.output
