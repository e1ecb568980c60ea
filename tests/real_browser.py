"""A real browser, where there is one, and what is asked of every page in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SLOWEST_MS = 60_000
"""A machine may be busy with a training; journeys wait for what they need, and for nothing else."""


@contextmanager
def a_browser() -> Iterator[playwright.Browser]:
    """Debian's chromium, or Playwright's own download; without either the test is skipped."""
    with playwright.sync_playwright() as driver:
        found = next((path for name in NAMES if (path := shutil.which(name))), None) or driver.chromium.executable_path
        if not os.path.exists(found):  # noqa: PTH110
            pytest.skip("there is no Chromium: apt-get install chromium, or playwright install chromium")
        browser = driver.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


CONTRASTS = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length === 3 ? [...n, 1] : n; };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] > 0.85) return color;
    }
    return [255, 255, 255, 1];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("option, :disabled")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) poor.push([walker.currentNode.data.trim().slice(0, 40), contrast.toFixed(2)]);
  }
  return poor;
}"""
"""Visible texts whose contrast is below WCAG 2.2 AA, 4.5 to 1; disabled controls are exempt there."""
