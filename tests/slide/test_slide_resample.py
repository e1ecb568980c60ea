"""Laws of reading: overlapping reads agree, readers of the same pixels agree, nothing is lost or made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slide_files import tissue_like, write_pyramid

from histo.geometry import WORKING_MPP, Mpp, Region
from histo.slide import MemorySlide, SlideReader, open_slide

PIXELS = tissue_like(523, 411)
SCALES = st.sampled_from([0.25, 0.2271, 0.2525, 0.2775, 0.499, 0.5, 0.5047, 0.95, 1.0])
TARGETS = st.sampled_from([0.5, 0.7, 1.0, 2.0, 3.3, 4.0, 8.0])


def whole(reader: SlideReader, mpp: Mpp) -> Region:
    size = reader.info.size_px.rescaled(reader.info.scale.mpp, mpp)
    return Region(0, 0, size.width, size.height)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> SlideReader:
    """Three lossless levels whose odd sizes make OpenSlide's downsamples fractional."""
    return open_slide(write_pyramid(tmp_path_factory.mktemp("slide") / "pyramid.tif", PIXELS, 0.25, levels=3))


@given(
    scale=SCALES,
    target=TARGETS,
    x=st.integers(-60, 400),
    y=st.integers(-60, 300),
    width=st.integers(1, 200),
    height=st.integers(1, 200),
)
@settings(deadline=None, max_examples=25)
def test_a_part_read_alone_is_the_part_of_the_whole(
    scale: float, target: float, x: int, y: int, width: int, height: int
) -> None:
    slide = MemorySlide(PIXELS, Mpp(scale), unreadable=[Region(100, 80, 70, 50)])
    mpp = Mpp(target)
    frame = Region(-80, -80, 700, 600)
    everything = slide.read(frame, mpp)
    region = Region(x, y, width, height)
    part = slide.read(region, mpp)
    shared = frame.intersection(region)
    assert shared is not None
    inner, outer = shared.shifted(80, 80).slices, shared.shifted(-x, -y).slices
    assert np.array_equal(part.valid[outer], everything.valid[inner])
    assert np.array_equal(part.rgb[outer], everything.rgb[inner])


@given(target=TARGETS, x=st.integers(0, 120), y=st.integers(0, 90), side=st.integers(1, 90))
@settings(deadline=None, max_examples=25)
def test_a_part_of_a_file_is_the_part_of_the_whole_on_every_level(
    pyramid: SlideReader, target: float, x: int, y: int, side: int
) -> None:
    mpp = Mpp(target)
    everything = pyramid.read(whole(pyramid, mpp), mpp)
    part = pyramid.read(Region(x, y, side, side), mpp)
    height, width = everything.valid[y : y + side, x : x + side].shape
    assert np.array_equal(part.rgb[:height, :width], everything.rgb[y : y + side, x : x + side])
    assert np.array_equal(part.valid[:height, :width], everything.valid[y : y + side, x : x + side])
    assert not part.valid[height:].any()
    assert not part.valid[:, width:].any()


@pytest.mark.parametrize("target", [0.25, 0.3, 0.4, 0.48])
def test_a_file_and_an_array_of_the_same_pixels_agree(pyramid: SlideReader, target: float) -> None:
    mpp = Mpp(target)
    region = whole(pyramid, mpp)
    from_file, from_array = pyramid.read(region, mpp), MemorySlide(PIXELS, Mpp(0.25)).read(region, mpp)
    assert np.array_equal(from_file.rgb, from_array.rgb)
    assert np.array_equal(from_file.valid, from_array.valid)


@pytest.mark.parametrize("target", [0.5, 0.9, 1.0, 2.0])
def test_coarser_levels_change_nothing_but_the_border(pyramid: SlideReader, target: float) -> None:
    mpp = Mpp(target)
    region = whole(pyramid, mpp)
    from_file, from_array = pyramid.read(region, mpp), MemorySlide(PIXELS, Mpp(0.25)).read(region, mpp)
    assert np.array_equal(from_file.rgb[:-2, :-2], from_array.rgb[:-2, :-2])
    assert from_file.valid[:-2, :-2].all()


