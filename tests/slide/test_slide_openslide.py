"""OpenSlide behind its door: errors cost one tile, handles cross borders, both ways to the pixels agree."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openslide
import pytest
from slide_files import forget_tile, spoil_tile, tissue_like, write_pyramid

from histo.geometry import WORKING_MPP, Mpp, Region
from histo.slide import inspect_slide, library_versions, library_warnings, open_slide, openslide_source
from histo.slide.fast_source import FastTileSource, quickest
from histo.slide.openslide_source import OpenSlideSource
from histo.slide.properties import allowed_properties

PIXELS = tissue_like(520, 400)
WHOLE = Region(0, 0, 520, 400)
TILE = Region(128, 128, 128, 128)
"""Tile 6 of five columns."""


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    return write_pyramid(tmp_path / "jpeg.tif", PIXELS, 0.5, levels=2, compression="jpeg")


def test_one_bad_tile_costs_one_tile(jpeg: Path) -> None:
    before = OpenSlideSource(jpeg).read_level(0, WHOLE)
    spoil_tile(jpeg, 6)
    source = OpenSlideSource(jpeg)
    for region in (WHOLE, Region(100, 90, 300, 200), WHOLE):
        read = source.read_level(0, region)
        assert read.failed
        hole = TILE.intersection(region)
        assert hole is not None
        good = np.ones((region.height, region.width), np.bool_)
        good[hole.shifted(-region.x, -region.y).slices] = False
        assert np.array_equal(read.valid, good)
        assert np.array_equal(read.rgb[good], before.rgb[region.slices][good])
    elsewhere = source.read_level(0, Region(260, 0, 200, 100))
    assert not elsewhere.failed
    assert elsewhere.valid.all()
    assert source.last_error


def test_a_slide_with_one_bad_tile_opens_and_reads(jpeg: Path) -> None:
    spoil_tile(jpeg, 6)
    with open_slide(jpeg) as slide:
        read = slide.read(Region(64, 64, 256, 256), WORKING_MPP)
    assert read.failed
    assert read.valid.sum() == 256 * 256 - TILE.area
    assert not read.valid[64:192, 64:192].any()


def test_a_bad_tile_that_a_test_block_meets_is_a_warning(jpeg: Path) -> None:
    spoil_tile(jpeg, 0)
    found = inspect_slide(jpeg)
    assert found.readable
    assert "1 of 8 test blocks could not be read" in found.warnings


def test_other_threads_do_not_suffer_from_a_bad_tile(jpeg: Path) -> None:
    before = OpenSlideSource(jpeg).read_level(0, WHOLE)
    spoil_tile(jpeg, 6)
    source = OpenSlideSource(jpeg)
    regions = [Region(x, y, 130, 110) for x in range(0, 380, 37) for y in range(0, 280, 31)]
    with ThreadPoolExecutor(4) as pool:
        reads = list(pool.map(lambda region: source.read_level(0, region), regions))
    for region, read in zip(regions, reads, strict=True):
        assert read.failed == (TILE.intersection(region) is not None)
        assert np.array_equal(read.rgb[read.valid], before.rgb[region.slices][read.valid])


def test_a_missing_tile_is_no_data_and_no_failure(jpeg: Path) -> None:
    forget_tile(jpeg, 6)
    with open_slide(jpeg) as slide:
        read = slide.read(WHOLE, WORKING_MPP)
    assert not read.failed
    assert not read.valid[TILE.slices].any()
    assert read.valid.sum() == WHOLE.area - TILE.area


@pytest.mark.parametrize("compression", ["jpeg", "deflate", None])
def test_the_fast_way_gives_what_openslide_gives(tmp_path: Path, compression: str | None) -> None:
    path = write_pyramid(tmp_path / "a.tif", PIXELS, 0.5, compression=compression)
    slow = OpenSlideSource(path)
    fast = quickest(path, slow, (0,))
    assert isinstance(fast, FastTileSource)
    region = Region(33, 21, 401, 333)
    assert np.array_equal(fast.read_level(0, region).rgb, slow.read_level(0, region).rgb)


def test_a_level_that_differs_is_left_to_openslide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_pyramid(tmp_path / "a.tif", PIXELS, 0.5)
    monkeypatch.setattr("histo.slide.tiff_source.to_rgb", lambda raw, _: (raw[..., ::-1], raw[..., 0] >= 0))
    slow = OpenSlideSource(path)
    assert quickest(path, slow, (0,)) is slow


def test_the_fast_way_on_a_real_slide(real_data: Path) -> None:
    path = real_data / "slides" / "cmu-1-small-region.svs"
    slow = OpenSlideSource(path)
    fast = quickest(path, slow, (0,))
    assert isinstance(fast, FastTileSource)
    region = Region(311, 507, 700, 650)
    assert np.array_equal(fast.read_level(0, region).rgb, slow.read_level(0, region).rgb)


def test_a_reader_crosses_a_process_border(jpeg: Path) -> None:
    with open_slide(jpeg) as slide:
        expected = slide.read(WHOLE, Mpp(1.0))
        copy = pickle.loads(pickle.dumps(slide))
        found = copy.read(WHOLE, Mpp(1.0))
        assert copy.info == slide.info
    assert np.array_equal(found.rgb, expected.rgb)
    copy.close()


def test_a_closed_reader_says_so(jpeg: Path) -> None:
    slide = open_slide(jpeg)
    slide.close()
    with pytest.raises(ValueError, match="is closed"):
        slide.read(WHOLE, WORKING_MPP)


def test_a_safe_library_gives_no_warning_and_its_version_is_known() -> None:
    assert set(library_versions()) == {"openslide", "openslide-bin"}
    assert library_warnings() == ()


@pytest.mark.parametrize("version", ["4.0.0.8", "4.0.1.0", "none (system library)"])
def test_an_old_or_a_system_library_is_warned_of(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(openslide_source, "library_versions", lambda: {"openslide-bin": version})
    (warning,) = library_warnings()
    assert warning.endswith("may lack security fixes: install openslide-bin 4.0.1.1 or newer")


def test_properties_are_an_allow_list_and_their_values_must_look_right() -> None:
    private = {"dicom.PatientName": "DOE^JANE", "aperio.User": "b414003d", "tiff.Artist": "jane"}
    odd = {"dicom.Manufacturer": "name=Jane;born=1970"}
    assert allowed_properties(private | odd | {"aperio.AppMag": "20"}) == {"aperio.AppMag": "20"}


def test_a_real_slide_keeps_its_users_and_file_names_to_itself(real_data: Path) -> None:
    path = real_data / "slides" / "cmu-1-small-region.svs"
    told = openslide.OpenSlide(str(path)).properties
    shown = repr(inspect_slide(path))
    for name in ("aperio.User", "aperio.Filename", "aperio.Date"):
        assert told[name] not in shown
