"""Outlines of areas lie on the slide and hold what their masks hold."""

from __future__ import annotations

import numpy as np
import pytest
from example_findings import example_fibers, example_findings, example_slide
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.findings import Cells, Compartment, CompartmentMap, Findings
from histo.geometry import Size
from histo.records import SlideResult, slide_areas, unreadable_outlines
from histo.tissue import ArtefactClass, TissueMap


def lost_slide(lost: np.ndarray, unreadable: np.ndarray, size_px: Size) -> SlideResult:
    """A slide that is tissue but for `unreadable` (8 um), and of which `lost` (4 um) failed when read closely."""
    tissue = TissueMap(~unreadable, np.zeros(unreadable.shape, np.uint8), unreadable)
    seen = ~lost & np.kron(tissue.assessable, np.ones((2, 2), bool))[: lost.shape[0], : lost.shape[1]]
    compartments = CompartmentMap(np.full(lost.shape, Compartment.GLASS, np.uint8), seen)
    findings = Findings(example_fibers(0), Cells.empty(), compartments, unreadable_mm2=float(lost.sum()) * 16e-6)
    return example_slide(findings, tissue=tissue, size_px=size_px)


@given(seed=st.integers(0, 2**31), width=st.integers(8, 60), height=st.integers(8, 60))
@settings(deadline=None, max_examples=40)
def test_areas_lie_on_the_slide(seed: int, width: int, height: int) -> None:
    """Masks reach past a slide whose sides are no multiple of their pixels; outlines do not."""
    random = np.random.default_rng(seed)
    size = Size(width, height)
    shape = tuple(-(-side // 16) for side in (height, width))
    tissue = TissueMap(random.random(shape) < 0.8, random.integers(0, 5, shape).astype(np.uint8), np.zeros(shape, bool))
    slide = example_slide(example_findings(0, 0), tissue=tissue, size_px=size)
    for area in slide_areas(slide):
        assert area.outlines_um
        for outline in area.outlines_um:
            left, top, right, bottom = outline.bounds
            assert left >= 0
            assert top >= 0
            assert right <= 0.5 * width
            assert bottom <= 0.5 * height
            assert outline.area > 0


@given(seed=st.integers(0, 2**31))
@settings(deadline=None, max_examples=30)
def test_what_could_not_be_read_is_outlined_whole(seed: int) -> None:
    random = np.random.default_rng(seed)
    lost, unreadable = random.random((20, 24)) < 0.1, random.random((10, 12)) < 0.1
    afar = np.kron(unreadable, np.ones((2, 2), bool))
    outlines = unreadable_outlines(lost_slide(lost & ~afar, unreadable, Size(192, 160)))
    assert sum(outline.area for outline in outlines) == pytest.approx(16 * np.count_nonzero(lost | afar))


def test_a_border_that_is_no_whole_pixel_is_not_called_unreadable() -> None:
    lost = np.zeros((21, 25), bool)
    lost[-1], lost[:, -1], lost[3, 4] = True, True, True
    (outline,) = unreadable_outlines(lost_slide(lost, np.zeros((11, 13), bool), Size(195, 163)))
    assert outline.bounds == (16.0, 12.0, 20.0, 16.0)


def test_glass_alone_has_no_areas() -> None:
    nothing = np.zeros((10, 10), bool)
    tissue = TissueMap(nothing, np.full((10, 10), ArtefactClass.NONE, np.uint8), nothing)
    assert list(slide_areas(example_slide(example_findings(0, 0), tissue=tissue))) == []
