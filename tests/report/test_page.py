"""report.html and report.pdf: whole, offline, alike, and safe against what a file name may hold."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import pytest
from example_case import Pictures, draw_coarsely, listen, read_example, report_of, words_of

from histo.pattern import Calibrated, Contrast, Contribution, PatternLabel
from histo.records import BiopsyReading, SlideFailure
from histo.report import LETTER, report_html, report_pdf, typeset


@pytest.fixture(scope="module")
def coarse() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        draw_coarsely(patch)
        yield


@pytest.fixture(scope="module")
def example(coarse: None) -> tuple[BiopsyReading, Pictures]:
    return read_example(300, 200)


@pytest.fixture(scope="module")
def page(example: tuple[BiopsyReading, Pictures]) -> str:
    return report_html(report_of(*example))


class Checker(HTMLParser):
    """Collects links, and finds tags that are not closed in order, and pictures that nobody describes."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.levels: list[int] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        self.ids += [told["id"] or ""] if "id" in told else []
        assert tag != "img" or told.get("alt")
        assert told.get("role") != "img" or told.get("aria-label")
        assert not any(name.startswith("on") for name in told)

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
    assert len(set(checker.ids)) == len(checker.ids)
    for link in checker.links:
        assert link.startswith("data:image/") or link[1:] in checker.ids
    return checker


def test_the_page_is_whole_and_needs_nothing_from_outside(page: str) -> None:
    checker = check(page)
    assert any(link.startswith("data:image/") for link in checker.links)
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert checker.levels.count(1) == 1
    steps = zip(checker.levels, checker.levels[1:], strict=False)
    assert all(after - before <= 2 for before, after in steps)


def test_the_page_states_what_a_second_opinion_states(example: tuple[BiopsyReading, Pictures], page: str) -> None:
    reading, _ = example
    headings = check(page).headings
    for heading in (
        "The section",
        "Reasons for and against",
        "Fibers to check",
        "Evidence against the conventions",
        "Maps",
        "Findings",
        "Differential",
        "Doubt and caveats",
        "Not assessed",
        "Was it fit to be read?",
        "Specimen",
        "What read it",
    ):
        assert heading in headings
    told = unescape(page)
    for text in (
        reading.pattern.label_text[1:],
        "0.5 µm per pixel",
        "mm² found: ",
        "Never seen a patient.",
        "ab" * 32,
        *(typeset(reason.sentence) for reason in reading.pattern.reasons),
        *(candidate.text for candidate in reading.pattern.differential),
        *(source for candidate in reading.pattern.differential for source in candidate.sources),
        *(f"{rule.name} (SHA-256 {rule.sha256})" for rule in reading.pattern.rules),
    ):
        assert text in told


def plain_words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


@pytest.mark.parametrize(("fibers", "names"), [(300, ()), (5, ()), (120, ("one", "two"))])
def test_page_and_pdf_tell_every_word_of_the_report(
    coarse: None, monkeypatch: pytest.MonkeyPatch, fibers: int, names: tuple[str, ...]
) -> None:
    """One report, two forms: neither of them leaves anything out."""
    report = report_of(*read_example(fibers, 60, *names))
    heard = listen(monkeypatch)
    assert report_pdf(report).startswith(b"%PDF-")
    on_paper, on_page = plain_words(" ".join(heard)), plain_words(report_html(report))
    words = {re.sub(r"\s+", " ", text) for text in words_of(report) if text.strip()}
    assert len(words) > 60
    assert {text for text in words if text not in on_page} == set()
    assert {text for text in words if text not in on_paper} == set()


def test_the_same_report_gives_the_same_bytes(example: tuple[BiopsyReading, Pictures]) -> None:
    first, second = report_of(*example), report_of(*example)
    assert report_html(first) == report_html(second)
    printed = report_pdf(first)
    assert printed == report_pdf(second)
    assert report_pdf(first, LETTER) != printed


