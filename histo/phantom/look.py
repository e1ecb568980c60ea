"""How a phantom is stained, cut and scanned: stain vectors, section quality, optics, camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """One staining and one scanner.

    Attributes:
        hematoxylin: Optical density (natural logarithm) per unit of hematoxylin in R, G, B.
        eosin: The same for eosin.
        red_cell: The same for the color of red cells.
        eosin_level: Strength of eosin in an intact fiber.
        hematoxylin_level: Strength of hematoxylin in a nucleus.
        sarcoplasm_blue: Hematoxylin in intact sarcoplasm.
        texture: Strength of the sarcoplasm's texture.
        glass: White point in R, G, B.
        shading: Strength of uneven light.
        blur_wpx: Sigma of the optics.
        resolution: 1 as drawn; 2 scanned at half the resolution and enlarged.
        sharpen: Strength of a scanner's sharpening.
        noise: Sigma of camera noise in gray levels.
        jpeg_quality: 1-100, or 0 for none.
        offset: Moves all noise sheets, so that phantoms differ.
    """

    hematoxylin: tuple[float, float, float] = (0.65, 0.70, 0.29)
    eosin: tuple[float, float, float] = (0.10, 0.90, 0.30)
    red_cell: tuple[float, float, float] = (0.10, 1.0, 0.75)
    eosin_level: float = 0.85
    hematoxylin_level: float = 1.7
    sarcoplasm_blue: float = 0.04
    texture: float = 0.6
    glass: tuple[float, float, float] = (244.0, 243.0, 246.0)
    shading: float = 0.01
    blur_wpx: float = 0.6
    resolution: float = 1.0
    sharpen: float = 0.0
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
    )


def training_look(rng: np.random.Generator) -> Look:
    """A widely drawn look: stains, sections and scanners beyond those of any one laboratory."""

    def near(vector: tuple[float, float, float], spread: float) -> tuple[float, float, float]:
        r, g, b = np.clip(np.array(vector) + rng.normal(0, spread, 3), 0.01, None)
        return float(r), float(g), float(b)

    white = rng.uniform(215, 254)
    return Look(
        hematoxylin=near((0.66, 0.70, 0.32), 0.07),
        eosin=near((0.10, 0.88, 0.36), 0.07) if rng.random() < 0.8 else near((0.16, 0.80, 0.50), 0.1),
        red_cell=near((0.10, 1.0, 0.75), 0.08),
        eosin_level=float(np.exp(rng.uniform(np.log(0.35), np.log(1.7)))),
        hematoxylin_level=float(np.exp(rng.uniform(np.log(0.8), np.log(2.6)))),
        sarcoplasm_blue=float(rng.choice([0.01, 0.05, 0.12, 0.25]) * rng.uniform(0.3, 1.3)),
        texture=float(np.exp(rng.uniform(np.log(0.12), np.log(2.2)))),
        glass=(white + rng.normal(0, 4), white + rng.normal(0, 4), white + rng.normal(0, 4)),
        shading=rng.uniform(0, 0.05),
        blur_wpx=rng.uniform(0.3, 1.3) if rng.random() < 0.9 else rng.uniform(1.3, 2.2),
        resolution=rng.uniform(1.0, 2.1) if rng.random() < 0.35 else 1.0,
        sharpen=rng.uniform(0, 0.9) if rng.random() < 0.4 else 0.0,
        noise=rng.uniform(0, 4.5),
        jpeg_quality=int(rng.integers(45, 96)) if rng.random() < 0.6 else 0,
        offset=int(rng.integers(1, 100_000)),
    )


def develop(
    look: Look, hematoxylin: Plane, eosin: Plane, red_cell: Plane, dirt: Plane, drift: Plane, rng: np.random.Generator
) -> Image:
    """Turn amounts of dye into an image.

    Args:
        look: Stain and scanner.
        hematoxylin: (H, W) float32, amount of hematoxylin.
        eosin: (H, W) float32, amount of eosin.
        red_cell: (H, W) float32, amount of red-cell color.
        dirt: (H, W) float32, neutral optical density.
        drift: (H, W) float32, unit-variance slow noise for uneven light.
        rng: Camera noise.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    planes = []
    for channel in range(3):
        density = hematoxylin * look.hematoxylin[channel]
        density += eosin * look.eosin[channel]
        density += red_cell * look.red_cell[channel]
        density += dirt
        density -= look.shading * drift
        planes.append(np.exp(-density) * look.glass[channel])
    image = cv2.merge(planes)
    if look.resolution > 1.05:
        height, width = image.shape[:2]
        small = (max(1, round(width / look.resolution)), max(1, round(height / look.resolution)))
        image = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height))
    if look.blur_wpx > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), look.blur_wpx)
    if look.sharpen > 0:
        image += look.sharpen * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
    if look.noise > 0:
        image += rng.standard_normal(image.shape, np.float32) * look.noise
    pixels: Image = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    if look.jpeg_quality:
        _, packed = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])
        pixels = np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
    return pixels
