"""A biopsy is read whole: each slide, then all of them; what fails is listed, what cannot be labelled is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from example_case import draw_coarsely
from example_findings import example_findings, example_rgb
from example_model import save_random_bundle

import histo.biopsy
import histo.pattern
from histo.biopsy import check_names, read_biopsy
from histo.errors import ScaleMissing, SlideError, UsageError
from histo.findings import Findings
from histo.geometry import Mpp, Region
from histo.model import Model, load_model
from histo.network.trained_on import salted_digests
from histo.pattern import PatternLabel
from histo.records import BiopsyReading, SlideFailure, read_findings, read_reading
from histo.slide import MemorySlide, SlideReader

SIDE_UM = 1100.0
FILES = {
    "reading.json",
    "report.html",
    "report.pdf",
    "overview.png",
    "findings.geojson",
    "fibers.parquet",
    "cells.parquet",
    "compartments.png",
    "run.json",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_random_bundle(tmp_path_factory.mktemp("model") / "bundle"), device="cpu", threads=1)


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw at a fraction of the resolution: the same figures, quicker."""
    draw_coarsely(monkeypatch)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Make detection find so many fibers and cells."""

    def find(fibers: int, cells: int) -> None:
        def detect(*_: object) -> Findings:
            return example_findings(fibers, cells, side_um=SIDE_UM)

        monkeypatch.setattr(histo.biopsy, "detect", detect)

    return find


def slide(name: str = "section", unreadable: tuple[Region, ...] = (), side_um: float = SIDE_UM) -> MemorySlide:
    return MemorySlide(example_rgb(side_um=side_um), Mpp(0.5), name=name, unreadable=unreadable)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_one_slide_is_a_biopsy(tmp_path: Path, model: Model, known: Callable[[int, int], None]) -> None:
    known(150, 80)
    reading = read_biopsy(slide(), out=tmp_path, model=model)
    assert reading.name == "section"
    assert names(tmp_path) == {"section"}
    assert names(tmp_path / "section") == FILES
    stored = read_reading(tmp_path / "section")
    assert stored.label is reading.pattern.label
    assert stored.um_per_px == 0.5
    assert len(stored.differential) == len(reading.pattern.differential)
    back = read_findings(tmp_path / "section")
    np.testing.assert_array_equal(back.fibers.outline_um, reading.slides[0].findings.fibers.outline_um)


def test_reading_again_gives_the_same_bytes(tmp_path: Path, model: Model, known: Callable[[int, int], None]) -> None:
    known(150, 80)
    for folder in ("a", "b"):
        read_biopsy(slide(), out=tmp_path / folder, model=model)
    for name in FILES - {"run.json"}:
        assert (tmp_path / "a/section" / name).read_bytes() == (tmp_path / "b/section" / name).read_bytes(), name


def test_nothing_found_is_refused_and_still_written(tmp_path: Path, model: Model) -> None:
    reading = read_biopsy(slide(side_um=300), out=tmp_path, model=model)
    assert reading.pattern.label is PatternLabel.NOT_ASSESSABLE
    assert names(tmp_path / "section") == FILES
    page = (tmp_path / "section/report.html").read_text()
    assert "No pattern is named" in page
    assert "a pattern needs 100" in page


def test_glass_alone_is_refused(tmp_path: Path, model: Model) -> None:
    glass = MemorySlide(np.full((400, 300, 3), 244, np.uint8), Mpp(0.5), name="glass")
    reading = read_biopsy(glass, out=tmp_path, model=model)
    assert reading.pattern.label is PatternLabel.NOT_ASSESSABLE
    assert reading.evidence.pooled.coverage.found_mm2 == 0
    assert names(tmp_path / "glass") == FILES


def test_a_slide_from_which_no_implant_comes_back_is_refused(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random weights see nothing."""
    found = example_findings(150, 80, side_um=SIDE_UM)
    surely = (0.9 * np.eye(5)[found.fibers.fiber_class] + 0.02).astype(np.float32)
    none = np.zeros_like(found.fibers.attributes)
    found = replace(found, fibers=replace(found.fibers, class_probability=surely, attributes=none))
    monkeypatch.setattr(histo.biopsy, "detect", lambda *_: found)
    plain = read_biopsy(slide(), model=model)
    assert "implants_not_seen" not in codes(plain)
    reading = read_biopsy(slide(), out=tmp_path, model=model, recover=True)
    assert codes(reading) - codes(plain) == {"implants_not_seen"}
    assert names(tmp_path / "section") == FILES | {"recovery.json", "recovery.png"}
    told = json.loads((tmp_path / "section/recovery.json").read_text())
    assert told["verdict"]["necrosis"] == "poor"
    assert told["verdict"]["sentences"][0] in (tmp_path / "section/report.html").read_text()


