"""What a reader without any error would find on a phantom section: its truth as findings, without pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from histo.evidence import Coverage, SlideObservation
from histo.findings import COMPARTMENT_MPP, Cells, Compartment, CompartmentMap, Fibers, Findings
from histo.phantom.known import KnownSection, known_section
from histo.phantom.look import Look
from histo.phantom.scene import Scene
from histo.phantom.shapes import Polygons
from train.study.kinds import kinds_of

FINE = 4
"""Shapes are drawn at 1 um, and the likeliest of 4 x 4 gives a pixel of the compartment map, as in a reading."""

SUBPIXEL_BITS = 4
RIM_PX = 3
"""A tissue map reaches past the stained tissue by 8 to 16 um; here by 12."""

HIDDEN = 0.5
"""A fiber of which artefacts cover more than this share cannot be asked for (C)."""


@dataclass(frozen=True, eq=False)
class TrueSlide:
    """A phantom section as it would be found without error.

    Attributes:
        fibers: True fibers, but for those that artefacts hide.
        fiber_kind: (N,) uint8, their `FiberKind`.
        cells: True nuclei, but for those under artefacts; `fiber` is a row of `fibers`.
        compartments: At 4 um; scored is the section and a narrow rim of glass, without artefacts.
        tissue_mm2: Area of the section.
        hidden_mm2: What of it lies under artefacts.
    """

    fibers: Fibers
    fiber_kind: NDArray[np.uint8]
    cells: Cells
    compartments: CompartmentMap
    tissue_mm2: float
    hidden_mm2: float

    @property
    def findings(self) -> Findings:
        """The truth as findings."""
        return Findings(self.fibers, self.cells, self.compartments)

    def observed(self, name: str) -> SlideObservation:
        """The truth as evidence weighs it."""
        coverage = Coverage.of(
            rejected_mm2=self.hidden_mm2,
            unreadable_mm2=0.0,
            assessable_mm2=self.tissue_mm2 - self.hidden_mm2,
            artefact_mm2={},
        )
        return SlideObservation(name, self.findings, coverage)


def true_slide(scene: Scene, look: Look) -> TrueSlide:
    """The truth of a section that is drawn up.

    Args:
        scene: The section.
        look: What it is spoiled by; its colors do not matter.
    """
    known = known_section(scene, look)
    compartments = _compartments(known, scene.width_um, scene.height_um)
    shown = known.fiber_covered <= HIDDEN
    row = np.where(shown, np.cumsum(shown) - 1, -1)
    fibers = known.fibers.select(shown)
    cells = known.cells.select(~known.cell_covered)
    held = np.where(cells.fiber >= 0, row[cells.fiber], -1) if len(row) else cells.fiber
    cells = replace(cells, fiber=held.astype(np.int32))
    section = known.areas.section
    return TrueSlide(
        fibers=fibers,
        fiber_kind=kinds_of(fibers, known.look[shown], cells),
        cells=replace(cells, compartment=compartments.at_um(cells.center_um)),
        compartments=compartments,
        tissue_mm2=float(section.area) / 1e6,
        hidden_mm2=float(section.intersection(shapely.union_all(known.areas.covers)).area) / 1e6,
    )


def _compartments(known: KnownSection, width_um: float, height_um: float) -> CompartmentMap:
    """The compartment of every 4 um square."""
    step = round(COMPARTMENT_MPP.um_per_px)
    height, width = int(height_um) // step, int(width_um) // step
    fine = np.full((height * FINE, width * FINE), Compartment.GLASS, np.uint8)
    um_per_px = step / FINE
    _fill(fine, np.array([known.areas.section], object), Compartment.PERIMYSIUM, um_per_px)
    _fill(fine, known.areas.fascicles, Compartment.ENDOMYSIUM, um_per_px)
    for structure in known.areas.structures:
        if structure.kind.compartment not in (None, Compartment.ARTEFACT):
            _fill(fine, structure.shapes, structure.kind.compartment, um_per_px)
    outlines = known.fibers.outline_um.astype(np.float64) / um_per_px
    _cover(fine, np.split(outlines, known.fibers.outline_start[1:-1]) if len(known.fibers) else [])
    _fill(fine, known.areas.covers, Compartment.ARTEFACT, um_per_px)
    codes = _likeliest(fine)
    tissue = ndimage.binary_dilation(codes != Compartment.GLASS, iterations=RIM_PX)
    scored = ndimage.binary_fill_holes(tissue) & (codes != Compartment.ARTEFACT)
    return CompartmentMap(np.where(scored, codes, np.uint8(Compartment.GLASS)), np.asarray(scored, np.bool_))


def _fixed(points_px: NDArray[np.float64]) -> NDArray[np.int32]:
    """Points as OpenCV's fixed-point numbers, counted from the middle of pixel (0, 0)."""
    return np.round((points_px - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)


def _fill(fine: NDArray[np.uint8], shapes: Polygons, compartment: Compartment, um_per_px: float) -> None:
    parts = shapely.get_parts(shapes)
    for ring in shapely.get_exterior_ring(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]):
        points = _fixed(shapely.get_coordinates(ring) / um_per_px)
        cv2.fillPoly(fine, [points], int(compartment), cv2.LINE_8, SUBPIXEL_BITS)


def _cover(fine: NDArray[np.uint8], outlines_px: list[NDArray[np.float64]]) -> None:
    """Pixels that fibers cover by half or more; filling alone would take every pixel that an outline touches."""
    coverage = np.zeros(fine.shape, np.uint8)
    for points in outlines_px:
        cv2.fillPoly(coverage, [_fixed(points)], 255, cv2.LINE_AA, SUBPIXEL_BITS)
    fine[coverage >= 128] = Compartment.FIBER


def _likeliest(fine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = (side // FINE for side in fine.shape)
    squares = fine.reshape(height, FINE, width, FINE)
    shares = np.stack([np.count_nonzero(squares == kind, axis=(1, 3)) for kind in Compartment])
    likeliest: NDArray[np.uint8] = shares.argmax(axis=0).astype(np.uint8)
    return likeliest
