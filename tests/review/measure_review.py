"""How quick the review is on 60,000 outlines: tiles under load, and frames while the slide is moved. Not a test.

    export PYTHONPATH=tests
    python tests/review/measure_review.py make SLIDE.tif READING WORK    a large slide of many copies of one
    python tests/review/measure_review.py tiles WORK                     5,000 tiles asked for by 8 clients
    python tests/review/measure_review.py frames WORK                    frames a second while panning, by zoom

SLIDE.tif is what `histo phantom` writes with --mm2 16, and READING the folder that `histo read` made of it. Figures
depend on what else the machine does: say it beside them.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tifffile

from histo.findings import Cells, Fibers
from histo.records import read_findings, write_cells, write_fibers

COPIES = (4, 3)
PIECE_PX = 8192  # whole tiles at every level of the pyramid
UM_PER_PX = 0.5
CLIENTS = 8
REQUESTS = 5000
PORT = 8799
HOST = f"127.0.0.1:{PORT}"
LAP = 63
SCALES = (20.0, 5.0, 2.0, 1.0, 0.25)
"""Micrometers per pixel of the screen: from the whole slide to the finest."""


def make(slide: Path, reading: Path, work: Path) -> None:
    """A slide of 32,768 x 24,576 px, and its findings."""
    folder = work / "out/large"
    folder.mkdir(parents=True, exist_ok=True)
    large = work / "large.tif"
    repeat_slide(slide, large)
    findings = read_findings(reading)
    fibers, cells = repeat_fibers(findings.fibers), repeat_cells(findings.cells)
    sha256 = hashlib.sha256(large.read_bytes()).hexdigest()
    write_fibers(folder / "fibers.parquet", fibers, sha256=sha256)
    write_cells(folder / "cells.parquet", cells, sha256=sha256)
    (folder / "compartments.png").write_bytes((reading / "compartments.png").read_bytes())
    (folder / "findings.geojson").write_text('{"type":"FeatureCollection","features":[]}')
    document = json.loads((reading / "reading.json").read_text())
    document["name"] = "large"
    document["slides"][0] |= {
        "name": "large", "file": large.name, "sha256": sha256, "fibers": len(fibers), "nuclei": len(cells),
        "width_px": PIECE_PX * COPIES[0], "height_px": PIECE_PX * COPIES[1],
    }  # fmt: skip
    (folder / "reading.json").write_text(json.dumps(document))
    run = {"schema": "histo.run", "schema_version": "1.1", "slides": {"large": str(large.absolute())}}
    (folder / "run.json").write_text(json.dumps(run))
    print(f"{len(fibers):,} fibers, {len(cells):,} nuclei, {large.stat().st_size >> 20} MiB")  # noqa: T201


def repeat_slide(slide: Path, large: Path) -> None:
    """The slide's compressed tiles, side by side: nothing is decoded."""
    with tifffile.TiffFile(slide) as source, tifffile.TiffWriter(large, bigtiff=True) as writer:
        for number, (page, shrink) in enumerate(zip(source.pages, (1, 4, 16), strict=True)):
            side = PIECE_PX // shrink // 512
            across = -(-page.imagewidth // 512)
            rows = [[_bytes(source, page, row * across + column) for column in range(side)] for row in range(side)]
            tiles = [tile for _ in range(COPIES[1]) for row in rows for _ in range(COPIES[0]) for tile in row]
            writer.write(
                iter(tiles), shape=(512 * side * COPIES[1], 512 * side * COPIES[0], 3), dtype=np.uint8, tile=(512, 512),
                compression="jpeg", photometric="rgb", subfiletype=int(number > 0), metadata=None,
                resolution=(1e4 / UM_PER_PX / shrink,) * 2, resolutionunit="CENTIMETER",
            )  # fmt: skip


def _bytes(source: tifffile.TiffFile, page: Any, index: int) -> bytes:  # noqa: ANN401
    source.filehandle.seek(page.dataoffsets[index])
    return source.filehandle.read(page.databytecounts[index])


def offsets_um() -> list[np.ndarray]:
    side = PIECE_PX * UM_PER_PX
    return [np.array([x * side, y * side], np.float32) for y in range(COPIES[1]) for x in range(COPIES[0])]


def repeat_fibers(fibers: Fibers) -> Fibers:
    high = np.maximum.reduceat(fibers.outline_um, fibers.outline_start[:-1])
    piece = fibers.select((high < PIECE_PX * UM_PER_PX).all(axis=1))
    return Fibers.concatenate(
        [replace(piece, center_um=piece.center_um + at, outline_um=piece.outline_um + at) for at in offsets_um()]
    )


def repeat_cells(cells: Cells) -> Cells:
    piece = cells.select((cells.center_um < PIECE_PX * UM_PER_PX).all(axis=1))
    parts = [
        replace(piece, center_um=piece.center_um + at, fiber=np.full(len(piece), -1, np.int32)) for at in offsets_um()
    ]
    names = ("center_um", "cell_class", "class_probability", "compartment", "fiber")
    return Cells(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}).sorted()


