from __future__ import annotations

import errno
import io
import os
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from disc_slide import ColorEngine, all_tissue, disc_slide
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from histo.detection.scan import scan
from histo.errors import EngineError, OutputError
from histo.findings import Cells, Compartment, FiberClass, Fibers, Findings
from histo.geometry import Region
from histo.network import OperatingPoints, decode_block
from histo.slide import MemorySlide
from histo.tiling import lay_tiles
from histo.tissue import TissueMap

DECODE = partial(decode_block, points=OperatingPoints())
WIDTH, HEIGHT = 1060, 780
SLIDE = disc_slide(WIDTH, HEIGHT)
TISSUE = all_tissue(SLIDE.info.size_px)


def read(
    slide: MemorySlide = SLIDE, tissue: TissueMap = TISSUE, core: int = 2048, origin: tuple[int, int] = (0, 0)
) -> Findings:
    grid = lay_tiles(slide.info.working_size_wpx, tissue, core_wpx=core, halo_wpx=32, origin_wpx=origin)
    return scan(slide, tissue, grid, ColorEngine(), DECODE)


WHOLE = read()


def assert_same(found: Findings, expected: Findings) -> None:
    """Equal but for rounding: centers within 0.05 um, areas within 1%."""
    assert len(found.fibers) == len(expected.fibers)
    np.testing.assert_allclose(found.fibers.center_um, expected.fibers.center_um, atol=0.05)
    np.testing.assert_allclose(found.fibers.area_um2, expected.fibers.area_um2, rtol=0.01)
    np.testing.assert_array_equal(found.fibers.fiber_class, expected.fibers.fiber_class)
    np.testing.assert_array_equal(found.fibers.cut, expected.fibers.cut)
    np.testing.assert_allclose(found.cells.center_um, expected.cells.center_um, atol=0.05)
    np.testing.assert_array_equal(found.cells.fiber, expected.cells.fiber)
    np.testing.assert_array_equal(found.cells.compartment, expected.cells.compartment)
    np.testing.assert_array_equal(found.compartments.scored, expected.compartments.scored)
    np.testing.assert_array_equal(found.compartments.codes, expected.compartments.codes)
    assert found.unreadable_mm2 == pytest.approx(expected.unreadable_mm2)


def test_the_discs_are_found() -> None:
    whole = [fiber for fiber in range(len(WHOLE.fibers)) if not WHOLE.fibers.cut[fiber]]
    assert len(whole) >= 40
    assert np.isin(WHOLE.fibers.fiber_class, [FiberClass.INTACT, FiberClass.NECROTIC_PALE]).all()
    assert 0.15 < np.mean(WHOLE.fibers.fiber_class == FiberClass.NECROTIC_PALE) < 0.35
    assert len(WHOLE.cells) >= 15
    assert (WHOLE.cells.fiber >= 0).all()
    assert (WHOLE.cells.compartment == Compartment.FIBER).all()


@settings(max_examples=6, deadline=None)
@given(
    core=st.sampled_from([320, 448, 640]),
    x=st.integers(min_value=-3000, max_value=3000),
    y=st.integers(min_value=-3000, max_value=3000),
)
def test_findings_do_not_depend_on_how_the_slide_was_cut(core: int, x: int, y: int) -> None:
    assert_same(read(core=core, origin=(x, y)), WHOLE)


def test_findings_do_not_depend_on_which_tiles_were_laid() -> None:
    """Glass and artefacts leave tiles out; a neighbor's margin then has no maps, and must not need them."""
    tissue = np.ones(TISSUE.tissue.shape, bool)
    tissue[:, 30:48] = False
    artefact = np.zeros(tissue.shape, np.uint8)
    artefact[20:30, 50:70] = 3
    spoiled = TissueMap(tissue, artefact, np.zeros_like(tissue))
    expected = read(tissue=spoiled)
    assert_same(read(tissue=spoiled, core=320), expected)
    assert_same(read(tissue=spoiled, core=320, origin=(144, 80)), expected)


