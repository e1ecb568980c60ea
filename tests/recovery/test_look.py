"""What is measured of a slide: the colors of its dyes, and its sharpness."""

from __future__ import annotations

import numpy as np
import pytest
from known_slide import LOOK, blurred, healthy_slide

from histo.recovery.choose import healthy_fibers
from histo.recovery.measure import SlideLook, measure_look
from histo.recovery.stain import estimate_stain

GLASS = (240.0, 238.0, 242.0)


def angle(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return float(np.arccos(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)))


@pytest.mark.parametrize(
    ("hematoxylin", "eosin"),
    [((0.65, 0.70, 0.29), (0.10, 0.90, 0.30)), ((0.52, 0.83, 0.20), (0.07, 0.97, 0.16))],
)
def test_both_dyes_are_found_again(hematoxylin: tuple[float, ...], eosin: tuple[float, ...]) -> None:
    rng = np.random.default_rng(0)

    def pixels(blue: tuple[float, float], pink: tuple[float, float]) -> np.ndarray:
        density = np.outer(rng.uniform(*blue, 3000), hematoxylin) + np.outer(rng.uniform(*pink, 3000), eosin)
        shown = np.array(GLASS) * np.exp(-density) + rng.normal(0, 1.5, density.shape)
        return np.clip(np.rint(shown), 0, 255).astype(np.uint8)

    stain = estimate_stain(pixels((0.4, 1.6), (0.0, 0.4)), pixels((0.0, 0.03), (0.6, 1.0)), GLASS)
    assert stain.source == "macenko"
    assert angle(stain.eosin, eosin) < 0.06
    assert angle(stain.hematoxylin, hematoxylin) < 0.12
    blue, pink = stain.amounts(stain.color(np.float32([0.3, 1.0]), np.float32([0.7, 0.2])))
    assert blue == pytest.approx([0.3, 1.0], abs=1e-3)
    assert pink == pytest.approx([0.7, 0.2], abs=1e-3)


def test_a_slide_of_one_dye_gets_the_textbooks_and_says_so() -> None:
    rng = np.random.default_rng(1)
    one = np.clip(np.array(GLASS) * np.exp(-np.outer(rng.uniform(0.3, 1.2, 3000), (0.1, 0.9, 0.3))), 0, 255)
    assert estimate_stain(one.astype(np.uint8), one.astype(np.uint8), GLASS).source == "ruifrok"
    assert estimate_stain(np.zeros((3, 3), np.uint8), one.astype(np.uint8), GLASS).source == "ruifrok"


def measured(sigma_wpx: float) -> SlideLook:
    known = healthy_slide()
    if sigma_wpx:
        known = blurred(known, sigma_wpx)
    look = measure_look(known.reader, known.findings, healthy_fibers(known.findings.fibers), np.random.default_rng(0))
    assert look is not None
    return look


def test_a_blur_is_measured() -> None:
    sharp = measured(0.0)
    assert sharp.blur_wpx < 1.5
    before = sharp.blur_wpx
    for sigma_wpx in (1.5, 2.5):
        look = measured(sigma_wpx)
        assert look.blur_wpx > before
        assert look.blur_wpx == pytest.approx(np.hypot(sigma_wpx, sharp.blur_wpx), abs=0.6)
        before = look.blur_wpx


def test_the_dyes_of_a_phantom_are_its_own() -> None:
    look = measured(0.0)
    assert look.stain.source == "macenko"
    assert angle(look.stain.eosin, LOOK.eosin) < 0.1
    eosin = look.eosin_level / float(np.linalg.norm(LOOK.eosin))
    assert eosin == pytest.approx(LOOK.eosin_level, rel=0.2)
