"""Fascicles, and where each fiber lies in its own: perimysium splits the tissue, and its rim is the fascicle edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from histo.evidence.measures import Measures
from histo.evidence.place_results import Fascicles
from histo.evidence.section import Section
from histo.findings import Compartment, CompartmentMap

BLOCK = 2
"""Map pixels per fascicle-map pixel and side. A block with any perimysium is perimysium, which closes gaps in thin
septa."""


@dataclass(frozen=True, eq=False)
class FascicleGeometry:
    """Fascicles of one slide.

    Attributes:
        perimysium_mm2: Perimysium that was found, specks left out; without any there are no edges.
        fascicle: (N,) int64, the fascicle of each fiber of the section, 0 if none.
        edge_um: (N,) float64, from the fiber's center to the nearest perimysium; infinite without perimysium.
        at_edge: (N,) bool, fibers of a fascicle that lie at its edge.
    """

    perimysium_mm2: float
    fascicle: NDArray[np.int64]
    edge_um: NDArray[np.float64]
    at_edge: NDArray[np.bool_]

    @property
    def known(self) -> bool:
        """Whether there is any edge to lie at."""
        return self.perimysium_mm2 > 0


def map_fascicles(section: Section, zone_um: float, measures: Measures) -> FascicleGeometry:
    """Split fibers and endomysium at the perimysium, and measure each fiber's distance to it.

    Glass, tears and the cut rim of the specimen end a fascicle's area but are no edge: nobody can tell whether a rim
    without perimysium was one. Distance runs from the center and is held against the diameter of well-preserved fibers:
    the outermost row lies within it whatever its size, while a distance from the rim would depend on what is asked
    about.

    Args:
        section: The slide.
        zone_um: Fibers whose center is at most this far from perimysium lie at the edge.
        measures: What counts as perimysium.
    """
    compartments = section.findings.compartments
    codes, origin_um = _cropped(compartments)
    block_um = compartments.mpp.um_per_px * BLOCK
    perimysium_px = _blocks(codes == Compartment.PERIMYSIUM)
    perimysium = _without_specks(perimysium_px > 0, measures.perimysium_min_um2 / block_um**2)
    muscle = _blocks((codes == Compartment.FIBER) | (codes == Compartment.ENDOMYSIUM)) > 0
    labels, _ = ndimage.label(muscle & ~perimysium)
    fascicle = _look_up(labels, np.floor((section.center_um - origin_um) / block_um).astype(np.int64))

    edge_um = np.full(len(section), np.inf)
    row, column = np.nonzero(perimysium & ~ndimage.binary_erosion(perimysium))
    if len(row) and len(section):
        rim_um = (np.column_stack([column, row]) + 0.5) * block_um + origin_um
        edge_um = np.asarray(cKDTree(rim_um).query(section.center_um)[0])
    perimysium_mm2 = compartments.mpp.area_mm2(float(perimysium_px[perimysium].sum()))
    return FascicleGeometry(
        perimysium_mm2=perimysium_mm2,
        fascicle=fascicle,
        edge_um=edge_um,
        at_edge=(fascicle > 0) & (edge_um <= zone_um),
    )


def summarize_fascicles(geometries: Sequence[FascicleGeometry], zone_um: float) -> Fascicles:
    """Fascicles of all slides together."""
    sizes = [np.unique(part.fascicle[part.fascicle > 0], return_counts=True)[1] for part in geometries]
    fibers = np.concatenate(sizes) if sizes else np.zeros(0, np.int64)
    known = [part for part in geometries if part.known]
    in_fascicle = sum(int(np.count_nonzero(part.fascicle)) for part in known)
    at_edge = sum(int(np.count_nonzero(part.at_edge)) for part in known)
    return Fascicles(
        perimysium_mm2=float(sum(sorted(part.perimysium_mm2 for part in geometries))),
        count=len(fibers),
        median_fibers=float(np.median(fibers)) if len(fibers) else None,
        edge_zone_um=zone_um,
        at_edge_percent=100 * at_edge / in_fascicle if in_fascicle else None,
    )


def _cropped(compartments: CompartmentMap) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The scored part of the map, and where it begins in slide micrometers."""
    rows = np.flatnonzero(compartments.scored.any(axis=1))
    columns = np.flatnonzero(compartments.scored.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8), np.zeros(2)
    # Blocks begin on even pixels, so that a fiber's fascicle does not depend on where the tissue begins.
    top, left = rows[0] - rows[0] % BLOCK, columns[0] - columns[0] % BLOCK
    origin_um = np.array([left, top]) * compartments.mpp.um_per_px
    return compartments.codes[top : rows[-1] + 1, left : columns[-1] + 1], origin_um


def _blocks(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pixels of the mask in each block."""
    height, width = mask.shape
    padded = np.pad(mask, ((0, height % BLOCK), (0, width % BLOCK))).view(np.uint8)
    corners = [padded[y::BLOCK, x::BLOCK] for y in range(BLOCK) for x in range(BLOCK)]
    return np.asarray(sum(corners[1:], corners[0]), np.uint8)


def _without_specks(mask: NDArray[np.bool_], min_pixels: float) -> NDArray[np.bool_]:
    if not mask.any():
        return mask
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    large = np.bincount(labels.ravel()) >= min_pixels
    large[0] = False
    return np.asarray(large[labels], np.bool_)


def _look_up(labels: NDArray[np.int32], place: NDArray[np.int64], reach: int = 2) -> NDArray[np.int64]:
    """Label at each (x, y) place, or the nearest one around: a thin fiber at the edge may have lost its own."""
    found = np.zeros(len(place), np.int64)
    steps = [(x, y) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    for step in sorted(steps, key=lambda xy: (xy[0] ** 2 + xy[1] ** 2, xy)):
        column, row = (place + step).T
        inside = (found == 0) & (row >= 0) & (column >= 0) & (row < labels.shape[0]) & (column < labels.shape[1])
        found[inside] = labels[row[inside], column[inside]]
    return found