def test_repeats_are_identical_whatever_the_timing() -> None:
    jitter = iter([0.03, 0.0, 0.02, 0.0, 0.01, 0.03] * 50)

    def slow(maps: NDArray[np.float32], origin_um: tuple[float, float]) -> tuple[Fibers, Cells]:
        time.sleep(next(jitter))
        return DECODE(maps, origin_um)

    grid = lay_tiles(SLIDE.info.working_size_wpx, TISSUE, core_wpx=448, halo_wpx=32)
    first = scan(SLIDE, TISSUE, grid, ColorEngine(), DECODE)
    second = scan(SLIDE, TISSUE, grid, ColorEngine(), slow)
    for name in ("center_um", "outline_um", "class_probability", "fiber_class"):
        np.testing.assert_array_equal(getattr(first.fibers, name), getattr(second.fibers, name))
    np.testing.assert_array_equal(first.cells.center_um, second.cells.center_um)


class EverywhereEngine(ColorEngine):
    """Sees fiber in everything that looks like glass, with a nucleus every 16 um."""

    def rest(self) -> None:
        pass

    def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        paint = np.full_like(rgb, (220, 60, 120))
        paint[::32, ::32, 0] = paint[1::32, ::32, 0] = 0
        return super().run(np.where(rgb > 230, paint, rgb))


def test_nothing_is_found_on_pixels_that_could_not_be_read() -> None:
    hole = Region(400, 320, 256, 192)
    slide = disc_slide(WIDTH, HEIGHT, unreadable=(hole,))
    grid = lay_tiles(slide.info.working_size_wpx, TISSUE, core_wpx=448, halo_wpx=32)
    found = scan(slide, TISSUE, grid, EverywhereEngine(), DECODE)
    assert found.unreadable_mm2 == pytest.approx(256 * 192 * 0.25e-6)
    for centers in (found.fibers.center_um, found.cells.center_um):
        x, y = centers.T / 0.5
        assert not np.any((x >= hole.x) & (x < hole.right) & (y >= hole.y) & (y < hole.bottom))
    rows, columns = Region(400 // 8, 320 // 8, 256 // 8, 192 // 8).slices
    assert not found.compartments.scored[rows, columns].any()


def test_a_fiber_beside_unreadable_pixels_is_cut() -> None:
    whole = read()
    middle = next(
        row
        for row in np.flatnonzero(~whole.fibers.cut)
        if np.ptp(whole.fibers.outline(row)[:, 0]) > 40 and whole.fibers.center_um[row].min() > 150
    )
    x, y = whole.fibers.center_um[middle] / 0.5
    slide = disc_slide(WIDTH, HEIGHT, unreadable=(Region(int(x) + 12, int(y) - 64, 80, 128),))
    found = read(slide)
    near = np.argmin(np.hypot(*(found.fibers.center_um - whole.fibers.center_um[middle]).T))
    assert found.fibers.cut[near]
    assert found.fibers.area_um2[near] < whole.fibers.area_um2[middle]
    assert found.unreadable_mm2 > 0


def test_findings_lie_on_assessable_tissue() -> None:
    artefact = np.zeros(TISSUE.tissue.shape, np.uint8)
    artefact[:, :40] = 2
    spoiled = TissueMap(TISSUE.tissue, artefact, TISSUE.unreadable)
    found = read(tissue=spoiled, core=448)
    assert len(found.fibers) and len(found.cells)
    assert found.fibers.center_um[:, 0].min() >= 40 * 8
    assert found.cells.center_um[:, 0].min() >= 40 * 8
    assert found.compartments.scored_mm2 == pytest.approx((WIDTH * 0.5 - 320) * HEIGHT * 0.5 * 1e-6, rel=0.02)


def test_no_tissue_no_findings() -> None:
    none = TissueMap(np.zeros_like(TISSUE.tissue), np.zeros(TISSUE.tissue.shape, np.uint8), TISSUE.unreadable)
    found = read(tissue=none)
    assert len(found.fibers) == len(found.cells) == 0
    assert found.compartments.scored_mm2 == 0


def test_progress_counts_core_pixels_up_to_all() -> None:
    seen: list[tuple[int, int]] = []
    grid = lay_tiles(SLIDE.info.working_size_wpx, TISSUE, core_wpx=448, halo_wpx=32)
    scan(SLIDE, TISSUE, grid, ColorEngine(), DECODE, lambda done, total: seen.append((done, total)))
    done = [pair[0] for pair in seen]
    assert len(seen) == len(grid)
    assert done == sorted(done)
    assert seen[-1] == (WIDTH * HEIGHT, WIDTH * HEIGHT)


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("histo-")]


