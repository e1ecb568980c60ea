"""Simple painted sections: enough color and texture to tell tissue, artefacts and glass apart."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.geometry import Mpp
from histo.slide import MemorySlide

MPP = Mpp(1.0)
Rgb = NDArray[np.uint8]


def section(
    height: int = 1200,
    width: int = 1600,
    box: tuple[int, int, int, int] = (300, 200, 1000, 800),
    *,
    glass: tuple[int, int, int] = (243, 243, 243),
    eosin: float = 0.35,
    seed: int = 0,
) -> Rgb:
    """(H, W, 3) uint8 at 1 um/px: a box (left, top, width, height) of pink fibers 50 um wide with nuclei.

    Args:
        height: Of the picture.
        width: Of the picture.
        box: Where the tissue is.
        glass: Color of empty glass.
        eosin: Green density of a fiber; 0.1 is pale, 0.35 usual, 0.5 strong.
        seed: Of nuclei and noise.
    """
    rng = np.random.default_rng(seed)
    left, top, w, h = box
    y, x = np.mgrid[:h, :w]
    gaps = ((x + 13 * np.sin(y / 40)) % 50 < 3) | ((y + 11 * np.sin(x / 30)) % 50 < 3)
    density = np.zeros((height, width, 3), np.float32)
    strength = np.where(gaps, 0.2, 1.0).astype(np.float32) * eosin
    density[top : top + h, left : left + w] = strength[..., None] * np.array([0.15, 1.0, 0.45], np.float32)
    nuclei = np.zeros((height, width), np.float32)
    count = w * h // 1500
    nuclei[rng.integers(top, top + h, count), rng.integers(left, left + w, count)] = 1
    nuclei = np.minimum(cv2.GaussianBlur(nuclei, (0, 0), 2.0) * 25, 1)
    density += 1.6 * eosin * nuclei[..., None] * np.array([0.85, 0.95, 0.35], np.float32)
    shown = np.array(glass, np.float32) * 10 ** (-density) + rng.normal(0, 1.5, density.shape)
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def slide(rgb: Rgb, mpp: Mpp = MPP) -> MemorySlide:
    return MemorySlide(rgb, mpp, "section")
