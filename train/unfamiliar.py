"""Slides that are no H&E muscle at its true scale, made of phantoms: what a reading must refuse, or warn of."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.findings import Compartment
from histo.geometry import WORKING_MPP, Region
from histo.phantom import PATTERN_SPECS
from histo.phantom.drawing import Renderer
from histo.phantom.look import Look
from histo.phantom.slide import phantom_biopsy
from histo.phantom.truth import Field
from histo.slide import MemorySlide

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]

SIDE_WPX = 2112
"""1.1 mm2: enough tissue for a pattern, so that no slide is refused for its size."""

_DRAWN_WPX = SIDE_WPX // 2
_DAB = (0.27, 0.57, 0.78)
"""Brown, as in scikit-image after Ruifrok & Johnston 2001."""
_ANILINE_BLUE = (0.85, 0.51, 0.12)
_FUCHSIN = (0.10, 0.74, 0.67)
"""Blue and red of Masson's trichrome (ImageJ's colour deconvolution names similar ones)."""


class Family(StrEnum):
    """A kind of slide that must not be read as muscle in H&E."""

    BLANK = "blank"
    PEN = "pen"
    BLUR = "blur"
    BROWN = "brown IHC"
    TRICHROME = "trichrome-like"
    FAT = "fat"
    HALF_SCALE = "half scale"
    DOUBLE_SCALE = "double scale"


def unfamiliar_slide(family: Family, seed: int) -> MemorySlide:
    """One slide of a family, 1.06 x 1.06 mm as its scale has it.

    Args:
        family: What is wrong with it.
        seed: Reproduces it; also chooses the pattern that lies under what is wrong.
    """
    rgb = _MAKERS[family](seed, np.random.default_rng([seed, list(Family).index(family)]))
    return MemorySlide(np.ascontiguousarray(rgb), WORKING_MPP, f"{family.value.replace(' ', '-')}-{seed}")


def _muscle(seed: int) -> tuple[Field, Look]:
    """The middle of a biopsy; the patterns take turns."""
    patterns = list(PATTERN_SPECS)
    scene, look = phantom_biopsy(patterns[seed % len(patterns)], seed, 1.0)
    x, y = (WORKING_MPP.px(side / 2) - _DRAWN_WPX // 2 for side in (scene.width_um, scene.height_um))
    return Renderer(scene, look).render(Region(x, y, _DRAWN_WPX, _DRAWN_WPX)), look


def _filled(rgb: Image) -> Image:
    """Mirrored at its right and lower edge until the slide is full."""
    height, width = rgb.shape[:2]
    return np.pad(rgb, ((0, SIDE_WPX - height), (0, SIDE_WPX - width), (0, 0)), mode="symmetric")


def _blank(seed: int, rng: np.random.Generator) -> Image:
    level, noise = rng.uniform(180, 250), rng.uniform(0, 4)
    return rng.normal(level, noise, (SIDE_WPX, SIDE_WPX, 3)).clip(0, 255).astype(np.uint8)


def _pen(seed: int, rng: np.random.Generator) -> Image:
    glass = _blank(seed, rng)
    inks = ((40, 60, 160), (30, 120, 70), (190, 40, 60), (25, 25, 30))
    cover = np.zeros(glass.shape[:2], np.float32)
    for _ in range(6):
        points = np.round(rng.uniform(0.05, 0.95, (5, 2)) * SIDE_WPX).astype(np.int32)
        cv2.polylines(cover, [points], False, 1.0, int(rng.integers(120, 320)), cv2.LINE_AA)
    cover = cv2.GaussianBlur(cover, (0, 0), 4)[..., None] * np.float32(rng.uniform(0.7, 1.0))
    mixed = glass * (1 - cover) + np.array(inks[seed % len(inks)], np.float32) * cover
    return mixed.clip(0, 255).astype(np.uint8)


def _blur(seed: int, rng: np.random.Generator) -> Image:
    sigma_um = float(np.exp(rng.uniform(np.log(2.5), np.log(8.0))))
    return np.asarray(cv2.GaussianBlur(_filled(_muscle(seed)[0].rgb), (0, 0), WORKING_MPP.to_px(sigma_um)), np.uint8)


def _half_scale(seed: int, rng: np.random.Generator) -> Image:
    small = cv2.resize(_filled(_muscle(seed)[0].rgb), (_DRAWN_WPX, _DRAWN_WPX), interpolation=cv2.INTER_AREA)
    return _filled(np.asarray(small, np.uint8))


def _double_scale(seed: int, rng: np.random.Generator) -> Image:
    large = cv2.resize(_muscle(seed)[0].rgb, (SIDE_WPX, SIDE_WPX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _brown(seed: int, rng: np.random.Generator) -> Image:
    """No eosin; brown along the fibers' rims, in some fibers, or in the cells between them."""
    field, look = _muscle(seed)
    hematoxylin, _ = _dyes(field.rgb, look)
    labels = field.truth.fiber_labels
    rim = cv2.morphologyEx(labels.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((7, 7), np.uint8)) > 0
    positive = rng.random(int(labels.max()) + 1) < rng.uniform(0.05, 0.4)
    places = (rim, positive[labels] & (labels > 0), (hematoxylin > 0.5) & (labels == 0))
    brown = cv2.GaussianBlur(places[seed % 3].astype(np.float32), (0, 0), 1.5) * np.float32(rng.uniform(0.6, 1.4))
    return _filled(_developed(look, [(0.8 * hematoxylin, look.hematoxylin), (brown + 0.12, _DAB)]))


