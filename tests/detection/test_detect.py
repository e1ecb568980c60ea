from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from disc_slide import ColorEngine, all_tissue, disc_slide
from numpy.typing import NDArray

from histo.detection import MARGIN_UM, detect
from histo.detection.scan import scan
from histo.findings import Cells, Fibers
from histo.geometry import Mpp, Region
from histo.network import Bundle, Card, Engine, MuscleNet, Training, layout, load_bundle, make_engine, save_bundle
from histo.network.bundle import DEFAULT_BUNDLE
from histo.network.engine import F32_TOLERANCE
from histo.slide import MemorySlide
from histo.tiling import lay_tiles
from histo.tissue import find_tissue

WIDTH, HEIGHT = 848, 720
SLIDE = disc_slide(WIDTH, HEIGHT, seed=5, unreadable=(Region(300, 200, 64, 64),))
TISSUE = all_tissue(SLIDE.info.size_px)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A small network with fresh weights: a real engine with real rounding, though it finds nothing sensible."""
    torch.manual_seed(3)
    channels = (4, 8, 8, 8)
    card = Card(
        name="fresh",
        version="0",
        training=Training("nothing", "0" * 64, "none", ()),
        phantom_metrics={},
        real_metrics={},
        intended_use="tests",
        limits=("untrained",),
        license="Apache-2.0",
        channels=channels,
        tile_core_wpx=448,
    )
    return save_bundle(tmp_path_factory.mktemp("bundles") / "fresh", MuscleNet(channels).state_dict(), card)


def seen_maps(engine: Engine, core: int, origin: tuple[int, int]) -> NDArray[np.float32]:
    """The slide's maps, put together from what the decoder was given of every core."""
    whole = np.full((layout.CHANNELS, HEIGHT // 2, WIDTH // 2), -1, np.float32)

    def keep(maps: NDArray[np.float32], origin_um: tuple[float, float]) -> tuple[Fibers, Cells]:
        block = Region(round(origin_um[0]), round(origin_um[1]), maps.shape[2], maps.shape[1])
        inside = block.intersection(Region(0, 0, WIDTH // 2, HEIGHT // 2))
        assert inside is not None
        known = whole[:, *inside.slices]
        given = maps[:, *inside.shifted(-block.x, -block.y).slices]
        overlap = known >= 0
        np.testing.assert_array_equal(known[overlap], given[overlap])
        whole[:, *inside.slices] = given
        return Fibers.empty(), Cells.empty()

    grid = lay_tiles(SLIDE.info.working_size_wpx, TISSUE, core_wpx=core, halo_wpx=128, origin_wpx=origin)
    scan(SLIDE, TISSUE, grid, engine, keep)
    assert (whole >= 0).all()
    return whole


def test_the_maps_of_a_real_network_do_not_depend_on_the_tiles(bundle: Bundle) -> None:
    engine = make_engine(bundle, device="cpu", threads=1)
    expected = seen_maps(engine, 1536, (0, 0))
    for core, origin in ((448, (0, 0)), (320, (112, 272))):
        assert np.abs(seen_maps(engine, core, origin) - expected).max() < F32_TOLERANCE


def test_detect_takes_tiles_and_thresholds_from_the_card(bundle: Bundle) -> None:
    shapes = []

    class Recording(ColorEngine):
        def rest(self) -> None:
            pass

        def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
            shapes.append(rgb.shape)
            return super().run(rgb)

    whole = detect(SLIDE, TISSUE, bundle, Recording())
    assert shapes == [(368 + 256, 432 + 256, 3)] * 4
    assert len(whole.fibers) > 25
    assert whole.unreadable_mm2 == pytest.approx(64 * 64 * 0.25e-6)
    moved = detect(SLIDE, TISSUE, bundle, ColorEngine(), origin_wpx=(208, 96))
    np.testing.assert_allclose(moved.fibers.center_um, whole.fibers.center_um, atol=0.05)
    np.testing.assert_array_equal(moved.cells.fiber, whole.cells.fiber)


def test_the_default_bundle_finds_fibers_on_real_muscle(real_data: Path) -> None:
    if not DEFAULT_BUNDLE.is_dir():
        pytest.skip("the default bundle is not trained yet")
    shipped = load_bundle()
    engine = make_engine(shipped, device="cpu", threads=1)
    slide = MemorySlide(tifffile.imread(real_data / "muscle" / "fibers_01.tif")[..., :3], Mpp(0.2775), "fibers_01")
    tissue = find_tissue(slide)
    whole = within_margin(detect(slide, tissue, shipped, engine).fibers)
    moved = within_margin(detect(slide, tissue, shipped, engine, origin_wpx=(272, 272)).fibers)
    assert len(whole) > 30
    assert len(moved) == len(whole)
    np.testing.assert_allclose(moved.center_um, whole.center_um, atol=0.05)
    np.testing.assert_allclose(moved.area_um2, whole.area_um2, rtol=0.01)


def within_margin(fibers: Fibers) -> Fibers:
    """Those that every block that owns them sees whole."""
    reach = [np.abs(fibers.outline(row) - fibers.center_um[row]).max() for row in range(len(fibers))]
    return fibers.select(np.array(reach) < MARGIN_UM)
