"""What a report shows of a slide: the right place, at a fitting scale, of any size."""

from __future__ import annotations

import numpy as np
import pytest
from example_findings import example_fibers, example_findings, example_rgb, example_tissue
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.findings import FiberClass
from histo.geometry import Mpp, Region
from histo.report import deciding_fibers, take_overview, take_pictures
from histo.report.choice import SHOWN_CLASSES, leading
from histo.report.crops import CROP_FILL
from histo.report.section import scale_bar_um
from histo.slide import MemorySlide
from histo.tissue import TissueMap


def no_tissue(side_um: float) -> TissueMap:
    pixels = int(np.ceil(side_um / 8))
    nothing = np.zeros((pixels, pixels), bool)
    return TissueMap(tissue=nothing, artefact=np.zeros(nothing.shape, np.uint8), unreadable=nothing)


def test_the_overview_shows_the_tissue_with_a_margin() -> None:
    side_um = 1500.0
    rgb = np.full((3000, 3000, 3), 240, np.uint8)
    tissue = np.zeros((188, 188), bool)
    tissue[100:120, 60:100] = True  # y 800-960, x 480-800 um
    rgb[1600:1920, 960:1600] = (200, 60, 120)
    account = TissueMap(tissue=tissue, artefact=np.zeros(tissue.shape, np.uint8), unreadable=np.zeros_like(tissue))
    picture = take_overview(MemorySlide(rgb, Mpp(0.5)), account, side_px=300)
    left, right, bottom, top = picture.extent_um
    assert (left, top) == (pytest.approx(430, abs=3), pytest.approx(750, abs=3))
    assert (right, bottom) == (pytest.approx(850, abs=3), pytest.approx(1010, abs=3))
    assert max(picture.valid.shape) == pytest.approx(300, abs=2)
    assert right < side_um
    # The tissue lies where its micrometers say.
    at = picture.mpp.to_px(np.array([640 - left, 880 - top]))
    assert tuple(picture.rgb[int(at[1]), int(at[0])]) == (200, 60, 120)


def test_strips_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    slide = MemorySlide(example_rgb(side_um=600), Mpp(0.5))
    whole = take_overview(slide, no_tissue(600), side_px=100)
    monkeypatch.setattr("histo.report.pictures.STRIP_SOURCE_PX", 20_000)
    np.testing.assert_array_equal(take_overview(slide, no_tissue(600), side_px=100).rgb, whole.rgb)


def test_a_tiny_slide_is_not_blown_up() -> None:
    slide = MemorySlide(example_rgb(side_um=50), Mpp(0.5))
    picture = take_overview(slide, no_tissue(50))
    assert picture.mpp == Mpp(0.5)
    assert picture.valid.shape == (100, 100)


def test_a_crop_holds_its_fiber_and_its_surroundings() -> None:
    findings = example_findings(300, 0)
    slide = MemorySlide(example_rgb(), Mpp(0.5), unreadable=(Region(0, 0, 200, 200),))
    crops = take_pictures(slide, example_tissue(), findings).crops
    assert len(crops) == 4 * 8
    for crop in crops:
        left, right, bottom, top = crop.picture.extent_um
        x, y = crop.outline_um[:, 0], crop.outline_um[:, 1]
        assert left < x.min()
        assert x.max() < right
        assert top < y.min()
        assert y.max() < bottom
        assert max(np.ptp(x), np.ptp(y)) <= (CROP_FILL + 0.01) * (right - left)
        assert right - left >= 119.0


@given(seed=st.integers(0, 2**31), count=st.integers(0, 80), most=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_the_fibers_shown_are_the_most_certain_of_their_kind(seed: int, count: int, most: int) -> None:
    fibers = example_fibers(count, seed=seed)
    shown = deciding_fibers(fibers, most)
    assert len(set(shown)) == len(shown)
    for kind in SHOWN_CLASSES:
        of_kind = np.flatnonzero(fibers.fiber_class == kind)
        chosen = [row for row in shown if fibers.fiber_class[row] == kind]
        assert len(chosen) == min(most, len(of_kind))
        left_out = set(of_kind.tolist()) - set(chosen)
        worst = [fibers.class_probability[row, kind] for row in chosen if not fibers.cut[row]]
        for row in left_out:
            assert fibers.cut[row] or fibers.class_probability[row, kind] <= min(worst)
    assert all(fibers.fiber_class[row] != FiberClass.INTACT for row in shown)


def test_every_kind_gets_a_place_before_one_gets_two() -> None:
    kinds = [FiberClass.MYOPHAGOCYTOSIS] * 8 + [FiberClass.NECROTIC_PALE] * 3 + [FiberClass.REGENERATING]
    assert leading(kinds, 3) == [0, 8, 11]
    assert leading(kinds, 8) == [0, 1, 2, 3, 8, 9, 10, 11]
    assert leading([], 8) == []


@given(width_um=st.floats(10, 1e6))
@settings(deadline=None)
def test_a_scale_bar_is_round_and_fits(width_um: float) -> None:
    length = scale_bar_um(width_um)
    assert width_um / 10.01 <= length <= width_um / 4 * 1.0001
    assert f"{length:.1e}"[:3] in {"1.0", "2.0", "5.0"}
