"""The clinical section never alters the reading; it is written, read back and shown as what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import cv2
import pytest
from example_case import draw_coarsely
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle
from typer.testing import CliRunner, Result

import histo.biopsy
from histo.biopsy import read_biopsy
from histo.cli import app
from histo.clinical import NOTICE, ClinicalFacts, DayZero, Measurement, assess
from histo.clinical import Result as Antibody
from histo.errors import ClinicalError
from histo.findings import Findings
from histo.geometry import Mpp
from histo.model import Model, load_model
from histo.pattern import PatternLabel
from histo.records import read_reading
from histo.report.clinical_figure import draw_course
from histo.slide import MemorySlide

SIDE_UM = 1100.0
SMALL_UM = 300.0
FACTS = ClinicalFacts(
    biopsy="section",
    age_years=12,
    proximal_weakness=True,
    statin_exposure=True,
    anti_hmgcr=Antibody.POSITIVE,
    ck_upper_limit_u_per_l=190.0,
    anti_hmgcr_titre_unit="CU",
    day_zero=DayZero.BIOPSY,
    measurements=(Measurement(-3, 8000.0, None, 400.0), Measurement(60, 900.0, None, 90.0), Measurement(None, 12000.0)),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture(scope="module")
def model(bundle: Path) -> Model:
    return load_model(bundle, device="cpu")


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    def detect(*_: object) -> Findings:
        return example_findings(150, 80, side_um=SIDE_UM)

    with pytest.MonkeyPatch.context() as patch:
        draw_coarsely(patch)
        patch.setattr(histo.biopsy, "detect", detect)
        yield


def slide(name: str = "section", side_um: float = SMALL_UM) -> MemorySlide:
    return MemorySlide(example_rgb(side_um=side_um), Mpp(0.5), name=name)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, model: Model, quick: None) -> tuple[Path, Path]:
    """The same slide read without and with facts."""
    out = tmp_path_factory.mktemp("readings")
    read_biopsy(slide(side_um=SIDE_UM), out=out / "without", model=model)
    read_biopsy(slide(side_um=SIDE_UM), out=out / "with", model=model, clinical=FACTS)
    return out / "without/section", out / "with/section"


def without_clinical(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "reading.json").read_text(encoding="utf-8"))
    document.pop("clinical")
    return document


def test_the_reading_is_the_same_with_and_without(folders: tuple[Path, Path]) -> None:
    one, other = folders
    assert without_clinical(one) == without_clinical(other)
    for path in one.iterdir():
        if path.name not in ("reading.json", "report.html", "report.pdf", "run.json"):
            assert path.read_bytes() == (other / path.name).read_bytes(), path.name
    plain, told = ((folder / "report.html").read_text(encoding="utf-8") for folder in (one, other))
    start = told.index('<section id="clinical" class="apart"')
    end = told.index("</section>", start) + len("</section>")
    assert "Clinical context" not in plain
    link = '<li><a href="#clinical">Clinical context, apart from the histology</a></li>'
    assert (told[:start] + told[end:]).replace(link, "").split() == plain.split()
    assert read_reading(one).clinical is None
    stored = read_reading(other)
    assert stored.label is not PatternLabel.NOT_ASSESSABLE
    assert stored.clinical == assess(FACTS, stored.label)


def test_the_page_says_what_it_is(folders: tuple[Path, Path]) -> None:
    page = unescape((folders[1] / "report.html").read_text(encoding="utf-8"))
    assert page.count(NOTICE) == 1
    assert "anti-HMGCR myopathy: criteria all met" in page
    assert "This is no diagnosis." in page
    assert "10.1016/j.nmd.2017.09.016" in page
    notes = assess(FACTS, PatternLabel.NORMAL).notes
    assert len(notes) == 2, "a child, and a statin"
    assert all(note.text in page for note in notes)
    course = draw_course(FACTS)
    assert course is not None
    assert course.uri in page


def test_the_course_is_drawn_the_same_each_time_and_only_where_there_is_one() -> None:
    drawn = draw_course(FACTS)
    assert drawn is not None
    assert drawn == draw_course(FACTS)
    two = (Measurement(-3, 8000.0), Measurement(60, 900.0))
    course = draw_course(ClinicalFacts("B1", day_zero=DayZero.BIOPSY, measurements=two))
    assert course is not None
    assert drawn.width_px == 2 * course.width_px, "a panel for the course, and one for the titre"
    assert draw_course(ClinicalFacts("B1", measurements=(Measurement(None, 900.0),))) is None
    assert draw_course(ClinicalFacts("B1")) is None


def test_of_several_slides_the_biopsy_alone_has_the_section(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("biopsy,anti_srp\nB12,positive\n", encoding="utf-8")
    read_biopsy([slide("one"), slide("two")], name="B12", out=tmp_path, model=model, clinical=path)
    whole = read_reading(tmp_path / "B12").clinical
    assert whole is not None
    assert whole.facts == ClinicalFacts("B12", anti_srp=Antibody.POSITIVE)
    assert read_reading(tmp_path / "B12/one").clinical is None
    with pytest.raises(ClinicalError, match="tells of B12, and what is read is section"):
        read_biopsy(slide(), model=model, clinical=path)


def test_the_command_takes_a_file_for_many_biopsies(tmp_path: Path, bundle: Path) -> None:
    for name in ("B1", "B2"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), example_rgb(side_um=SMALL_UM))
    table = tmp_path / "patients.csv"
    table.write_text("biopsy,anti_srp,anti_hmgcr\nB1,negative,positive\nB9,,\n", encoding="utf-8")

    def run(*words: str | Path) -> Result:
        given = ["read", *map(str, words), "--bundle", str(bundle), "--mpp", "0.5", "--out", str(tmp_path / "out")]
        return CliRunner().invoke(app, given)

    result = run(tmp_path / "B1.png", tmp_path / "B2.png", "--clinical", table)
    assert result.exit_code == 0, result.output
    assert "anti-SRP myopathy: Not met: anti-SRP antibody positive." in " ".join(result.stdout.split())
    assert f"histo: {table}: tells nothing of B2" in result.stderr
    assert read_reading(tmp_path / "out/B2").clinical is None
    assert read_reading(tmp_path / "out/B1").clinical is not None

    table.write_text("biopsy,anti_srp\nB1,perhaps\n", encoding="utf-8")
    result = run(tmp_path / "B1.png", "--clinical", table)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"histo: {table}: row 2: anti_srp perhaps is neither positive nor negative; ")
    assert result.stderr.count("\n") == 1
