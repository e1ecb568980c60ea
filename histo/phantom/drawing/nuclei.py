"""How nuclei, the cytoplasm of macrophages, and red cells are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.phantom.drawing.canvas import SUBPIXEL_BITS, Canvas, Plane
from histo.phantom.drawing.midline import midlines
from histo.phantom.look import Look
from histo.phantom.nuclei import NucleusLook
from histo.phantom.scene import Scene

_DARKNESS = {
    NucleusLook.FLAT: (0.65, 1.1),
    NucleusLook.OVAL: (0.5, 1.0),
    NucleusLook.VESICULAR: (0.35, 0.7),
    NucleusLook.LYMPHOID: (0.9, 1.7),
    NucleusLook.MACROPHAGE: (0.45, 0.95),
    NucleusLook.SPINDLE: (0.6, 1.1),
    NucleusLook.SMALL: (0.7, 1.15),
    NucleusLook.RED_CELL: (0.0, 0.0),
}

_RED_CELL, _MACROPHAGE, _VESICULAR = int(NucleusLook.RED_CELL), int(NucleusLook.MACROPHAGE), int(NucleusLook.VESICULAR)
_ROUND = (int(NucleusLook.LYMPHOID), int(NucleusLook.OVAL))

_AMOUNT = np.arange(256) / 255
"""What an amount of 0 to 255 stands for."""

_NUCLEOLUS = 20
"""Radius in fixed-point pixels: 1.25 working pixels."""


@dataclass(frozen=True, eq=False)
class NucleusTraits:
    """What one scene's nuclei look like.

    Attributes:
        size: How large nuclei are, relative to the scene's: tissue shrinks, and mouse and man differ.
        softness_wpx: Sigma of their edges: a nucleus is rarely cut at its equator.
        haloed: Share of round nuclei with a clear halo.
        darkness: (M,) float64, amount of hematoxylin in each.
        halo: (M,) float64, 0 to 1, decides which nuclei get a clear border.
        openness: (M,) float64, how much paler the inside is than the rim, 0 to 1.
        nucleoli: (M,) int64, dark dots inside.
        chromatin: Strength of the texture.
        keeps_eosin: Share of the eosin that stays in a nucleus: purple instead of blue.
        seams: How clear the lines are between macrophages that lie side by side, 0 to 1.
        body_um: (M,) float64, how far the cytoplasm of a macrophage reaches beyond its nucleus.
        violet: (M,) float64, 0 to 1, how blue that cytoplasm is.
        cytoplasm: Amount of eosin in the cytoplasm of macrophages.
        cytoplasm_blue: Amount of hematoxylin in the bluest.
        bordered: Share of macrophages with a clear border.
    """

    size: float
    softness_wpx: float
    haloed: float
    darkness: NDArray[np.float64]
    halo: NDArray[np.float64]
    openness: NDArray[np.float64]
    nucleoli: NDArray[np.int64]
    chromatin: float
    keeps_eosin: float
    seams: float
    body_um: NDArray[np.float64]
    violet: NDArray[np.float64]
    cytoplasm: float
    cytoplasm_blue: float
    bordered: float


def draw_nuclei(scene: Scene, look: Look) -> NucleusTraits:
    """Draw the looks of one scene's nuclei by lot."""
    rng = np.random.default_rng([scene.seed, 3])
    low, high = np.array([_DARKNESS[NucleusLook(k)] for k in scene.nuclei.look]).reshape(-1, 2).T
    m = len(scene.nuclei.look)
    faint = rng.uniform(0.25, 0.9) if rng.random() < 0.45 else 1.0
    # Some nuclei are only grazed by the section, and look faint.
    grazed = np.where(rng.random(m) < 0.15, rng.uniform(0.35, 0.8, m), 1.0)
    open_ones = np.isin(scene.nuclei.look, (NucleusLook.OVAL, NucleusLook.MACROPHAGE, NucleusLook.VESICULAR))
    pale_inside = np.where(open_ones, rng.uniform(0.0, 0.35), rng.uniform(0.0, 0.12))
    return NucleusTraits(
        size=rng.uniform(0.65, 1.05),
        softness_wpx=rng.uniform(0.5, 1.4),
        haloed=rng.uniform(0.0, 0.35),
        darkness=rng.uniform(low, high) * look.hematoxylin_level * faint * grazed,
        halo=rng.random(m),
        openness=pale_inside * rng.uniform(0.0, 1.6, m),
        nucleoli=np.where(open_ones, rng.integers(0, 3, m), 0),
        chromatin=rng.uniform(0.02, 0.25) if rng.random() < 0.65 else rng.uniform(0.25, 0.6),
        keeps_eosin=rng.uniform(0.3, 1.0) if rng.random() < 0.75 else rng.uniform(0.0, 0.3),
        seams=rng.uniform(0.2, 0.95) if rng.random() < 0.5 else 0.0,
        body_um=rng.uniform(0.6, 3.2) * rng.uniform(0.5, 1.3, m),
        violet=np.where(rng.random(m) < rng.choice([0.0, 0.2, 0.7]), rng.uniform(0.4, 1.0, m), 0.25),
        cytoplasm=rng.uniform(0.15, 1.0) * look.eosin_level,
        cytoplasm_blue=rng.uniform(0.1, 0.9),
        bordered=rng.uniform(0.0, 0.9),
    )