def codes(reading: BiopsyReading) -> set[str]:
    """Of all its refusals."""
    first = reading.pattern.refusal
    return set() if first is None else {refusal.code for refusal in (first, *reading.pattern.further_refusals)}


def test_without_healthy_tissue_implants_say_nothing(tmp_path: Path, model: Model) -> None:
    reading = read_biopsy(slide(side_um=300), out=tmp_path, model=model, recover=True)
    (result,) = reading.slides
    assert result.recovery is not None
    assert not result.recovery.refuse
    assert "0 healthy fibers" in result.recovery.sentences[0]
    assert names(tmp_path / "section") == FILES


def test_several_slides_make_one_biopsy(tmp_path: Path, model: Model, known: Callable[[int, int], None]) -> None:
    known(150, 80)
    reading = read_biopsy([slide("one"), slide("two")], out=tmp_path, name="patient", model=model)
    assert names(tmp_path) == {"patient"}
    assert names(tmp_path / "patient") == {"one", "two", "reading.json", "report.html", "report.pdf", "run.json"}
    assert names(tmp_path / "patient/two") == FILES
    assert reading.evidence.pooled.fibers.fibers == 300
    assert read_reading(tmp_path / "patient").document["evidence"]["pooled"]["fibers"]["fibers"] == 300
    assert read_reading(tmp_path / "patient/one").document["evidence"]["pooled"]["fibers"]["fibers"] == 150
    page = (tmp_path / "patient/report.html").read_text()
    assert page.count("with the findings drawn on it") == 2


def test_a_slide_that_was_trained_on_says_so_first(model: Model, known: Callable[[int, int], None]) -> None:
    known(150, 80)
    one, two = slide("one"), MemorySlide(255 - example_rgb(side_um=SIDE_UM), Mpp(0.5), name="two")
    digests = {
        "training_slides": salted_digests("s", [one.info.sha256]),
        "training_patients": salted_digests("s", ["P7"]),
    }
    card = replace(model.bundle.card, salt="s", **digests)
    trained = replace(model, bundle=replace(model.bundle, card=card))
    assert "trained on" not in " ".join(read_biopsy(slide("one"), model=model).pattern.caveats)
    alone = read_biopsy(one, model=trained).pattern.caveats
    assert alone[0] == "The network was trained on slide one: this reading shows its memory, and is no second opinion."
    assert alone[1:] == read_biopsy(slide("one"), model=model).pattern.caveats
    both = read_biopsy([slide("one"), two], name="P7", model=trained).pattern.caveats
    assert both[0].startswith("The network was trained on patient P7, slide one: ")


class Listener:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def slide(self, name: str, number: int, of: int) -> None:
        self.heard.append((name, number, of))

    def stage(self, name: str) -> None:
        self.heard.append(name)

    def advance(self, done: int, total: int) -> None:
        self.heard.append(done / total)

    def failed(self, failure: SlideFailure) -> None:
        self.heard.append(failure)


def test_a_slide_that_fails_is_listed_and_the_rest_is_read(tmp_path: Path, model: Model) -> None:
    bad = tmp_path / "bad.png"
    cv2.imwrite(str(bad), example_rgb(side_um=300))
    listener = Listener()
    reading = read_biopsy(
        [bad, slide(side_um=300)], out=tmp_path / "out", name="patient", model=model, progress=listener
    )
    (failure,) = reading.failures
    assert (failure.slide, failure.kind) == (str(bad), "ScaleMissing")
    assert failure in listener.heard
    stored = read_reading(tmp_path / "out/patient").document
    assert [item["slide"] for item in stored["failures"]] == ["bad.png"]
    assert [item["name"] for item in stored["slides"]] == ["section"]


