"""Pixels from a scene: any region, any size, the same dye and truth whichever way the scene is cut into tiles.

Amounts of dye are laid down layer by layer (interstitium, sarcoplasm, nuclei, structures, dirt) and developed into
color by `histo.phantom.look`. Only the camera's noise and its JPEG belong to the region that was drawn.
"""

from __future__ import annotations

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, Compartment, FiberAttribute
from histo.geometry import WORKING_MPP, Region
from histo.phantom.inhabitants import NOT_A_CELL, NucleusLook
from histo.phantom.look import Image, Look, Plane, develop
from histo.phantom.noise import sample
from histo.phantom.sarcoplasm import is_cracked, scratch, tone
from histo.phantom.scene import Scene
from histo.phantom.tessellation import Polygons
from histo.phantom.truth import Field, FieldTruth

MARGIN_WPX = 48
SUBPIXEL_BITS = 4

_TONE = {
    NucleusLook.FLAT: (0.65, 1.1),
    NucleusLook.OVAL: (0.5, 1.0),
    NucleusLook.VESICULAR: (0.35, 0.7),
    NucleusLook.LYMPHOID: (0.85, 1.3),
    NucleusLook.MACROPHAGE: (0.45, 0.95),
    NucleusLook.SPINDLE: (0.6, 1.1),
    NucleusLook.SMALL: (0.7, 1.15),
    NucleusLook.RED_CELL: (0.0, 0.0),
}