def paint_nuclei(canvas: Canvas, scene: Scene, traits: NucleusTraits, rows: NDArray[np.int64]) -> None:
    """Lay nuclei over everything that is tissue.

    Args:
        canvas: Drawn on in place.
        scene: Holds the nuclei.
        traits: Their looks.
        rows: (K,) of the nuclei that may be seen in the region.
    """
    if not len(rows):
        return
    planes = _draw(canvas, scene, traits, rows)
    eosin, blue = canvas.eosin, canvas.hematoxylin
    for plane in (eosin, blue):
        plane *= _by_amount(planes.clear, 1 - 0.85 * _AMOUNT)
    eosin *= _by_amount(planes.foam, 1 - 0.8 * _AMOUNT)
    eosin += _by_amount(planes.foam, 0.8 * traits.cytoplasm * _AMOUNT)
    blue += _by_amount(planes.violet, traits.cytoplasm_blue * _AMOUNT)
    if traits.seams:
        seams = midlines(planes.cells, canvas.area, 18)
        seams *= np.float32(-traits.seams)
        seams += 1
        eosin *= seams
        blue *= seams
    solid = np.minimum(_AMOUNT * 255 / 60, 1)
    chromatin = canvas.noise("grain", 17)
    chromatin *= np.float32(traits.chromatin)
    chromatin += 1
    np.clip(chromatin, np.float32(0.3), np.float32(2), out=chromatin)
    chromatin *= _by_amount(planes.nucleus, _AMOUNT * 255 / 80)
    blue *= _by_amount(planes.nucleus, 1 - solid)
    blue += chromatin
    eosin *= _by_amount(planes.nucleus, 1 - (1 - traits.keeps_eosin) * solid)
    canvas.red_cell[:] += _by_amount(planes.blood, 0.8 * _AMOUNT)
    eosin *= _by_amount(planes.blood, 1 - 0.7 * _AMOUNT)


@dataclass(frozen=True, eq=False)
class _Planes:
    """(H, W) each: how much of what cells are made of, 0 to 255, and which macrophage a pixel lies in, from 1 on."""

    nucleus: NDArray[np.uint8]
    clear: NDArray[np.uint8]
    foam: NDArray[np.uint8]
    violet: NDArray[np.uint8]
    blood: NDArray[np.uint8]
    cells: NDArray[np.int32]


