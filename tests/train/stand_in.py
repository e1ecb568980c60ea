"""Fields of colored discs: fast to draw, learnable, with the same truth as phantoms. Importable by worker processes."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.phantom.truth import Field, FieldTruth

_COLORS = np.array([[215, 130, 165], [170, 130, 200], [240, 200, 215], [200, 60, 110], [190, 150, 150]], np.float32)
_SPACING = 80


def draw_field(seed: int, size_wpx: int) -> Field:
    """A field whose fiber classes can be told by color, and whose nuclei by darkness."""
    rng = np.random.default_rng(seed)
    grid = np.arange(_SPACING // 2, size_wpx + _SPACING, _SPACING)
    centers = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2) + rng.uniform(-8, 8, (len(grid) ** 2, 2))
    seeds = np.ones((size_wpx, size_wpx), bool)
    inside = np.all(centers < size_wpx, axis=1)
    column, row = centers[inside].astype(int).T
    seeds[row, column] = False
    depth, nearest = distance_transform_edt(seeds, return_indices=True)
    order = np.zeros(seeds.shape, np.int32)
    order[row, column] = np.arange(1, len(row) + 1)
    labels = np.where(depth < 34, order[tuple(nearest)], 0).astype(np.int32)
    fiber_class = np.r_[0, rng.choice(len(FiberClass), len(row), p=[0.6, 0.1, 0.1, 0.1, 0.1])].astype(np.uint8)
    attributes = rng.random((len(row) + 1, len(FiberAttribute))) < 0.1
    rgb = np.where(labels[..., None] > 0, _COLORS[fiber_class[labels]], 245).astype(np.float32)
    count = size_wpx * size_wpx // 4000
    cells = rng.uniform(6, size_wpx - 6, (count, 2)).astype(np.float32)
    kinds = rng.integers(0, len(CellClass), count).astype(np.uint8)
    y, x = np.indices(labels.shape)
    for (cell_x, cell_y), kind in zip(cells, kinds, strict=True):
        near = np.s_[max(0, int(cell_y) - 9) : int(cell_y) + 10, max(0, int(cell_x) - 9) : int(cell_x) + 10]
        disc = (x[near] + 0.5 - cell_x) ** 2 + (y[near] + 0.5 - cell_y) ** 2 < (5 + kind) ** 2
        rgb[near][disc] = (60 + 20 * kind, 30, 110)
    rgb += rng.normal(0, 4, rgb.shape)
    compartments = np.where(labels > 0, Compartment.FIBER, Compartment.ENDOMYSIUM).astype(np.uint8)
    truth = FieldTruth(labels, fiber_class, attributes, cells, kinds, compartments)
    return Field(np.clip(rgb, 0, 255).astype(np.uint8), truth)
