"""Fascicles, and where each fiber lies in its own: perimysium splits the tissue, and its rim is the fascicle edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from histo.evidence.measures import Measures
from histo.evidence.results import Fascicles
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
    codes, first_row, first_column = _cropped(compartments)
    perimysium = _without_specks(codes == Compartment.PERIMYSIUM, compartments, measures.perimysium_min_um2)
    perimysium_mm2 = compartments.mpp.area_mm2(float(np.count_nonzero(perimysium)))
    muscle = (codes == Compartment.FIBER) | (codes == Compartment.ENDOMYSIUM)
    labels, _ = ndimage.label(_blocks(muscle) & ~_blocks(perimysium))

    block_mpp = compartments.mpp.um_per_px * BLOCK
    origin_um = np.array([first_column, first_row]) * compartments.mpp.um_per_px
    place = np.floor((section.center_um - origin_um) / block_mpp).astype(np.int64)
    fascicle = _look_up(labels, place)

    edge_um = np.full(len(section), np.inf)
    rim = perimysium & ~ndimage.binary_erosion(perimysium)
    if len(section) and rim.any():
        row, column = np.nonzero(rim)
        points_um = (np.column_stack([column, row]) + 0.5) * compartments.mpp.um_per_px + origin_um
        edge_um = np.asarray(cKDTree(points_um).query(section.center_um)[0])
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


def _cropped(compartments: CompartmentMap) -> tuple[NDArray[np.uint8], int, int]:
    rows = np.flatnonzero(compartments.scored.any(axis=1))
    columns = np.flatnonzero(compartments.scored.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8), 0, 0
    # Blocks begin on even pixels, so that a fiber's fascicle does not depend on where the tissue begins.
    top, left = rows[0] - rows[0] % BLOCK, columns[0] - columns[0] % BLOCK
    window = (slice(top, rows[-1] + 1), slice(left, columns[-1] + 1))
    return np.where(compartments.scored[window], compartments.codes[window], Compartment.GLASS), int(top), int(left)


def _without_specks(mask: NDArray[np.bool_], compartments: CompartmentMap, min_um2: float) -> NDArray[np.bool_]:
    if not mask.any():
        return mask
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    large = np.bincount(labels.ravel()) >= min_um2 / compartments.mpp.area_um2(1)
    large[0] = False
    return np.asarray(large[labels], np.bool_)


def _blocks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = (-(-side // BLOCK) for side in mask.shape)
    padded = np.zeros((height * BLOCK, width * BLOCK), np.bool_)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(padded.reshape(height, BLOCK, width, BLOCK).any(axis=(1, 3)))


def _look_up(labels: NDArray[np.int32], place: NDArray[np.int64], reach: int = 2) -> NDArray[np.int64]:
    """Label at each (x, y) place, or the nearest one around: a thin fiber at the edge may have lost its own."""
    found = np.zeros(len(place), np.int64)
    steps = [(x, y) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    for step in sorted(steps, key=lambda xy: (xy[0] ** 2 + xy[1] ** 2, xy)):
        column, row = (place + step).T
        inside = (found == 0) & (row >= 0) & (column >= 0) & (row < labels.shape[0]) & (column < labels.shape[1])
        found[inside] = labels[row[inside], column[inside]]
    return found
