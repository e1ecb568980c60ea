"""Periodic noise sheets, sampled by absolute position, so that neighboring tiles of a phantom slide agree."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.geometry import Region

Sheet = NDArray[np.float32]

PERIOD_WPX = 1024


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
    sampled and how strongly they are applied.
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
    return made


def sample(name: str, region_wpx: Region, offset: int = 0) -> Sheet:
    """(H, W) float32, one sheet over a region of working pixels, moved by an offset that differs between phantoms."""
    sheet = sheets()[name]
    rows = np.arange(region_wpx.y + offset * 389, region_wpx.bottom + offset * 389) % PERIOD_WPX
    columns = np.arange(region_wpx.x + offset * 631, region_wpx.right + offset * 631) % PERIOD_WPX
    return sheet[rows[:, None], columns[None, :]]
