"""How fast this machine reads: megapixels of tissue per core-second, and the memory that it takes.

Pixels are working pixels (0.5 um/px) of tile cores, never of halos; seconds are CPU time of all threads of this
process, so that the numbers of machines with different numbers of cores compare.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from histo.biopsy import read_biopsy
from histo.evidence import Coverage, SlideObservation, weigh_evidence
from histo.findings import Cells, CompartmentMap, Fibers, Findings
from histo.geometry import WORKING_MPP, Region, Size
from histo.model import Model
from histo.phantom.drawing import Renderer
from histo.phantom.pyramid import BLOCK_WPX
from histo.phantom.slide import phantom_biopsy
from histo.records import SlideResult
from histo.slide import open_slide
from histo.tiling import TileGrid, core_area_inside, lay_tiles
from histo.tissue import find_tissue

MOST_TILES = 8
"""Tiles that reading and the network are measured on."""

SIMULATED_MM2 = 2.0
"""Tissue of the phantom that is drawn."""

WEIGHED_FIBERS = 60_000
"""So many fibers make a large section, and are weighed;"""

MOST_SIDE = 16
"""but at most so many copies of the slide stand side by side, or one with hardly a fiber would fill the memory."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One measured stage.

    Attributes:
        megapixels: Core pixels.
        cpu_seconds: Of all threads.
        wall_seconds: By the clock.
        mpx_per_core_second: The first over the second.
    """

    megapixels: float
    cpu_seconds: float
    wall_seconds: float
    mpx_per_core_second: float


@dataclass(frozen=True, slots=True)
class Weighing:
    """How long the findings of a large section take to become evidence.

    Attributes:
        fibers: Of the section: what was found, side by side as often as it takes.
        cpu_seconds: Of all threads.
        wall_seconds: By the clock.
    """

    fibers: int
    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What was measured on one slide.

    Attributes:
        slide: Its name.
        assessable_mm2: Tissue that was read.
        engine: What ran the network.
        device: Where.
        precision: In which numbers.
        whole: From opening to pattern, with files written.
        reading: Reading tiles of the slide, one thread.
        network: Running the network over tiles, all threads.
        simulating: Drawing blocks of a phantom slide, glass included, as training fields and test slides are drawn.
        weighing: Turning the findings of a large section into evidence.
        peak_rss_mib: Largest memory of the process so far, after the whole reading.
        fibers: How many were found, so that speed is not had by finding nothing.
    """

    slide: str
    assessable_mm2: float
    engine: str
    device: str
    precision: str
    whole: Speed
    reading: Speed
    network: Speed
    simulating: Speed
    weighing: Weighing
    peak_rss_mib: float
    fibers: int


def measure(slide: Path, model: Model, out: Path, tell: Callable[[str], None], mpp: float | None = None) -> BenchResult:
    """Measure the reading of one slide.

    Args:
        slide: What to read.
        model: What reads it.
        out: Where the reading is written.
        tell: Told what is measured next.
        mpp: Overrides the slide's scale.

    Raises:
        SlideError: If the slide cannot be read.
    """
    tell("the whole reading")
    with _timed() as whole:
        reading = read_biopsy(slide, out=out, mpp=mpp, model=model)
    peak_rss_mib = _peak_rss_mib()
    with open_slide(slide, mpp) as reader:
        tissue = find_tissue(reader)
        card = model.bundle.card
        size = reader.info.working_size_wpx
        grid = lay_tiles(size, tissue, core_wpx=card.tile_core_wpx, halo_wpx=card.halo_wpx)
        tell("reading tiles")
        with _timed() as read_time:
            tiles = [reader.read(tile.read_wpx, WORKING_MPP).rgb for tile in grid.tiles[:MOST_TILES]]
    tell("running the network")
    for tile in tiles[:1]:
        model.engine.run(tile)  # the first run compiles
    with _timed() as network_time:
        for tile in tiles:
            model.engine.run(tile)
    tell("simulating")
    scene, look = phantom_biopsy("necrotizing", 1, SIMULATED_MM2)
    renderer = Renderer(scene, look)
    size = Size(int(WORKING_MPP.to_px(scene.width_um)), int(WORKING_MPP.to_px(scene.height_um)))
    blocks = [
        Region(left, top, BLOCK_WPX, BLOCK_WPX)
        for top in range(0, size.height, BLOCK_WPX)
        for left in range(0, size.width, BLOCK_WPX)
    ]
    renderer.render(blocks[0])  # the first block draws the noise
    with _timed() as drawing:
        for block in blocks:
            (renderer.glass if renderer.is_bare(block) else renderer.render)(block)
    tell("weighing evidence")
    large = _large_section(reading.slides[0])
    with _timed() as weighing:
        weigh_evidence([large], model.false_calls, recall=model.recall)
    facts = model.facts
    return BenchResult(
        slide=reading.name,
        assessable_mm2=round(reading.evidence.pooled.coverage.assessable_mm2, 3),
        engine=facts.engine,
        device=facts.device,
        precision=facts.precision,
        whole=_speed(grid.core_area_wpx, whole),
        reading=_speed(_core_px(grid), read_time),
        network=_speed(_core_px(grid), network_time),
        simulating=_speed(sum(block.area for block in blocks), drawing),
        weighing=Weighing(len(large.findings.fibers), round(weighing.cpu, 3), round(weighing.wall, 3)),
        peak_rss_mib=round(peak_rss_mib, 1),
        fibers=reading.evidence.pooled.fibers.fibers,
    )


