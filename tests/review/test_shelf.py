"""Slide files: found, recognized by their bytes, and never shown for another."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from example_findings import example_findings
from review_folder import SIDE_UM, paint_slide, write_reading
from review_page import Page

from histo.review import Settings
from histo.slide import open_slide


@pytest.fixture
def moved(settings: Settings, tmp_path: Path) -> tuple[Settings, Path]:
    """A reading of its own, and its slide file, which a test may move or alter."""
    slide_file = paint_slide(tmp_path / "slide.png", 7)
    own = replace(settings, folder=tmp_path / "own")
    write_reading(own.folder, "alpha", [(slide_file, example_findings(20, 10, side_um=SIDE_UM))])
    return own, slide_file


def state_of(settings: Settings) -> tuple[str, str, int]:
    """What is said of the slide's file, and what a tile of it answers."""
    with Page(settings) as page:
        _, slide = page.ready("alpha")
        (case,) = page.get("/api/cases").json()["cases"]
        told = case["slides"][0]
        return told["state"], told["sentence"], page.get(f"/api/slides/{slide}/tiles/11/0/0").status_code


def test_a_slide_where_it_was_is_shown(moved: tuple[Settings, Path]) -> None:
    assert state_of(moved[0])[::2] == ("ready", 200)


def test_a_missing_slide_is_said_to_be_missing(moved: tuple[Settings, Path]) -> None:
    moved[1].unlink()
    state, sentence, tile = state_of(moved[0])
    assert (state, tile) == ("missing", 404)
    assert "--slides FOLDER" in sentence
    assert str(moved[1].parent) not in sentence


def test_a_changed_slide_is_not_shown(moved: tuple[Settings, Path]) -> None:
    paint_slide(moved[1], 99)
    state, sentence, tile = state_of(moved[0])
    assert (state, tile) == ("changed", 404)
    assert "findings may not lie where they seem to" in sentence


def test_a_broken_slide_of_the_right_name_is_a_changed_one(moved: tuple[Settings, Path]) -> None:
    moved[1].write_bytes(moved[1].read_bytes()[:4000])
    assert state_of(moved[0])[::2] == ("changed", 404)


def test_a_slide_is_found_by_its_digest_under_any_name(moved: tuple[Settings, Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "archive/2026"
    elsewhere.mkdir(parents=True)
    paint_slide(elsewhere / "slide.png", 50)  # of the right name, with other bytes
    (elsewhere / "notes.txt").write_text("not a slide")
    os.mkfifo(elsewhere / "pipe.png")  # must not hang
    shutil.move(moved[1], elsewhere / "renamed.png")
    assert state_of(replace(moved[0], slides=tmp_path / "archive"))[::2] == ("ready", 200)


def test_a_slide_that_changes_while_it_is_open_is_no_longer_shown(moved: tuple[Settings, Path]) -> None:
    with Page(moved[0]) as page:
        _, slide = page.ready("alpha")
        assert page.get(f"/api/slides/{slide}/tiles/11/0/0").status_code == 200
        paint_slide(moved[1], 120)
        assert page.get(f"/api/slides/{slide}/tiles/11/1/1").status_code == 404
        moved[1].unlink()
        assert page.get(f"/api/slides/{slide}/tiles/11/0/1").json()["state"] == "missing"


def test_only_pixels_of_the_slide_are_served(page: Page, readings: tuple[Path, Path]) -> None:
    """Tiles are what the slide's reader gives, at every level, and end where the slide ends."""
    import cv2
    import numpy as np

    _, slide = page.ready("alpha")
    with open_slide(readings[1] / "alpha.png", 0.5) as reader:
        for level, shrink in ((11, 1), (10, 2), (9, 4)):
            side = -(-1200 // shrink)
            rows = []
            for row in range(-(-side // 512)):
                tiles = [
                    page.get(f"/api/slides/{slide}/tiles/{level}/{column}/{row}") for column in range(-(-side // 512))
                ]
                rows.append(np.hstack([cv2.imdecode(np.frombuffer(tile.content, np.uint8), 1) for tile in tiles]))
            from histo.geometry import Mpp, Region

            whole = np.vstack(rows)[..., ::-1].astype(float)
            expected = reader.read(Region(0, 0, side, side), Mpp(0.5 * shrink)).rgb
            assert whole.shape == expected.shape
            assert np.abs(whole - expected).mean() < 6  # of 255: what JPEG takes away
            assert page.get(f"/api/slides/{slide}/tiles/{level}/{-(-side // 512)}/0").status_code == 404
    assert page.get(f"/api/slides/{slide}/tiles/12/0/0").status_code == 404
