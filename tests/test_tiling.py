from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.geometry import Region, Size
from histo.tiling import STRIDE_WPX, TileGrid, assessable_at, lay_tiles
from histo.tissue import ArtefactClass, TissueMap


def tissue_of(mask: np.ndarray, artefact: np.ndarray | None = None) -> TissueMap:
    nothing = np.zeros(mask.shape, np.uint8)
    return TissueMap(mask, nothing if artefact is None else artefact, np.zeros(mask.shape, bool))


@st.composite
def slides(draw: st.DrawFn) -> tuple[Size, TissueMap]:
    width, height = draw(st.integers(1, 1500)), draw(st.integers(1, 1500))
    shape = (-(-height // 16), -(-width // 16))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    share = draw(st.sampled_from([0.0, 0.002, 0.1, 1.0]))
    tissue = rng.random(shape) < share
    artefact = np.where(rng.random(shape) < 0.3, ArtefactClass.FOLD, ArtefactClass.NONE).astype(np.uint8)
    return Size(width, height), tissue_of(tissue, artefact)


GRIDS = {
    "slide": slides(),
    "core": st.integers(1, 40).map(lambda n: 16 * n),
    "halo": st.integers(0, 12).map(lambda n: 16 * n),
    "origin": st.tuples(st.integers(-5000, 5000), st.integers(-5000, 5000)),
}


def _grid(slide: tuple[Size, TissueMap], core: int, halo: int, origin: tuple[int, int]) -> TileGrid:
    return lay_tiles(slide[0], slide[1], core_wpx=core, halo_wpx=halo, origin_wpx=origin)


@settings(max_examples=60, deadline=None)
@given(**GRIDS)
def test_every_assessable_pixel_lies_in_exactly_one_core(
    slide: tuple[Size, TissueMap], core: int, halo: int, origin: tuple[int, int]
) -> None:
    size, tissue = slide
    covered = np.zeros((size.height, size.width), np.int32)
    for tile in _grid(slide, core, halo, origin).tiles:
        inside = tile.core_wpx.intersection(Region(0, 0, size.width, size.height))
        assert inside is not None
        covered[inside.slices] += 1
    assessable = np.repeat(np.repeat(tissue.assessable, 16, axis=0), 16, axis=1)[: size.height, : size.width]
    assert covered.max(initial=0) <= 1
    assert (covered[assessable] == 1).all()


@settings(max_examples=60, deadline=None)
@given(**GRIDS)
def test_tiles_are_aligned_of_one_shape_and_never_empty(
    slide: tuple[Size, TissueMap], core: int, halo: int, origin: tuple[int, int]
) -> None:
    size, tissue = slide
    grid = _grid(slide, core, halo, origin)
    places = [(tile.row, tile.column) for tile in grid.tiles]
    assert places == sorted(set(places))
    for tile in grid.tiles:
        assert tile.read_wpx.size == grid.read_size_wpx
        assert tile.read_wpx == tile.core_wpx.grown(halo)
        assert tile.read_wpx.x % STRIDE_WPX == tile.read_wpx.y % STRIDE_WPX == 0
        assert tile.core_wpx.width % STRIDE_WPX == tile.core_wpx.height % STRIDE_WPX == 0
        assert max(tile.core_wpx.width, tile.core_wpx.height) <= core
        assert assessable_at(tissue, tile.core_wpx).any()
    assert grid.core_area_wpx <= size.area


@settings(max_examples=30, deadline=None)
@given(**GRIDS)
def test_the_origin_is_a_corner_of_the_grid(
    slide: tuple[Size, TissueMap], core: int, halo: int, origin: tuple[int, int]
) -> None:
    for tile in _grid(slide, core, halo, origin).tiles:
        assert (tile.core_wpx.x - origin[0] // 16 * 16) % tile.core_wpx.width == 0
        assert (tile.core_wpx.y - origin[1] // 16 * 16) % tile.core_wpx.height == 0


def test_a_small_slide_gets_one_small_tile() -> None:
    grid = lay_tiles(Size(557, 300), tissue_of(np.ones((19, 35), bool)), core_wpx=1536, halo_wpx=128)
    assert [tile.core_wpx for tile in grid.tiles] == [Region(0, 0, 560, 304)]
    assert grid.read_size_wpx == Size(816, 560)
    assert grid.core_area_wpx == 557 * 300


def test_cores_shrink_evenly_rather_than_reach_past_the_slide() -> None:
    grid = lay_tiles(Size(1600, 1536), tissue_of(np.ones((96, 100), bool)), core_wpx=1536, halo_wpx=128)
    assert [tile.core_wpx for tile in grid.tiles] == [Region(0, 0, 800, 1536), Region(800, 0, 800, 1536)]


def test_assessable_at_follows_the_tissue_pixels() -> None:
    mask = np.zeros((4, 4), bool)
    mask[1, 2] = True
    found = assessable_at(tissue_of(mask), Region(-16, 0, 64 + 32, 64))
    assert found.shape == (32, 48)
    expected = np.zeros((32, 48), bool)
    expected[8:16, 8 + 16 : 8 + 24] = True
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("core", "halo"), [(1000, 128), (1536, 100), (0, 128), (1536, -16)])
def test_unaligned_tiles_are_refused(core: int, halo: int) -> None:
    with pytest.raises(ValueError, match="multiples of 16"):
        lay_tiles(Size(100, 100), tissue_of(np.ones((7, 7), bool)), core_wpx=core, halo_wpx=halo)
