"""Redraws docs/images/phantom-gallery.png: `python docs/draw_phantom_gallery.py`.

Each picture is the part of one simulated patient's scene in which most of what decides lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from phantom_sheet import VIEW_UM, Picture, good_look, save_sheet

from histo.findings import NECROTIC_CLASSES, CellClass, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP, Region
from histo.phantom import DISEASES, PhantomSpec
from histo.phantom.diseases import NEAR_MISSES
from histo.phantom.drawing import Renderer
from histo.phantom.fibers import FiberLook
from histo.phantom.scene import Scene, build_scene

SIDE_UM, RIM_UM = 900.0, 30.0
STEP_UM = 10.0

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Sign:
    """Something to be seen: where it lies, what each is worth, and how many are enough in one view."""

    at: Points
    worth: float
    enough: int


Decides = Callable[[Scene], list[Sign]]


@dataclass(frozen=True)
class Panel:
    """One disease in the gallery: its heading, what to see, the patient, and what the view is chosen by."""

    name: str
    title: str
    seen: str
    patient: int
    decides: Decides


def middles(scene: Scene, fits: NDArray[np.bool_]) -> Points:
    """(K, 2) centers of the fibers that fit."""
    return shapely.get_coordinates(shapely.centroid(scene.fibers[fits])).reshape(-1, 2)


def of_class(scene: Scene, kind: FiberClass) -> Points:
    """(K, 2) centers of the fibers of a class."""
    return middles(scene, scene.fiber_class == kind)


def having(attribute: FiberAttribute, worth: float = 1.0, enough: int = 9) -> Decides:
    """Fibers with an attribute."""
    return lambda scene: [Sign(middles(scene, scene.fiber_attributes[:, attribute]), worth, enough)]


def looking(look: FiberLook) -> Decides:
    """Fibers with a look."""
    return lambda scene: [Sign(middles(scene, scene.fiber_look == look), 1.0, 12)]


def cells(kind: CellClass, worth: float, enough: int, inside: bool = False) -> Decides:
    """Nuclei of a kind, outside fibers or inside them."""

    def signs(scene: Scene) -> list[Sign]:
        own = (scene.nuclei.cell_class == kind) & ((scene.nuclei.host >= 0) == inside)
        return [Sign(scene.nuclei.center_um[own], worth, enough)]

    return signs


def all_stages(scene: Scene) -> list[Sign]:
    """Necrotic fibers, the more kinds the better, and regenerating ones."""
    eaten = scene.fiber_class == FiberClass.MYOPHAGOCYTOSIS
    return [
        Sign(of_class(scene, FiberClass.NECROTIC_PALE), 1.0, 2),
        Sign(of_class(scene, FiberClass.NECROTIC_HYALINE), 1.0, 2),
        Sign(middles(scene, eaten & (scene.stage < 0.7)), 1.6, 2),
        Sign(middles(scene, eaten & (scene.stage >= 0.7)), 1.0, 1),
        Sign(of_class(scene, FiberClass.REGENERATING), 0.8, 2),
    ]


def necrosis(scene: Scene) -> list[Sign]:
    """As many necrotic fibers as possible."""
    return [Sign(middles(scene, np.isin(scene.fiber_class, NECROTIC_CLASSES)), 1.0, 99)]


def small(scene: Scene) -> list[Sign]:
    """Fibers of less than 0.4 times the usual area."""
    area = shapely.area(scene.fibers)
    return [Sign(middles(scene, area < 0.4 * np.median(area)), 0.6, 99)]


def edge(scene: Scene) -> list[Sign]:
    """Rims of fascicles, as points 20 um apart."""
    points = shapely.get_coordinates(shapely.segmentize(shapely.boundary(scene.fascicles), 20.0))
    return [Sign(points, 0.15, 20)]


def rim(scene: Scene) -> list[Sign]:
    """The outline of the section, as points 20 um apart."""
    return [Sign(shapely.get_coordinates(shapely.segmentize(shapely.boundary(scene.section), 20.0)), 0.5, 12)]


def vessels(scene: Scene) -> list[Sign]:
    """Vessels with a cuff of lymphocytes."""
    cuffed = scene.structures.vessels[scene.structures.cuffed]
    return [Sign(shapely.get_coordinates(shapely.centroid(cuffed)).reshape(-1, 2), 4.0, 1)]


def granulomas(scene: Scene) -> list[Sign]:
    """Granulomas and their giant cells."""
    return [
        Sign(shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2), worth, 3)
        for shapes, worth in ((scene.structures.granulomas, 3.0), (scene.structures.giants, 1.0))
    ]


def sound(scene: Scene) -> list[Sign]:
    """Plain fibers, and some rim of a fascicle."""
    plain = (scene.fiber_class == FiberClass.INTACT) & ~scene.fiber_attributes.any(axis=1)
    return [Sign(middles(scene, plain), 0.3, 99)]


def chronic(scene: Scene) -> list[Sign]:
    """Internal nuclei, fat, and a necrotic fiber."""
    fat = shapely.get_coordinates(shapely.centroid(scene.structures.fat)).reshape(-1, 2)
    return [*having(FiberAttribute.INTERNAL_NUCLEUS, 0.5, 8)(scene), Sign(fat, 0.3, 4), *necrosis(scene)]


def together(*parts: Decides) -> Decides:
    """Several kinds of signs."""
    return lambda scene: [sign for part in parts for sign in part(scene)]


LYMPHOCYTES = cells(CellClass.LYMPHOCYTE, 0.05, 90)
INVADED = having(FiberAttribute.INVASION_CANDIDATE, 1.5, 4)

PANELS = (
    Panel("normal", "Normal", "even fibers, nuclei at the rim", 2, sound),
    Panel("normal_one_necrotic", "Normal, one necrotic fiber", "a single one is no pattern", 49, all_stages),
    Panel("imnm_srp", "IMNM, anti-SRP", "necrosis of all stages, few cells", 56, all_stages),
    Panel("imnm_hmgcr", "IMNM, anti-HMGCR", "scattered necrosis, phagocytosis", 14, all_stages),
    Panel("imnm_hmgcr_pediatric", "IMNM, anti-HMGCR, child", "the same in small fibers", 1, all_stages),
    Panel("imnm_seronegative", "IMNM, seronegative", "necrotic and regenerating fibers", 35, all_stages),
    Panel("dermatomyositis", "Dermatomyositis", "small fibers along the edge", 49,
          together(small, edge, cells(CellClass.LYMPHOCYTE, 0.05, 30))),
    Panel("antisynthetase", "Antisynthetase", "necrosis along the edge", 42, together(all_stages, edge)),
    Panel("polymyositis", "Polymyositis", "lymphocytes invade intact fibers", 42, together(INVADED, LYMPHOCYTES)),
    Panel("inclusion_body_myositis", "Inclusion body myositis", "invaded and vacuolated fibers", 7,
          together(INVADED, having(FiberAttribute.VACUOLATED, 4.0, 1), LYMPHOCYTES)),
    Panel("nonspecific_myositis", "Non-specific myositis", "cuff around a vessel, sound fibers", 7,
          together(vessels, LYMPHOCYTES)),
    Panel("dystrophy", "Muscular dystrophy", "sizes, internal nuclei, fibrosis", 49, chronic),
    Panel("dysferlinopathy", "Dysferlinopathy", "dystrophic and inflamed", 1, together(chronic, LYMPHOCYTES)),
    Panel("ischemic", "Ischemia", "one sheet, one early stage", 1, necrosis),
    Panel("toxic", "Toxic myopathy", "one sheet; often scattered as in IMNM", 2, necrosis),
    Panel("checkpoint_inhibitor", "Checkpoint inhibitor", "necrosis in groups", 42, necrosis),
    Panel("neurogenic", "Neurogenic atrophy", "groups of small angular fibers", 14, small),
    Panel("lipid_storage", "Lipid storage", "fine droplets", 42, looking(FiberLook.LIPID)),
    Panel("glycogen_storage", "Glycogen storage", "large vacuoles", 1, looking(FiberLook.GLYCOGEN)),
    Panel("vacuolar_myopathy", "Vacuolar myopathy", "holes of any size", 56, having(FiberAttribute.VACUOLATED)),
    Panel("granulomatous", "Granulomatous myositis", "nodules with giant cells", 35, granulomas),
    Panel("mitochondrial", "Mitochondrial myopathy", "bluish granular rims", 42, looking(FiberLook.GRANULAR_RIM)),
    Panel("edge_hypercontraction", "Edge hypercontraction", "dark fibers at the cut rim", 14,
          together(rim, having(FiberAttribute.OPAQUE))),
    Panel("opaque_fibers", "Opaque fibers", "dark, smooth, without cracks", 35, having(FiberAttribute.OPAQUE)),
    Panel("heavy_infiltrate", "Heavy infiltrate", "many cells around intact fibers", 1,
          together(cells(CellClass.LYMPHOCYTE, 0.05, 150), cells(CellClass.MACROPHAGE, 0.05, 60))),
)  # fmt: skip
"""In the order of the catalogue."""


def patient(panel: Panel) -> PhantomSpec:
    """The first patient, from the panel's own on, of the age and the pattern that are shown, without tears or dirt."""
    disease, child = DISEASES[panel.name], panel.name.endswith("pediatric")
    for number in range(panel.patient, panel.patient + 200):
        spec = disease.draw(np.random.default_rng(number))
        if spec.pattern == disease.pattern and spec.oblique == 0 and (child or spec.fiber_um >= 40):
            return replace(spec, tears_mm2=0.0, debris_mm2=0.0, folds_mm2=0.0, bands_mm2=0.0, scars_mm2=0.0)
    raise SystemExit(f"{panel.name}: no patient shows {disease.pattern}")


