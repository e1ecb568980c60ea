"""Pixels from a scene: any region, any size, the same dye and truth whichever way the scene is cut into tiles.

Amounts of dye are laid down layer by layer (interstitium, sarcoplasm, structures, nuclei, artefacts) and developed into
color by `histo.phantom.drawing.scanner`. Only the camera's noise and its JPEG belong to the region that was drawn.
"""

from __future__ import annotations

from dataclasses import fields

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import Compartment, FiberAttribute
from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing.artefacts import paint_artefacts
from histo.phantom.drawing.canvas import (
    SUBPIXEL_BITS,
    Canvas,
    Image,
    Plane,
    box_of,
    drawn_mask,
    fixed_points,
    near,
    put,
    trees_of,
)
from histo.phantom.drawing.interstitium import draw_interstitium, paint_interstitium, paint_retraction
from histo.phantom.drawing.nuclei import draw_nuclei, paint_nuclei
from histo.phantom.drawing.sarcoplasm import draw_sarcoplasm, paint_sarcoplasm
from histo.phantom.drawing.scanner import develop, photograph, pieces
from histo.phantom.drawing.structures import paint_structures
from histo.phantom.look import Look, draw_blemishes
from histo.phantom.nuclei import NOT_A_CELL
from histo.phantom.scene import Scene
from histo.phantom.truth import Field, FieldTruth

MARGIN_WPX = 50
"""What is drawn around a region, so that blurs and distances know their surroundings; wide glass reaches 48."""


