"""The second half of the codec: from maps to fibers and cells in slide micrometers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, CellClass, Cells, FiberClass, Fibers
from histo.network import layout
from histo.network.cell_peaks import Peaks, find_peaks
from histo.network.fissures import join_over_fissures
from histo.network.operating import OperatingPoints
from histo.network.outlines import Outline, min_feret, trace_outlines
from histo.network.partition import label_fibers
from histo.network.second_look import look_again
from histo.network.temperature import temper_odds, temper_shares

_RIM_WEIGHT = 0.1
"""Weight of a fiber's rim, against 1.1 in its middle: the rim's pixels mix with the neighbors."""

_PHAGOCYTES = 2
"""So many macrophage-like nuclei inside a fiber make myophagocytosis possible (C); one may lie on it."""


@dataclass(frozen=True, eq=False, slots=True)
class OutlinedBlock:
    """N outlines of a block, in canonical order, and what the maps say of each.

    Attributes:
        labels: (h, w) int32 at 1 um/px.
        outlines: Each with its label.
        center_um: (N, 2) float64 from the block's corner.
        class_probability: (N, 5) float64 over `FiberClass`.
        attribute_probability: (N, 6) float64 over `FiberAttribute`.
        seen: (N, 4) float64 over `histo.network.second_look.SEEN`.
    """

    labels: NDArray[np.int32]
    outlines: tuple[Outline, ...]
    center_um: NDArray[np.float64]
    class_probability: NDArray[np.float64]
    attribute_probability: NDArray[np.float64]
    seen: NDArray[np.float64]


def decode_block(
    maps: NDArray[np.float32], origin_um: tuple[float, float], points: OperatingPoints
) -> tuple[Fibers, Cells]:
    """Fibers and cells of one block of maps.

    A shift of the block's origin shifts what is found, and changes nothing else, except for what touches its border.

    Args:
        maps: (26, h, w) float32, activated maps at 1 um/px.
        origin_um: x and y of the corner of map pixel (0, 0), in slide micrometers.
        points: The bundle's thresholds and temperatures.

    Returns:
        Fibers in canonical order, `cut` where the outline touches the block's border; cells in canonical order, with
        the row of the fiber that holds them.

    Raises:
        ValueError: If the maps have the wrong shape or dtype.
    """
    if maps.ndim != 3 or maps.shape[0] != layout.CHANNELS or maps.dtype != np.float32:
        raise ValueError(f"maps must be float32 of ({layout.CHANNELS}, h, w), not {maps.dtype} of {maps.shape}")
    block = outline_block(maps, points)
    peaks = find_peaks(maps, points)
    by_class = look_again(block.class_probability, block.seen, points.necrotic_look)
    fiber_class = decide_class(by_class, _necrotic_from(block, peaks, points))
    rows = sure_outlines(block, fiber_class, points)
    corner_um = np.array(origin_um, np.float64)
    row_of_label = np.full(int(block.labels.max(initial=0)) + 1, -1, np.int32)
    row_of_label[[block.outlines[row].label for row in rows]] = np.arange(len(rows), dtype=np.int32)
    fibers = fibers_of(block, by_class, fiber_class, rows, corner_um, points)
    return fibers, _cells(maps, peaks, row_of_label[block.labels[peaks.pixel[:, 0], peaks.pixel[:, 1]]], corner_um)


def _necrotic_from(block: OutlinedBlock, peaks: Peaks, points: OperatingPoints) -> NDArray[np.float64]:
    """(N,) the probability from which each outline is called necrotic."""
    row, column = peaks.pixel[peaks.kind == CellClass.MACROPHAGE].T
    inside = np.bincount(block.labels[row, column], minlength=int(block.labels.max(initial=0)) + 1)
    eaten = inside[[outline.label for outline in block.outlines]] >= _PHAGOCYTES
    lower = min(points.necrotic, points.necrotic_with_phagocytes)
    return np.where(eaten, lower, points.necrotic)


def outline_block(maps: NDArray[np.float32], points: OperatingPoints) -> OutlinedBlock:
    """Everything in a block that could be a fiber, before it is decided what is one.

    Args:
        maps: As for `decode_block`.
        points: The bundle's thresholds and temperatures.
    """
    pieces = label_fibers(maps, points)
    means = _means_inside(maps, pieces)
    labels = join_over_fissures(pieces, means[:, FiberClass.NECROTIC_HYALINE])
    if labels is not pieces:
        means = _means_inside(maps, labels)
    outlines = trace_outlines(labels, points.minimum_area_um2)
    polygons = [outline.polygon for outline in outlines]
    center_um = shapely.get_coordinates(shapely.centroid(polygons)).reshape(-1, 2)
    order = np.lexsort((center_um[:, 0], center_um[:, 1]))
    outlines = [outlines[place] for place in order]
    label = np.array([outline.label for outline in outlines], np.int64)
    roundness = (4 * np.pi * shapely.area(polygons) / np.maximum(shapely.length(polygons), 1e-9) ** 2)[order]
    planes = [maps[channel] for channel in (layout.FOREGROUND, layout.BOUNDARY, layout.DISTANCE)]
    return OutlinedBlock(
        labels=labels,
        outlines=tuple(outlines),
        center_um=center_um[order],
        class_probability=temper_shares(_shares(means[:, : len(FiberClass)]), points.class_temperature)[label],
        attribute_probability=temper_odds(means[:, len(FiberClass) :], points.attribute_temperature)[label],
        seen=np.stack([*(mean[label] for mean in _means(planes, labels)), roundness], axis=1),
    )


def sure_outlines(block: OutlinedBlock, fiber_class: NDArray[np.uint8], points: OperatingPoints) -> NDArray[np.int64]:
    """Rows of the outlines that are held to be fibers: those called necrotic need less foreground.

    Args:
        block: What could be a fiber.
        fiber_class: (N,) what each is called.
        points: The bundle's thresholds.
    """
    necrotic = np.isin(fiber_class, NECROTIC_CLASSES)
    return np.flatnonzero(block.seen[:, 0] >= np.where(necrotic, points.necrotic_fiber, points.fiber))


def fibers_of(
    block: OutlinedBlock,
    class_probability: NDArray[np.float64],
    fiber_class: NDArray[np.uint8],
    rows: NDArray[np.int64],
    origin_um: NDArray[np.float64],
    points: OperatingPoints,
) -> Fibers:
    """Fibers of the outlines that are held to be some.

    Args:
        block: What could be a fiber.
        class_probability: (N, 5) what the class of each outline is decided by.
        fiber_class: (N,) what it is called.
        rows: (K,) of the outlines, as `sure_outlines` gives them.
        origin_um: (2,) x and y of the block's corner, in slide micrometers.
        points: The bundle's thresholds.
    """
    if not len(rows):
        return Fibers.empty()
    outlines = [block.outlines[row] for row in rows]
    by_class, by_attribute = class_probability[rows], block.attribute_probability[rows]
    labels = block.labels
    at_border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return Fibers(
        center_um=(block.center_um[rows] + origin_um).astype(np.float32),
        area_um2=np.array([outline.polygon.area for outline in outlines], np.float32),
        min_feret_um=np.array([min_feret(outline.ring_um) for outline in outlines], np.float32),
        fiber_class=fiber_class[rows],
        class_probability=by_class.astype(np.float32),
        attribute_probability=by_attribute.astype(np.float32),
        attributes=by_attribute >= np.array(points.attributes),
        cut=np.isin([outline.label for outline in outlines], at_border),
        outline_um=(np.concatenate([outline.ring_um for outline in outlines]) + origin_um).astype(np.float32),
        outline_start=np.cumsum([0, *(len(outline.ring_um) for outline in outlines)]).astype(np.int64),
    )


def _shares(by_class: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 5) over `FiberClass`, rows summing to 1; a label without pixels, as the background's, has zeros."""
    shares: NDArray[np.float64] = by_class / np.maximum(by_class.sum(axis=1, keepdims=True), 1e-9)
    return shares


