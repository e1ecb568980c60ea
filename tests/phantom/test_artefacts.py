"""Every artefact changes pixels, and the truth exactly as it says; none changes with how a scene is cut."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from histo.findings import Compartment
from histo.geometry import Region
from histo.phantom.drawing import Renderer
from histo.phantom.drawing.scanner import pieces
from histo.phantom.look import HIDING, JUDGED_THROUGH, BlemishKind, Look, SectionQuality, draw_blemishes, training_look
from histo.phantom.look.section_quality import training_quality
from histo.phantom.scene import Scene, build_scene
from histo.phantom.spec import PATTERN_SPECS

VIEW = Region(64, 64, 640, 640)
CLEAN = Look(noise=0.0, offset=7)
KINDS = {
    "chatter_mm2": BlemishKind.CHATTER,
    "ice_mm2": BlemishKind.ICE,
    "hemorrhages_mm2": BlemishKind.HEMORRHAGE,
    "crushes_mm2": BlemishKind.CRUSH,
    "folds_mm2": BlemishKind.FOLD,
    "soft_focus_mm2": BlemishKind.SOFT_FOCUS,
    "defocus_mm2": BlemishKind.DEFOCUS,
    "bubbles_mm2": BlemishKind.BUBBLE,
    "lint_mm2": BlemishKind.LINT,
    "dust_mm2": BlemishKind.DUST,
    "pen_mm2": BlemishKind.PEN,
}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build_scene(PATTERN_SPECS["necrotizing"], 384.0, 384.0, 4)


def spoiled(scene: Scene, quality: str) -> Renderer:
    return Renderer(scene, replace(CLEAN, section=SectionQuality(**{quality: 40.0})))


@pytest.mark.parametrize(("quality", "kind"), KINDS.items())
def test_an_artefact_changes_pixels_and_truth_as_it_says(scene: Scene, quality: str, kind: BlemishKind) -> None:
    clean, field = Renderer(scene, CLEAN).render(VIEW), spoiled(scene, quality).render(VIEW)
    assert np.abs(field.rgb.astype(int) - clean.rgb).max() > 40
    lost = field.truth.compartments == Compartment.ARTEFACT
    before = clean.truth.compartments == Compartment.ARTEFACT
    assert np.all(lost[before])
    assert (np.count_nonzero(lost) > np.count_nonzero(before)) == (kind not in JUDGED_THROUGH)
    was_fiber, is_fiber = clean.truth.fiber_labels > 0, field.truth.fiber_labels > 0
    assert np.all(was_fiber[is_fiber])
    assert np.any(was_fiber & ~is_fiber) == (kind in HIDING)
    assert np.all(lost[was_fiber & ~is_fiber])
    x, y = field.truth.cell_center_px.astype(int).T
    assert not np.any(lost[y, x])
    assert np.array_equal(field.truth.compartments[~lost], clean.truth.compartments[~lost])


@pytest.mark.parametrize("quality", KINDS)
def test_an_artefact_is_the_same_whole_or_in_parts(scene: Scene, quality: str) -> None:
    renderer = spoiled(scene, quality)
    whole = renderer.render(Region(100, 100, 400, 300))
    left, right = renderer.render(Region(100, 100, 170, 300)), renderer.render(Region(270, 100, 230, 300))
    together = np.concatenate([left.rgb, right.rgb], axis=1).astype(int)
    # OpenCV clips a long edge at the rim of what is drawn, which moves it by less than a pixel.
    assert np.mean(np.abs(together - whole.rgb) > 1) < 0.005
    compartments = np.concatenate([left.truth.compartments, right.truth.compartments], axis=1)
    assert np.mean(compartments != whole.truth.compartments) < 0.005


@pytest.mark.parametrize(
    "change",
    [
        {"resolution": 1.7},
        {"fringe_wpx": (0.8, -0.5)},
        {"sharpen": 0.8},
        {"stitch_wpx": 90, "stitch_shift_wpx": 4, "stitch_step": 0.03},
    ],
    ids=["resolution", "fringe", "sharpen", "stitch"],
)
def test_a_scanner_is_the_same_whole_or_in_parts(scene: Scene, change: dict[str, float]) -> None:
    renderer = Renderer(scene, replace(CLEAN, **change))  # type: ignore[arg-type]
    whole = renderer.render(Region(100, 100, 300, 200))
    left, right = renderer.render(Region(100, 100, 130, 200)), renderer.render(Region(230, 100, 170, 200))
    together = np.concatenate([left.rgb, right.rgb], axis=1).astype(int)
    assert np.mean(np.abs(together - whole.rgb) > 2) < 0.005
    assert np.abs(Renderer(scene, CLEAN).render(Region(100, 100, 300, 200)).rgb.astype(int) - whole.rgb).max() > 5


def test_misplaced_pieces_carry_their_truth_along(scene: Scene) -> None:
    look = replace(CLEAN, stitch_wpx=128, stitch_shift_wpx=4)
    straight, stitched = Renderer(scene, CLEAN).render(VIEW).truth, Renderer(scene, look).render(VIEW).truth
    seen = 0
    for piece in pieces(look, VIEW):
        top, left = piece.shown.y - VIEW.y, piece.shown.x - VIEW.x
        dy, dx = piece.taken.y - piece.shown.y, piece.taken.x - piece.shown.x
        if min(top + dy, left + dx) < 0 or piece.taken.bottom > VIEW.bottom or piece.taken.right > VIEW.right:
            continue
        height, width = piece.shown.height, piece.shown.width
        here = np.s_[top : top + height, left : left + width]
        there = np.s_[top + dy : top + dy + height, left + dx : left + dx + width]
        assert np.array_equal(stitched.compartments[here], straight.compartments[there])
        seen += abs(dx) + abs(dy)
    assert seen > 10


def test_every_artefact_is_rare_in_training_and_a_seed_repeats_the_looks() -> None:
    drawn = [training_quality(np.random.default_rng(seed), frozen=seed % 10 < 7) for seed in range(3000)]
    for field in fields(SectionQuality):
        share = np.mean([getattr(quality, field.name) > 0 for quality in drawn])
        assert 0.02 < share < (0.35 if field.name == "uneven_thickness" else 0.07), field.name
    assert training_look(np.random.default_rng(3)) == training_look(np.random.default_rng(3))


def test_no_artefact_is_drawn_where_none_is_asked_for(scene: Scene) -> None:
    assert len(draw_blemishes(scene, SectionQuality()).shapes) == 0
