"""A report is drawn again from the files of a reading: the same with its slides, and honest without them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from example_case import draw_coarsely
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle
from typer.testing import CliRunner, Result

import histo.biopsy
from histo.biopsy import read_biopsy
from histo.cli import app
from histo.errors import RecordError, UsageError
from histo.findings import Findings
from histo.model import load_model
from histo.report import draw_again

SIDE_UM = 1100.0


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with two pictures, and readings of the first alone and of both."""
    folder = tmp_path_factory.mktemp("again")
    rgb = example_rgb(side_um=SIDE_UM)
    for name, shown in (("one", rgb), ("two", rgb[::-1])):
        cv2.imwrite(str(folder / f"{name}.png"), shown[..., ::-1])
    model = load_model(save_random_bundle(folder / "bundle"), device="cpu", threads=1)

    def detect(*_: object) -> Findings:
        return example_findings(150, 80, side_um=SIDE_UM)

    with pytest.MonkeyPatch.context() as patch:
        draw_coarsely(patch)
        patch.setattr(histo.biopsy, "detect", detect)
        read_biopsy(folder / "one.png", out=folder / "out", model=model, mpp=0.5)
        slides = [folder / "one.png", folder / "two.png"]
        read_biopsy(slides, out=folder / "out", name="both", model=model, mpp=0.5)
        yield folder


@pytest.fixture
def folder(read: Path, tmp_path: Path) -> Path:
    shutil.copytree(read / "out", tmp_path / "out")
    return tmp_path / "out"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize(("name", "slides"), [("one", ["one"]), ("both", ["two", "one"])])
def test_with_its_slides_it_is_what_it_was(read: Path, folder: Path, name: str, slides: list[str]) -> None:
    before = {path.name: path.read_bytes() for path in (folder / name).iterdir() if path.is_file()}
    moved = [shutil.copy(read / f"{slide}.png", folder / f"renamed-{slide}.png") for slide in slides]
    redrawn = draw_again(folder / name, [Path(path) for path in moved])
    assert redrawn.missing == ()
    assert {path.name: path.read_bytes() for path in (folder / name).iterdir() if path.is_file()} == before


def test_without_its_slides_it_says_what_it_cannot_show(folder: Path) -> None:
    result = run("report", folder / "one")
    assert result.exit_code == 0, result.output
    assert "The slide of one was not at hand when this report was drawn" in result.stderr
    page = (folder / "one/report.html").read_text(encoding="utf-8")
    assert "The slide of one was not at hand" in page
    assert "The fibers cannot be shown, for the slide is not at hand: one." in page
    assert "Drawn on the stored map of the tissue, not on the slide." in page
    assert (folder / "one/report.pdf").read_bytes().startswith(b"%PDF-")


def test_of_several_slides_one_may_be_at_hand(read: Path, folder: Path) -> None:
    redrawn = draw_again(folder / "both", [read / "two.png"])
    assert len(redrawn.missing) == 1
    assert redrawn.missing[0].startswith("The slide of one was not at hand")


def test_without_its_tables_the_numbers_still_stand(folder: Path) -> None:
    (folder / "one/fibers.parquet").unlink()
    redrawn = draw_again(folder / "one")
    assert redrawn.missing[0].startswith("Of one neither overview nor maps nor fibers can be drawn: ")
    page = (folder / "one/report.html").read_text(encoding="utf-8")
    assert "Evidence against the conventions" in page
    assert "neither overview nor maps" in page


def test_another_slide_is_a_usage_error_and_changes_nothing(read: Path, folder: Path) -> None:
    before = (folder / "one/report.html").read_bytes()
    with pytest.raises(UsageError, match="is none of the slides of this reading"):
        draw_again(folder / "one", [read / "two.png"])
    assert run("report", folder / "one", read / "two.png").exit_code == 2
    assert (folder / "one/report.html").read_bytes() == before


def test_a_reading_of_an_older_histo_is_drawn_without_what_it_does_not_hold(folder: Path) -> None:
    path = folder / "one/reading.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["schema_version"] = "1.3"
    del document["pattern"]["gauges"], document["pattern"]["fitness"]
    path.write_text(json.dumps(document), encoding="utf-8")
    draw_again(folder / "one")
    page = (folder / "one/report.html").read_text(encoding="utf-8")
    assert "Evidence against the conventions" not in page
    assert "Findings" in page


@pytest.mark.parametrize("version", ["1.0", "1.2"])
def test_a_reading_of_a_schema_too_old_is_refused_in_one_line_with_the_remedy(folder: Path, version: str) -> None:
    path, page = folder / "one/reading.json", folder / "one/report.html"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["schema_version"] = version
    del document["evidence"]["pooled"]["necrosis_spread"]
    path.write_text(json.dumps(document), encoding="utf-8")
    before = page.read_bytes()
    result = run("report", folder / "one")
    assert result.exit_code == 4
    (line,) = result.stderr.splitlines()
    assert f"is of schema {version}, and this histo draws reports from 1.3 on; read the slide again" in line
    assert page.read_bytes() == before


@pytest.mark.parametrize("damage", ["pattern", "evidence", "model"])
def test_a_damaged_reading_is_one_line(folder: Path, damage: str) -> None:
    path = folder / "one/reading.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document[damage]["surprise"] = 3
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RecordError, match="has an unknown entry surprise"):
        draw_again(folder / "one")
    result = run("report", folder / "one")
    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 1
    assert run("report", folder / "nowhere").exit_code == 4


def test_letter_paper(folder: Path) -> None:
    assert run("report", folder / "one", "--paper", "letter").exit_code == 0
    assert b"/MediaBox [ 0 0 612 792 ]" in (folder / "one/report.pdf").read_bytes()