@pytest.fixture
def spools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[BinaryIO]:
    """The files that maps were kept in, in an empty temporary folder."""
    opened: list[BinaryIO] = []
    original = tempfile.TemporaryFile

    def remembered(**options: Any) -> BinaryIO:  # noqa: ANN401 - whatever the original takes
        opened.append(original(**options))
        return opened[-1]

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "TemporaryFile", remembered)
    return opened


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), ValueError("no maps")])
def test_an_interruption_leaves_nothing_behind(trouble: BaseException, tmp_path: Path, spools: list[BinaryIO]) -> None:
    runs = iter(range(100))

    class Breaking(ColorEngine):
        def rest(self) -> None:
            pass

        def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
            if next(runs) == 2:
                assert os.fstat(spools[0].fileno()).st_size > 0
                assert list(tmp_path.iterdir()) == [], "a file with a name would outlive a killed process"
                raise trouble
            return super().run(rgb)

    grid = lay_tiles(SLIDE.info.working_size_wpx, TISSUE, core_wpx=448, halo_wpx=32)
    with pytest.raises(type(trouble)):
        scan(SLIDE, TISSUE, grid, Breaking(), DECODE)
    assert _threads() == []
    assert [file.closed for file in spools] == [True]
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_decoder_is_told(spools: list[BinaryIO]) -> None:
    def broken(maps: NDArray[np.float32], origin_um: tuple[float, float]) -> tuple[Fibers, Cells]:
        raise ValueError(f"cannot decode {maps.shape}")

    grid = lay_tiles(SLIDE.info.working_size_wpx, TISSUE, core_wpx=448, halo_wpx=32)
    with pytest.raises(ValueError, match="cannot decode"):
        scan(SLIDE, TISSUE, grid, ColorEngine(), broken)
    assert _threads() == []
    assert [file.closed for file in spools] == [True]


def test_the_file_of_maps_does_not_grow_with_the_slide(spools: list[BinaryIO]) -> None:
    def largest(height: int) -> int:
        slide = disc_slide(320, height)
        grid = lay_tiles(slide.info.working_size_wpx, all_tissue(slide.info.size_px), core_wpx=320, halo_wpx=32)
        assert len(grid) == height // 320
        sizes: list[int] = []
        scan(
            slide,
            all_tissue(slide.info.size_px),
            grid,
            ColorEngine(),
            DECODE,
            lambda *_: sizes.append(os.fstat(spools[-1].fileno()).st_size),
        )
        return max(sizes)

    one_core = 27 * 160 * 160 * 2
    assert largest(4800) < 8 * one_core


@pytest.mark.parametrize("when", ["opened", "written"])
def test_a_full_disk_is_told_with_its_remedy(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.RawIOBase):
        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(**_: object) -> Full:
        if when == "opened":
            raise OSError(errno.ENOSPC, "No space left on device")
        return Full()

    monkeypatch.setattr(tempfile, "TemporaryFile", opened)
    with pytest.raises(OutputError, match=r"cannot be kept there \(No space left on device\); free some space"):
        read()
    assert _threads() == []


def test_maps_of_a_wrong_shape_are_refused() -> None:
    class Small(ColorEngine):
        def rest(self) -> None:
            pass

        def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
            return super().run(rgb)[:, :-1]

    grid = lay_tiles(SLIDE.info.working_size_wpx, TISSUE, core_wpx=448, halo_wpx=32)
    with pytest.raises(EngineError, match="gave maps of"):
        scan(SLIDE, TISSUE, grid, Small(), DECODE)
