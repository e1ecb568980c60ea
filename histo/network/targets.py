"""The first half of the codec: what the network should answer for a field whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import CellClass
from histo.geometry import WORKING_MPP
from histo.network.layout import MAP_MPP, STRIDE
from histo.phantom.truth import UNKNOWN_COMPARTMENT, FieldTruth

Code = TypeVar("Code", bound=np.generic)

IGNORE = UNKNOWN_COMPARTMENT
"""Value of `Targets.fiber_class` where there is no fiber, so no class; and of compartments that are not known."""

BOUNDARY_REACH_WPX = 1
"""Working pixels added to each side of a border's two pixels: a band of 2 um in all."""

CELL_SIGMA_UM = 1.6
"""Width of the bump at a nucleus; a lymphocyte's nucleus is about 7 um wide."""

_STAMP_RADIUS = int(np.ceil(4 * CELL_SIGMA_UM))


@dataclass(frozen=True, eq=False)
class Targets:
    """What each map should hold, at 1 um/px; read-only arrays of (h, w) = (H / 2, W / 2).

    Attributes:
        foreground: (h, w) float32, 1 inside a fiber.
        distance: (h, w) float32, 0 outside and at the rim, 1 in the middle of each fiber; see `histo.network.layout`.
        boundary: (h, w) float32, the share of each pixel that lies within 1 um of a fiber's border.
        fiber_class: (h, w) uint8, a `FiberClass`, or `IGNORE` outside fibers.
        attributes: (6, h, w) bool, over `FiberAttribute`; meaningful inside fibers.
        cells: (4, h, w) float32, over `CellClass`; a Gaussian of height 1 at each nucleus; of two, the larger.
        compartments: (h, w) uint8, a `Compartment`, or `IGNORE` where it is not known.
        fiber_labels: (h, w) int32, the fiber's number in the truth, 0 outside.
        fibers_known: (h, w) bool, where foreground, distance and boundary mean something.
        cells_known: (4, h, w) bool, over `CellClass`, where the absence of a nucleus means something.
        attributes_known: (6,) bool, which attributes mean something.
    """

    foreground: NDArray[np.float32]
    distance: NDArray[np.float32]
    boundary: NDArray[np.float32]
    fiber_class: NDArray[np.uint8]
    attributes: NDArray[np.bool_]
    cells: NDArray[np.float32]
    compartments: NDArray[np.uint8]
    fiber_labels: NDArray[np.int32]
    fibers_known: NDArray[np.bool_]
    cells_known: NDArray[np.bool_]
    attributes_known: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for field in fields(self):
            getattr(self, field.name).flags.writeable = False


def encode_targets(truth: FieldTruth) -> Targets:
    """Targets for training from the truth of a field.

    A fiber cut by the field's edge keeps its distance to its real border only: the edge is no border.

    Args:
        truth: At 0.5 um/px, with even width and height.

    Returns:
        Targets at 1 um/px.

    Raises:
        ValueError: If the truth has another scale or an odd size.
    """
    height, width = truth.fiber_labels.shape
    if truth.mpp != WORKING_MPP or height % STRIDE or width % STRIDE:
        raise ValueError(f"truth must be of even size at {WORKING_MPP}, not {width} x {height} at {truth.mpp}")
    labels = _halved_by_majority(truth.fiber_labels)
    foreground = labels > 0
    edges = _borders(truth.fiber_labels)
    return Targets(
        foreground=foreground.astype(np.float32),
        distance=_normalized_distance(truth.fiber_labels, edges, labels),
        boundary=_boundary(edges),
        fiber_class=np.where(foreground, truth.fiber_class[labels], np.uint8(IGNORE)).astype(np.uint8),
        attributes=np.ascontiguousarray(np.moveaxis(truth.fiber_attributes[labels], -1, 0)) & foreground,
        cells=_cell_bumps(truth, labels.shape),
        compartments=_halved_by_majority(truth.compartments),
        fiber_labels=labels,
        fibers_known=_halved_where_all(truth.fibers_known, labels.shape),
        cells_known=_halved_where_all(truth.cells_known, labels.shape) & truth.cell_classes_known[:, None, None],
        attributes_known=truth.attributes_known.copy(),
    )