def _trichrome(seed: int, rng: np.random.Generator) -> Image:
    """Fibers red, everything between them blue, nuclei dark."""
    field, look = _muscle(seed)
    hematoxylin, eosin = _dyes(field.rgb, look)
    between = np.isin(field.truth.compartments, (Compartment.ENDOMYSIUM, Compartment.PERIMYSIUM, Compartment.VESSEL))
    blue = cv2.GaussianBlur(between.astype(np.float32), (0, 0), 1.0)
    strength = np.float32(rng.uniform(0.8, 1.5))
    stains = [(hematoxylin, look.hematoxylin), (eosin * (1 - blue), _FUCHSIN), (strength * eosin * blue, _ANILINE_BLUE)]
    return _filled(_developed(look, stains))


def _fat(seed: int, rng: np.random.Generator) -> Image:
    """Empty cells of 50 to 110 um, as foam, with thin walls and a few flat nuclei in them."""
    spacing_wpx = WORKING_MPP.to_px(rng.uniform(50, 110))
    places = rng.uniform(0, SIDE_WPX, (int((SIDE_WPX / spacing_wpx) ** 2), 2))
    quarter = (SIDE_WPX // 4, SIDE_WPX // 4)
    grid = np.indices(quarter).reshape(2, -1).T * 4
    near, far = cKDTree(places).query(grid, k=2)[0].T
    wall = cv2.resize((far - near).astype(np.float32).reshape(quarter), (SIDE_WPX, SIDE_WPX))
    eosin = 0.5 * np.exp(-((wall / WORKING_MPP.to_px(2.5)) ** 2))
    nuclei = np.zeros((SIDE_WPX, SIDE_WPX), np.float32)
    rows, columns = np.nonzero(wall < WORKING_MPP.to_px(1.0))
    for pick in rng.choice(len(rows), 150):
        axes = (int(rng.integers(8, 13)), int(rng.integers(3, 5)))
        center = (int(columns[pick]), int(rows[pick]))
        cv2.ellipse(nuclei, center, axes, float(rng.uniform(0, 180)), 0, 360, 1.3, cv2.FILLED)
    look = Look()
    stains = [(eosin.astype(np.float32), look.eosin), (cv2.GaussianBlur(nuclei, (0, 0), 1.0), look.hematoxylin)]
    noisy = _developed(look, stains) + rng.normal(0, 2, (SIDE_WPX, SIDE_WPX, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def _dyes(rgb: Image, look: Look) -> tuple[Plane, Plane]:
    """Hematoxylin and eosin of every pixel, by least squares (Ruifrok & Johnston 2001)."""
    density = -np.log(np.maximum(rgb, 1) / np.array(look.glass, np.float32))
    unmixing = np.linalg.pinv(np.array([look.hematoxylin, look.eosin]))
    amounts = np.maximum(density.reshape(-1, 3) @ unmixing, 0).astype(np.float32).reshape(*rgb.shape[:2], 2)
    return amounts[..., 0], amounts[..., 1]


def _developed(look: Look, stains: list[tuple[Plane, tuple[float, float, float]]]) -> Image:
    """Pixels of amounts of dye on this look's glass."""
    density = sum(amount[..., None] * np.array(color, np.float32) for amount, color in stains)
    return np.clip(np.array(look.glass, np.float32) * np.exp(-density), 0, 255).astype(np.uint8)


_MAKERS: dict[Family, Callable[[int, np.random.Generator], Image]] = {
    Family.BLANK: _blank,
    Family.PEN: _pen,
    Family.BLUR: _blur,
    Family.BROWN: _brown,
    Family.TRICHROME: _trichrome,
    Family.FAT: _fat,
    Family.HALF_SCALE: _half_scale,
    Family.DOUBLE_SCALE: _double_scale,
}
