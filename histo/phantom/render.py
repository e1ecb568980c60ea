"""Pixels from a scene: any region, any size, the same dye and truth whichever way the scene is cut into tiles.

Amounts of dye are laid down layer by layer (interstitium, sarcoplasm, structures, nuclei, artefacts) and developed into
color by `histo.phantom.look`. Only the camera's noise and its JPEG belong to the region that was drawn.
"""

from __future__ import annotations

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import Compartment, FiberAttribute
from histo.geometry import WORKING_MPP, Region
from histo.phantom.artefacts import paint_artefacts
from histo.phantom.canvas import SUBPIXEL_BITS, Canvas, drawn_mask, fixed_points, near
from histo.phantom.inhabitants import NOT_A_CELL
from histo.phantom.interstitium import draw_interstitium, paint_interstitium, paint_retraction
from histo.phantom.look import Image, Look, Plane, develop
from histo.phantom.noise import sample
from histo.phantom.nucleus_paint import draw_nuclei, paint_nuclei
from histo.phantom.sarcoplasm import draw_sarcoplasm, paint_sarcoplasm
from histo.phantom.scene import Scene
from histo.phantom.structure_paint import paint_structures
from histo.phantom.truth import Field, FieldTruth

MARGIN_WPX = 48
"""What is drawn around a region, so that blurs and distances know their surroundings."""


class Renderer:
    """Draws regions of one scene in one look."""

    def __init__(self, scene: Scene, look: Look) -> None:
        """Index the scene; every random property of a layer, a fiber or a nucleus is drawn here once."""
        self.scene, self.look = scene, look
        self.interstitium = draw_interstitium(scene, look)
        self.sarcoplasm = draw_sarcoplasm(scene, look)
        self.nuclei = draw_nuclei(scene, look)
        self._fiber_tree = shapely.STRtree(scene.fibers)
        self._nucleus_tree = shapely.STRtree(shapely.points(scene.nuclei.center_um))

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
        canvas.compartments[canvas.labels > 0] = Compartment.FIBER
        paint_structures(canvas, self.scene, self.look)
        nuclei = near(self._nucleus_tree, area.grown(20))
        paint_nuclei(canvas, self.scene, self.nuclei, nuclei)
        paint_artefacts(canvas, self.scene)
        rgb = develop(
            self.look, canvas.hematoxylin, canvas.eosin, canvas.red_cell, canvas.dirt, canvas.noise("drift"),
            self._camera(region_wpx),
        )  # fmt: skip
        inner = np.s_[MARGIN_WPX:-MARGIN_WPX, MARGIN_WPX:-MARGIN_WPX]
        truth = self._truth(region_wpx, canvas.labels[inner], canvas.compartments[inner], canvas.rows, nuclei)
        return Field(np.ascontiguousarray(rgb[inner]), truth)

    def fiber_rows(self, region_wpx: Region) -> NDArray[np.int64]:
        """(H, W) int64, the scene's row of the fiber at every pixel of a region, whatever lies over it, or -1."""
        labels, _, rows = self._fibers(region_wpx.grown(MARGIN_WPX))
        found: NDArray[np.int64] = np.concatenate([[-1], rows])[labels]
        return found[MARGIN_WPX:-MARGIN_WPX, MARGIN_WPX:-MARGIN_WPX]

    def glass(self, region_wpx: Region) -> Image:
        """(H, W, 3) uint8, a region that holds no tissue, drawn at a fraction of the cost."""
        nothing = np.zeros((region_wpx.height, region_wpx.width), np.float32)
        drift = sample("drift", region_wpx, self.look.offset)
        return develop(self.look, nothing, nothing, nothing, nothing, drift, self._camera(region_wpx))

    def _camera(self, region: Region) -> np.random.Generator:
        return np.random.default_rng([self.scene.seed, 4, region.x & 0xFFFFFFFF, region.y & 0xFFFFFFFF])

    def _canvas(self, area: Region) -> Canvas:
        labels, coverage, rows = self._fibers(area)
        section, fascicle = drawn_mask([self.scene.section], area), drawn_mask(self.scene.fascicles, area)
        compartments = np.full(labels.shape, Compartment.GLASS, np.uint8)
        compartments[section] = Compartment.PERIMYSIUM
        compartments[(fascicle | drawn_mask(self.scene.structures.sheets, area)) & section] = Compartment.ENDOMYSIUM
        eosin, hematoxylin, red_cell, dirt = (np.zeros(labels.shape, np.float32) for _ in range(4))
        return Canvas(
            area, self.look.offset, labels, coverage, rows, compartments, eosin, hematoxylin, red_cell, dirt
        )  # fmt: skip

    def _fibers(self, area: Region) -> tuple[NDArray[np.int32], Plane, NDArray[np.int64]]:
        labels = np.zeros((area.height, area.width), np.int32)
        coverage = np.zeros((area.height, area.width), np.uint8)
        rows = near(self._fiber_tree, area)
        for label, row in enumerate(rows, start=1):
            ring = [fixed_points(np.asarray(self.scene.fibers[row].exterior.coords), area)]
            cv2.fillPoly(labels, ring, label, cv2.LINE_8, SUBPIXEL_BITS)
            cv2.fillPoly(coverage, ring, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        # OpenCV also fills the pixels that a ring merely touches; those that are less than half covered are given back.
        labels[coverage < 128] = 0
        return labels, coverage * np.float32(1 / 255), rows

    def _truth(
        self, region: Region, labels: NDArray[np.int32], compartments: NDArray[np.uint8], rows: NDArray[np.int64],
        nuclei: NDArray[np.int64],
    ) -> FieldTruth:  # fmt: skip
        present = np.unique(labels)
        present = present[present > 0]
        compact = np.zeros(len(rows) + 1, np.int32)
        compact[present] = np.arange(1, len(present) + 1)
        kept = rows[present - 1]
        center = WORKING_MPP.to_px(self.scene.nuclei.center_um[nuclei]) - [region.x, region.y]
        kind = self.scene.nuclei.cell_class[nuclei]
        inside = np.all((center >= 0) & (center < [region.width, region.height]), axis=1) & (kind != NOT_A_CELL)
        center, kind = center[inside], kind[inside]
        clean = compartments[center[:, 1].astype(int), center[:, 0].astype(int)] != Compartment.ARTEFACT
        none = np.zeros((1, len(FiberAttribute)), np.bool_)
        return FieldTruth(
            fiber_labels=compact[labels],
            fiber_class=np.concatenate([np.zeros(1, np.uint8), self.scene.fiber_class[kept]]),
            fiber_attributes=np.concatenate([none, self.scene.fiber_attributes[kept]]),
            cell_center_px=center[clean].astype(np.float32),
            cell_class=kind[clean],
            compartments=compartments,
        )