def _halved_by_majority(codes: NDArray[Code]) -> NDArray[Code]:
    """The most frequent of each 2 x 2; where two pairs tie, the pair of the upper left."""
    a, b, c, d = codes[::2, ::2], codes[::2, 1::2], codes[1::2, ::2], codes[1::2, 1::2]
    alone = (a != b) & (a != c) & (a != d)
    return np.where(alone & ((b == c) | (b == d)), b, np.where(alone & (c == d), c, a))


def _halved_where_all(known: NDArray[np.bool_] | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A pixel is known if all four that it covers are."""
    if known is None:
        return np.ones(shape, np.bool_)
    return known[::2, ::2] & known[::2, 1::2] & known[1::2, ::2] & known[1::2, 1::2]


def _borders(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """1 on both sides of every border between a fiber and anything else."""
    edges = np.zeros(labels.shape, np.uint8)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    for part, differs in ((edges[:, 1:], across), (edges[:, :-1], across), (edges[1:], down), (edges[:-1], down)):
        np.bitwise_or(part, differs, out=part, casting="unsafe")
    return edges


def _halved_by_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    size = (values.shape[1] // STRIDE, values.shape[0] // STRIDE)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _boundary(edges: NDArray[np.uint8]) -> NDArray[np.float32]:
    width = 2 * BOUNDARY_REACH_WPX + 1
    disc = cv2.getStructuringElement(cv2.MORPH_CROSS, (width, width))
    return _halved_by_mean(cv2.dilate(edges, disc).astype(np.float32))


def _normalized_distance(
    fine_labels: NDArray[np.int32], edges: NDArray[np.uint8], labels: NDArray[np.int32]
) -> NDArray[np.float32]:
    if not edges.any():  # one fiber fills the field, or there is none
        return (labels > 0).astype(np.float32)
    depth = cv2.distanceTransform(1 - edges, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # its last bit changes with the place in memory; squared distances are whole numbers, so this is the same every time
    depth = np.sqrt(np.rint(depth * depth))
    depth = _halved_by_mean(np.where(fine_labels > 0, depth, 0).astype(np.float32)) * (labels > 0)
    deepest = np.zeros(int(fine_labels.max()) + 1, np.float32)
    np.maximum.at(deepest, labels.ravel(), depth.ravel())
    return np.asarray(depth / np.maximum(deepest, 1e-3)[labels], dtype=np.float32)


def _cell_bumps(truth: FieldTruth, shape: tuple[int, ...]) -> NDArray[np.float32]:
    bumps = np.zeros((len(CellClass), *shape), np.float32)
    center = truth.mpp.to_um(truth.cell_center_px.astype(np.float64)) / MAP_MPP.um_per_px - 0.5
    nearest = np.rint(center).astype(np.int64)
    offset = np.mgrid[-_STAMP_RADIUS : _STAMP_RADIUS + 1, -_STAMP_RADIUS : _STAMP_RADIUS + 1].reshape(2, 1, -1)
    column, row = nearest[:, 0, None] + offset[1], nearest[:, 1, None] + offset[0]
    squared = (column - center[:, 0, None]) ** 2 + (row - center[:, 1, None]) ** 2
    height = np.exp(-squared / (2 * CELL_SIGMA_UM**2)).astype(np.float32)
    kind = np.broadcast_to(truth.cell_class[:, None], column.shape)
    inside = (column >= 0) & (row >= 0) & (column < shape[1]) & (row < shape[0])
    np.maximum.at(bumps, (kind[inside], row[inside], column[inside]), height[inside])
    return bumps