def test_the_pdf_holds_its_fonts_and_neither_scripts_nor_links(example: tuple[BiopsyReading, Pictures]) -> None:
    printed = report_pdf(report_of(*example))
    assert b"/FontFile2" in printed
    for word in (b"/JavaScript", b"/Launch", b"/URI", b"/EmbeddedFile", b"/AcroForm"):
        assert word not in printed
    assert b"/Lang (en)" in printed
    assert b"/MediaBox [ 0 0 595" in printed
    assert len(re.findall(rb"/Type /Page\b", printed)) >= 4


def test_a_calibrated_differential_shows_ranks_set_and_what_speaks_for_the_first(
    example: tuple[BiopsyReading, Pictures],
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
    pattern = dataclasses.replace(
        pattern, differential=tuple(dataclasses.replace(one, in_set=False) for one in pattern.differential)
    )
    report = report_of(dataclasses.replace(reading, pattern=pattern), pictures)
    page = report_html(report)
    check(page)
    assert "coverage unknown" in page
    assert "not calibrated" not in page
    assert '<rect x="0" y="1" width="100.0" height="6" class="first"/>' in page
    assert '<rect x="-50.0" y="1" width="50.0" height="6" class="second"/>' in page
    assert "<td>3.00 % of the tissue</td>" in page
    assert "%)</th>" not in page, "no percentages from a simulator"
    assert report_pdf(report).startswith(b"%PDF-")


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<font size=200>&amp;<br/><para>",
    "<a href='http://example.org'>x</a>",
    "name" * 60,
    "naïve Ωmega, 筋生検",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_files_cannot_become_markup(coarse: None, name: str) -> None:
    reading, pictures = read_example(5, 0, name)
    failure = SlideFailure(f"{name}.svs", "NotASlide", f"it is {name}", name)
    report = report_of(dataclasses.replace(reading, failures=(failure,)), pictures)
    page = report_html(report)
    check(page)
    assert "<script" not in page
    assert f"it is {name}" in unescape(page)
    printed = report_pdf(report)
    assert b"/URI" not in printed


def test_a_refusal_is_said_once_and_with_its_remedy(coarse: None) -> None:
    reading, pictures = read_example(5, 0)
    refusal = reading.pattern.refusal
    assert refusal is not None
    page = report_html(report_of(reading, pictures))
    assert "No pattern is named" in page
    assert unescape(page).count(typeset(refusal.sentence)) == 1
    assert f"What would help: {refusal.remedy}." in unescape(page)
    headings = check(page).headings
    assert "Differential" not in headings
    assert headings.index("Was it fit to be read?") == 1, "why none is named comes right behind it"
    assert "no pattern</" in page


def test_where_nothing_is_found_the_report_says_what_may_be_hidden(coarse: None) -> None:
    reading, pictures = read_example(600, 0, diseased=False)
    assert reading.evidence.pooled.necrotic.fibers == 0
    report = report_of(reading, pictures)
    page = unescape(report_html(report))
    bound = reading.evidence.pooled.necrosis_bound
    assert bound is not None
    assert f"With 95% confidence at most {bound.at_most_per_1000_fibers:.3g} of 1,000 fibers are necrotic" in page
    assert "at most (95%): " in page
    assert "drawn by lot" in page
    assert "Places at random" in page


def luminance(color: str) -> float:
    """Of WCAG 2, from `#rrggbb` or `#rgb`."""
    digits = color[1:] if len(color) == 7 else "".join(2 * one for one in color[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["#ffffff", "#fdfaf6", "#fff4e5", "#eef0f3", "#dfe3e8"])
def test_every_color_of_text_stands_off_its_ground(page: str, ground: str) -> None:
    colors = dict(re.findall(r"--(ink|soft|blue|warn): (#[0-9a-f]{3,6})", page))
    assert len(colors) == 4
    for color in (*colors.values(), "#5c2a00"):
        assert (luminance(ground) + 0.05) / (luminance(color) + 0.05) >= 4.5
