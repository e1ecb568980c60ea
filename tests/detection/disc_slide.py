"""A slide of colored discs, and an engine without a network that reads the maps off their colors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import CellClass, Compartment, FiberClass
from histo.geometry import WORKING_MPP, Region, Size
from histo.network import layout
from histo.slide import MemorySlide
from histo.tissue import TissueMap

GLASS = 240


def disc_slide(width: int, height: int, seed: int = 0, unreadable: tuple[Region, ...] = ()) -> MemorySlide:
    """Discs 24 to 56 um wide on a jittered grid, at 0.5 um/px; every third with a nucleus, every fourth necrotic.

    Red falls at nuclei, green tells the class of a fiber, blue the distance from its rim.
    """
    rng = np.random.default_rng(seed)
    rgb = np.full((height, width, 3), GLASS, np.uint8)
    y, x = np.mgrid[:128, :128].astype(np.float32) + 0.5
    number = 0
    for top in range(0, height, 128):
        for left in range(0, width, 128):
            piece = rgb[top : top + 128, left : left + 128]
            radius, middle_x, middle_y = rng.uniform(24, 56), rng.uniform(60, 68), rng.uniform(60, 68)
            away = np.hypot(x - middle_x, y - middle_y)
            disc = np.full((128, 128, 3), GLASS, np.uint8)
            disc[away < radius] = (220, 60 if number % 4 else 120, 0)
            disc[away < radius, 2] = np.rint(20 + 200 * (1 - away[away < radius] / radius))
            if number % 3 == 0:
                bump = np.exp(-(np.hypot(x - middle_x - 9, y - middle_y + 5) ** 2) / 30)
                disc[..., 0] = np.minimum(disc[..., 0], np.rint(240 - 220 * bump))
            piece[...] = disc[: piece.shape[0], : piece.shape[1]]
            number += 1
    return MemorySlide(rgb, WORKING_MPP, "discs", unreadable)


def all_tissue(size: Size) -> TissueMap:
    """A tissue map that holds the whole slide."""
    shape = (-(-size.height // 16), -(-size.width // 16))
    return TissueMap(np.ones(shape, bool), np.zeros(shape, np.uint8), np.zeros(shape, bool))


@dataclass
class ColorEngine:
    """An engine whose maps are simple functions of the colors, blurred a little so that it needs its halo."""

    device: str = "cpu"
    precision: str = "f32"
    name: str = "colors"

    def rest(self) -> None:
        pass

    def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        half = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        red, green, blue = cv2.split(cv2.GaussianBlur(half.astype(np.float32), (0, 0), 1.5))
        maps = np.zeros((layout.CHANNELS, *red.shape), np.float32)
        maps[layout.FOREGROUND] = np.clip((200 - green) / 80, 0, 1)
        maps[layout.DISTANCE] = np.where(green < 190, np.clip((blue - 20) / 200, 0, 1), 0)
        maps[layout.BOUNDARY] = np.where(np.abs(green - 170) < 30, 0.9, 0.05)
        pale = np.clip((green - 60) / 60, 0, 1)
        maps[layout.CLASSES.start + FiberClass.NECROTIC_PALE] = pale
        maps[layout.CLASSES.start + FiberClass.INTACT] = 1 - pale
        maps[layout.CELLS.start + CellClass.MACROPHAGE] = np.clip((215 - red) / 200, 0, 1)
        inside = maps[layout.FOREGROUND]
        maps[layout.COMPARTMENTS.start + Compartment.FIBER] = inside
        maps[layout.COMPARTMENTS.start + Compartment.ENDOMYSIUM] = 1 - inside
        return maps
