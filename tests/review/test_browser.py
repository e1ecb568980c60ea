"""Whole journeys in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from example_findings import example_findings
from real_browser import CONTRASTS, SLOWEST_MS, a_browser, playwright
from review_browser import running
from review_folder import SIDE_UM, paint_slide, write_reading

from histo.review import Settings

expect = playwright.expect
Page = playwright.Page


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with a_browser() as found:
        expect.set_options(timeout=SLOWEST_MS)
        yield found


@pytest.fixture
def context(browser: playwright.Browser) -> Iterator[playwright.BrowserContext]:
    context = browser.new_context(viewport={"width": 1400, "height": 860}, accept_downloads=True)
    context.set_default_timeout(SLOWEST_MS)
    yield context
    context.close()


@pytest.fixture
def server(settings: Settings) -> Iterator[str]:
    with running(settings) as address:
        yield address


def visit(context: playwright.BrowserContext, server: str, name: str = "alpha") -> tuple[Page, list[str]]:
    """A page of a case, ready, and the list of what goes wrong on it."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(server)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(page.locator("#banner")).to_be_hidden()
    return page, wrong


def open_case(page: Page) -> None:
    page.get_by_role("button", name="Go on without a second read").click()
    expect(page.locator(".crop").first).to_be_visible()
    page.locator("#viewer").focus()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def told(page: Page, text: str) -> None:
    expect(page.locator("#status")).to_have_text(text)


ALPHA = """() => { const c = document.querySelector("canvas.overlay");
  const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  return [...data].filter((v, i) => i % 4 === 3 && v).length; }"""
"""How many pixels of the overlay are drawn."""


def overlay_pixels(page: Page) -> int:
    return int(page.evaluate(ALPHA))


def until_drawn(page: Page) -> int:
    page.wait_for_function(ALPHA)
    return overlay_pixels(page)


def test_open_zoom_filter_correct_reload(context: playwright.BrowserContext, server: str) -> None:
    page, wrong = visit(context, server)
    assert overlay_pixels(page) == 0  # sealed
    open_case(page)
    until_drawn(page)
    before = page.locator("#zoom").text_content()
    press(page, "+", "+")
    expect(page.locator("#zoom")).not_to_have_text(before or "")
    press(page, "n")
    expect(page.locator(".panel h2").first).to_have_text(re.compile(r"Fiber \d+"))
    first = page.locator(".crop").first
    expect(first).to_have_attribute("aria-pressed", "true")
    press(page, "a")
    told(page, "Accepted and saved.")
    expect(first.locator(".did")).to_have_text("✓ accepted")
    press(page, "n", "x")
    told(page, "Rejected and saved.")
    press(page, "n", "2")
    told(page, "Relabelled and saved.")
    press(page, "u")
    told(page, "Taken back; it stays in the history.")
    expect(page.locator(".crop").nth(2).locator(".did")).to_have_text("")
    count = page.locator(".strip .count").text_content()
    page.get_by_label("myophagocytosis", exact=True).uncheck()
    expect(page.locator(".strip .count")).not_to_have_text(count or "")
    page.reload()
    expect(page.locator(".crop .did").first).to_have_text("✓ accepted")
    expect(page.locator(".crop").nth(1).locator(".did")).to_have_text("✕ rejected")
    assert wrong == []


def test_keys_that_come_before_the_findings_wait_for_them(context: playwright.BrowserContext, server: str) -> None:
    held: list[playwright.Route] = []
    page, wrong = visit(context, server)
    page.route("**/strip", lambda route: held.append(route))
    page.get_by_role("button", name="Go on without a second read").click()
    expect(page.get_by_text("Findings are being read")).to_be_visible()
    page.locator("#viewer").focus()
    press(page, "n", "n", "a")
    assert held
    page.unroute("**/strip")  # lets those that are held go on
    told(page, "Accepted and saved.")
    expect(page.locator(".crop").nth(1).locator(".did")).to_have_text("✓ accepted")
    expect(page.locator(".crop .did", has_text="accepted")).to_have_count(1)
    assert wrong == []


