from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from synthetic_sections import MPP, section, slide

from histo.geometry import Mpp, Region
from histo.slide import MemorySlide
from histo.tissue import ArtefactClass, TissueMap, find_tissue

BOX = (100, 100, 600, 500)


def about(width_mm: float, height_mm: float) -> object:
    """The area of a box and of its rim, which is 8 to 16 um wide."""
    return pytest.approx((width_mm + 0.024) * (height_mm + 0.024), abs=0.012 * 2 * (width_mm + height_mm))


def as_8um(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool at 8 um/px, where a mask at 1 um/px holds everywhere."""
    height, width = mask.shape[0] // 8 * 8, mask.shape[1] // 8 * 8
    whole: np.ndarray = mask[:height, :width].reshape(height // 8, 8, width // 8, 8).all(axis=(1, 3))
    return whole


@settings(max_examples=12, deadline=None)
@given(
    glass=st.sampled_from([(255, 255, 255), (243, 243, 243), (233, 243, 226), (225, 220, 222), (205, 208, 212)]),
    eosin=st.sampled_from([0.12, 0.2, 0.35, 0.5]),
    seed=st.integers(0, 1000),
)
def test_the_area_does_not_depend_on_stain_or_glass(glass: tuple[int, int, int], eosin: float, seed: int) -> None:
    found = find_tissue(slide(section(700, 800, BOX, glass=glass, eosin=eosin, seed=seed)))
    assert found.found_mm2 == about(0.6, 0.5)
    assert found.rejected_mm2 == 0
    assert found.assessable_mm2 == found.found_mm2


@settings(max_examples=6, deadline=None)
@given(quarter_turns=st.integers(0, 3), mirrored=st.booleans())
def test_a_turned_slide_has_the_same_tissue(quarter_turns: int, mirrored: bool) -> None:
    rgb = section(700, 800, BOX)
    turned = np.ascontiguousarray(np.rot90(rgb[:, ::-1] if mirrored else rgb, quarter_turns))
    assert find_tissue(slide(turned)).found_mm2 == pytest.approx(find_tissue(slide(rgb)).found_mm2, rel=0.01)


@pytest.mark.parametrize("side", [64, 200, 557, 1002])
def test_a_field_full_of_tissue_is_all_tissue(side: int) -> None:
    rgb = section(1100, 1100, (0, 0, 1100, 1100))[:side, :side]
    found = find_tissue(slide(rgb))
    if side >= 200:
        assert found.tissue.mean() > 0.98
    else:
        assert found.found_mm2 <= 0.0045


@pytest.mark.parametrize("color", [(255, 255, 255), (240, 245, 238), (200, 200, 200), (0, 0, 0), (20, 20, 160)])
def test_an_empty_slide_has_no_tissue(color: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    rgb = np.clip(np.array(color) + rng.normal(0, 2, (900, 700, 3)), 0, 255).astype(np.uint8)
    assert find_tissue(slide(rgb)).found_mm2 == 0


def test_fluorescence_has_no_tissue() -> None:
    rgb = np.zeros((1000, 1000, 3), np.uint8)
    rgb[200:600:20, 200:600:20] = (30, 60, 230)
    rgb = cv2.GaussianBlur(rgb, (0, 0), 3)
    assert find_tissue(slide(rgb)).found_mm2 == 0


def test_specks_hairs_and_gray_shades_are_not_tissue() -> None:
    rgb = section()
    rgb[50:80, 50:80] = (200, 90, 150)
    rgb[100:900, 1400:1406] = 60
    rgb[1060:1160, 100:800] = 226
    assert find_tissue(slide(rgb)).found_mm2 == about(1.0, 0.8)


def test_gaps_between_fibers_are_tissue_and_large_holes_are_not() -> None:
    rgb = section()
    rgb[400:450, 500:570] = 243
    rgb[600:850, 700:950] = 243
    found = find_tissue(slide(rgb))
    assert found.tissue[50:56, 63:71].all()
    assert not found.tissue[79:102, 92:114].any()


def test_unreadable_pixels_are_neither_tissue_nor_white() -> None:
    hole = Region(480, 320, 320, 240)
    found = find_tissue(MemorySlide(section(), MPP, unreadable=[hole]))
    assert found.unreadable_mm2 == pytest.approx(0.320 * 0.240)
    assert found.unreadable[40:70, 60:100].all()
    assert not found.tissue[40:70, 60:100].any()
    assert found.found_mm2 == about(1.0, 0.8)


def test_a_slide_that_cannot_be_read_at_all_has_no_tissue() -> None:
    found = find_tissue(MemorySlide(section(), MPP, unreadable=[Region(0, 0, 1600, 1200)]))
    assert not found.tissue.any()
    assert (found.found_mm2, found.assessable_mm2) == (found.unreadable_mm2, 0)
    assert found.unreadable_mm2 == pytest.approx(1.6 * 1.2)


def test_the_last_partial_pixel_is_not_counted_as_unreadable() -> None:
    found = find_tissue(slide(section()[:1197, :1595]))
    assert found.unreadable_mm2 == 0
    assert found.tissue.shape == (150, 200)


def recall(found: TissueMap, kind: ArtefactClass, where: np.ndarray) -> float:
    return float(np.mean(found.artefact[: where.shape[0], : where.shape[1]][where] == kind))


@pytest.mark.parametrize(
    "ink", [(0.02, 0.45, 0.30), (0.10, 0.30, 0.75), (0.90, 0.06, 0.05)], ids=["green", "blue", "red"]
)
def test_pen_is_told_on_tissue_and_on_glass(ink: tuple[float, float, float]) -> None:
    rgb = section()
    stroke = np.zeros(rgb.shape[:2], np.uint8)
    cv2.line(stroke, (100, 100), (1200, 900), 1, thickness=60)
    mark = stroke.astype(bool)
    rgb[mark] = np.rint(rgb[mark] * np.array(ink))
    found = find_tissue(slide(rgb))
    assert recall(found, ArtefactClass.PEN, as_8um(mark)) > 0.95
    outside = as_8um(cv2.dilate(stroke, np.ones((61, 61), np.uint8)) == 0)
    assert not (found.artefact[:150, :200][outside] == ArtefactClass.PEN).any()
    assert 0.069 < found.rejected_mm2 < 0.14


def test_a_pen_mark_alone_on_the_glass_is_not_tissue() -> None:
    rgb = section(box=(900, 700, 400, 300))
    rgb[100:200, 100:700] = (60, 110, 190)
    found = find_tissue(slide(rgb))
    assert np.count_nonzero(found.artefact == ArtefactClass.PEN) * 64e-6 == pytest.approx(0.06, rel=0.5)
    assert found.artefact_mm2["pen"] == 0, "the account is of tissue; a mark on glass spoils none"
    assert found.found_mm2 == about(0.4, 0.3)
    assert found.rejected_mm2 == 0


def test_black_dirt_is_debris() -> None:
    rgb = section()
    rgb[400:460, 600:640] = (25, 20, 22)
    found = find_tissue(slide(rgb))
    assert (found.artefact[50:57, 75:80] == ArtefactClass.DEBRIS).all()
    assert 0.06 * 0.04 <= found.rejected_mm2 < 0.09 * 0.07


def test_tissue_lying_double_is_a_fold() -> None:
    rgb = section()
    fold = np.zeros(rgb.shape[:2], bool)
    fold[300:380, 450:1100] = True
    through = rgb[fold] / 243.0
    rgb[fold] = np.rint(243 * through**2)
    found = find_tissue(slide(rgb))
    assert recall(found, ArtefactClass.FOLD, as_8um(fold)) > 0.8
    assert found.artefact_mm2["fold"] < 1.3 * 0.08 * 0.65


def test_dense_infiltrate_is_not_a_fold() -> None:
    """Dark with hematoxylin, not with eosin."""
    rgb = section().astype(np.float32)
    rng = np.random.default_rng(1)
    nuclei = np.zeros(rgb.shape[:2], np.float32)
    nuclei[rng.integers(400, 600, 900), rng.integers(500, 800, 900)] = 1
    density = np.minimum(cv2.GaussianBlur(nuclei, (0, 0), 2.5) * 30, 1)[..., None] * np.array([0.6, 0.65, 0.25])
    found = find_tissue(slide(np.rint(rgb * 10**-density).astype(np.uint8)))
    assert found.rejected_mm2 == 0


def test_a_blurred_half_is_out_of_focus() -> None:
    rgb = section(2400, 2400, (0, 0, 2400, 2400), seed=3)
    rgb[:, 1200:] = cv2.GaussianBlur(rgb, (0, 0), 7)[:, 1200:]
    found = find_tissue(slide(rgb))
    blurred = found.artefact == ArtefactClass.OUT_OF_FOCUS
    assert blurred[:, 170:].mean() > 0.9
    assert not blurred[:, :120].any()


@pytest.mark.parametrize("name", ["fibers_01.tif", "fibers_04.tif"])
def test_real_fields_are_all_tissue_and_in_focus(name: str, real_data: Path) -> None:
    rgb = tifffile.imread(real_data / "muscle" / name)[..., :3]
    found = find_tissue(MemorySlide(rgb, Mpp(0.2775), name))
    assert found.tissue.mean() > 0.97
    assert found.rejected_mm2 == 0


@pytest.mark.parametrize("name", ["fibers_01.tif", "fibers_04.tif"])
def test_a_blurred_real_field_is_out_of_focus(name: str, real_data: Path) -> None:
    rgb = np.ascontiguousarray(tifffile.imread(real_data / "muscle" / name)[..., :3])
    blurred = cv2.GaussianBlur(rgb, (0, 0), 6 / 0.2775)
    found = find_tissue(MemorySlide(blurred, Mpp(0.2775), name))
    assert found.rejected_mm2 > 0.8 * found.found_mm2


def test_the_real_section_on_greenish_glass(real_data: Path) -> None:
    rgb = tifffile.imread(real_data / "muscle" / "muscle_section.tif", level=0)
    found = find_tissue(MemorySlide(rgb, Mpp(0.95), "muscle_section"))
    assert not found.tissue[300:460, 2:14].any(), "glass on the left"
    assert not found.tissue[440:460, 10:120].any(), "glass at the bottom"
    assert found.tissue[130:280, 40:180].all(), "injured muscle, pale gaps included"
    assert (found.artefact[121:130, 47:51] == ArtefactClass.DEBRIS).any(), "the black dirt"
    assert not found.assessable[122:129, 48:50].any()
    assert (found.artefact[8:16, 60:90] == ArtefactClass.FOLD).mean() > 0.5, "the folded rim at the top"
    assert found.rejected_mm2 < 0.03 * found.found_mm2
    assert 3.4 < found.assessable_mm2 < 4.1


@pytest.mark.parametrize(
    ("name", "mpp", "share"),
    [
        ("tcga-green-pen.png", 2.0, (0.12, 0.25)),
        ("tcga-red-pen.png", 2.0, (0.14, 0.30)),
        ("wsi-blue-pen.png", 8.0, (0.02, 0.08)),
        ("medium-nuclei-score-green-pen-level1.png", 1.0, (0.35, 0.60)),
    ],
)
def test_real_pen_marks(name: str, mpp: float, share: tuple[float, float], real_data: Path) -> None:
    rgb = np.asarray(Image.open(real_data / "quality" / name).convert("RGB"))
    found = find_tissue(MemorySlide(rgb, Mpp(mpp), name))
    assert share[0] < np.mean(found.artefact == ArtefactClass.PEN) < share[1]


@pytest.mark.parametrize("name", ["almost-white-1.png", "no-tissue-line.png"])
def test_real_empty_glass(name: str, real_data: Path) -> None:
    rgb = np.asarray(Image.open(real_data / "quality" / name).convert("RGB"))
    assert find_tissue(MemorySlide(rgb, Mpp(2.0), name)).found_mm2 == 0