def _large_section(slide: SlideResult) -> SlideObservation:
    """The findings of a slide, side by side until there are enough fibers."""
    found = slide.findings
    fibers, cells, area = found.fibers, found.cells, found.compartments
    side = min(math.ceil(math.sqrt(WEIGHED_FIBERS / max(len(fibers), 1))), MOST_SIDE)
    height_um, width_um = (length * area.mpp.um_per_px for length in area.codes.shape)
    copies = side**2
    place = np.arange(copies)
    shift_um = np.column_stack([place % side * width_um, place // side * height_um]).astype(np.float32)
    columns = {
        name: np.concatenate([getattr(fibers, name)] * copies)
        for name in (field.name for field in fields(Fibers))
        if name != "outline_start"
    }
    columns["center_um"] += np.repeat(shift_um, len(fibers), axis=0)
    columns["outline_um"] += np.repeat(shift_um, len(fibers.outline_um), axis=0)
    corners = np.tile(np.diff(fibers.outline_start), copies)
    many_fibers = Fibers(**columns, outline_start=np.concatenate([[0], np.cumsum(corners)]).astype(np.int64))
    holder = np.tile(cells.fiber, copies)
    many_cells = Cells(
        center_um=np.tile(cells.center_um, (copies, 1)) + np.repeat(shift_um, len(cells), axis=0),
        cell_class=np.tile(cells.cell_class, copies),
        class_probability=np.tile(cells.class_probability, (copies, 1)),
        compartment=np.tile(cells.compartment, copies),
        fiber=np.where(holder < 0, -1, holder + np.repeat(place * len(fibers), len(cells))).astype(np.int32),
    )
    compartments = CompartmentMap(np.tile(area.codes, (side, side)), np.tile(area.scored, (side, side)))
    part = slide.coverage
    return SlideObservation(
        "large",
        Findings(many_fibers, many_cells, compartments),
        Coverage.of(
            rejected_mm2=part.rejected_mm2 * copies,
            unreadable_mm2=part.unreadable_mm2 * copies,
            assessable_mm2=part.assessable_mm2 * copies,
            artefact_mm2={},
        ),
    )


def _core_px(grid: TileGrid) -> int:
    return sum(core_area_inside(tile, grid.slide_wpx) for tile in grid.tiles[:MOST_TILES])


@dataclass(slots=True)
class _Time:
    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def _timed() -> Iterator[_Time]:
    taken = _Time()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        yield taken
    finally:
        taken.cpu, taken.wall = time.process_time() - cpu, time.perf_counter() - wall


def _speed(core_px: int, taken: _Time) -> Speed:
    megapixels = core_px / 1e6
    return Speed(
        megapixels=round(megapixels, 3),
        cpu_seconds=round(taken.cpu, 3),
        wall_seconds=round(taken.wall, 3),
        mpx_per_core_second=round(megapixels / taken.cpu, 3) if taken.cpu > 0 else 0.0,
    )


def _peak_rss_mib() -> float:
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / (1 << 20)
