"""The stain guess, on every real picture and on stains made from their published vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from slide_files import inspected, tissue_like

from histo.geometry import WORKING_MPP
from histo.slide import MemorySlide, Pixels, StainGuess
from histo.slide.stain import guess_stain

REAL = {
    "muscle/fibers_01.tif": StainGuess.HE,
    "muscle/fibers_04.tif": StainGuess.HE,
    "muscle/muscle_section.tif": StainGuess.HE,
    "slides/cmu-1-small-region.svs": StainGuess.HE,
    "slides/no-scale-tcga-cr-7395.svs": StainGuess.HE,
    "slides/OS-1-detail.ome.tif": StainGuess.HE,
    "slides/overview-camelyon.dcm": StainGuess.HE,
    "slides/fluorescence-dapi.ndpi": StainGuess.FLUORESCENCE,
    "slides/flat-ihc-kidney.tif": StainGuess.OTHER_BRIGHTFIELD,
    "slides/bone-jpeg.dcm": StainGuess.OTHER_BRIGHTFIELD,
    "slides/bone-jpeg2000.dcm": StainGuess.OTHER_BRIGHTFIELD,
    "slides/bone-raw.dcm": StainGuess.OTHER_BRIGHTFIELD,
    "slides/tiny-tiles.dcm": StainGuess.BLANK,
    "quality/almost-white-1.png": StainGuess.BLANK,
    "quality/no-tissue-line.png": StainGuess.BLANK,
    "quality/tcga-green-pen.png": StainGuess.HE,
    "quality/tcga-red-pen.png": StainGuess.HE,
    "quality/medium-nuclei-score-green-pen-level1.png": StainGuess.HE,
    "quality/wsi-blue-pen.png": StainGuess.HE,
}


@pytest.mark.parametrize(("name", "stain"), REAL.items())
def test_real_pictures(real_data: Path, name: str, stain: StainGuess) -> None:
    assert inspected(real_data / name).stain is stain


def stained(*layers: tuple[tuple[float, float, float], float]) -> Pixels:
    """Patches of glass and of dyes given as (optical density vector, share of the picture)."""
    rng = np.random.default_rng(0)
    density = np.full((200, 200, 3), 0.01)
    start = 0
    for vector, share in layers:
        stop = start + round(share * 200)
        amount = rng.uniform(0.5, 1.2, (200, stop - start, 1))
        density[:, start:stop] = amount * np.array(vector)
        start = stop
    rgb: NDArray[np.uint8] = (245 * 10**-density).astype(np.uint8)
    return Pixels(rgb, np.ones(rgb.shape[:2], np.bool_))


HEMATOXYLIN, EOSIN, DAB = (0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)


def test_published_stain_vectors() -> None:
    assert guess_stain(stained((HEMATOXYLIN, 0.1), (EOSIN, 0.5))) is StainGuess.HE
    assert guess_stain(stained((HEMATOXYLIN, 0.3), (DAB, 0.2))) is StainGuess.OTHER_BRIGHTFIELD
    assert guess_stain(stained(((0.85, 0.45, 0.1), 0.6))) is StainGuess.OTHER_BRIGHTFIELD


def test_pixels_without_data_do_not_count() -> None:
    picture = stained((HEMATOXYLIN, 0.1), (EOSIN, 0.5))
    rgb = np.concatenate([picture.rgb, np.zeros((600, 200, 3), np.uint8)])
    valid = np.concatenate([picture.valid, np.zeros((600, 200), np.bool_)])
    assert guess_stain(Pixels(rgb, valid)) is StainGuess.HE
    assert guess_stain(Pixels(rgb, np.zeros_like(valid))) is StainGuess.BLANK


def test_glass_black_and_grey() -> None:
    everything = np.ones((50, 50), np.bool_)
    assert guess_stain(Pixels(np.full((50, 50, 3), 243, np.uint8), everything)) is StainGuess.BLANK
    assert guess_stain(Pixels(np.zeros((50, 50, 3), np.uint8), everything)) is StainGuess.BLANK
    grey = np.repeat(np.linspace(40, 240, 2500).reshape(50, 50, 1), 3, axis=2).astype(np.uint8)
    assert guess_stain(Pixels(grey, everything)) is StainGuess.OTHER_BRIGHTFIELD


def test_a_slide_in_memory_has_a_guess_too() -> None:
    assert MemorySlide(tissue_like(900, 800), WORKING_MPP).info.stain is StainGuess.HE