def _by_amount(amounts: NDArray[np.uint8], answers: NDArray[np.float64]) -> Plane:
    """(H, W) float32, the answer for each amount of 0 to 255."""
    return np.asarray(cv2.LUT(amounts, answers.astype(np.float32)), np.float32)


def _draw(canvas: Canvas, scene: Scene, traits: NucleusTraits, rows: NDArray[np.int64]) -> _Planes:
    shape = canvas.labels.shape
    nucleus, clear, foam, violet, blood = (np.zeros(shape, np.uint8) for _ in range(5))
    cells = np.zeros(shape, np.int32)
    scale = 2 * (1 << SUBPIXEL_BITS)  # from micrometers to OpenCV's fixed-point pixels
    center_um, semi_um = scene.nuclei.center_um[rows], scene.nuclei.semi_um[rows]
    semi_axes = (semi_um * traits.size * scale).tolist()
    turns = np.degrees(scene.nuclei.angle[rows]).tolist()
    centers = canvas.points(center_um).tolist()

    def ellipse(plane: NDArray[np.uint8], index: int, size: float, grow_um: float, value: float) -> None:
        longer, shorter = semi_axes[index]
        axes = (max(1, round(longer * size + grow_um * scale)), max(1, round(shorter * size + grow_um * scale)))
        amount = min(255, int(value))
        cv2.ellipse(plane, centers[index], axes, turns[index], 0, 360, amount, -1, cv2.LINE_AA, SUBPIXEL_BITS)

    for index, (look, halo, body_um, blue, dark, openness, dots) in enumerate(
        zip(
            scene.nuclei.look[rows].tolist(), traits.halo[rows].tolist(), traits.body_um[rows].tolist(),
            traits.violet[rows].tolist(), (80 * traits.darkness[rows]).tolist(), traits.openness[rows].tolist(),
            traits.nucleoli[rows].tolist(), strict=True,
        )
    ):  # fmt: skip
        if look == _RED_CELL:
            ellipse(blood, index, 1.0, 0.0, 120 + 120 * halo)
            continue
        if look == _MACROPHAGE:
            if halo < traits.bordered:
                ellipse(clear, index, 1.2, body_um + 0.8, 180 + 70 * halo)
            ellipse(foam, index, 1.1, body_um, 120 + 100 * halo)
            ellipse(violet, index, 1.1, body_um, 255 * blue)
            axes = (max(1, round(semi_axes[index][0] * 0.6)), max(1, round(semi_axes[index][1] * 0.6)))
            number = int(rows[index]) + 1
            cv2.ellipse(cells, centers[index], axes, turns[index], 0, 360, number, -1, cv2.LINE_8, SUBPIXEL_BITS)
        elif look in _ROUND and halo < traits.haloed:
            ellipse(clear, index, 1.0, 1.2, 80 + 300 * halo)
        if look == _VESICULAR:
            ellipse(nucleus, index, 1.0, 0.3, 1.6 * dark)
            ellipse(nucleus, index, 0.75, 0.0, 0.9 * dark)
            ellipse(nucleus, index, 0.25, 0.1, 2.0 * dark)
            continue
        ellipse(nucleus, index, 1.0, 0.0, dark)
        if openness > 0.12:
            ellipse(nucleus, index, 0.68, 0.0, dark * (1 - openness))
        for dot in range(dots):
            aside, reach = (halo * 7 + dot * 2.5) % 6.28, semi_axes[index][1] * 0.45
            place = (round(centers[index][0] + reach * cos(aside)), round(centers[index][1] + reach * sin(aside)))
            amount = min(255, int(1.35 * dark))
            cv2.circle(nucleus, place, _NUCLEOLUS, amount, -1, cv2.LINE_AA, SUBPIXEL_BITS)
    nucleus = np.asarray(cv2.GaussianBlur(nucleus, (0, 0), traits.softness_wpx), np.uint8)
    return _Planes(nucleus, clear, foam, violet, blood, cells)
