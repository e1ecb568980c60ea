"""Nuclei as ellipses: their kinds, their sizes, and points for them inside a polygon."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import CellClass

NOT_A_CELL = 255
"""`Nuclei.cell_class` of a red cell: drawn, but no nucleus."""


class NucleusLook(IntEnum):
    """How a nucleus is drawn."""

    FLAT = 0
    OVAL = 1
    VESICULAR = 2
    LYMPHOID = 3
    MACROPHAGE = 4
    SPINDLE = 5
    SMALL = 6
    RED_CELL = 7


_SEMI_AXES_UM = {
    NucleusLook.FLAT: ((3.5, 7.0), (1.0, 1.9)),
    NucleusLook.OVAL: ((3.5, 5.5), (2.2, 3.4)),
    NucleusLook.VESICULAR: ((4.0, 6.5), (3.0, 4.5)),
    NucleusLook.LYMPHOID: ((2.8, 3.9), (2.5, 3.6)),
    NucleusLook.MACROPHAGE: ((3.5, 5.5), (2.2, 3.6)),
    NucleusLook.SPINDLE: ((4.5, 8.5), (0.9, 1.7)),
    NucleusLook.SMALL: ((2.4, 4.2), (1.1, 1.8)),
    NucleusLook.RED_CELL: ((2.8, 3.8), (2.2, 3.6)),
}
_CELL_CLASS = {
    NucleusLook.FLAT: CellClass.MYONUCLEUS,
    NucleusLook.OVAL: CellClass.MYONUCLEUS,
    NucleusLook.VESICULAR: CellClass.MYONUCLEUS,
    NucleusLook.LYMPHOID: CellClass.LYMPHOCYTE,
    NucleusLook.MACROPHAGE: CellClass.MACROPHAGE,
    NucleusLook.SPINDLE: CellClass.OTHER,
    NucleusLook.SMALL: CellClass.OTHER,
    NucleusLook.RED_CELL: NOT_A_CELL,
}


@dataclass(frozen=True, eq=False)
class Nuclei:
    """M nuclei, in scene micrometers.

    Attributes:
        center_um: (M, 2) float64.
        semi_um: (M, 2) float64, semi-axes, longer first.
        angle: (M,) float64, radians of the longer axis.
        look: (M,) uint8, a `NucleusLook`.
        cell_class: (M,) uint8, a `CellClass`, or `NOT_A_CELL`.
        host: (M,) int64, row of the fiber that holds the nucleus, or -1.
    """

    center_um: NDArray[np.float64]
    semi_um: NDArray[np.float64]
    angle: NDArray[np.float64]
    look: NDArray[np.uint8]
    cell_class: NDArray[np.uint8]
    host: NDArray[np.int64]

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> Nuclei:
        """The nuclei at these rows."""
        return Nuclei(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def together(parts: list[Nuclei]) -> Nuclei:
    """Several sets of nuclei as one."""
    return Nuclei(*[np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Nuclei)])


def nuclei_at(
    points: NDArray[np.float64], look: NucleusLook, rng: np.random.Generator, angle: NDArray[np.float64] | None = None,
    host: NDArray[np.int64] | None = None,
) -> Nuclei:  # fmt: skip
    """Nuclei of one look at (M, 2) points, of any angle and without a host unless these are given."""
    m = len(points)
    longer, shorter = _SEMI_AXES_UM[look]
    semi = np.stack([rng.uniform(*longer, m), rng.uniform(*shorter, m)], axis=1)
    return Nuclei(
        center_um=points.reshape(-1, 2),
        semi_um=np.sort(semi, axis=1)[:, ::-1],
        angle=rng.uniform(0, np.pi, m) if angle is None else angle,
        look=np.full(m, look, np.uint8),
        cell_class=np.full(m, _CELL_CLASS[look], np.uint8),
        host=np.full(m, -1, np.int64) if host is None else host,
    )


def inside_points(
    polygon: shapely.Polygon, count: int, spacing_um: float, inset_um: float, rng: np.random.Generator,
    rim_um: float | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Up to `count` points inside a polygon, at least `spacing_um` apart; only near the rim if `rim_um` is given."""
    inner = polygon.buffer(-inset_um)
    if inner.is_empty:
        inner = polygon.buffer(-0.5)
    if rim_um is not None:
        inner = inner.difference(polygon.buffer(-inset_um - rim_um))
    if inner.is_empty:
        return np.zeros((0, 2))
    left, top, right, bottom = inner.bounds
    tries = rng.uniform([left, top], [right, bottom], (60 + 12 * count, 2))
    tries = tries[shapely.contains_xy(inner, tries[:, 0], tries[:, 1])]
    taken: list[NDArray[np.float64]] = []
    for point in tries:
        if len(taken) == count:
            break
        if all(np.hypot(*(point - other)) >= spacing_um for other in taken):
            taken.append(point)
    return np.array(taken).reshape(-1, 2)
