"""Redraws docs/images/phantom-artefacts.png: `python docs/draw_phantom_artefacts.py`.

Every artefact lies on the same piece of tissue, so that what it does can be compared with what is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from draw_phantom_gallery import SIDE_UM, all_stages, best_view, edge
from phantom_sheet import VIEW_UM, Picture, good_look, save_sheet

from histo.geometry import WORKING_MPP, Region
from histo.phantom import PATTERN_SPECS
from histo.phantom.drawing import Renderer
from histo.phantom.drawing.canvas import Image
from histo.phantom.look import HIDING, JUDGED_THROUGH, Blemishes, BlemishKind, Look, SectionQuality, draw_blemishes
from histo.phantom.scene import Scene, build_scene

SEED, STAIN = 14, 8
DETAIL_UM = 80.0
SPEC = replace(
    PATTERN_SPECS["necrotizing"], fiber_um=48.0, fascicle_um=420.0, endomysium_um=4.0, tears_mm2=0.0, debris_mm2=0.0,
    folds_mm2=0.0, bands_mm2=0.0,
)  # fmt: skip
TORN = replace(SPEC, tears_mm2=25.0)


@dataclass(frozen=True)
class Blemish:
    """A blemish on the sheet: its kind, field of `SectionQuality`, share of the view, and strength."""

    kind: BlemishKind
    field: str
    share: float
    strength: float


BLEMISHES = (
    Blemish(BlemishKind.CHATTER, "chatter_mm2", 0.9, 0.35),
    Blemish(BlemishKind.ICE, "ice_mm2", 0.9, 0.6),
    Blemish(BlemishKind.HEMORRHAGE, "hemorrhages_mm2", 0.8, 0.9),
    Blemish(BlemishKind.CRUSH, "crushes_mm2", 0.35, 0.8),
    Blemish(BlemishKind.FOLD, "folds_mm2", 0.25, 0.3),
    Blemish(BlemishKind.SOFT_FOCUS, "soft_focus_mm2", 0.5, 0.5),
    Blemish(BlemishKind.DEFOCUS, "defocus_mm2", 0.5, 0.6),
    Blemish(BlemishKind.BUBBLE, "bubbles_mm2", 0.4, 0.6),
    Blemish(BlemishKind.LINT, "lint_mm2", 0.05, 0.7),
    Blemish(BlemishKind.DUST, "dust_mm2", 0.03, 0.6),
    Blemish(BlemishKind.PEN, "pen_mm2", 0.4, 0.1),
)
SPOILED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Uneven thickness", "knife", {"section": SectionQuality(uneven_thickness=0.3)}),
    ("Veil of eosin", "not washed out", {"veil": 0.35}),
    ("Stitching", "scanner", {"stitch_wpx": 190, "stitch_shift_wpx": 5, "stitch_step": 0.04}),
)
"""What changes the whole view: heading, where it comes from, and fields of `Look`."""

SCANNED: dict[str, dict[str, Any]] = {
    "Half the resolution": {"resolution": 2.0, "blur_wpx": 0.8},
    "Color fringes": {"fringe_wpx": (0.9, -0.9)},
    "Sharpening": {"sharpen": 0.9},
    "Strong JPEG": {"jpeg_quality": 35},
}
"""What only a closer look shows."""


def tear_in(scene: Scene) -> Region:
    """A view of the scene that is centered on the largest tear well inside."""
    inside = shapely.within(scene.structures.tears, shapely.box(150, 150, SIDE_UM - 150, SIDE_UM - 150))
    tears = scene.structures.tears[inside]
    center = tears[int(np.argmax(shapely.area(tears)))].representative_point()
    side = WORKING_MPP.px(VIEW_UM)
    return Region(WORKING_MPP.px(center.x) - side // 2, WORKING_MPP.px(center.y) - side // 2, side, side)


def laid_on(scene: Scene, view: Region, blemish: Blemish) -> Blemishes:
    """Of many blemishes of a kind, the one that covers the view best, moved to its middle."""
    left, top, side = view.x * WORKING_MPP.um_per_px, view.y * WORKING_MPP.um_per_px, VIEW_UM
    window = shapely.box(left, top, left + side, top + side)
    best, least = None, np.inf
    for shape in draw_blemishes(scene, SectionQuality(**{blemish.field: 60.0})).shapes:
        middle = shape.representative_point()
        move = np.array([left + side / 2 - middle.x, top + side / 2 - middle.y])
        moved = shapely.transform(shape, lambda points, by=move: points + by)
        away = abs(shapely.area(shapely.intersection(window, moved)) / side**2 - blemish.share)
        if away < least:
            best, least = moved, away
    shapes = np.empty(1, dtype=object)
    shapes[0] = best
    return Blemishes(shapes, (blemish.kind,), np.array([blemish.strength]), SEED)


def what_becomes_of_it(kind: BlemishKind) -> str:
    """What the truth makes of tissue under a blemish."""
    if kind in JUDGED_THROUGH:
        return "can be judged through"
    return "hides what lies below" if kind in HIDING else "set aside as artefact"


def draw(scene: Scene, view: Region, look: Look, blemish: Blemish | None = None) -> Image:
    """(H, W, 3) uint8 of the view, with one blemish or none."""
    renderer = Renderer(scene, look)
    if blemish is not None:
        renderer.blemishes = laid_on(scene, view, blemish)
    return renderer.render(view).rgb


if __name__ == "__main__":
    torn, whole = build_scene(TORN, SIDE_UM, SIDE_UM, SEED), build_scene(SPEC, SIDE_UM, SIDE_UM, SEED)
    look, view = good_look(STAIN), best_view(whole, [*all_stages(whole), *edge(whole)])
    detail = view.grown((WORKING_MPP.px(DETAIL_UM) - view.width) // 2)
    shown = [Picture(draw(whole, view, look), "Clean", "what all the others show")]
    for blemish in BLEMISHES:
        title = str(blemish.kind).capitalize()
        shown.append(Picture(draw(whole, view, look, blemish), title, what_becomes_of_it(blemish.kind)))
    shown.append(Picture(draw(torn, tear_in(torn), look), "Tear", "elsewhere; glass where it is wide"))
    for title, cause, change in SPOILED:
        shown.append(Picture(draw(whole, view, replace(look, **change)), title, cause))
    for title, change in SCANNED.items():
        rgb = draw(whole, detail, replace(look, **change))
        shown.append(Picture(rgb, title, "scanner; enlarged", side_um=DETAIL_UM))
    save_sheet("phantom-artefacts", shown, columns=5)
