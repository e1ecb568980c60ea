"""The overview in a real browser: sorted, filtered, offline, legible, and nothing hidden on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cohort_maker import appearance, example_reading, store
from cohort_runs import a_run
from real_browser import CONTRASTS, SLOWEST_MS, a_browser

from histo.cohort.results import CohortBiopsy, CohortFailure, write_results
from histo.pattern import PatternLabel
from histo.records import SlideFailure

NAMES = ("B2", "B10", "<script>window.x=1</script>", *(f"C{number}" for number in range(9)))
COLUMN = "rows => rows.map(row => row.cells[AT].textContent)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    out = tmp_path_factory.mktemp("cohort")
    cohort = []
    for seed, name in enumerate(NAMES):
        look = appearance(seed, colors_density=-9.0 if seed == 5 else 0.0)
        reading = example_reading(name, seed, fibers=60 + 45 * seed, look=look)
        label = PatternLabel.NORMAL if seed % 2 else None
        cohort.append(
            CohortBiopsy(name, store(out, reading, f"r{seed}"), f"P{seed}", ("north", "south")[seed % 2], label)
        )
    failure = SlideFailure("/x/gone.svs", "SlideUnreadable", "ends early", "copy it again")
    write_results(out, cohort, [CohortFailure("D1", failure)], a_run())
    with a_browser() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(SLOWEST_MS)
        tab.errors = []
        tab.on("console", lambda said: tab.errors.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.goto(f"file://{out / 'overview.html'}")
        yield tab


def column(page: Any, at: int) -> list[str]:  # noqa: ANN401
    found: list[str] = page.eval_on_selector_all("#rows tbody tr:not([hidden])", COLUMN.replace("AT", str(at)))
    return found


def press(page: Any, head: str) -> int:  # noqa: ANN401
    """Press the head of a column; its number."""
    page.locator("#rows thead th", has_text=head).get_by_role("button").click()
    heads: list[str] = page.eval_on_selector_all("#rows thead th", "heads => heads.map(head => head.textContent)")
    return heads.index(head)


def test_nothing_but_the_pages_own_script_runs(page: Any) -> None:  # noqa: ANN401
    assert page.title().startswith("Cohort of 12 ")
    assert page.errors == []
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_numbers_sort_as_numbers_and_names_as_people_count(page: Any) -> None:  # noqa: ANN401
    at = press(page, "Fibers")
    fibers = [int(text.replace(",", "")) for text in column(page, at)]
    assert fibers == sorted(fibers)
    press(page, "Fibers")
    assert [int(text.replace(",", "")) for text in column(page, at)] == fibers[::-1]
    assert page.locator("#rows th[aria-sort]").get_attribute("aria-sort") == "descending"
    names = column(page, press(page, "Biopsy"))
    assert names.index("B2") < names.index("B10") < names.index("C0")
    assert len(names) == len(NAMES)


def test_what_is_missing_sorts_last_either_way(page: Any) -> None:  # noqa: ANN401
    for _ in range(2):
        labels = column(page, press(page, "Manifest"))
        assert labels == ["normal"] * 6 + ["-"] * 6


def test_words_choose_rows(page: Any) -> None:  # noqa: ANN401
    page.fill("#words", "north c")
    shown = column(page, 0)
    assert shown
    assert all("c" in name.lower() or "inflammatory" in name for name in shown)
    assert page.locator("#shown").text_content() == f"{len(shown)} of 12"
    page.fill("#words", "no such thing")
    assert column(page, 0) == []
    page.fill("#words", "")
    assert len(column(page, 0)) == len(NAMES)


def test_a_dot_leads_to_its_row(page: Any) -> None:  # noqa: ANN401
    page.fill("#words", "no such thing")
    dot = page.locator("svg.panel a").first
    key = dot.get_attribute("href").removeprefix("#")
    name = dot.locator("title").text_content().rsplit(":", 1)[0]
    dot.dispatch_event("click")
    page.wait_for_function("key => !document.getElementById(key).hidden", arg=key)
    assert page.locator(f"#{key} th").text_content() == name


def test_the_stain_outlier_is_told_and_marked(page: Any) -> None:  # noqa: ANN401
    assert page.locator("svg.panel .far").count() >= 1
    assert "density of the stain" in page.locator("#quality").text_content()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_legible_and_fits(page: Any, width: int) -> None:  # noqa: ANN401
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate(CONTRASTS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it must not scroll sideways"
    clipped = page.eval_on_selector_all(
        "svg.panel text", "texts => texts.filter(text => text.getBBox().x < -0.5).map(text => text.textContent)"
    )
    assert clipped == []


def test_it_prints_all_of_it(page: Any, tmp_path: Path) -> None:  # noqa: ANN401
    paper = page.pdf(format="A4")
    (tmp_path / "overview.pdf").write_bytes(paper)
    assert paper.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert page.locator("#rows tbody tr").first.is_visible()
    assert not page.locator(".filter").is_visible()
    page.emulate_media(media="screen")
