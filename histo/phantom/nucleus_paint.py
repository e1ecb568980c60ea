"""How nuclei, the cytoplasm of macrophages, and red cells are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.phantom.canvas import SUBPIXEL_BITS, Canvas
from histo.phantom.inhabitants import NucleusLook
from histo.phantom.look import Look
from histo.phantom.scene import Scene

_DARKNESS = {
    NucleusLook.FLAT: (0.65, 1.1),
    NucleusLook.OVAL: (0.5, 1.0),
    NucleusLook.VESICULAR: (0.35, 0.7),
    NucleusLook.LYMPHOID: (0.85, 1.3),
    NucleusLook.MACROPHAGE: (0.45, 0.95),
    NucleusLook.SPINDLE: (0.6, 1.1),
    NucleusLook.SMALL: (0.7, 1.15),
    NucleusLook.RED_CELL: (0.0, 0.0),
}


@dataclass(frozen=True, eq=False)
class NucleusTraits:
    """What one scene's nuclei look like.

    Attributes:
        darkness: (M,) float64, amount of hematoxylin in each.
        halo: (M,) float64, 0 to 1, decides which nuclei get a clear border.
        chromatin: Strength of the texture.
        cytoplasm: Amount of eosin in the cytoplasm of macrophages.
        cytoplasm_blue: Amount of hematoxylin there.
        bordered: Share of macrophages with a clear border.
    """

    darkness: NDArray[np.float64]
    halo: NDArray[np.float64]
    chromatin: float
    cytoplasm: float
    cytoplasm_blue: float
    bordered: float


def draw_nuclei(scene: Scene, look: Look) -> NucleusTraits:
    """Draw the looks of one scene's nuclei by lot."""
    rng = np.random.default_rng([scene.seed, 3])
    low, high = np.array([_DARKNESS[NucleusLook(k)] for k in scene.nuclei.look]).reshape(-1, 2).T
    faint = rng.uniform(0.5, 0.9) if rng.random() < 0.3 else 1.0
    return NucleusTraits(
        darkness=rng.uniform(low, high) * look.hematoxylin_level * faint,
        halo=rng.random(len(scene.nuclei.look)),
        chromatin=rng.uniform(0.1, 0.45),
        cytoplasm=rng.uniform(0.15, 1.0) * look.eosin_level,
        cytoplasm_blue=rng.uniform(0.03, 0.4),
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
    nucleus, clear, foam, blood = (np.zeros(eosin.shape, np.uint8) for _ in range(4))
    centers = canvas.points(nuclei.center_um[rows])

    def ellipse(plane: NDArray[np.uint8], index: int, scale: float, grow_um: float, value: float) -> None:
        row = rows[index]
        axes = np.round((nuclei.semi_um[row] * scale + grow_um) * 2 * (1 << SUBPIXEL_BITS)).astype(int)
        center = (int(centers[index, 0]), int(centers[index, 1]))
        turn = float(np.degrees(nuclei.angle[row]))
        size = (max(1, int(axes[0])), max(1, int(axes[1])))
        cv2.ellipse(plane, center, size, turn, 0, 360, min(255, int(value)), -1, cv2.LINE_AA, SUBPIXEL_BITS)

    for index, row in enumerate(rows):
        look, halo = nuclei.look[row], traits.halo[row]
        if look == NucleusLook.RED_CELL:
            ellipse(blood, index, 1.0, 0.0, 120 + 120 * halo)
        elif look == NucleusLook.MACROPHAGE:
            if halo < traits.bordered:
                ellipse(clear, index, 1.25, 2.2, 180 + 70 * halo)
            ellipse(foam, index, 1.2, 1.4, 120 + 100 * halo)
        elif look in (NucleusLook.LYMPHOID, NucleusLook.OVAL) and halo < 0.35:
            ellipse(clear, index, 1.0, 1.2, 110 + 250 * halo)
    for index, row in enumerate(rows):
        look, dark = nuclei.look[row], 80 * traits.darkness[row]
        if look == NucleusLook.VESICULAR:
            ellipse(nucleus, index, 1.0, 0.3, 1.6 * dark)
            ellipse(nucleus, index, 0.75, 0.0, 0.9 * dark)
            ellipse(nucleus, index, 0.25, 0.1, 2.0 * dark)
        elif look != NucleusLook.RED_CELL:
            ellipse(nucleus, index, 1.0, 0.0, dark)
    eosin *= 1 - clear * np.float32(0.85 / 255)
    eosin += foam * np.float32(0.8 / 255) * (np.float32(traits.cytoplasm) - eosin)
    blue += foam * np.float32(traits.cytoplasm_blue / 255)
    chromatin = 1 + np.float32(traits.chromatin) * canvas.noise("grain", 17)
    solid = np.minimum(nucleus * np.float32(1 / 60), 1)
    blue *= 1 - solid
    blue += nucleus * np.float32(1 / 80) * np.clip(chromatin, 0.3, 2)
    eosin *= 1 - np.float32(0.6) * solid
    canvas.red_cell[:] += blood * np.float32(0.8 / 255)
    eosin *= 1 - blood * np.float32(0.7 / 255)
