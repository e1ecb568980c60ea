"""From heat maps to nuclei: peaks, one per nucleus, placed between the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from histo.network import layout
from histo.network.layout import MAP_MPP
from histo.network.operating import OperatingPoints
from histo.network.temperature import temper_odds, untemper_odds

_SMOOTHING_PX = 0.7
"""Blur before peaks are sought: a saturated nucleus is flat on top, and has one peak only after it."""

_FLOOR = 1e-4
"""Smallest height whose logarithm is taken when a peak is placed."""


@dataclass(frozen=True, eq=False)
class Peaks:
    """Nuclei of a block.

    Attributes:
        center_um: (M, 2) float64, x and y from the block's corner.
        pixel: (M, 2) int64, row and column of the map pixel that holds the peak.
        kind: (M,) uint8, a `CellClass`.
        height: (M, 4) float32, the maps' values there after their temperature, over `CellClass`.
    """

    center_um: NDArray[np.float64]
    pixel: NDArray[np.int64]
    kind: NDArray[np.uint8]
    height: NDArray[np.float32]


def find_peaks(maps: NDArray[np.float32], points: OperatingPoints) -> Peaks:
    """Every local maximum that reaches its kind's threshold, the higher one where two are too near.

    Args:
        maps: (26, h, w) activated maps.
        points: Thresholds and the cells' temperature.

    Returns:
        Peaks in order of rows, then columns.
    """
    heats = maps[layout.CELLS]
    raw = heats.max(axis=0)
    highest = cv2.GaussianBlur(raw, (0, 0), _SMOOTHING_PX)
    radius = max(1, MAP_MPP.px(points.cell_spacing_um))
    around = cv2.dilate(highest, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    scale = points.cell_temperature, points.cell_even_height
    lowest = float(untemper_odds(np.array(min(points.cells)), *scale)) - _FLOOR
    row, column = np.nonzero((highest == around) & (raw >= lowest))
    height = temper_odds(heats[:, row, column].T, *scale).astype(np.float32)
    kind = height.argmax(axis=1).astype(np.uint8)
    enough = height.max(axis=1) >= np.array(points.cells, np.float32)[kind]
    row, column, height, kind = row[enough], column[enough], height[enough], kind[enough]
    offset = np.stack([_vertex(highest, row, column, 0, 1), _vertex(highest, row, column, 1, 0)], axis=1)
    center_um = np.asarray(MAP_MPP.to_um(np.stack([column, row], axis=1) + 0.5 + offset), dtype=np.float64)
    kept = _apart(center_um, height.max(axis=1), points.cell_spacing_um)
    return Peaks(center_um[kept], np.stack([row, column], axis=1)[kept], kind[kept], np.ascontiguousarray(height[kept]))


def _vertex(
    heat: NDArray[np.float32], row: NDArray[np.int64], column: NDArray[np.int64], down: int, right: int
) -> NDArray[np.float64]:
    """Where, within half a pixel, the parabola through the logarithms peaks: exact for a Gaussian bump."""
    last_row, last_column = heat.shape[0] - 1, heat.shape[1] - 1

    def log_at(step: int) -> NDArray[np.float64]:
        rows, columns = np.clip(row + step * down, 0, last_row), np.clip(column + step * right, 0, last_column)
        return np.log(np.maximum(heat[rows, columns], _FLOOR)).astype(np.float64)

    before, at, after = log_at(-1), log_at(0), log_at(1)
    bend = 2 * at - before - after
    return np.clip(np.divide(after - before, 2 * bend, out=np.zeros_like(bend), where=bend > 1e-9), -0.5, 0.5)


def _apart(center_um: NDArray[np.float64], height: NDArray[np.float32], spacing_um: float) -> NDArray[np.bool_]:
    """Which peaks stay when of any two that are too near the lower one goes, the highest deciding first."""
    keep = np.ones(len(center_um), bool)
    if len(center_um) < 2:
        return keep
    near: dict[int, list[int]] = {}
    for a, b in cKDTree(center_um).query_pairs(spacing_um, output_type="ndarray").tolist():
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for peak in sorted(near, key=lambda place: (-float(height[place]), place)):
        if keep[peak]:
            keep[near[peak]] = False
    return keep