def test_second_read_reveal_final_export(context: playwright.BrowserContext, server: str, tmp_path: Path) -> None:
    page, wrong = visit(context, server)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#strip")).to_be_hidden()
    press(page, "n", "a", "s")  # nothing of the machine's is reached by keys either
    page.get_by_label("Pattern", exact=True).select_option("necrotizing")
    page.get_by_label("High", exact=True).check()
    page.get_by_label("Necrosis", exact=True).select_option("marked")
    page.get_by_label("Remarks").fill("scattered </textarea><script>document.title='hit'</script>")
    page.get_by_role("button", name="Record my reading").click()
    expect(page.get_by_role("heading", name="Your reading is recorded")).to_be_visible()
    assert not [url for url in asked if re.search("outlines|strip|crops|findings|comparison", url)]
    page.get_by_role("button", name="Show the machine's reading").click()
    expect(page.get_by_role("heading", name="Machine").first).to_be_visible()
    expect(page.locator(".agreement").first).to_be_visible()
    until_drawn(page)
    page.get_by_label("Reasons").fill("I keep my pattern: the necrosis is scattered.")
    page.get_by_role("button", name="Record the final opinion").click()
    expect(page.get_by_role("heading", name="Your final opinion")).to_be_visible()
    page.get_by_role("button", name="History").click()
    expect(page.locator(".history li")).to_have_count(3)
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download")).click()
    started.value.save_as(tmp_path / "corrections.json")
    assert json.loads((tmp_path / "corrections.json").read_text())["corrections"] == []
    page.get_by_role("link", name="Cases").click()
    expect(page.get_by_text("Final opinion given")).to_be_visible()
    assert wrong == []


def test_two_tabs_stay_together(context: playwright.BrowserContext, server: str) -> None:
    one, _ = visit(context, server)
    open_case(one)
    two, _ = visit(context, server)
    expect(two.locator(".crop").first).to_be_visible()
    press(one, "n", "a")
    expect(two.locator(".crop").first.locator(".did")).to_have_text("✓ accepted")
    two.locator("#viewer").focus()
    press(two, "n", "x")
    expect(one.locator(".crop").first.locator(".did")).to_have_text("✕ rejected")
    press(one, "u")
    expect(two.locator(".crop").first.locator(".did")).to_have_text("✓ accepted")


def test_a_tab_that_missed_the_news_does_not_overwrite(context: playwright.BrowserContext, server: str) -> None:
    one, _ = visit(context, server)
    open_case(one)
    two, _ = visit(context, server)
    expect(two.locator(".crop").first).to_be_visible()
    two.route("**/entries?*", lambda route: route.abort())  # it hears nothing
    press(one, "n", "a")
    told(one, "Accepted and saved.")
    two.locator("#viewer").focus()
    press(two, "n", "x")
    told(two, "Another tab corrected this finding. The page has been brought up to date; please look again.")
    expect(two.locator(".crop").first.locator(".did")).to_have_text("✓ accepted")


def test_a_fiber_and_a_cell_are_drawn_by_keys_alone(context: playwright.BrowserContext, server: str) -> None:
    page, wrong = visit(context, server)
    page.keyboard.press("d")
    expect(page.locator("#crosshair")).to_be_visible()
    for key in ("Space", "ArrowRight", "Space", "ArrowDown", "Space", "ArrowLeft", "Space"):
        page.keyboard.press(key)
        page.wait_for_timeout(700)  # the slide glides to where the arrow sent it
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What is this fiber?")).to_be_visible()
    page.keyboard.press("3")
    told(page, "Drawn and saved.")
    press(page, "c", "Space")
    expect(page.get_by_role("heading", name="What is this cell?")).to_be_visible()
    page.keyboard.press("1")
    press(page, "h")
    expect(page.locator(".history li")).to_have_count(2)
    expect(page.locator(".history li").last).to_contain_text("drew: as necrotic pale")
    page.locator("#viewer").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert wrong == []


