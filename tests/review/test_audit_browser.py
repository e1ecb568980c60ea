"""An audit in a real browser, from the drawing to the count, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from real_browser import CONTRASTS, SLOWEST_MS, a_browser, playwright
from review_browser import running

from histo.review import Settings

expect = playwright.expect


@pytest.fixture
def tab(settings: Settings) -> Iterator[playwright.Page]:
    with running(settings) as address, a_browser() as browser:
        expect.set_options(timeout=SLOWEST_MS)
        context = browser.new_context(viewport={"width": 1400, "height": 860})
        context.set_default_timeout(SLOWEST_MS)
        page = context.new_page()
        page.goto(address)
        yield page
        context.close()


def answered(tab: playwright.Page) -> int:
    return int(tab.evaluate("Object.keys(histo.session.answers).length"))


CENTERED = """() => {
  const { session, viewer } = histo;
  const view = viewer.view();
  const [x, y] = view.um(view.width / 2, view.height / 2);
  const half = session.side / 2;
  return Math.hypot(x - session.item.x_um - half, y - session.item.y_um - half) < 9;
}"""
"""Whether the cross has come to the middle of the field."""


def press(tab: playwright.Page, key: str, count: int) -> None:
    """Answer by a key, and wait until it is saved."""
    tab.keyboard.press(key)
    while answered(tab) < count:
        tab.wait_for_timeout(20)


def test_an_audit_by_keyboard(tab: playwright.Page) -> None:
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    tab.get_by_role("link", name="alpha", exact=True).press("Enter")
    tab.get_by_role("button", name="Go on without a second read").press("Enter")
    tab.get_by_role("link", name="Audit", exact=True).press("Enter")
    expect(tab.locator("body.audit")).to_have_attribute("data-ready", "yes")
    for label, number in (("Fibers of each kind of call, at most", 2), ("Fibers called healthy", 12), ("Fields", 3)):
        tab.get_by_label(label).fill(str(number))
    tab.get_by_role("button", name="Draw the audit").press("Enter")
    expect(tab.locator(".panel h2").first).to_have_text(re.compile(r"Fiber 1 of \d+"))
    expect(tab.locator("#viewer")).to_be_focused()
    items = tab.evaluate("histo.session.items.map((item) => item.kind)")
    for number, kind in enumerate(items):
        if kind == "field":
            while not tab.evaluate(CENTERED):  # the slide flies to the field
                tab.wait_for_timeout(50)
            for key in ("l", "m", "u"):
                tab.keyboard.press(key)
            expect(tab.get_by_role("button", name="Lymphocyte-like: 1")).to_be_visible()
            expect(tab.get_by_role("button", name="Macrophage-like: 0")).to_be_visible()
        press(tab, "1" if kind == "fiber" else "Enter", number + 1)
    tab.get_by_role("button", name="Count", exact=True).press("Enter")
    expect(tab.locator("table.counts")).to_contain_text("missed among outlined fibers")
    tab.get_by_role("button", name="Reckon").press("Enter")
    expect(tab.locator(".panel")).to_contain_text("more fibers and")
    assert tab.evaluate(CONTRASTS) == []
    tab.reload()
    expect(tab.locator("body.audit")).to_have_attribute("data-ready", "yes")
    assert answered(tab) == len(items)
    assert wrong == []


def test_two_tabs_of_an_audit_show_each_others_answers(tab: playwright.Page) -> None:
    tab.get_by_role("link", name="alpha", exact=True).click()
    tab.get_by_role("link", name="Audit", exact=True).click()
    for label, number in (("Fibers of each kind of call, at most", 2), ("Fibers called healthy", 0), ("Fields", 5)):
        tab.get_by_label(label).fill(str(number))
    tab.get_by_role("button", name="Draw the audit").click()
    expect(tab.locator(".panel h2").first).to_have_text(re.compile(r"Fiber 1 of \d+"))
    other = tab.context.new_page()
    other.goto(tab.url)
    expect(other.locator("body.audit")).to_have_attribute("data-ready", "yes")
    first_field = tab.evaluate("histo.session.items.find((item) => item.kind === 'field').number")
    other.evaluate("(number) => histo.session.go(number)", first_field)
    while not other.evaluate(CENTERED):
        other.wait_for_timeout(50)
    other.keyboard.press("l")
    expect(other.get_by_role("button", name="Lymphocyte-like: 1")).to_be_visible()
    # One answers; the other shows it, stays where it is, and keeps its mark that is not saved.
    press(tab, "3", 1)
    expect(other.locator("progress").first).to_have_attribute("value", "1")
    assert other.evaluate("histo.session.at") == first_field
    expect(other.get_by_role("button", name="Lymphocyte-like: 1")).to_be_visible()
    # Both answer the same field at once: the second is told, and sees what the first said.
    tab.evaluate("(number) => { histo.session.channel.onmessage = null; histo.session.go(number); }", first_field)
    tab.evaluate("histo.session.poll = async () => {}")
    other.keyboard.press("Enter")
    expect(other.locator("progress").last).to_have_attribute("value", "1")
    tab.locator("#viewer").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#status")).to_contain_text("Another tab has answered this one")
    assert tab.evaluate("histo.session.at") == first_field
    expect(tab.get_by_role("button", name="Lymphocyte-like: 1")).to_be_visible()
    # Knowing of it, the answer may be changed.
    tab.keyboard.press("0")
    expect(other.locator("progress").last).to_have_attribute("value", "1")
    other.evaluate("(number) => histo.session.go(number)", first_field)
    expect(other.get_by_role("button", name="Cannot tell")).to_have_attribute("aria-pressed", "true")
    other.close()
