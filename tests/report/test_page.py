"""report.html and overview.png: whole, offline, and safe against what a file name may hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_findings import example_findings, example_rgb, example_tissue
from PIL import Image

from histo.biopsy import coverage_of, suitability_of
from histo.evidence import SlideObservation, weigh_evidence
from histo.geometry import Mpp
from histo.pattern import Calibrated, Contrast, Contribution, PatternLabel, load_conventions, read_pattern
from histo.records import BiopsyReading, ModelFacts, SlideFailure, SlideResult
from histo.report import draw_overview, report_html, scale_text, take_pictures, typeset
from histo.report.pictures import SlidePictures
from histo.slide import MemorySlide

FACTS = ModelFacts(
    name="bundle",
    version="3",
    sha256="ab" * 32,
    engine="openvino 1",
    device="cpu",
    precision="f32",
    trained_on="Digital phantoms.",
    recipe="python -m train fit",
    intended_use="Research.",
    limits=("Never seen a patient.",),
    license="Apache-2.0",
    weights_sha256="0" * 64,
)


def read(fibers: int, cells: int, name: str = "section") -> tuple[BiopsyReading, SlidePictures]:
    slide = MemorySlide(example_rgb(), Mpp(0.5), name=name)
    tissue, findings = example_tissue(), example_findings(fibers, cells)
    result = SlideResult(slide.info, tissue, coverage_of(tissue, findings), findings)
    evidence = weigh_evidence([SlideObservation(name, findings, result.coverage)])
    pattern = read_pattern(evidence, [suitability_of(result)], load_conventions())
    return BiopsyReading(name, (result,), (), evidence, pattern, FACTS), take_pictures(slide, tissue, findings)


@pytest.fixture(scope="module")
def example() -> tuple[BiopsyReading, SlidePictures]:
    return read(300, 200)


def page_of(reading: BiopsyReading, pictures: SlidePictures) -> str:
    return report_html(reading, {reading.slides[0].info.name: pictures}, {reading.slides[0].info.name: b"\x89PNG"})


class Checker(HTMLParser):
    """Collects links, and finds tags that are not closed in order."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h2", "h3"):
            self.headings.append(data.strip())


