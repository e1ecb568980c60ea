"""A phantom slide is a real slide: OpenSlide opens it, its scale is 0.5 um/px, its colors survive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openslide
import pytest

from histo.errors import OutputError
from histo.geometry import Region
from histo.phantom import PhantomSlide, write_phantom_slide
from histo.phantom.drawing import Renderer
from histo.phantom.slide import phantom_biopsy


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> PhantomSlide:
    path = tmp_path_factory.mktemp("phantom") / "small.tif"
    return write_phantom_slide(path, pattern="necrotizing", seed=3, tissue_mm2=0.4, workers=1)


def test_openslide_opens_it(phantom: PhantomSlide) -> None:
    with openslide.OpenSlide(phantom.path) as slide:
        assert slide.dimensions == (phantom.size_px.width, phantom.size_px.height)
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5)
        assert slide.level_count == 3
    assert phantom.tissue_mm2 == pytest.approx(0.4)
    assert [path.name for path in phantom.path.parent.iterdir()] == ["small.tif"]


def test_colors_survive(phantom: PhantomSlide) -> None:
    scene, look = phantom_biopsy("necrotizing", 3, 0.4)
    region = Region(1024, 0, 512, 512)
    drawn = Renderer(scene, look).render(region).rgb.astype(float)
    with openslide.OpenSlide(phantom.path) as slide:
        stored = np.asarray(slide.read_region((1024, 0), 0, (512, 512)).convert("RGB")).astype(float)
    assert np.abs(stored.mean((0, 1)) - drawn.mean((0, 1))).max() < 1.0
    assert np.abs(stored - drawn).mean() < 4.0


def test_what_is_in_the_way_is_named_before_anything_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo.phantom.slide.phantom_biopsy", None)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="the phantom cannot be written"):
        write_phantom_slide(tmp_path / "file" / "x.tif", pattern="normal", seed=1, tissue_mm2=0.2, workers=1)
    with pytest.raises(OutputError, match="is a folder; give the name of a file"):
        write_phantom_slide(tmp_path, pattern="normal", seed=1, tissue_mm2=0.2, workers=1)
