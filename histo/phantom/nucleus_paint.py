"""How nuclei, the cytoplasm of macrophages, and red cells are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.phantom.canvas import SUBPIXEL_BITS, Canvas
from histo.phantom.inhabitants import NucleusLook
from histo.phantom.look import Look
from histo.phantom.midline import midlines
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
    nuclei, eosin, blue = scene.nuclei, canvas.eosin, canvas.hematoxylin
    nucleus, clear, foam, violet, blood = (np.zeros(eosin.shape, np.uint8) for _ in range(5))
    apart = np.ones(eosin.shape, np.uint8)
    centers = canvas.points(nuclei.center_um[rows])

    def ellipse(
        plane: NDArray[np.uint8], index: int, scale: float, grow_um: float, value: float, width: int = -1,
        arc: tuple[float, float] = (0, 360),
    ) -> None:  # fmt: skip
        row = rows[index]
        axes = np.round((nuclei.semi_um[row] * scale * traits.size + grow_um) * 2 * (1 << SUBPIXEL_BITS)).astype(int)
        center = (int(centers[index, 0]), int(centers[index, 1]))
        turn = float(np.degrees(nuclei.angle[row]))
        size = (max(1, int(axes[0])), max(1, int(axes[1])))
        cv2.ellipse(plane, center, size, turn, *arc, min(255, int(value)), width, cv2.LINE_AA, SUBPIXEL_BITS)

    for index, row in enumerate(rows):
        look, halo = nuclei.look[row], traits.halo[row]
        if look == NucleusLook.RED_CELL:
            ellipse(blood, index, 1.0, 0.0, 120 + 120 * halo)
        elif look == NucleusLook.MACROPHAGE:
            if halo < traits.bordered:
                ellipse(clear, index, 1.2, traits.body_um[row] + 0.8, 180 + 70 * halo)
            ellipse(foam, index, 1.1, traits.body_um[row], 120 + 100 * halo)
            ellipse(violet, index, 1.1, traits.body_um[row], 255 * traits.violet[row])
            ellipse(apart, index, 0.6, 0.0, 0)
        elif look in (NucleusLook.LYMPHOID, NucleusLook.OVAL) and halo < traits.haloed:
            ellipse(clear, index, 1.0, 1.2, 80 + 300 * halo)
    for index, row in enumerate(rows):
        look, dark = nuclei.look[row], 80 * traits.darkness[row]
        if look == NucleusLook.RED_CELL:
            continue
        if look == NucleusLook.VESICULAR:
            ellipse(nucleus, index, 1.0, 0.3, 1.6 * dark)
            ellipse(nucleus, index, 0.75, 0.0, 0.9 * dark)
            ellipse(nucleus, index, 0.25, 0.1, 2.0 * dark)
            continue
        ellipse(nucleus, index, 1.0, 0.0, dark)
        if traits.openness[row] > 0.12:
            ellipse(nucleus, index, 0.68, 0.0, dark * (1 - traits.openness[row]))
        for dot in range(traits.nucleoli[row]):
            aside = (traits.halo[row] * 7 + dot * 2.5) % 6.28
            shift = np.array([np.cos(aside), np.sin(aside)]) * nuclei.semi_um[row, 1] * 0.45
            place = canvas.points((nuclei.center_um[row] + shift)[None])[0]
            cv2.circle(nucleus, (int(place[0]), int(place[1])), 20, min(255, int(1.35 * dark)), -1, cv2.LINE_AA,
                       SUBPIXEL_BITS)  # fmt: skip
    nucleus = np.asarray(cv2.GaussianBlur(nucleus, (0, 0), traits.softness_wpx), np.uint8)
    solid = np.minimum(nucleus * np.float32(1 / 60), 1)
    eosin *= 1 - clear * np.float32(0.85 / 255)
    blue *= 1 - clear * np.float32(0.85 / 255)
    eosin += foam * np.float32(0.8 / 255) * (np.float32(traits.cytoplasm) - eosin)
    blue += violet * np.float32(traits.cytoplasm_blue / 255)
    if traits.seams:
        seams = 1 - np.float32(traits.seams) * midlines(apart, canvas.area, 18)
        eosin *= seams
        blue *= seams
    chromatin = np.clip(1 + np.float32(traits.chromatin) * canvas.noise("grain", 17), np.float32(0.3), np.float32(2))
    blue *= 1 - solid
    blue += nucleus * np.float32(1 / 80) * chromatin
    eosin *= 1 - np.float32(1 - traits.keeps_eosin) * solid
    canvas.red_cell[:] += blood * np.float32(0.8 / 255)
    eosin *= 1 - blood * np.float32(0.7 / 255)
