"""Fixtures of the review: a folder of readings, and a client that behaves like the page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from httpx2 import Response
from review_folder import example_folder
from starlette.testclient import TestClient

from histo.review import Settings, make_app
from histo.slide import SlideReader, open_slide

PORT = 8765
ORIGIN = f"http://127.0.0.1:{PORT}"
WAIT_S = 60.0


class Page(TestClient):
    """A client that sends what a browser sends from the page itself."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(make_app(settings), base_url=ORIGIN, raise_server_exceptions=False)
        self.headers["origin"] = ORIGIN

    def ready(self, name: str) -> tuple[str, str]:
        """The ids of a case of one slide and of its slide, once its file has been looked for."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            (case,) = (one for one in self.get("/api/cases").json()["cases"] if one["name"] == name)
            if all(slide["state"] != "checking" for slide in case["slides"]):
                return case["id"], case["slides"][0]["id"]
            time.sleep(0.05)
        raise AssertionError(f"{name} is still being checked after {WAIT_S} s")

    def open(self, name: str) -> tuple[str, str]:
        """The same, with the machine's findings shown."""
        case, slide = self.ready(name)
        assert self.post(f"/api/cases/{case}/open", json={"seen": 0}).status_code == 200
        return case, slide

    def correct(self, slide: str, **body: object) -> Response:
        return self.post(f"/api/slides/{slide}/corrections", json=body)


@pytest.fixture(autouse=True)
def opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slide files that are as they were are opened once for all tests: each opening starts a process."""
    monkeypatch.setattr("histo.review.shelf.open_slide", _opened)


def _opened(path: Path, mpp: float) -> SlideReader:
    return _open_once(path.resolve(), path.stat().st_mtime_ns, mpp)


@cache
def _open_once(path: Path, _stamp: int, mpp: float) -> SlideReader:
    return open_slide(path, mpp)


@pytest.fixture(scope="session")
def readings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two readings and their slides; not to be altered."""
    folder = tmp_path_factory.mktemp("review")
    return example_folder(folder / "out", folder / "slides", "alpha", "beta"), folder / "slides"


@pytest.fixture
def folder(readings: tuple[Path, Path], tmp_path: Path) -> Path:
    """The readings with a history of their own; the slides are found where they lie."""
    own = tmp_path / "out"
    own.mkdir()
    for reading in readings[0].iterdir():
        if reading.is_dir():
            (own / reading.name).symlink_to(reading, target_is_directory=True)
    return own


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(folder, "A. Smith", port=PORT)


@pytest.fixture
def page(settings: Settings) -> Iterator[Page]:
    with Page(settings) as client:
        yield client


@pytest.fixture
def other(settings: Settings) -> Iterator[Page]:
    """Another reader's server on the same folder."""
    with Page(replace(settings, reader="B. Jones")) as client:
        yield client
