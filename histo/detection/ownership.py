"""What of a decoded block counts: each finding belongs to the one block whose core holds its center."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.detection.spool import Block, map_region
from histo.findings import Cells, Fibers
from histo.network.layout import MAP_MPP
from histo.tiling import Tile

Decoder = Callable[[NDArray[np.float32], tuple[float, float]], tuple[Fibers, Cells]]
"""(26, h, w) float32 maps and the place of their corner in slide micrometers, to the findings of that block."""

MARGIN_UM = 128.0
"""What a block reaches past its core on every side: two neighboring blocks overlap by 256 um. A fiber whose center lies
in the core and that is less than twice as long as this is decoded whole."""

_NEAR_PX = 2
"""An outline this near to a place that was not seen is taken to be cut by it."""


def decode_core(block: Block, tile: Tile, decode: Decoder) -> tuple[Fibers, Cells]:
    """Decode a block and keep what its core owns.

    Args:
        block: Maps of the core and its margin.
        tile: The core.
        decode: The codec.

    Returns:
        Fibers and cells whose centers lie in the core, on a place that was seen. A fiber is `cut` where its outline
        leaves the block, or comes to a place that was not seen: the slide's border, an artefact, unreadable pixels.
    """
    origin_um = (MAP_MPP.to_um(float(block.region.x)), MAP_MPP.to_um(float(block.region.y)))
    fibers, cells = decode(block.maps, origin_um)
    fibers = fibers.select(_owned(block, tile, fibers.center_um))
    cells = cells.select(_owned(block, tile, cells.center_um))
    return dataclasses.replace(fibers, cut=fibers.cut | _touches_unseen(block, fibers)), cells


def _pixels(block: Block, points_um: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of points in the block, moved to its border where they are outside."""
    column, row = np.floor(MAP_MPP.to_px(points_um.astype(np.float64))).astype(np.int64).T
    height, width = block.seen.shape
    return np.clip(row - block.region.y, 0, height - 1), np.clip(column - block.region.x, 0, width - 1)


def _owned(block: Block, tile: Tile, center_um: NDArray[np.float32]) -> NDArray[np.bool_]:
    core = map_region(tile.core_wpx)
    x, y = MAP_MPP.to_px(center_um.astype(np.float64)).T
    inside = (x >= core.x) & (x < core.right) & (y >= core.y) & (y < core.bottom)
    owned: NDArray[np.bool_] = inside & block.seen[_pixels(block, center_um)]
    return owned


def _touches_unseen(block: Block, fibers: Fibers) -> NDArray[np.bool_]:
    if not len(fibers) or block.seen.all():
        return np.zeros(len(fibers), bool)
    side = 2 * _NEAR_PX + 1
    near = cv2.dilate((~block.seen).astype(np.uint8), np.ones((side, side), np.uint8), borderValue=0)
    vertices = near[_pixels(block, fibers.outline_um)] > 0
    touched: NDArray[np.bool_] = np.logical_or.reduceat(vertices, fibers.outline_start[:-1])
    return touched