def test_at_its_own_scale_a_read_is_a_plain_copy() -> None:
    slide = MemorySlide(PIXELS, WORKING_MPP)
    read = slide.read(Region(17, 5, 300, 200), WORKING_MPP)
    assert np.array_equal(read.rgb, PIXELS[5:205, 17:317])
    assert read.valid.all()


def test_halving_is_the_rounded_mean_of_four() -> None:
    read = MemorySlide(PIXELS, Mpp(0.25)).read(Region(0, 0, 200, 200), WORKING_MPP)
    blocks = PIXELS[:400, :400].astype(int).reshape(200, 2, 200, 2, 3).sum(axis=(1, 3))
    assert np.array_equal(read.rgb, (blocks + 2) // 4)


@given(scale=SCALES, target=TARGETS, color=st.tuples(*[st.integers(0, 255)] * 3))
@settings(deadline=None, max_examples=20)
def test_one_color_stays_that_color_up_to_the_border(scale: float, target: float, color: tuple[int, ...]) -> None:
    slide = MemorySlide(np.full((97, 131, 3), color, np.uint8), Mpp(scale))
    read = slide.read(whole(slide, Mpp(target)), Mpp(target))
    assert read.valid.any()
    assert (read.rgb[:-2, :-2] == color).all()
    assert np.abs(read.rgb[read.valid].astype(int) - color).max() <= 3


@given(scale=SCALES, target=TARGETS)
@settings(deadline=None, max_examples=20)
def test_a_gradient_keeps_its_place(scale: float, target: float) -> None:
    ramp = np.broadcast_to(np.linspace(20, 230, 400), (400, 400))
    slide = MemorySlide(np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8), Mpp(scale))
    mpp = Mpp(target)
    read = slide.read(whole(slide, mpp), mpp)
    center_px = (np.arange(read.rgb.shape[1]) + 0.5) * target / scale - 0.5
    expected = np.interp(center_px, np.arange(400), ramp[0])
    inner = slice(1, -1)
    assert np.abs(read.rgb[1, inner, 0] - expected[inner]).max(initial=0) <= 1.7


def test_outside_and_unreadable_are_never_valid_and_only_the_latter_has_failed() -> None:
    hole = Region(100, 100, 40, 30)
    slide = MemorySlide(PIXELS, WORKING_MPP, unreadable=[hole])
    inside = slide.read(Region(90, 90, 80, 80), WORKING_MPP)
    assert inside.failed
    assert not inside.valid[hole.shifted(-90, -90).slices].any()
    assert inside.valid.sum() == 80 * 80 - hole.area
    outside = slide.read(Region(-50, -50, 60, 60), WORKING_MPP)
    assert not outside.failed
    assert outside.valid.sum() == 100
    beyond = slide.read(Region(10_000, 0, 5, 5), WORKING_MPP)
    assert not beyond.valid.any()
    assert not beyond.failed


def test_a_region_far_larger_than_the_limit_is_read_in_blocks_that_fit_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slide = MemorySlide(PIXELS, Mpp(0.2775))
    region = Region(-3, -2, 300, 240)
    at_once = slide.read(region, WORKING_MPP)
    monkeypatch.setattr("histo.slide.pyramid._LARGEST_SOURCE_PX", 10_000)
    in_blocks = slide.read(region, WORKING_MPP)
    assert np.array_equal(at_once.rgb, in_blocks.rgb)
    assert np.array_equal(at_once.valid, in_blocks.valid)


def test_the_digest_tells_pixels_and_shape_apart() -> None:
    first, second = PIXELS[:40, :60], PIXELS[:40, :60].reshape(60, 40, 3)
    assert MemorySlide(first, WORKING_MPP).info.sha256 == MemorySlide(first.copy(), WORKING_MPP).info.sha256
    assert MemorySlide(first, WORKING_MPP).info.sha256 != MemorySlide(second, WORKING_MPP).info.sha256


@pytest.mark.parametrize("path_kind", [str, Path])
def test_open_slide_takes_a_path_in_either_form(tmp_path: Path, path_kind: type[str] | type[Path]) -> None:
    file = write_pyramid(tmp_path / "a.tif", PIXELS, 0.5)
    with open_slide(path_kind(file)) as slide:  # type: ignore[arg-type]
        assert slide.info.name == "a"
        assert slide.info.working_size_wpx == slide.info.size_px
