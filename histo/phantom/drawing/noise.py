"""Periodic noise sheets, sampled by absolute position, so that neighboring tiles of a phantom slide agree."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.geometry import Region

Sheet = NDArray[np.float32]

PERIOD_WPX = 1024
RED_CELL_WPX = 12.8
"""Distance of packed red cells: a little less than their diameter of 7.5 um, as they overlap."""


def _unit(sheet: NDArray[np.floating]) -> Sheet:
    sheet = sheet - sheet.mean()
    unit: Sheet = (sheet / sheet.std()).astype(np.float32)
    unit.flags.writeable = False
    return unit


def _blurred(white: NDArray[np.float64], sigma_x: float, sigma_y: float) -> Sheet:
    frequency_y = np.fft.fftfreq(PERIOD_WPX)[:, None]
    frequency_x = np.fft.rfftfreq(PERIOD_WPX)[None, :]
    gain = np.exp(-2 * np.pi**2 * ((frequency_x * sigma_x) ** 2 + (frequency_y * sigma_y) ** 2))
    return _unit(np.fft.irfft2(np.fft.rfft2(white) * gain, s=white.shape))


@lru_cache(maxsize=1)
def sheets() -> dict[str, Sheet]:
    """Unit-variance sheets of 1024 x 1024 wpx: `fine`, `grain`, `mottle`, `cloud`, `drift`, and wavy `strands`.

    The sheets are the same for every phantom (they are drawn once from a fixed seed); what varies is where they are
    sampled and how strongly they are applied. One more sheet, `red_cells`, is not noise: packed discs, 0 to 1.
    """
    rng = np.random.default_rng(20261122)
    made = {
        name: _blurred(rng.standard_normal((PERIOD_WPX, PERIOD_WPX)), sigma, sigma)
        for name, sigma in {"fine": 0.6, "grain": 1.5, "mottle": 4.0, "cloud": 12.0, "drift": 48.0}.items()
    }
    stripes = _blurred(rng.standard_normal((PERIOD_WPX, PERIOD_WPX)), 14.0, 1.2)
    rows, columns = np.mgrid[0:PERIOD_WPX, 0:PERIOD_WPX].astype(np.float32)
    column = np.mod(columns + 10 * made["cloud"], PERIOD_WPX).astype(np.float32)
    row = np.mod(rows + 16 * made["drift"] + 5 * made["cloud"], PERIOD_WPX).astype(np.float32)
    warped = cv2.remap(stripes, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    made["strands"] = _unit(np.asarray(warped, np.float32))
    made["red_cells"] = _packed_discs(rng)
    return made


def _packed_discs(rng: np.random.Generator) -> Sheet:
    """Red cells lying side by side, each with a paler center: (1024, 1024) float32, 0 between them."""
    per_side = round(PERIOD_WPX / RED_CELL_WPX)
    pitch = PERIOD_WPX / per_side
    sheet = np.zeros((3 * PERIOD_WPX,) * 2, np.uint8)
    grid = np.stack(np.meshgrid(np.arange(per_side), np.arange(per_side)), axis=-1).reshape(-1, 2).astype(float)
    grid[:, 0] += 0.5 * (grid[:, 1] % 2)
    places = grid * pitch + rng.normal(0, 0.17 * pitch, grid.shape)
    depths, radii = rng.uniform(150, 255, len(grid)), rng.uniform(5.6, 7.2, len(grid))
    for (x, y), depth, radius in zip(places, depths, radii, strict=True):
        for shift_y in (0, PERIOD_WPX, 2 * PERIOD_WPX):
            for shift_x in (0, PERIOD_WPX, 2 * PERIOD_WPX):
                center = (round((x + shift_x) * 16), round((y + shift_y) * 16))
                cv2.circle(sheet, center, round(radius * 16), float(depth), -1, cv2.LINE_AA, 4)
                cv2.circle(sheet, center, round(radius * 5), float(0.8 * depth), -1, cv2.LINE_AA, 4)
    middle = sheet[PERIOD_WPX : 2 * PERIOD_WPX, PERIOD_WPX : 2 * PERIOD_WPX]
    discs: Sheet = (cv2.GaussianBlur(middle, (0, 0), 0.8) / np.float32(255)).astype(np.float32)
    discs.flags.writeable = False
    return discs


@lru_cache(maxsize=1)
def camera_sheet() -> Sheet:
    """(1024, 1024, 3) float32 of independent unit-variance noise, as a camera adds it."""
    sheet = np.random.default_rng(20261123).standard_normal((PERIOD_WPX, PERIOD_WPX, 3), np.float32)
    sheet.flags.writeable = False
    return sheet


def periodic(sheet: Sheet, left: int, top: int, width: int, height: int) -> Sheet:
    """(height, width, ...) float32, a fresh copy of a piece of a periodic sheet; `left` and `top` are taken modulo."""
    piece = np.empty((height, width, *sheet.shape[2:]), np.float32)
    left, top = left % PERIOD_WPX, top % PERIOD_WPX
    y = 0
    while y < height:
        rows = slice((top + y) % PERIOD_WPX, min(PERIOD_WPX, (top + y) % PERIOD_WPX + height - y))
        count, x = rows.stop - rows.start, 0
        while x < width:
            start = (left + x) % PERIOD_WPX
            stop = min(PERIOD_WPX, start + width - x)
            piece[y : y + count, x : x + stop - start] = sheet[rows, start:stop]
            x += stop - start
        y += count
    return piece


def sample(name: str, region_wpx: Region, offset: int = 0) -> Sheet:
    """(H, W) float32, one sheet over a region of working pixels, moved by an offset that differs between phantoms.

    The array is the caller's own and may be changed in place.
    """
    left, top = region_wpx.x + offset * 631, region_wpx.y + offset * 389
    return periodic(sheets()[name], left, top, region_wpx.width, region_wpx.height)
