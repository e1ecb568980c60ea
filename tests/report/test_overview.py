"""overview.png: findings in their colors, cells only where they are assessed, and the scale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_case import Pictures, read_example
from PIL import Image

from histo.records import BiopsyReading
from histo.report import draw_overview, scale_text


@pytest.fixture(scope="module")
def example() -> tuple[BiopsyReading, Pictures]:
    return read_example(300, 200)


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw at a third of the resolution: the same figure, quicker."""
    monkeypatch.setattr("histo.report.overview.DPI", 50)


def draw(path: Path, reading: BiopsyReading, pictures: Pictures, **changes: object) -> np.ndarray:
    (slide,) = reading.slides
    given: dict[str, Any] = {
        "infiltrate": reading.evidence.pooled.infiltrate,
        "scale": scale_text(slide.info.scale.mpp.um_per_px, slide.info.scale.source),
    } | changes
    draw_overview(
        path,
        findings=slide.findings,
        tissue=slide.tissue,
        pictures=pictures[slide.info.name],
        name=reading.name,
        headline=reading.pattern.label_text,
        **given,
    )
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(params=["many", "none"])
def drawn(
    request: pytest.FixtureRequest, tmp_path: Path, example: tuple[BiopsyReading, Pictures]
) -> Iterator[tuple[str, np.ndarray]]:
    reading, pictures = example if request.param == "many" else read_example(0, 0)
    yield request.param, draw(tmp_path / "overview.png", reading, pictures)


def close_to(image: np.ndarray, color: tuple[int, int, int]) -> int:
    return int(np.count_nonzero(np.abs(image.astype(int) - color).max(axis=-1) <= 6))


def test_findings_are_drawn_in_their_colors(drawn: tuple[str, np.ndarray]) -> None:
    which, image = drawn
    section = image[:, : int(0.66 * image.shape[1])]  # left of insets and legend
    for color in ((0, 114, 178), (230, 159, 0), (240, 228, 66), (0, 158, 115)):
        assert (close_to(section, color) > 20) == (which == "many"), color


def test_the_same_reading_gives_the_same_picture(tmp_path: Path, example: tuple[BiopsyReading, Pictures]) -> None:
    draw(tmp_path / "a.png", *example)
    draw(tmp_path / "b.png", *example)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_picture_tells_the_scale_and_where_it_was_read(
    tmp_path: Path, example: tuple[BiopsyReading, Pictures]
) -> None:
    told = draw(tmp_path / "a.png", *example)
    other = draw(tmp_path / "b.png", *example, scale="0.25 µm per pixel, from --mpp")
    rows = np.flatnonzero((told != other).any(axis=(1, 2)))
    assert 0 < len(rows) < 0.1 * len(told), "one line of the head"


def test_cells_that_are_not_assessed_are_not_drawn(tmp_path: Path, example: tuple[BiopsyReading, Pictures]) -> None:
    section = slice(None), slice(0, int(0.66 * draw(tmp_path / "a.png", *example).shape[1]))
    macrophages = (86, 180, 233)
    assert close_to(draw(tmp_path / "a.png", *example)[section], macrophages) > 20
    assert close_to(draw(tmp_path / "b.png", *example, infiltrate=None)[section], macrophages) == 0
