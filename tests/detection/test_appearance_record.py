"""Colors, texture and nuclei are told from pixels, alike however a slide was cut into tiles."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from histo.appearance import Appearance
from histo.detection.appearance_record import AppearanceRecord
from histo.detection.spool import nothing
from histo.network import layout

Image = NDArray[np.uint8]

HALO = 64


def stained(side: int = 512, nucleus_um: float = 6.0, seed: int = 0) -> Image:
    """Pink tissue with round blue nuclei of one size, at 0.5 um/px."""
    rng = np.random.default_rng(seed)
    rgb = np.empty((side, side, 3), np.float32)
    rgb[:] = (225, 150, 190)
    step = round(12 * nucleus_um)
    for x in range(step // 2, side, step):
        for y in range(step // 2, side, step):
            cv2.circle(rgb, (x, y), round(nucleus_um), (70, 50, 130), cv2.FILLED, cv2.LINE_AA)
    return (rgb + rng.normal(0, 2, rgb.shape)).clip(0, 255).astype(np.uint8)


def answers(side: int, seed: int = 1) -> NDArray[np.float32]:
    maps = nothing(side // 2, side // 2)
    maps[layout.FOREGROUND] = cv2.GaussianBlur(
        np.random.default_rng(seed).random((side // 2, side // 2)).astype(np.float32), (0, 0), 6
    )
    return maps


def look_at(rgb: Image) -> Appearance:
    record = AppearanceRecord()
    side = rgb.shape[0]
    record.add(rgb, answers(side), np.ones((side // 2, side // 2), bool))
    found = record.finished()
    assert found is not None
    return found


@pytest.mark.parametrize("nucleus_um", [3.0, 6.0, 12.0])
def test_nuclei_are_as_large_as_they_were_drawn(nucleus_um: float) -> None:
    found = look_at(stained(nucleus_um=nucleus_um)).nucleus_um
    assert found is not None
    assert found == pytest.approx(nucleus_um, rel=0.15)


def test_a_blurred_slide_is_told_by_its_texture_and_a_brown_one_by_its_colors() -> None:
    rgb = stained()
    sharp, blurred = look_at(rgb), look_at(np.asarray(cv2.GaussianBlur(rgb, (0, 0), 6), np.uint8))
    assert blurred.texture.coarse < sharp.texture.coarse / 1.5
    brown = rgb.copy()
    brown[:256] = (140, 100, 60)
    assert look_at(brown).colors.blue_high > sharp.colors.blue_high + 0.1


def test_the_tiles_do_not_matter() -> None:
    side, core = 768, 256
    rgb = stained(side)
    maps, whole, tiled = answers(side), AppearanceRecord(), AppearanceRecord()
    edge = np.pad(rgb, ((HALO, HALO), (HALO, HALO), (0, 0)), mode="reflect")
    seen = np.random.default_rng(2).random((side // 2, side // 2)) < 0.9
    whole.add(edge, maps, seen, HALO)
    for y in range(0, side, core):
        for x in range(0, side, core):
            part = (slice(y // 2, (y + core) // 2), slice(x // 2, (x + core) // 2))
            tile = edge[y : y + core + 2 * HALO, x : x + core + 2 * HALO]
            tiled.add(np.ascontiguousarray(tile), np.ascontiguousarray(maps[:, *part]), seen[part], HALO)
    one, other = whole.finished(), tiled.finished()
    assert one is not None
    assert other is not None
    assert other.nucleus_um == pytest.approx(one.nucleus_um, rel=0.02)
    for name, value in one.named().items():
        assert other.named()[name] == pytest.approx(value, rel=0.02, abs=1e-6), name


def test_nothing_is_said_where_nothing_was_seen() -> None:
    record, side = AppearanceRecord(), 128
    assert record.finished() is None
    record.add(stained(side), answers(side), np.zeros((side // 2, side // 2), bool))
    assert record.finished() is None
