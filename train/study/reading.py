"""A phantom section drawn whole in memory and read by a bundle, as a slide from a scanner would be."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from histo.biopsy import read_slide
from histo.clock import StageClock
from histo.geometry import WORKING_MPP, Region
from histo.model import Model, load_model
from histo.phantom.drawing import Renderer
from histo.phantom.look import Look
from histo.phantom.scene import Scene
from histo.progress import Silent
from histo.records import SlideResult
from histo.slide import MemorySlide

_BLOCK_WPX = 1024


@cache
def model_of(bundle: Path | None) -> Model:
    """The bundle and its engine on one thread, loaded once a process."""
    return load_model(bundle, device="cpu", threads=1)


def draw_slide(scene: Scene, look: Look, name: str) -> MemorySlide:
    """All pixels of a section, at 0.5 um/px."""
    width, height = (int(WORKING_MPP.to_px(side)) for side in (scene.width_um, scene.height_um))
    renderer = Renderer(scene, look)
    rgb = np.empty((height, width, 3), np.uint8)
    for y in range(0, height, _BLOCK_WPX):
        for x in range(0, width, _BLOCK_WPX):
            block = Region(x, y, min(_BLOCK_WPX, width - x), min(_BLOCK_WPX, height - y))
            bare = renderer.is_bare(block)
            rgb[block.slices] = renderer.glass(block) if bare else renderer.render(block).rgb
    return MemorySlide(rgb, WORKING_MPP, name)


def read_section(scene: Scene, look: Look, name: str, model: Model) -> SlideResult:
    """What a bundle finds on a section that is drawn for it."""
    return read_slide(draw_slide(scene, look, name), model, StageClock(Silent()))
