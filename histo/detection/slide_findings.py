"""From a slide and its tissue to everything that is found on it."""

from __future__ import annotations

from functools import partial

from histo.detection.scan import Progress, scan
from histo.findings import Findings
from histo.network import Bundle, Engine, decode_block
from histo.slide import SlideReader
from histo.tiling import TileGrid, lay_tiles
from histo.tissue import TissueMap


def detect(
    reader: SlideReader,
    tissue: TissueMap,
    bundle: Bundle,
    engine: Engine,
    progress: Progress | None = None,
    *,
    origin_wpx: tuple[int, int] = (0, 0),
    grid: TileGrid | None = None,
) -> Findings:
    """Find fibers, nuclei and compartments on a slide's assessable tissue.

    Each tissue pixel is computed once. Reading, computing and decoding overlap; memory stays flat as slides grow, since
    maps wait on disk (in Python's temporary folder, about two rows of tiles) until they are decoded.

    Args:
        reader: The slide.
        tissue: Its tissue map.
        bundle: Whose card tells tiles, halo and thresholds.
        engine: Runs the bundle's network.
        progress: Told the working pixels done, and those in all, after each tile.
        origin_wpx: A corner of the grid of tiles. What is found does not depend on it, but for rounding: centers within
            0.05 um, areas within 1%. Fibers longer than 128 um on one side of their center are cut, and may differ.
        grid: Some tiles alone, to look at a part of the tissue; all that hold tissue are laid if left out. What lies
            across the rim of the part is cut there.

    Returns:
        Findings on assessable tissue, in canonical order; on what could not be read nothing is ever found, and
        `unreadable_mm2` counts the assessable tissue that could not be read. The same on every repeat.

    Raises:
        EngineError: If the engine fails or does not fit.
        OutputError: If the temporary folder has no room.
    """
    card = bundle.card
    if grid is None:
        grid = lay_tiles(
            reader.info.working_size_wpx,
            tissue,
            core_wpx=card.tile_core_wpx,
            halo_wpx=card.halo_wpx,
            origin_wpx=origin_wpx,
        )
    return scan(reader, tissue, grid, engine, partial(decode_block, points=card.operating_points), progress)
