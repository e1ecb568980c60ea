"""Outlines for every zoom: as many vertices as can be seen, in tiles of the same pyramid as the pixels.

A tile is binary and little-endian, so that a browser uses it without parsing:

    uint32  magic, fibers F, vertices V, cells C
    uint32  fiber[F]            row in fibers.parquet
    uint32  start[F + 1]        where each fiber's vertices begin
    uint32  cell[C]             row in cells.parquet
    int16   center[2F], vertex[2V], cell center[2C]     x, y in eighths of a pixel of the level, from the tile's corner
    uint8   class[F], probability[F], cell class[C], cell probability[C]     probabilities in 255ths

An outline that reaches into a tile stands in it whole, so that neighboring tiles draw it alike.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import INFLAMMATORY_CLASSES, Cells, Fibers, Floats
from histo.geometry import Mpp, Size
from histo.review.tiles import TILE_PX, level_mpp, top_level

MAGIC = 0x31564F48
"""HOV1"""

PARTS_OF_A_PIXEL = 8
MARGIN_PX = 16
"""Marks of a fiber are wider than the fiber when it is seen from afar."""

TOLERANCE_PX = 0.4
"""An outline is simplified by less than can be seen."""

OUTLINE_PX = 3.0
"""A fiber narrower than this is a dot: of it the tile holds the center alone."""

ALL_NUCLEI_UM_PER_PX = 1.0
"""Nuclei that are not inflammatory are sent only where they can be told apart."""

FINER_LEVELS = 3
"""Levels above the slide's own, where outlines stay sharp while pixels grow."""


@dataclass(frozen=True, eq=False, slots=True)
class _Outlines:
    """All fibers at one tolerance: `vertex_um` (V, 2) float32 and `start` (N + 1,) int64."""

    vertex_um: Floats
    start: NDArray[np.int64]


class OutlineLevels:
    """A slide's findings, simplified for each level when it is first asked for.

    Args:
        fibers: In slide micrometers.
        cells: In slide micrometers; None where the slide is too coarse to tell what kind a nucleus is.
        mpp: Of level 0 of the slide.
        size_px: Of level 0.
    """

    def __init__(self, fibers: Fibers, cells: Cells | None, mpp: Mpp, size_px: Size) -> None:
        """Keep the findings and the boxes around the fibers."""
        self._fibers, self._mpp, self._size_px = fibers, mpp, size_px
        self._cells = Cells.empty() if cells is None else cells
        starts = fibers.outline_start[:-1]
        self._low = np.minimum.reduceat(fibers.outline_um, starts) if len(fibers) else np.zeros((0, 2), np.float32)
        self._high = np.maximum.reduceat(fibers.outline_um, starts) if len(fibers) else np.zeros((0, 2), np.float32)
        self._typical_um = float(np.median(fibers.min_feret_um)) if len(fibers) else 0.0
        self._levels: dict[int, _Outlines] = {}
        self._lock = threading.Lock()

    @property
    def finest_level(self) -> int:
        """The finest level that is served."""
        return top_level(self._size_px) + FINER_LEVELS

    def tile(self, level: int, column: int, row: int) -> bytes:
        """One tile; empty where nothing lies. The level must be 0 to `finest_level`."""
        mpp = level_mpp(self._mpp, self._size_px, level)
        corner = mpp.to_um(np.array([column, row], np.float64) * TILE_PX)
        low, high = corner - mpp.to_um(float(MARGIN_PX)), corner + mpp.to_um(float(TILE_PX + MARGIN_PX))
        fibers = np.flatnonzero(((self._high >= low) & (self._low <= high)).all(axis=1))
        center = self._cells.center_um
        cells = np.flatnonzero(((center >= low) & (center <= high)).all(axis=1) & self._shown(mpp))
        return self._pack(level, mpp, corner, fibers, cells)

    def around(self, x_um: float, y_um: float) -> NDArray[np.intp]:
        """Rows of the fibers whose outlines hold a point."""
        here = np.array([x_um, y_um], np.float32)
        rows = np.flatnonzero(((self._low <= here) & (self._high >= here)).all(axis=1))
        inside = [shapely.contains_xy(shapely.Polygon(self._fibers.outline(int(row))), x_um, y_um) for row in rows]
        return rows[np.array(inside, np.bool_)]

    def _shown(self, mpp: Mpp) -> NDArray[np.bool_]:
        if mpp.um_per_px <= ALL_NUCLEI_UM_PER_PX:
            return np.ones(len(self._cells), np.bool_)
        return np.isin(self._cells.cell_class, INFLAMMATORY_CLASSES)

    def _pack(
        self, level: int, mpp: Mpp, corner: NDArray[np.float64], rows: NDArray[np.intp], cells: NDArray[np.intp]
    ) -> bytes:
        def place(points_um: Floats) -> NDArray[np.int16]:
            parts = np.round(mpp.to_px(points_um - corner) * PARTS_OF_A_PIXEL)
            return np.clip(parts, -32768, 32767).astype("<i2")

        if mpp.to_px(self._typical_um) < OUTLINE_PX:
            vertices, start = np.zeros((0, 2), np.float32), np.zeros(len(rows) + 1, np.int64)
        else:
            outlines = self._outlines(level, mpp)
            lengths = np.diff(outlines.start)[rows]
            start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            vertices = outlines.vertex_um[np.repeat(outlines.start[rows] - start[:-1], lengths) + np.arange(start[-1])]
        kinds, cell_kinds = self._fibers.fiber_class[rows], self._cells.cell_class[cells]
        header = np.array([MAGIC, len(rows), len(vertices), len(cells)], "<u4")
        parts = (
            header, rows.astype("<u4"), start.astype("<u4"), cells.astype("<u4"),
            place(self._fibers.center_um[rows]), place(vertices), place(self._cells.center_um[cells]),
            kinds, _in_255(self._fibers.class_probability[rows, kinds]),
            cell_kinds, _in_255(self._cells.class_probability[cells, cell_kinds]),
        )  # fmt: skip
        return b"".join(part.tobytes() for part in parts)

    def _outlines(self, level: int, mpp: Mpp) -> _Outlines:
        with self._lock:
            if level not in self._levels:
                self._levels[level] = simplified(self._fibers, mpp.to_um(TOLERANCE_PX))
            return self._levels[level]


def simplified(fibers: Fibers, tolerance_um: float) -> _Outlines:
    """Outlines with as few vertices as stay within a tolerance, rings not closed twice; a fiber never vanishes."""
    if not len(fibers):
        return _Outlines(np.zeros((0, 2), np.float32), np.zeros(1, np.int64))
    lengths = np.diff(fibers.outline_start)
    rings = shapely.linearrings(fibers.outline_um, indices=np.repeat(np.arange(len(fibers)), lengths))
    simple = shapely.simplify(rings, tolerance_um, preserve_topology=True)
    vertex_um, owner = shapely.get_coordinates(simple, return_index=True)
    last = np.flatnonzero(np.diff(owner, append=-1))  # a closed ring repeats its first vertex
    keep = np.ones(len(owner), np.bool_)
    keep[last] = False
    counts = np.bincount(owner[keep], minlength=len(fibers))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return _Outlines(vertex_um[keep].astype(np.float32), start)


def _in_255(probability: Floats) -> NDArray[np.uint8]:
    return np.clip(np.round(probability * 255), 0, 255).astype(np.uint8)
