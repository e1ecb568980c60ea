"""One pass over a slide's tiles: reading ahead, computing, decoding behind, all at once and in bounded memory."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
from numpy.typing import NDArray

from histo.detection.appearance_record import AppearanceRecord
from histo.detection.compartments import CompartmentCanvas
from histo.detection.decode_queue import DecodeQueue
from histo.detection.looking import View, look
from histo.detection.merge import merge
from histo.detection.ownership import MARGIN_UM, Decoder
from histo.detection.spool import MapSpool, map_region, no_room
from histo.errors import EngineError
from histo.findings import Findings
from histo.geometry import UM2_PER_MM2
from histo.network import Engine, layout
from histo.slide import SlideReader
from histo.tiling import TileGrid, core_area_inside
from histo.tissue import TissueMap

Progress = Callable[[int, int], None]
"""Called with working pixels done and in all."""

_AHEAD = 2
"""Tiles read ahead of the network: enough to hide a slow disk, few enough to stay small."""


def scan(
    reader: SlideReader,
    tissue: TissueMap,
    grid: TileGrid,
    engine: Engine,
    decode: Decoder,
    progress: Progress | None = None,
) -> Findings:
    """Read, compute and decode every tile of a grid.

    The findings depend on the slide, the tissue map, the engine's maps and the codec only: not on where tiles begin,
    nor on the timing of threads. What was not seen (not assessable, unreadable, outside) is blanked in the maps before
    they are decoded, so that a decoder never sees whether a tile happened to be computed there.

    Args:
        reader: The slide; read from a thread.
        tissue: Where to look.
        grid: The tiles.
        engine: Computes maps; called from this thread only; rests afterwards.
        decode: The codec; called from a thread.
        progress: Told after each tile.

    Returns:
        Findings in canonical order.

    Raises:
        EngineError: If the engine gives maps of another shape than the layout's.
        OutputError: If the disk is too full for the maps.
    """
    canvas, appearance = CompartmentCanvas(reader.info), AppearanceRecord()
    total, done, unreadable_um2 = grid.core_area_wpx, 0, 0.0
    try:
        with _workers() as (spool, readers, decoder):
            queue = DecodeQueue(grid, spool, layout.MAP_MPP.px(MARGIN_UM), decode, decoder)
            for view in _views(reader, tissue, grid, readers):
                maps = _core_maps(engine, view, grid)
                canvas.paint(map_region(view.tile.core_wpx), maps, view.seen)
                appearance.add(view.rgb, maps, view.seen, grid.halo_wpx)
                queue.add(view.tile, maps, view.seen)
                unreadable_um2 += view.unreadable_um2
                done += core_area_inside(view.tile, grid.slide_wpx)
                if progress is not None:
                    progress(done, total)
            parts = queue.finished()
    finally:
        engine.rest()  # its memory is that which joining the findings takes
    compartments = canvas.finished()
    fibers, cells = merge([(tile.core_wpx, *found) for tile, found in parts], compartments)
    return Findings(fibers, cells, compartments, unreadable_um2 / UM2_PER_MM2, appearance.finished())


def _core_maps(engine: Engine, view: View, grid: TileGrid) -> NDArray[np.float32]:
    """(26, h, w), a view into the engine's maps: the core without its halo."""
    maps = engine.run(view.rgb)
    core = map_region(view.tile.core_wpx).size
    halo = grid.halo_wpx // layout.STRIDE
    expected = (layout.CHANNELS, core.height + 2 * halo, core.width + 2 * halo)
    if maps.shape != expected:
        raise EngineError(engine.name, f"gave maps of {maps.shape}, not {expected}", "use a bundle of this version")
    inner: NDArray[np.float32] = maps[:, halo : halo + core.height, halo : halo + core.width]
    return inner


def _views(reader: SlideReader, tissue: TissueMap, grid: TileGrid, readers: ThreadPoolExecutor) -> Iterator[View]:
    """The tiles in order, each read while earlier ones are computed."""
    ahead: deque[Future[View]] = deque()
    for tile in grid.tiles:
        ahead.append(readers.submit(look, reader, tissue, tile, grid.slide_wpx))
        if len(ahead) > _AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


@contextmanager
def _workers() -> Iterator[tuple[MapSpool, ThreadPoolExecutor, ThreadPoolExecutor]]:
    """A spool, a reading and a decoding thread; all gone afterwards, also after an error or Ctrl-C."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile(prefix="histo-maps-", buffering=0))
        except OSError as error:
            raise no_room(error) from error
        readers = ThreadPoolExecutor(1, thread_name_prefix="histo-read")
        decoder = ThreadPoolExecutor(1, thread_name_prefix="histo-decode")
        try:
            yield MapSpool(file), readers, decoder
        finally:
            # What has begun ends, what waits is dropped; only then is the file closed.
            readers.shutdown(wait=False, cancel_futures=True)
            decoder.shutdown(wait=True, cancel_futures=True)
            readers.shutdown(wait=True)