@contextmanager
def server(work: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A server in a process of its own; its case, opened."""
    words = [sys.executable, "-m", "histo", "review", str(work / "out"), "--reader", "measure", "--port", str(PORT)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                (case,) = ask("GET", "/api/cases")["cases"]
                break
            except OSError:
                time.sleep(0.2)
        while case["slides"][0]["state"] == "checking":
            time.sleep(0.1)
            case = ask("GET", f"/api/cases/{case['id']}")
        if case["phase"] == "sealed":
            ask("POST", f"/api/cases/{case['id']}/open", {"seen": 0})
        yield case["id"], ask("GET", f"/api/cases/{case['id']}")["slides"][0]
    finally:
        process.terminate()
        process.wait()


def ask(method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
    connection = http.client.HTTPConnection(HOST, timeout=60)
    headers = {"Origin": f"http://{HOST}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    return json.loads(connection.getresponse().read())


def measure_tiles(work: Path) -> None:
    with server(work) as (_, slide):
        top = slide["top_level"]
        began = time.perf_counter()
        connection = http.client.HTTPConnection(HOST)
        connection.request("GET", f"/api/slides/{slide['id']}/tiles/{top - 2}/3/3")
        connection.getresponse().read()
        first_ms = 1000 * (time.perf_counter() - began)
        taken: list[tuple[float, int]] = []
        threads = [threading.Thread(target=client, args=(seed, slide, taken)) for seed in range(CLIENTS)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
    ms = np.array([1000 * one for one, _ in taken])
    failed = sum(status >= 500 for _, status in taken)
    print(f"first tile {first_ms:.0f} ms; {len(ms)} tiles by {CLIENTS} clients in {seconds:.1f} s")  # noqa: T201
    print("p50 {:.1f}, p95 {:.1f}, p99 {:.1f}, most {:.0f} ms".format(*np.percentile(ms, (50, 95, 99, 100))))  # noqa: T201
    print(f"answers of 500 and above: {failed}; load of the machine: {os.getloadavg()[0]:.1f}")  # noqa: T201


def client(seed: int, slide: dict[str, Any], taken: list[tuple[float, int]]) -> None:
    """A reader who looks at one place after another: a screenful of tiles around a random place of a random level."""
    rng = random.Random(seed)
    connection = http.client.HTTPConnection(HOST)
    top, side = slide["top_level"], slide["tile_px"]
    for _ in range(REQUESTS // CLIENTS):
        level = rng.choice((top, top, top, top - 1, top - 1, top - 2, top - 3, top - 4))
        shrink = 2 ** (top - level)
        column = rng.randrange(-(-slide["width_px"] // shrink // side))
        row = rng.randrange(-(-slide["height_px"] // shrink // side))
        began = time.perf_counter()
        connection.request("GET", f"/api/slides/{slide['id']}/tiles/{level}/{column}/{row}")
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - began, answer.status))


PAN = """async (frames) => {
  const { viewport } = histo.viewer.osd, times = [], { overlay } = histo;
  let drawing = 0;
  overlay.draw = function () {
    const began = performance.now();
    Object.getPrototypeOf(this).draw.call(this);
    drawing += performance.now() - began;
  };
  await new Promise((done) => { const step = (now) => {
    const angle = times.push(now) * 0.1, by = 0.012 / viewport.getZoom();
    viewport.panBy(new OpenSeadragon.Point(by * Math.cos(angle), by * Math.sin(angle)), true);
    if (times.length <= frames) requestAnimationFrame(step); else done();
  }; requestAnimationFrame(step); });
  const gaps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  delete overlay.draw;
  return { fps: 1000 * gaps.length / gaps.reduce((a, b) => a + b), p95: gaps[Math.floor(gaps.length * 0.95)],
    drawing: drawing / frames };
}"""
"""One lap of 63 frames around a place, a fifth of the window wide; every frame moves the slide."""

FIRST = """() => Math.min(...performance.getEntriesByType("resource")
  .filter((one) => one.name.includes("/tiles/")).map((one) => one.responseEnd))"""


def cpu_ms() -> tuple[float, float, float]:
    """CPU time that Chromium has spent: in the page's thread, in its other threads, and in the process that draws."""
    kinds = {"renderer": [0.0, 0.0], "gpu-process": [0.0, 0.0]}
    for process in psutil.Process().children(recursive=True):
        words = " ".join(process.cmdline())
        for kind, spent in kinds.items():
            if f"--type={kind}" in words:
                threads = {thread.id: thread.user_time + thread.system_time for thread in process.threads()}
                spent[0] += 1000 * threads.get(process.pid, 0.0)
                spent[1] += 1000 * sum(threads.values())
    page, renderer = kinds["renderer"]
    return page, renderer - page, kinds["gpu-process"][1]


def page_ms(devtools: Any) -> tuple[float, float]:  # noqa: ANN401
    """Time that the page's thread has spent: in scripts, and in all of its tasks (scripts, style, layout, painting)."""
    told = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    return 1000 * told["ScriptDuration"], 1000 * told["TaskDuration"]


def lap(page: Any, devtools: Any, *, overlay: bool = True) -> str:  # noqa: ANN401
    """What a lap of panning took."""
    page.evaluate("(on) => { histo.session.filter.overlay = on; histo.overlay.draw(); }", overlay)
    before = (*cpu_ms(), *page_ms(devtools))
    told = page.evaluate(PAN, LAP)
    spent = zip((*cpu_ms(), *page_ms(devtools)), before, strict=True)
    main, others, screen, scripts, tasks = [(after - ago) / LAP for after, ago in spent]
    return (
        f"{told['fps']:.0f} frames a second, 95% in {told['p95']:.0f} ms; CPU a frame: page's thread {main:.1f} ms, "
        f"its others {others:.1f}, screen {screen:.1f}; by the clock: scripts {scripts:.1f} ms, page's thread "
        f"{tasks:.1f}; outlines alone {told['drawing']:.2f}"
    )


def measure_frames(work: Path) -> None:
    from real_browser import a_browser

    with server(work) as (case, _), a_browser() as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.set_default_timeout(120_000)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        page.goto(f"http://{HOST}/cases/{case}")
        page.wait_for_selector("body[data-ready=yes]")
        page.wait_for_selector(".crop")
        first_ms = page.evaluate(FIRST)
        print(f"from opening the page to its first tile: {first_ms:.0f} ms")  # noqa: T201
        for um_per_screen_px in SCALES:
            page.evaluate("(um) => histo.viewer.flyTo([8000, 6000], um)", um_per_screen_px * 1100)
            page.wait_for_timeout(3000)
            lap(page, devtools)  # brings the tiles
            told = f"{lap(page, devtools)}; without outlines: {lap(page, devtools, overlay=False)}"
            print(f"{um_per_screen_px:5} um per pixel: {told}")  # noqa: T201
        print(f"load of the machine: {os.getloadavg()[0]:.1f}")  # noqa: T201


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    {"make": make, "tiles": measure_tiles, "frames": measure_frames}[what](*[Path(path) for path in paths])