def _means(planes: Sequence[NDArray[np.float32]], labels: NDArray[np.int32]) -> list[NDArray[np.float64]]:
    """(labels,) mean of each map inside each label; label 0 is the background."""
    flat = labels.ravel().astype(np.intp)  # else each count converts them again
    pixels = np.maximum(np.bincount(flat), 1)
    return [np.bincount(flat, weights=plane.ravel()) / pixels for plane in planes]


def decide_class(class_probability: NDArray[np.floating], necrotic: float | NDArray[np.float64]) -> NDArray[np.uint8]:
    """The class of each fiber: the likeliest necrotic one if they together reach the threshold, else the best other.

    Args:
        class_probability: (N, 5) over `FiberClass`.
        necrotic: Summed probability from which a fiber is called necrotic; (N,) if each has its own.

    Returns:
        (N,) uint8, a `FiberClass`.
    """
    family = np.zeros(len(FiberClass), bool)
    family[list(NECROTIC_CLASSES)] = True
    is_necrotic = class_probability[:, family].sum(axis=1) >= necrotic
    allowed = np.where(is_necrotic[:, None], family, ~family)
    return np.asarray(np.where(allowed, class_probability, -1).argmax(axis=1), dtype=np.uint8)


def _means_inside(maps: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """(labels, 5 + 6) means over each fiber of the class and attribute maps, the middle weighing most."""
    inside = np.flatnonzero(labels)
    label = labels.ravel()[inside].astype(np.intp)  # else each count converts them again
    weight = maps[layout.DISTANCE].ravel()[inside].astype(np.float64) + _RIM_WEIGHT
    total = np.bincount(label, weights=weight)
    channels = maps[layout.CLASSES.start : layout.ATTRIBUTES.stop].reshape(-1, labels.size)
    sums = [np.bincount(label, weights=weight * channel[inside]) for channel in channels]
    return np.stack(sums, axis=1) / np.maximum(total, _RIM_WEIGHT)[:, None]


def _cells(maps: NDArray[np.float32], peaks: Peaks, fiber: NDArray[np.int32], origin_um: NDArray[np.float64]) -> Cells:
    row, column = peaks.pixel.T
    return Cells(
        center_um=(peaks.center_um + origin_um).astype(np.float32),
        cell_class=peaks.kind,
        class_probability=peaks.height,
        compartment=maps[layout.COMPARTMENTS, row, column].argmax(axis=0).astype(np.uint8),
        fiber=fiber,
    ).sorted()