def best_view(scene: Scene, signs: list[Sign]) -> Region:
    """The view with most of the signs; of equals, the one that has them nearest to its middle."""
    starts = np.arange(RIM_UM, SIDE_UM - VIEW_UM - RIM_UM, STEP_UM)
    left, top = (grid.ravel() for grid in np.meshgrid(starts, starts))
    score = np.zeros(len(left))
    for sign in signs:
        right, down = sign.at.T[:, None] - [left[:, None], top[:, None]] - VIEW_UM / 2
        away = np.maximum(np.abs(right), np.abs(down))
        inside = away < 0.4 * VIEW_UM
        score += sign.worth * np.minimum(inside.sum(axis=1), sign.enough)
        score -= 1e-3 * np.where(inside, away, 0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    windows = shapely.box(left, top, left + VIEW_UM, top + VIEW_UM)
    tissue = shapely.area(shapely.intersection(windows, scene.section)) / VIEW_UM**2
    score[tissue < 0.75] = -np.inf
    best, side = int(np.argmax(score)), WORKING_MPP.px(VIEW_UM)
    return Region(WORKING_MPP.px(left[best]), WORKING_MPP.px(top[best]), side, side)


def picture(panel: Panel, stain: int) -> Picture:
    """Draw one panel."""
    section = shapely.Point(SIDE_UM / 2, SIDE_UM / 2).buffer(0.47 * SIDE_UM)
    at_rim = section if panel.name == "edge_hypercontraction" else None
    scene = build_scene(patient(panel), SIDE_UM, SIDE_UM, panel.patient, at_rim)
    view = best_view(scene, panel.decides(scene))
    rgb = Renderer(scene, good_look(stain)).render(view).rgb
    return Picture(rgb, panel.title, panel.seen, marked=panel.name in NEAR_MISSES)


if __name__ == "__main__":
    save_sheet("phantom-gallery", [picture(panel, stain) for stain, panel in enumerate(PANELS)], columns=5)