class Renderer:
    """Draws regions of one scene in one look."""

    def __init__(self, scene: Scene, look: Look) -> None:
        """Index the scene; every random property of a layer, a fiber or a nucleus is drawn here once."""
        self.scene, self.look = scene, look
        self.interstitium = draw_interstitium(scene, look)
        self.sarcoplasm = draw_sarcoplasm(scene, look)
        self.nuclei = draw_nuclei(scene, look)
        self.blemishes = draw_blemishes(scene, look.section)
        self._fiber_tree = shapely.STRtree(scene.fibers)
        self._nucleus_tree = shapely.STRtree(shapely.points(scene.nuclei.center_um))
        arrays = [getattr(scene.structures, field.name) for field in fields(scene.structures)]
        self._trees = trees_of(
            [scene.fascicles, self.blemishes.shapes, *(array for array in arrays if array.dtype == object)]
        )

    def render(self, region_wpx: Region) -> Field:
        """Draw a region.

        Args:
            region_wpx: In working pixels of the scene; may reach beyond it (glass).

        Returns:
            Pixels and truth of exactly the region's size; truth frame: the region's own pixels.
        """
        area = region_wpx.grown(MARGIN_WPX)
        canvas = self._canvas(area)
        paint_interstitium(canvas, self.scene, self.interstitium)
        paint_sarcoplasm(canvas, self.scene, self.sarcoplasm)
        paint_retraction(canvas, self.interstitium)
        put(canvas.compartments, canvas.labels > 0, Compartment.FIBER)
        paint_structures(canvas, self.scene, self.look)
        nuclei = near(self._nucleus_tree, area.grown(20))
        paint_nuclei(canvas, self.scene, self.nuclei, nuclei)
        paint_artefacts(canvas, self.scene, self.blemishes, self.look)
        return self._scanned(region_wpx, canvas, nuclei)

    def fiber_rows(self, region_wpx: Region) -> NDArray[np.int64]:
        """(H, W) int64, the scene's row of the fiber at every pixel of a region, whatever lies over it, or -1."""
        labels, _, rows = self._fibers(region_wpx.grown(MARGIN_WPX))
        found: NDArray[np.int64] = np.concatenate([[-1], rows])[labels]
        return found[MARGIN_WPX:-MARGIN_WPX, MARGIN_WPX:-MARGIN_WPX]

    def is_bare(self, region_wpx: Region) -> bool:
        """Whether a region shows clean glass alone, which `glass` draws."""
        area = region_wpx.grown(MARGIN_WPX)
        tree = self._trees[id(self.blemishes.shapes)]
        return not self.scene.section.intersects(box_of(area)) and len(near(tree, area)) == 0

    def glass(self, region_wpx: Region) -> Image:
        """(H, W, 3) uint8, a region that holds no tissue, drawn at a fraction of the cost."""
        nothing = np.zeros((region_wpx.height, region_wpx.width), np.float32)
        labels, compartments = nothing.astype(np.int32), nothing.astype(np.uint8)
        canvas = Canvas(
            region_wpx, self.look.offset, labels, nothing, np.zeros(0, np.int64), compartments,
            nothing, nothing, nothing, nothing, [], [], {},
        )  # fmt: skip
        return photograph(self.look, develop(self.look, canvas), self._camera(region_wpx))

    def _camera(self, region: Region) -> np.random.Generator:
        return np.random.default_rng([self.scene.seed, 4, region.x & 0xFFFFFFFF, region.y & 0xFFFFFFFF])

    def _canvas(self, area: Region) -> Canvas:
        labels, coverage, rows = self._fibers(area)
        compartments = np.full(labels.shape, Compartment.GLASS, np.uint8)
        eosin, hematoxylin, red_cell, dirt = (np.zeros(labels.shape, np.float32) for _ in range(4))
        canvas = Canvas(
            area, self.look.offset, labels, coverage, rows, compartments, eosin, hematoxylin, red_cell, dirt, [], [],
            self._trees,
        )  # fmt: skip
        section = drawn_mask([self.scene.section], area)
        put(compartments, section, Compartment.PERIMYSIUM)
        inside = canvas.mask(self.scene.fascicles) | canvas.mask(self.scene.structures.sheets)
        put(compartments, inside & section, Compartment.ENDOMYSIUM)
        return canvas

    def _fibers(self, area: Region) -> tuple[NDArray[np.int32], Plane, NDArray[np.int64]]:
        labels = np.zeros((area.height, area.width), np.int32)
        coverage = np.zeros((area.height, area.width), np.uint8)
        rows = near(self._fiber_tree, area)
        rings = shapely.get_exterior_ring(self.scene.fibers[rows])
        points = fixed_points(shapely.get_coordinates(rings), area)
        ends = np.cumsum(shapely.get_num_coordinates(rings))
        for label, ring in enumerate(np.split(points, ends)[: len(rows)], start=1):
            cv2.fillPoly(labels, [ring], label, cv2.LINE_8, SUBPIXEL_BITS)
            cv2.fillPoly(coverage, [ring], 255, cv2.LINE_AA, SUBPIXEL_BITS)
        # OpenCV also fills the pixels that a ring merely touches; those that are less than half covered are given back.
        put(labels, coverage < 128, 0)
        return labels, coverage * np.float32(1 / 255), rows

    def _scanned(self, region: Region, canvas: Canvas, nuclei: NDArray[np.int64]) -> Field:
        """Develop a canvas and put the region together from the scanner's pieces, pixels and truth alike."""
        image = develop(self.look, canvas)
        rgb = np.empty((region.height, region.width, 3), np.uint8)
        labels = np.empty(rgb.shape[:2], np.int32)
        compartments = np.empty(rgb.shape[:2], np.uint8)
        centers = WORKING_MPP.to_px(self.scene.nuclei.center_um[nuclei])
        shown_center, shown_nucleus = [np.zeros((0, 2))], [np.zeros(0, np.int64)]
        for piece in pieces(self.look, region):
            to, source = _window(piece.shown, region), _window(piece.taken, canvas.area)
            gained = image[source]
            rgb[to] = gained if piece.gain == 1 else cv2.convertScaleAbs(gained, alpha=piece.gain)
            labels[to], compartments[to] = canvas.labels[source], canvas.compartments[source]
            local = centers - [piece.taken.x, piece.taken.y]
            here = np.all((local >= 0) & (local < [piece.taken.width, piece.taken.height]), axis=1)
            shown_center.append(local[here] + [piece.shown.x - region.x, piece.shown.y - region.y])
            shown_nucleus.append(nuclei[here])
        truth = self._truth(
            labels, compartments, canvas.rows, np.concatenate(shown_center), np.concatenate(shown_nucleus)
        )
        return Field(photograph(self.look, rgb, self._camera(region)), truth)

    def _truth(
        self, labels: NDArray[np.int32], compartments: NDArray[np.uint8], rows: NDArray[np.int64],
        center: NDArray[np.float64], nuclei: NDArray[np.int64],
    ) -> FieldTruth:  # fmt: skip
        present = np.flatnonzero(np.bincount(labels.ravel(), minlength=1))
        present = present[present > 0]
        compact = np.zeros(len(rows) + 1, np.int32)
        compact[present] = np.arange(1, len(present) + 1)
        kept = rows[present - 1]
        kind = self.scene.nuclei.cell_class[nuclei]
        clean = compartments[center[:, 1].astype(int), center[:, 0].astype(int)] != Compartment.ARTEFACT
        clean &= kind != NOT_A_CELL
        none = np.zeros((1, len(FiberAttribute)), np.bool_)
        return FieldTruth(
            fiber_labels=np.take(compact, labels),
            fiber_class=np.concatenate([np.zeros(1, np.uint8), self.scene.fiber_class[kept]]),
            fiber_attributes=np.concatenate([none, self.scene.fiber_attributes[kept]]),
            cell_center_px=center[clean].astype(np.float32),
            cell_class=kind[clean],
            compartments=compartments,
        )


def _window(part: Region, whole: Region) -> tuple[slice, slice]:
    """Where a region lies in the array of a larger one."""
    top, left = part.y - whole.y, part.x - whole.x
    return slice(top, top + part.height), slice(left, left + part.width)
