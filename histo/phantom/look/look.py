"""How a phantom is stained, prepared and scanned."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from histo.phantom.chance import log_uniform
from histo.phantom.look.section_quality import SectionQuality, training_quality, typical_quality
from histo.phantom.look.stains import Density, any_eosin, any_hematoxylin, near


class Preparation(StrEnum):
    """How the tissue was made hard enough to cut."""

    FROZEN = "frozen"
    PARAFFIN = "paraffin"


@dataclass(frozen=True, slots=True)
class Look:
    """One staining, one section and one scanner.

    Attributes:
        hematoxylin: Optical density (natural logarithm) per unit of hematoxylin in R, G, B.
        eosin: The same for eosin.
        red_cell: The same for the color of red cells.
        eosin_level: Strength of eosin in an intact fiber.
        hematoxylin_level: Strength of hematoxylin in a nucleus.
        sarcoplasm_blue: Hematoxylin in intact sarcoplasm.
        texture: Strength of the sarcoplasm's texture.
        veil: Eosin that was not washed out and lies over all tissue, relative to `eosin_level`.
        preparation: Frozen or paraffin.
        section: What was spoiled in cutting and mounting.
        glass: White point in R, G, B.
        shading: Strength of uneven light.
        blur_wpx: Sigma of the optics.
        resolution: 1 as drawn; 2 scanned at half the resolution and enlarged.
        fringe_wpx: How far red lies to the right and below green, and blue to the left and above.
        sharpen: Strength of a scanner's sharpening.
        stitch_wpx: Side of the pieces that the scanner puts together; 0 is one piece.
        stitch_shift_wpx: By how much a piece may be misplaced in x and in y.
        stitch_step: Standard deviation of the brightness of pieces, relative.
        noise: Sigma of camera noise in gray levels.
        jpeg_quality: 1-100, or 0 for none.
        offset: Moves all noise sheets, so that phantoms differ.
    """

    hematoxylin: Density = (0.65, 0.70, 0.29)
    eosin: Density = (0.10, 0.90, 0.30)
    red_cell: Density = (0.10, 1.0, 0.75)
    eosin_level: float = 0.85
    hematoxylin_level: float = 1.7
    sarcoplasm_blue: float = 0.04
    texture: float = 0.6
    veil: float = 0.0
    preparation: Preparation = Preparation.FROZEN
    section: SectionQuality = field(default_factory=SectionQuality)
    glass: tuple[float, float, float] = (244.0, 243.0, 246.0)
    shading: float = 0.01
    blur_wpx: float = 0.6
    resolution: float = 1.0
    fringe_wpx: tuple[float, float] = (0.0, 0.0)
    sharpen: float = 0.0
    stitch_wpx: int = 0
    stitch_shift_wpx: int = 0
    stitch_step: float = 0.0
    noise: float = 1.5
    jpeg_quality: int = 0
    offset: int = 0


def typical_look(rng: np.random.Generator) -> Look:
    """A good routine stain, as for test slides: modest variation."""
    return Look(
        eosin=(rng.uniform(0.07, 0.13), rng.uniform(0.85, 0.95), rng.uniform(0.2, 0.42)),
        eosin_level=rng.uniform(0.7, 1.0),
        hematoxylin_level=rng.uniform(1.4, 2.0),
        sarcoplasm_blue=rng.uniform(0.01, 0.08),
        blur_wpx=rng.uniform(0.5, 0.8),
        offset=int(rng.integers(1, 1000)),
        section=typical_quality(rng),
    )


def training_look(rng: np.random.Generator) -> Look:
    """A widely drawn look: stains, sections and scanners beyond those of any one laboratory."""
    paraffin = rng.random() < 0.3
    white = rng.uniform(198, 254)
    eosin_level = log_uniform(rng, 0.3, 1.9)
    return Look(
        hematoxylin=any_hematoxylin(rng),
        eosin=any_eosin(rng),
        red_cell=near((0.10, 1.0, 0.75), 0.08, rng),
        eosin_level=eosin_level * (1.15 if paraffin else 0.95),
        hematoxylin_level=log_uniform(rng, 0.7, 2.8),
        sarcoplasm_blue=float(rng.choice([0.01, 0.01, 0.05, 0.05, 0.12, 0.25]) * rng.uniform(0.3, 1.3)),
        texture=log_uniform(rng, 0.12, 2.2),
        veil=rng.uniform(0.0, 0.4) if rng.random() < 0.25 else 0.0,
        preparation=Preparation.PARAFFIN if paraffin else Preparation.FROZEN,
        section=training_quality(rng, frozen=not paraffin),
        glass=(white + rng.normal(0, 6), white + rng.normal(0, 6), white + rng.normal(0, 6)),
        shading=rng.uniform(0, 0.05),
        blur_wpx=_blur_wpx(rng) * (0.85 if paraffin else 1.0),
        resolution=rng.uniform(1.0, 2.1) if rng.random() < 0.35 else 1.0,
        fringe_wpx=(rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.9)) if rng.random() < 0.06 else (0.0, 0.0),
        sharpen=rng.uniform(0, 0.9) if rng.random() < 0.4 else 0.0,
        stitch_wpx=int(rng.integers(180, 700)) if rng.random() < 0.05 else 0,
        stitch_shift_wpx=int(rng.integers(0, 5)),
        stitch_step=rng.uniform(0.005, 0.03),
        noise=rng.uniform(0, 4.5),
        jpeg_quality=int(rng.integers(35, 96)) if rng.random() < 0.6 else 0,
        offset=int(rng.integers(1, 100_000)),
    )


def _blur_wpx(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.3, 1.3) if rng.random() < 0.9 else rng.uniform(1.3, 2.2))