def test_a_fiber_is_drawn_by_hand(context: playwright.BrowserContext, server: str) -> None:
    page, _ = visit(context, server)
    page.get_by_role("button", name="Draw a missed fiber").click()
    page.mouse.move(400, 300)
    page.mouse.down()
    for x, y in ((460, 300), (460, 360), (400, 360), (400, 310)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.get_by_role("button", name=re.compile("regenerating")).click()
    told(page, "Drawn and saved.")
    assert until_drawn(page) > 100


def test_the_page_can_be_walked_by_tab_with_focus_in_sight(context: playwright.BrowserContext, server: str) -> None:
    page, _ = visit(context, server)
    open_case(page)
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => { const e = document.activeElement; const s = getComputedStyle(e);
            return [e.tagName + (e.id || e.textContent.slice(0, 20)), s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
        )
        if focus[0].startswith("BODY"):
            continue  # past the last control, on the way to the first
        seen.add(focus[0])
        assert focus[1] != "none", focus
        assert focus[2] >= 2, focus
    assert len(seen) > 15


HOSTILE = ("<img src=x onerror=globalThis.hit=1>", '"><script>globalThis.hit=1</script>')


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text(
    context: playwright.BrowserContext, settings: Settings, tmp_path: Path, name: str
) -> None:
    own = replace(settings, folder=tmp_path / "named", reader=name)
    slide_file = paint_slide(tmp_path / "slide.png")
    write_reading(own.folder, "folder", [(slide_file, example_findings(20, 10, side_um=SIDE_UM))])
    path = own.folder / "folder/reading.json"
    document = json.loads(path.read_text())
    document["name"] = name
    path.write_text(json.dumps(document))
    with running(own) as server:
        page, wrong = visit(context, server, name)
        expect(page.locator("#name")).to_have_text(name)
        expect(page.locator("#reader")).to_have_text(f"Reader: {name}")
        open_case(page)
        press(page, "n", "a", "h")
        expect(page.locator(".history li").first).to_contain_text(name)
        assert page.evaluate("globalThis.hit") is None
        assert wrong == []


def test_a_missing_slide_is_said_and_findings_are_shown(
    context: playwright.BrowserContext, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, folder=tmp_path / "moved")
    slide_file = paint_slide(tmp_path / "slide.png")
    write_reading(own.folder, "alpha", [(slide_file, example_findings(60, 10, side_um=SIDE_UM))])
    slide_file.unlink()
    with running(own) as server:
        page = context.new_page()
        page.goto(server)
        expect(page.get_by_text("missing")).to_be_visible()
        page.get_by_role("link", name="alpha").click()
        expect(page.locator("#banner")).to_contain_text("not where it was when it was read")
        page.get_by_role("button", name="Go on without a second read").click()
        assert until_drawn(page) > 1000


def test_texts_have_the_contrast_that_wcag_asks_for(context: playwright.BrowserContext, server: str) -> None:
    page, _ = visit(context, server)
    assert page.evaluate(CONTRASTS) == []
    page.get_by_label("Pattern", exact=True).select_option("normal")
    page.get_by_label("Low", exact=True).check()
    page.get_by_label("Necrosis", exact=True).select_option("none")
    page.get_by_role("button", name="Record my reading").click()
    page.get_by_role("button", name="Show the machine's reading").click()
    expect(page.locator(".agreement").first).to_be_visible()
    assert page.evaluate(CONTRASTS) == []
    page.locator("#viewer").focus()
    press(page, "s", "v", "n", "a")
    told(page, "Accepted and saved.")
    assert page.evaluate(CONTRASTS) == []
    page.keyboard.press("?")
    assert page.evaluate(CONTRASTS) == []
    page.goto(server)
    expect(page.get_by_role("link", name="alpha")).to_be_visible()
    assert page.evaluate(CONTRASTS) == []
