"""Pictures for people who train: what a sample teaches, and what a network finds, over the pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import CellClass, Cells, Compartment, FiberClass, Fibers
from histo.geometry import WORKING_MPP
from histo.network import IGNORE, layout
from histo.records import CELL_NAMES, COLORS, FIBER_NAMES
from train.dataset import Sample

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB."""

GAP_PX = 4
_FIBER_COLORS = np.array([COLORS[FIBER_NAMES[kind]] for kind in FiberClass], np.uint8)
_CELL_COLORS = np.array([COLORS[CELL_NAMES[kind]] for kind in CellClass], np.uint8)
_COMPARTMENT_COLORS = np.array(
    [
        [255, 255, 255],  # glass
        [153, 153, 153],  # fiber
        [230, 159, 0],  # endomysium
        [86, 180, 233],  # perimysium
        [213, 94, 0],  # vessel
        [240, 228, 66],  # fat
        [0, 158, 115],  # nerve or spindle
        [204, 121, 167],  # artefact
    ],
    np.uint8,
)
"""By `Compartment`; the palette of Okabe and Ito, as in every figure."""

_BORDER_COLOR = np.array([213, 94, 0], np.uint8)

_PARTS_OF_PX = 4
"""cv2 draws on a grid of 1 / 2 ** 4 pixels."""


def maps_of_sample(sample: Sample) -> NDArray[np.float32]:
    """What a network that has learned a sample by heart would give.

    Args:
        sample: See `train.dataset.sample_of`.

    Returns:
        (26, h, w) float32. What nobody knows is given as nothing: no fiber, no nucleus, the first compartment.
    """
    fiber_class, compartments = sample["fiber_class"], sample["compartments"]
    inside = fiber_class != IGNORE
    parts = [
        np.stack([inside, sample["distance"], sample["boundary"]]),
        np.moveaxis(np.eye(len(FiberClass))[np.where(inside, fiber_class, 0)], -1, 0),
        sample["attributes"],
        sample["cells"],
        np.moveaxis(np.eye(len(Compartment))[np.where(compartments == IGNORE, 0, compartments)], -1, 0),
    ]
    return np.concatenate(parts).astype(np.float32)


def draw_findings(rgb: Picture, fibers: Fibers, cells: Cells) -> Picture:
    """Outlines by class and nuclei by kind, over the pixels.

    Args:
        rgb: At 0.5 um/px, its corner the origin of the findings.
        fibers: Outlined in the color of their class, on a dark line.
        cells: Dots in the color of their kind.
    """
    drawn = np.ascontiguousarray(rgb).copy()
    for row in range(len(fibers)):
        ring = np.round(WORKING_MPP.to_px(fibers.outline(row)) * 2**_PARTS_OF_PX).astype(np.int32)
        color = _FIBER_COLORS[fibers.fiber_class[row]].tolist()
        for ink, width in (((34, 34, 34), 4), (color, 2)):
            cv2.polylines(drawn, [ring], True, ink, width, cv2.LINE_AA, _PARTS_OF_PX)
    for center_um, kind in zip(cells.center_um, cells.cell_class, strict=True):
        x, y = (round(float(place)) for place in WORKING_MPP.to_px(center_um))
        cv2.circle(drawn, (x, y), 4, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(drawn, (x, y), 3, _CELL_COLORS[kind].tolist(), -1, cv2.LINE_AA)
    return drawn


def draw_targets(sample: Sample) -> tuple[Picture, Picture]:
    """The targets themselves, at the size of the pixels.

    Returns:
        Fibers in the color of their class, stronger toward the middle, borders red, nuclei as bumps of their kind's
        color; and the compartments. What is not known is black.
    """
    fiber_class, compartments = sample["fiber_class"], sample["compartments"]
    picture = np.where(sample["fibers_known"][..., None], np.float32(255), np.float32(0))
    picture = _over(picture, _FIBER_COLORS[np.where(fiber_class == IGNORE, 0, fiber_class)], sample["distance"])
    picture = _over(picture, _BORDER_COLOR, sample["boundary"])
    for kind in CellClass:
        picture = _over(picture, _CELL_COLORS[kind], sample["cells"][kind])
    areas = _COMPARTMENT_COLORS[np.where(compartments == IGNORE, 0, compartments)]
    areas = np.where((compartments == IGNORE)[..., None], 0, areas)
    return _doubled(picture), _doubled(areas)


def lay_out(rows: Sequence[Sequence[Picture]]) -> Picture:
    """Pictures of one size in rows and columns, with white gaps."""
    height, width, _ = rows[0][0].shape
    sheet = np.full((len(rows) * (height + GAP_PX), len(rows[0]) * (width + GAP_PX), 3), 255, np.uint8)
    for number, row in enumerate(rows):
        for column, picture in enumerate(row):
            y, x = number * (height + GAP_PX), column * (width + GAP_PX)
            sheet[y : y + height, x : x + width] = picture
    return sheet


def _over(picture: NDArray[np.float32], color: NDArray[np.integer], cover: NDArray[np.generic]) -> NDArray[np.float32]:
    share = cover.astype(np.float32)[..., None]
    mixed: NDArray[np.float32] = (picture * (1 - share) + color.astype(np.float32) * share).astype(np.float32)
    return mixed


def _doubled(picture: NDArray[np.generic]) -> Picture:
    twice: Picture = picture.repeat(layout.STRIDE, axis=0).repeat(layout.STRIDE, axis=1).astype(np.uint8)
    return twice