class Renderer:
    """Draws regions of one scene in one look."""

    def __init__(self, scene: Scene, look: Look) -> None:
        """Index the scene; every random property of a fiber or nucleus is drawn here once."""
        self.scene = scene
        self.look = look
        self.sarcoplasm = tone(scene, look)
        self._fiber_tree = shapely.STRtree(scene.fibers)
        self._nucleus_tree = shapely.STRtree(shapely.points(scene.nuclei.center_um))
        rng = np.random.default_rng([scene.seed, 3])
        low, high = np.array([_TONE[NucleusLook(k)] for k in scene.nuclei.look]).reshape(-1, 2).T
        faint = rng.uniform(0.5, 0.9) if rng.random() < 0.3 else 1.0
        self.darkness = rng.uniform(low, high) * look.hematoxylin_level * faint
        self.halo = rng.random(len(scene.nuclei.look))
        self.endomysium = rng.uniform(0.05, 0.6) * look.eosin_level
        self.perimysium = rng.uniform(0.15, 0.5) * look.eosin_level
        self.crack_level = rng.uniform(-0.3, 0.9) - 2.2 * scene.spec.endomysium_fill
        self.perimysial_crack = rng.uniform(-1.8, 0.2)
        self.chromatin = rng.uniform(0.1, 0.45)
        self.retraction_wpx = rng.uniform(1.5, 5.0) if rng.random() < 0.35 else 0.0
        if self.retraction_wpx and rng.random() < 0.6:  # edema or fibrosis as pink as fibers, which halos set apart
            self.endomysium = rng.uniform(0.4, 0.95) * look.eosin_level
        self.cytoplasm = rng.uniform(0.15, 1.0) * look.eosin_level
        self.cytoplasm_blue = rng.uniform(0.03, 0.4)
        self.bordered = rng.uniform(0.0, 0.9)
        self.sheet_eosin = rng.uniform(0.1, 0.9) * look.eosin_level
        self.scar_eosin = rng.uniform(0.35, 1.0) * look.eosin_level
        self.sheet_blue = rng.uniform(0.0, 0.35)
        self.striation = rng.uniform(0.0, 0.06) * (rng.random() < 0.25)
        self.striation_wave = rng.uniform(0.5, 1.4), rng.uniform(0, np.pi)

    def render(self, region_wpx: Region) -> Field:
        """Draw a region.

        Args:
            region_wpx: In working pixels of the scene; may reach beyond it (glass).

        Returns:
            Pixels and truth of exactly the region's size; truth frame: the region's own pixels.
        """
        area = region_wpx.grown(MARGIN_WPX)
        labels, alpha, rows = self._draw_fibers(area)
        fascicle, section = self._mask(self.scene.fascicles, area), self._mask([self.scene.section], area)
        structures = self.scene.structures
        compartments = np.full(labels.shape, Compartment.GLASS, np.uint8)
        compartments[section] = Compartment.PERIMYSIUM
        compartments[fascicle & section] = Compartment.ENDOMYSIUM
        compartments[self._mask(structures.sheets, area) & section] = Compartment.ENDOMYSIUM
        eosin, blue = self._interstitium(area, compartments)
        self._sarcoplasm(area, labels, alpha, rows, eosin, blue)
        if self.retraction_wpx:
            gap = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 3) - self.retraction_wpx
            eosin *= np.where(labels > 0, 1, np.clip(0.1 + 0.5 * gap, 0.1, 1)).astype(np.float32)
        compartments[labels > 0] = Compartment.FIBER
        red = np.zeros(labels.shape, np.float32)
        dirt = np.zeros(labels.shape, np.float32)
        self._structures(area, compartments, labels, eosin, blue)
        nuclei = self._nuclei(area, eosin, blue, red)
        self._artefacts(area, compartments, labels, eosin, blue, red, dirt)
        drift = sample("drift", area, self.look.offset)
        rgb = develop(self.look, blue, eosin, red, dirt, drift, self._camera(region_wpx))
        inner = np.s_[MARGIN_WPX:-MARGIN_WPX, MARGIN_WPX:-MARGIN_WPX]
        return Field(
            np.ascontiguousarray(rgb[inner]), self._truth(region_wpx, labels[inner], compartments[inner], rows, nuclei)
        )

    def glass(self, region_wpx: Region) -> Image:
        """(H, W, 3) uint8, a region that holds no tissue, drawn at a fraction of the cost."""
        nothing = np.zeros((region_wpx.height, region_wpx.width), np.float32)
        drift = sample("drift", region_wpx, self.look.offset)
        return develop(self.look, nothing, nothing, nothing, nothing, drift, self._camera(region_wpx))

    def _camera(self, region: Region) -> np.random.Generator:
        return np.random.default_rng([self.scene.seed, 4, region.x & 0xFFFFFFFF, region.y & 0xFFFFFFFF])

    def _points(self, coordinates_um: NDArray[np.float64], area: Region) -> NDArray[np.int32]:
        """Scene um to OpenCV's fixed-point pixels, whose integers are pixel centers."""
        pixels = WORKING_MPP.to_px(coordinates_um) - [area.x + 0.5, area.y + 0.5]
        return np.round(pixels * (1 << SUBPIXEL_BITS)).astype(np.int32)

    def _near(self, tree: shapely.STRtree, area: Region) -> NDArray[np.int64]:
        box = shapely.box(*[WORKING_MPP.to_um(float(v)) for v in (area.x, area.y, area.right, area.bottom)])
        found: NDArray[np.int64] = np.sort(tree.query(box))
        return found

    def _mask(self, shapes: Polygons | list[shapely.Polygon], area: Region) -> NDArray[np.bool_]:
        mask = np.zeros((area.height, area.width), np.uint8)
        box = shapely.box(*[WORKING_MPP.to_um(float(v)) for v in (area.x, area.y, area.right, area.bottom)])
        for shape in shapes:
            for part in shapely.get_parts(shape):
                if part.intersects(box):
                    ring = self._points(np.asarray(part.exterior.coords), area)
                    cv2.fillPoly(mask, [ring], 1, cv2.LINE_8, SUBPIXEL_BITS)
        return mask.astype(np.bool_)

    def _draw_fibers(self, area: Region) -> tuple[NDArray[np.int32], Plane, NDArray[np.int64]]:
        labels = np.zeros((area.height, area.width), np.int32)
        alpha = np.zeros((area.height, area.width), np.uint8)
        rows = self._near(self._fiber_tree, area)
        for label, row in enumerate(rows, start=1):
            ring = [self._points(np.asarray(self.scene.fibers[row].exterior.coords), area)]
            cv2.fillPoly(labels, ring, label, cv2.LINE_8, SUBPIXEL_BITS)
            cv2.fillPoly(alpha, ring, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        # OpenCV also fills the pixels that a ring merely touches; those that are less than half covered are given back.
        labels[alpha < 128] = 0
        return labels, alpha * np.float32(1 / 255), rows

    def _interstitium(self, area: Region, compartments: NDArray[np.uint8]) -> tuple[Plane, Plane]:
        offset = self.look.offset
        strands, cloud, mottle = (sample(name, area, offset + 7) for name in ("strands", "cloud", "mottle"))
        eosin = np.zeros(compartments.shape, np.float32)
        endomysium, perimysium = compartments == Compartment.ENDOMYSIUM, compartments == Compartment.PERIMYSIUM
        collagen = np.clip(self.endomysium * (0.8 + 0.3 * strands + 0.15 * mottle), 0, None)
        eosin[endomysium] = np.where(mottle + 0.6 * cloud < self.crack_level, 0.04 * self.endomysium, collagen)[
            endomysium
        ]
        collagen = np.clip(self.perimysium * (0.75 + 0.4 * strands + 0.1 * mottle), 0.02, None)
        cracked = strands + 0.7 * cloud < self.perimysial_crack
        eosin[perimysium] = np.where(cracked, 0.05 * self.perimysium, collagen)[perimysium]
        sheets = self._mask(self.scene.structures.sheets, area)
        eosin[sheets] = np.clip(self.sheet_eosin * (0.85 + 0.3 * mottle), 0.02, None)[sheets]
        blue = np.where(sheets, np.float32(self.sheet_blue), np.float32(0.08) * eosin)
        scars = self._mask(self.scene.structures.scars, area) & (compartments != Compartment.GLASS)
        eosin[scars] = (self.scar_eosin * (1 + 0.12 * strands + 0.05 * mottle))[scars]
        return _softened(eosin), _softened(blue)

    def _sarcoplasm(
        self, area: Region, labels: NDArray[np.int32], alpha: Plane, rows: NDArray[np.int64], eosin: Plane, blue: Plane
    ) -> None:
        def spread(values: NDArray[np.float32]) -> Plane:
            plane: Plane = np.concatenate([[np.float32(0)], values[rows]])[shown]
            return plane

        # The anti-aliased rim belongs to the nearest fiber: grow the labels by one pixel for drawing only.
        shown = np.where(labels > 0, labels, cv2.dilate(labels.astype(np.float32), np.ones((3, 3))).astype(np.int32))
        offset = self.look.offset
        mottle = sample("mottle", area, offset + 3)
        texture = spread(self.sarcoplasm.grain) * (
            sample("grain", area, offset) + 0.7 * sample("fine", area, offset + 1)
        )
        texture += spread(self.sarcoplasm.mottle) * (mottle + 0.5 * sample("cloud", area, offset + 5))
        if self.striation:
            turns, angle = self.striation_wave
            x = np.arange(area.x, area.right, dtype=np.float32) * np.float32(np.cos(angle))
            y = np.arange(area.y, area.bottom, dtype=np.float32) * np.float32(np.sin(angle))
            texture += np.float32(self.striation) * np.sin((x[None] + y[:, None]) * np.float32(turns))
        depth = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 3)
        fiber = spread(self.sarcoplasm.eosin) * np.clip(1 + texture, 0.05, None)
        fiber *= 1 + (spread(self.sarcoplasm.rim) - 1) * np.exp(-depth / 3)
        lost = mottle + 0.6 * sample("grain", area, offset + 9) < spread(self.sarcoplasm.holes)
        fiber[lost] *= 0.25
        special = (
            np.isin(self.scene.fiber_class[rows], NECROTIC_CLASSES)
            | self.scene.fiber_attributes[rows, FiberAttribute.VACUOLATED]
            | is_cracked(self.scene)[rows]
        )
        for local in np.flatnonzero(special):
            scratch(self.scene, int(rows[local]), fiber, shown == local + 1, (area.x, area.y))
        eosin += alpha * (fiber - eosin)
        blue += alpha * (spread(self.sarcoplasm.blue) * np.clip(1 + 1.5 * texture, 0, None) - blue)

    def _structures(
        self, area: Region, compartments: NDArray[np.uint8], labels: NDArray[np.int32], eosin: Plane, blue: Plane
    ) -> None:
        strands, mottle = sample("strands", area, self.look.offset + 11), sample("mottle", area, self.look.offset + 13)
        structures = self.scene.structures
        free = labels == 0
        walls, lumens = self._mask(structures.vessels, area), self._mask(structures.lumens, area)
        level = self.look.eosin_level
        for shape, compartment, amount in (
            (walls, Compartment.VESSEL, 0.55 * level * np.clip(0.9 + 0.3 * strands + 0.15 * mottle, 0.1, None)),
            (lumens, Compartment.VESSEL, np.full(eosin.shape, 0.03, np.float32)),
            (self._mask(structures.nerves, area), Compartment.NERVE_SPINDLE, 0.3 * level * (1 + 0.25 * strands)),
        ):
            here = shape & free
            eosin[here] = amount[here]
            blue[here] = 0.1 * amount[here]
            compartments[here] = compartment
        fat = self._mask(structures.fat, area) & free
        membrane = cv2.morphologyEx(fat.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        eosin[fat], blue[fat] = 0.01, 0.0
        eosin[membrane & free] = 0.35 * level
        compartments[fat] = Compartment.FAT
        tears = self._mask(structures.tears, area) & free
        eosin[tears], blue[tears] = 0.01, 0.0
        compartments[tears] = Compartment.GLASS

    def _nuclei(self, area: Region, eosin: Plane, blue: Plane, red: Plane) -> NDArray[np.int64]:
        nuclei = self.scene.nuclei
        rows = self._near(self._nucleus_tree, area.grown(20))
        nucleus, clear, foam, blood = (np.zeros(eosin.shape, np.uint8) for _ in range(4))
        centers = self._points(nuclei.center_um[rows], area)

        def ellipse(plane: NDArray[np.uint8], index: int, row: int, scale: float, grow_um: float, value: float) -> None:
            axes = np.round((nuclei.semi_um[row] * scale + grow_um) * 2 * (1 << SUBPIXEL_BITS)).astype(int)
            center = (int(centers[index, 0]), int(centers[index, 1]))
            turn = float(np.degrees(nuclei.angle[row]))
            size = (max(1, int(axes[0])), max(1, int(axes[1])))
            cv2.ellipse(plane, center, size, turn, 0, 360, min(255, int(value)), -1, cv2.LINE_AA, SUBPIXEL_BITS)

        for index, row in enumerate(rows):
            look, halo, dark = nuclei.look[row], self.halo[row], 80 * self.darkness[row]
            if look == NucleusLook.RED_CELL:
                ellipse(blood, index, row, 1.0, 0.0, 120 + 120 * halo)
                continue
            if look == NucleusLook.MACROPHAGE:
                if halo < self.bordered:
                    ellipse(clear, index, row, 1.25, 2.2, 180 + 70 * halo)
                ellipse(foam, index, row, 1.2, 1.4, 120 + 100 * halo)
            elif look in (NucleusLook.LYMPHOID, NucleusLook.OVAL) and halo < 0.35:
                ellipse(clear, index, row, 1.0, 1.2, 110 + 250 * halo)
        for index, row in enumerate(rows):
            look, dark = nuclei.look[row], 80 * self.darkness[row]
            if look == NucleusLook.RED_CELL:
                continue
            if look == NucleusLook.VESICULAR:
                ellipse(nucleus, index, row, 1.0, 0.3, 1.6 * dark)
                ellipse(nucleus, index, row, 0.75, 0.0, 0.9 * dark)
                ellipse(nucleus, index, row, 0.25, 0.1, 2.0 * dark)
            else:
                ellipse(nucleus, index, row, 1.0, 0.0, dark)
        if len(rows):
            eosin *= 1 - clear * np.float32(0.85 / 255)
            eosin += foam * np.float32(0.8 / 255) * (np.float32(self.cytoplasm) - eosin)
            blue += foam * np.float32(self.cytoplasm_blue / 255)
            chromatin = 1 + self.chromatin * sample("grain", area, self.look.offset + 17)
            solid = np.minimum(nucleus * np.float32(1 / 60), 1)
            blue *= 1 - solid
            blue += nucleus * np.float32(1 / 80) * np.clip(chromatin, 0.3, 2)
            eosin *= 1 - np.float32(0.6) * solid
            red += blood * np.float32(0.8 / 255)
            eosin *= 1 - blood * np.float32(0.7 / 255)
        return rows

    def _artefacts(
        self, area: Region, compartments: NDArray[np.uint8], labels: NDArray[np.int32], eosin: Plane, blue: Plane,
        red: Plane, dirt: Plane,
    ) -> None:  # fmt: skip
        structures = self.scene.structures
        folds = self._mask(structures.folds, area) & (compartments != Compartment.GLASS)
        if folds.any():
            doubled = 1 + cv2.GaussianBlur(folds.astype(np.float32), (0, 0), 2.0) * 0.9
            for plane in (eosin, blue, red):
                plane *= doubled
            compartments[folds] = Compartment.ARTEFACT
        debris = self._mask(structures.debris, area)
        if debris.any():
            dirt += cv2.GaussianBlur(debris.astype(np.float32), (0, 0), 1.0) * np.float32(2.2)
            compartments[debris] = Compartment.ARTEFACT
            labels[debris] = 0

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


def _softened(plane: Plane) -> Plane:
    """A plane whose hard edges are a third of a micrometer wide."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), 0.7), np.float32)