def check(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return checker


def test_the_page_is_whole_and_needs_nothing_from_outside(example: tuple[BiopsyReading, SlidePictures]) -> None:
    page = page_of(*example)
    checker = check(page)
    assert checker.links
    assert all(link.startswith("data:image/") for link in checker.links)
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_the_page_states_what_a_second_opinion_states(example: tuple[BiopsyReading, SlidePictures]) -> None:
    reading, _ = example
    page = page_of(*example)
    headings = check(page).headings
    for heading in ("Reasons", "Differential", "Findings", "Fibers to check", "Not assessed", "Caveats", "Specimen"):
        assert heading in headings
    assert page.count(reading.pattern.disclaimer) == 2
    for text in (
        reading.pattern.label_text,
        "0.5 µm per pixel",
        "mm² found: ",
        "Never seen a patient.",
        "ab" * 32,
    ):
        assert text in page
    for reason in reading.pattern.reasons:
        assert typeset(reason.sentence) in page.replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<")
    for candidate in reading.pattern.differential:
        assert candidate.text in page
        for source in candidate.sources:
            assert source in page.replace("&#39;", "'")
    for rule in reading.pattern.rules:
        assert f"{rule.name} (SHA-256 {rule.sha256})" in page


def test_a_calibrated_differential_shows_ranks_set_and_what_speaks_for_the_first(
    example: tuple[BiopsyReading, SlidePictures],
) -> None:
    reading, pictures = example
    contrast = Contrast(
        PatternLabel.NORMAL,
        PatternLabel.DYSTROPHIC,
        0.5,
        (
            Contribution("fat", "fat", 3.0, "% of the tissue", 2.0),
            Contribution("early", "early stage", None, "% of three stages", -1.0),
        ),
    )
    calibrated = Calibrated("simulator", "coverage unknown", 30, 40, 90.0, (PatternLabel.NORMAL,), contrast, (), ())
    pattern = dataclasses.replace(reading.pattern, calibrated=calibrated)
    page = page_of(dataclasses.replace(reading, pattern=pattern), pictures)
    check(page)
    assert "coverage unknown" in page
    assert "not calibrated" not in page
    assert '<rect x="0.0" y="1" width="100.0" height="6" class="first"/>' in page
    assert '<rect x="-50.0" y="1" width="50.0" height="6" class="second"/>' in page
    assert "<td>3.00 % of the tissue</td>" in page
    assert "%)</th>" not in page, "no percentages from a simulator"


def test_names_from_files_cannot_become_markup() -> None:
    reading, pictures = read(5, 0, name="<script>alert(1)</script>")
    failure = SlideFailure("x<b>.svs", "NotASlide", "it is <i>text</i>", "copy & paste")
    page = page_of(dataclasses.replace(reading, failures=(failure,)), pictures)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "x&lt;b&gt;.svs: it is &lt;i&gt;text&lt;/i&gt;; copy &amp; paste" in page
    check(page)


def test_a_refusal_is_said_once_and_with_its_remedy() -> None:
    reading, pictures = read(5, 0)
    assert reading.pattern.refusal is not None
    page = page_of(reading, pictures)
    assert "No pattern is named" in page
    assert page.count(typeset(reading.pattern.refusal.sentence)) == 1
    assert f"What would help: {reading.pattern.refusal.remedy}." in page
    assert "Differential" not in check(page).headings


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw at a third of the resolution: the same figure, quicker."""
    monkeypatch.setattr("histo.report.overview.DPI", 50)


def draw(path: Path, reading: BiopsyReading, pictures: SlidePictures, **changes: object) -> np.ndarray:
    (slide,) = reading.slides
    given: dict[str, Any] = {
        "infiltrate": reading.evidence.pooled.infiltrate,
        "scale": scale_text(slide.info.scale),
    } | changes
    draw_overview(
        path,
        findings=slide.findings,
        tissue=slide.tissue,
        pictures=pictures,
        name=reading.name,
        headline=reading.pattern.label_text,
        **given,
    )
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(params=["many", "none"])
def drawn(
    request: pytest.FixtureRequest, tmp_path: Path, example: tuple[BiopsyReading, SlidePictures]
) -> Iterator[tuple[str, np.ndarray]]:
    reading, pictures = example if request.param == "many" else read(0, 0)
    yield request.param, draw(tmp_path / "overview.png", reading, pictures)


def close_to(image: np.ndarray, color: tuple[int, int, int]) -> int:
    return int(np.count_nonzero(np.abs(image.astype(int) - color).max(axis=-1) <= 6))


def test_findings_are_drawn_in_their_colors(drawn: tuple[str, np.ndarray]) -> None:
    which, image = drawn
    section = image[:, : int(0.66 * image.shape[1])]  # left of insets and legend
    for color in ((0, 114, 178), (230, 159, 0), (240, 228, 66), (0, 158, 115)):
        assert (close_to(section, color) > 20) == (which == "many"), color


def test_the_same_reading_gives_the_same_picture(tmp_path: Path, example: tuple[BiopsyReading, SlidePictures]) -> None:
    draw(tmp_path / "a.png", *example)
    draw(tmp_path / "b.png", *example)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_picture_tells_the_scale_and_where_it_was_read(
    tmp_path: Path, example: tuple[BiopsyReading, SlidePictures]
) -> None:
    told = draw(tmp_path / "a.png", *example)
    other = draw(tmp_path / "b.png", *example, scale="0.25 µm per pixel, from --mpp")
    rows = np.flatnonzero((told != other).any(axis=(1, 2)))
    assert 0 < len(rows) < 0.1 * len(told), "one line of the head"


def test_cells_that_are_not_assessed_are_not_drawn(
    tmp_path: Path, example: tuple[BiopsyReading, SlidePictures]
) -> None:
    section = slice(None), slice(0, int(0.66 * draw(tmp_path / "a.png", *example).shape[1]))
    macrophages = (86, 180, 233)
    assert close_to(draw(tmp_path / "a.png", *example)[section], macrophages) > 20
    assert close_to(draw(tmp_path / "b.png", *example, infiltrate=None)[section], macrophages) == 0
