"""Fixtures of the review: a folder of readings, and a client for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from review_folder import example_folder
from review_page import PORT, Page

from histo.review import Settings
from histo.slide import SlideReader, open_slide


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
