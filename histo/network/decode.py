"""The second half of the codec: from maps to fibers and cells in slide micrometers."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, Cells, FiberClass, Fibers
from histo.network import layout
from histo.network.cell_peaks import find_peaks
from histo.network.fissures import join_over_fissures
from histo.network.operating import OperatingPoints
from histo.network.outlines import Outline, min_feret, trace_outlines
from histo.network.partition import label_fibers
from histo.network.temperature import temper_odds, temper_shares

_RIM_WEIGHT = 0.1
"""Weight of a fiber's rim, against 1.1 in its middle: the rim's pixels mix with the neighbors."""


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
    pieces = label_fibers(maps, points)
    means = _means_inside(maps, pieces)
    labels = join_over_fissures(pieces, means[:, FiberClass.NECROTIC_HYALINE])
    if labels is not pieces:
        means = _means_inside(maps, labels)
    by_class = temper_shares(_shares(means[:, : len(FiberClass)]), points.class_temperature)
    by_attribute = temper_odds(means[:, len(FiberClass) :], points.attribute_temperature)
    necrotic = np.isin(decide_class(by_class, points.necrotic), NECROTIC_CLASSES)
    sure = _mean_foreground(maps, labels) >= np.where(necrotic, points.necrotic_fiber, points.fiber)
    outlines = [outline for outline in trace_outlines(labels, points.minimum_area_um2) if sure[outline.label]]
    corner_um = np.array(origin_um, np.float64)
    fibers, row_of_label = _fibers(labels, by_class, by_attribute, outlines, corner_um, points)
    return fibers, _cells(maps, labels, row_of_label, corner_um, points)


def _fibers(
    labels: NDArray[np.int32],
    by_class: NDArray[np.float64],
    by_attribute: NDArray[np.float64],
    outlines: list[Outline],
    origin_um: NDArray[np.float64],
    points: OperatingPoints,
) -> tuple[Fibers, NDArray[np.int32]]:
    row_of_label = np.full(int(labels.max(initial=0)) + 1, -1, np.int32)
    if not outlines:
        return Fibers.empty(), row_of_label
    center_um = shapely.get_coordinates(shapely.centroid([outline.polygon for outline in outlines]))
    order = np.lexsort((center_um[:, 0], center_um[:, 1]))
    outlines = [outlines[place] for place in order]
    label = np.array([outline.label for outline in outlines])
    row_of_label[label] = np.arange(len(label), dtype=np.int32)
    by_class, by_attribute = by_class[label], by_attribute[label]
    at_border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    fibers = Fibers(
        center_um=(center_um[order] + origin_um).astype(np.float32),
        area_um2=np.array([outline.polygon.area for outline in outlines], np.float32),
        min_feret_um=np.array([min_feret(outline.ring_um) for outline in outlines], np.float32),
        fiber_class=decide_class(by_class, points.necrotic),
        class_probability=by_class.astype(np.float32),
        attribute_probability=by_attribute.astype(np.float32),
        attributes=by_attribute >= np.array(points.attributes),
        cut=np.isin(label, at_border),
        outline_um=(np.concatenate([outline.ring_um for outline in outlines]) + origin_um).astype(np.float32),
        outline_start=np.cumsum([0, *(len(outline.ring_um) for outline in outlines)]).astype(np.int64),
    )
    return fibers, row_of_label


def _shares(by_class: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 5) over `FiberClass`, rows summing to 1; a label without pixels, as the background's, has zeros."""
    shares: NDArray[np.float64] = by_class / np.maximum(by_class.sum(axis=1, keepdims=True), 1e-9)
    return shares


def _mean_foreground(maps: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """(labels,) mean foreground probability of each label; label 0 is the background."""
    flat = labels.ravel()
    sums = np.bincount(flat, weights=maps[layout.FOREGROUND].ravel())
    means: NDArray[np.float64] = sums / np.maximum(np.bincount(flat), 1)
    return means


def decide_class(class_probability: NDArray[np.floating], necrotic: float) -> NDArray[np.uint8]:
    """The class of each fiber: the likeliest necrotic one if they together reach the threshold, else the best other.

    Args:
        class_probability: (N, 5) over `FiberClass`.
        necrotic: Summed probability from which a fiber is called necrotic.

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
    label = labels.ravel()[inside]
    weight = maps[layout.DISTANCE].ravel()[inside].astype(np.float64) + _RIM_WEIGHT
    total = np.bincount(label, weights=weight)
    channels = maps[layout.CLASSES.start : layout.ATTRIBUTES.stop].reshape(-1, labels.size)
    sums = [np.bincount(label, weights=weight * channel[inside]) for channel in channels]
    return np.stack(sums, axis=1) / np.maximum(total, _RIM_WEIGHT)[:, None]


def _cells(
    maps: NDArray[np.float32],
    labels: NDArray[np.int32],
    row_of_label: NDArray[np.int32],
    origin_um: NDArray[np.float64],
    points: OperatingPoints,
) -> Cells:
    peaks = find_peaks(maps, points)
    row, column = peaks.pixel.T
    return Cells(
        center_um=(peaks.center_um + origin_um).astype(np.float32),
        cell_class=peaks.kind,
        class_probability=peaks.height,
        compartment=maps[layout.COMPARTMENTS, row, column].argmax(axis=0).astype(np.uint8),
        fiber=row_of_label[labels[row, column]],
    ).sorted()
