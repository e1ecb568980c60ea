"""A small healthy phantom of which everything is known, and a stand-in for the network that goes by contrast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from histo.detection import fiber_polygons
from histo.findings import COMPARTMENT_MPP, CellClass, Cells, Compartment, CompartmentMap, FiberClass, Findings
from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing import Renderer
from histo.phantom.drawing.canvas import drawn_mask
from histo.phantom.known import known_section
from histo.phantom.look import Look
from histo.phantom.scene import build_scene
from histo.phantom.spec import PhantomSpec
from histo.slide import MemorySlide, SlideReader
from histo.tissue import TissueMap

SIDE_UM = 320.0
LOOK = Look(blur_wpx=0.7, noise=1.0)
SPEC = PhantomSpec(
    fiber_um=40.0, size_spread=0.1, endomysium_um=6.0, endomysium_fill=0.4, perimysium_um=20.0, vessels_mm2=0,
    nerves_mm2=0, fat_mm2=0, scars_mm2=0, tears_mm2=0, debris_mm2=0, folds_mm2=0, spindles_mm2=0, bands_mm2=0,
    opaque=0, vacuolated=0, lymphocytes_mm2=0, macrophages_mm2=0, perimysial_mm2=0,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class KnownSlide:
    """A healthy slide, what is truly on it, and where it can be read: everywhere."""

    reader: MemorySlide
    findings: Findings
    tissue: TissueMap


@cache
def healthy_slide() -> KnownSlide:
    scene = build_scene(SPEC, SIDE_UM, SIDE_UM, seed=5)
    side = WORKING_MPP.px(SIDE_UM)
    field = Renderer(scene, LOOK).render(Region(0, 0, side, side))
    known = known_section(scene, LOOK)
    box = shapely.box(0, 0, SIDE_UM, SIDE_UM)
    fibers = replace(known.fibers, cut=~shapely.within(fiber_polygons(known.fibers), box))
    step = round(WORKING_MPP.downsample_to(COMPARTMENT_MPP))
    codes = np.ascontiguousarray(field.truth.compartments[::step, ::step])
    cells = known.cells.select(np.all((known.cells.center_um > 0) & (known.cells.center_um < SIDE_UM), axis=1))
    findings = Findings(fibers, cells, CompartmentMap(codes, np.ones(codes.shape, np.bool_)))
    shape = (side // 16, side // 16)
    tissue = TissueMap(np.ones(shape, bool), np.zeros(shape, np.uint8), np.zeros(shape, bool))
    return KnownSlide(MemorySlide(field.rgb, WORKING_MPP, "known"), findings, tissue)


def blurred(known: KnownSlide, sigma_wpx: float) -> KnownSlide:
    rgb = np.asarray(cv2.GaussianBlur(pixels(known), (0, 0), sigma_wpx), np.uint8)
    return replace(known, reader=MemorySlide(rgb, WORKING_MPP, "known"))


def bleached(known: KnownSlide, share: float) -> KnownSlide:
    """All dye but a share is gone."""
    rgb = np.rint(245 * (pixels(known) / 245.0) ** share).astype(np.uint8)
    return replace(known, reader=MemorySlide(rgb, WORKING_MPP, "known"))


def pixels(known: KnownSlide) -> NDArray[np.uint8]:
    side = WORKING_MPP.px(SIDE_UM)
    return known.reader.read(Region(0, 0, side, side), WORKING_MPP).rgb


class ContrastObserver:
    """Instead of the network: knows the outlines, and calls what differs from the healthy slide by absolute limits."""

    def __init__(self, known: KnownSlide) -> None:
        self._known = known
        self._shapes = [shape.buffer(-2.0) for shape in fiber_polygons(known.findings.fibers)]

    def detect(self, reader: SlideReader, *_: object, **__: object) -> Findings:
        side = WORKING_MPP.px(SIDE_UM)
        area = Region(0, 0, side, side)
        density = -np.log(np.maximum(reader.read(area, WORKING_MPP).rgb, 1) / np.float32(245))
        green, red = density[..., 1], density[..., 0]
        fine = green - cv2.GaussianBlur(green, (0, 0), 2.0)
        fibers = self._known.findings.fibers
        kinds = np.zeros(len(fibers), np.uint8)
        for row, shape in enumerate(self._shapes):
            inside = drawn_mask([shape], area)
            if np.count_nonzero(inside) < 50:
                continue
            mean, rough, nuclear = green[inside].mean(), fine[inside].std(), np.mean(red[inside] > 0.35)
            if nuclear > 0.08:
                kinds[row] = FiberClass.MYOPHAGOCYTOSIS
            elif mean > 1.05:
                kinds[row] = FiberClass.NECROTIC_HYALINE
            elif rough > 0.09:
                kinds[row] = FiberClass.NECROTIC_PALE
        return replace(self._known.findings, fibers=replace(fibers, fiber_class=kinds), cells=_dark_cells(red))


def _dark_cells(red: NDArray[np.float32]) -> Cells:
    _, _, _, centers = cv2.connectedComponentsWithStats((cv2.GaussianBlur(red, (0, 0), 2.0) > 0.4).astype(np.uint8))
    center_um = WORKING_MPP.to_um(centers[1:] + 0.5).astype(np.float32)
    m = len(center_um)
    return Cells(
        center_um=center_um, cell_class=np.full(m, CellClass.LYMPHOCYTE, np.uint8),
        class_probability=np.full((m, 4), 0.25, np.float32),
        compartment=np.full(m, Compartment.ENDOMYSIUM, np.uint8), fiber=np.full(m, -1, np.int32),
    )  # fmt: skip