def test_the_stages_are_told_in_order(tmp_path: Path, model: Model) -> None:
    listener = Listener()
    read_biopsy(slide(side_um=300), out=tmp_path, model=model, progress=listener)
    assert listener.heard[0] == ("section", 1, 1)
    stages = [heard for heard in listener.heard if isinstance(heard, str)]
    assert stages[:5] == ["find tissue", "detect", "weigh", "take pictures", "write"]
    shares = [heard for heard in listener.heard if isinstance(heard, float)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_single_slide_that_fails_raises_its_own_error(tmp_path: Path, model: Model) -> None:
    bad = tmp_path / "bad.png"
    cv2.imwrite(str(bad), example_rgb(side_um=300))
    with pytest.raises(ScaleMissing):
        read_biopsy(bad, model=model)
    with pytest.raises(SlideError, match="patient: none of its 2 slides can be read"):
        read_biopsy([bad, tmp_path / "absent.svs"], name="patient", model=model)


def test_unreadable_pixels_are_counted_and_never_tissue(model: Model) -> None:
    hole = (Region(0, 0, 512, 512),)
    whole = read_biopsy(slide(side_um=400), model=model).evidence.pooled.coverage
    broken = read_biopsy(slide(side_um=400, unreadable=hole), model=model).evidence.pooled.coverage
    lost_mm2 = (512 * 0.5) ** 2 / 1e6
    assert whole.unreadable_mm2 == 0
    assert broken.unreadable_mm2 == pytest.approx(lost_mm2, rel=0.08)
    assert whole.assessable_mm2 - broken.assessable_mm2 == pytest.approx(lost_mm2, rel=0.08)
    for account in (whole, broken):
        parts_mm2 = (account.rejected_mm2, account.unreadable_mm2, account.assessable_mm2)
        assert account.found_mm2 == math.fsum(parts_mm2)


def test_a_coarse_slide_says_nothing_of_cells(tmp_path: Path, model: Model, known: Callable[[int, int], None]) -> None:
    """Fibers are read with a warning; of inflammatory cells no file tells a number or shows a mark."""
    known(150, 80)
    rgb = example_rgb(side_um=SIDE_UM * 0.5 / 1.25)
    reading = read_biopsy(MemorySlide(rgb, Mpp(1.25), name="coarse"), out=tmp_path, model=model)
    document = read_reading(tmp_path / "coarse").document
    pooled = document["evidence"]["pooled"]
    assert (pooled["infiltrate"], pooled["invasion_candidates"], pooled["phagocytes"]) == (None, None, None)
    assert pooled["fibers"]["fibers"] == 150
    assert document["pattern"]["refusal"]["code"] == "scale_too_coarse"
    collection = json.loads((tmp_path / "coarse/findings.geojson").read_text())
    assert collection["histo"]["cells_assessed"] is False
    names_drawn = {feature["properties"]["classification"]["name"] for feature in collection["features"]}
    assert not {"Lymphocyte", "Macrophage"} & names_drawn
    assert reading.pattern.refusal is not None
    assert "above 1 inflammatory cells cannot be told" in (tmp_path / "coarse/report.html").read_text()
    assert len(read_findings(tmp_path / "coarse").cells) == 80, "the network's raw answer is kept"


def test_ctrl_c_in_the_middle_leaves_nothing_half_written(
    tmp_path: Path, model: Model, known: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    known(150, 80)
    read_biopsy(slide(), out=tmp_path, model=model)
    before = {path.name: path.read_bytes() for path in (tmp_path / "section").iterdir()}

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("histo.report.folder.report_html", stop)
    with pytest.raises(KeyboardInterrupt):
        read_biopsy(slide(), out=tmp_path, model=model)
    assert {path.name: path.read_bytes() for path in (tmp_path / "section").iterdir()} == before


def test_requests_that_would_overwrite_themselves_are_refused(model: Model) -> None:
    with pytest.raises(UsageError, match="a: two slides have this name, and so would their results; rename one"):
        check_names(["A", "b", "a"], None)
    for name in ("", "..", "a/b", "a\\b"):
        with pytest.raises(UsageError, match="a biopsy's name becomes a folder"):
            check_names(["a"], name)
    reader: SlideReader = slide()
    with pytest.raises(UsageError, match="2 slides are not one biopsy without a name"):
        read_biopsy([reader, slide("other")], model=model)


def test_no_path_and_no_time_stands_in_the_reading(
    tmp_path: Path, model: Model, known: Callable[[int, int], None]
) -> None:
    known(150, 80)
    read_biopsy(slide(), out=tmp_path, model=model)
    text = (tmp_path / "section/reading.json").read_text()
    assert str(tmp_path) not in text
    run = json.loads((tmp_path / "section/run.json").read_text())
    assert run["started"] not in text
    assert run["slides"] == {"section": None}
    assert set(run["seconds"]) == {"find tissue", "detect", "take pictures", "weigh"}


def test_a_laboratory_grades_by_its_own_conventions(
    tmp_path: Path, model: Model, known: Callable[[int, int], None]
) -> None:
    known(150, 80)
    shipped = Path(histo.pattern.__file__).parent / "conventions.toml"
    own = tmp_path / "ours.toml"
    own.write_text(shipped.read_text(encoding="utf-8").replace("histo conventions 1", "our conventions 7"))
    assert read_biopsy(slide(), model=model, conventions=own).pattern.conventions.startswith("our conventions 7")
    with pytest.raises(UsageError, match=r"missing\.toml"):
        read_biopsy(slide(), model=model, conventions=tmp_path / "missing.toml")
