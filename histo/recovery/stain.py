"""The two dyes of one slide: their colors, and how much of each lies where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Color = tuple[float, float, float]
Floats = NDArray[np.float32]

RUIFROK: tuple[Color, Color] = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11))
"""Hematoxylin and eosin where a slide does not tell its own (Ruifrok and Johnston 2001, PMID 11531144)."""

_FAINTEST = 0.15 * np.log(10)
"""Optical density (natural logarithm) below which a pixel says nothing of its dye: the paper's 0.15, decadic."""
_TAIL_PERCENT = 5.0
"""Of densities that are left out beyond either dye. The paper's 1% is of a whole section; where half of the pixels are
nuclei, a twentieth is still nuclei, and colored fringes of edges are left out."""
_LEAST_PIXELS = 500
_LEAST_ANGLE = 0.2
"""Radians between the two dyes (11 degrees); nearer ones are one dye."""
_LEAST_REDNESS = 0.08
"""How much more of its density hematoxylin has in red than eosin."""


@dataclass(frozen=True, slots=True)
class Stain:
    """How dyes absorb on one slide.

    Attributes:
        glass: Light that passes where there is no tissue, in R, G, B gray levels.
        hematoxylin: Optical density (natural logarithm) of one unit in R, G, B; of length 1.
        eosin: The same for eosin.
        source: `macenko`, from the slide itself, or `ruifrok` where that gave no two dyes.
    """

    glass: Color
    hematoxylin: Color
    eosin: Color
    source: str

    def density(self, rgb: NDArray[np.uint8]) -> Floats:
        """(..., 3) float32, optical density of (..., 3) pixels."""
        light = np.maximum(rgb, 1).astype(np.float32) / np.asarray(self.glass, np.float32)
        density: Floats = -np.log(light)
        return density

    def amounts(self, density: Floats) -> tuple[Floats, Floats]:
        """Hematoxylin and eosin, (...) float32 each, never below 0, that explain a density best."""
        dyes = np.array([self.hematoxylin, self.eosin], np.float32)
        amounts = np.maximum(density @ np.linalg.pinv(dyes), 0)
        return np.ascontiguousarray(amounts[..., 0]), np.ascontiguousarray(amounts[..., 1])

    def color(self, hematoxylin: Floats, eosin: Floats) -> Floats:
        """(..., 3) float32, the density that amounts of dye give."""
        both = np.stack([hematoxylin, eosin], axis=-1)
        density: Floats = both @ np.array([self.hematoxylin, self.eosin], np.float32)
        return density


def estimate_stain(nuclei: NDArray[np.uint8], sarcoplasm: NDArray[np.uint8], glass: Color) -> Stain:
    """The colors of both dyes by Macenko's method (2009, doi 10.1109/ISBI.2009.5193250).

    Muscle is nearly all eosin; so that hematoxylin has a say, as many pixels of nuclei as of sarcoplasm are taken, of
    nuclei and fibers that were found.

    Args:
        nuclei: (P, 3) pixels of nuclei.
        sarcoplasm: (Q, 3) pixels of healthy fibers.
        glass: Color of empty glass.

    Returns:
        The slide's own dyes, or Ruifrok's where there are too few pixels or they show no two dyes.
    """
    fallback = Stain(glass, _unit(np.array(RUIFROK[0])), _unit(np.array(RUIFROK[1])), "ruifrok")
    count = min(len(nuclei), len(sarcoplasm))
    if count < _LEAST_PIXELS:
        return fallback
    even = np.linspace(0, 1, count)
    parts = [pixels[np.round(even * (len(pixels) - 1)).astype(int)] for pixels in (nuclei, sarcoplasm)]
    density = fallback.density(np.concatenate(parts)).astype(np.float64)
    density = density[np.all(density > 0, axis=1) & (density.max(axis=1) > _FAINTEST)]
    if len(density) < _LEAST_PIXELS:
        return fallback
    _, axes = np.linalg.eigh(density.T @ density)
    plane = axes[:, :0:-1]  # the plane through no dye at all that holds most of the density
    plane *= np.where(plane.sum(axis=0) < 0, -1, 1)
    first, second = (density @ plane).T
    angles = np.percentile(np.arctan2(second, first), [_TAIL_PERCENT, 100 - _TAIL_PERCENT])
    found = sorted((_unit(plane @ [np.cos(angle), np.sin(angle)]) for angle in angles), key=lambda dye: dye[0])
    eosin, hematoxylin = found
    apart = np.arccos(np.clip(np.dot(eosin, hematoxylin), -1, 1))
    if apart < _LEAST_ANGLE or hematoxylin[0] - eosin[0] < _LEAST_REDNESS or eosin[1] < max(eosin[0], eosin[2]):
        return fallback
    return Stain(glass, hematoxylin, eosin, "macenko")


def _unit(direction: NDArray[np.float64]) -> Color:
    """Of length 1 and never negative: no dye gives light."""
    positive = np.maximum(direction, 0.01)
    red, green, blue = (positive / np.linalg.norm(positive)).tolist()
    return red, green, blue
