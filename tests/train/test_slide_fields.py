from __future__ import annotations

import numpy as np
import shapely
from drawn_slides import annotations_of
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask
from stand_in import draw_field

from histo.findings import CellClass, Compartment, FiberClass
from histo.geometry import WORKING_MPP, Region, Size
from histo.phantom.truth import UNKNOWN_COMPARTMENT
from histo.slide import MemorySlide
from train.annotation_truth import fill, truth_of
from train.slide_fields import FieldSizes, cut_field, plan_fields

seeds = st.integers(0, 2**32 - 1)
SIZES = FieldSizes(128, 256)
SLIDE = Size(1200, 900)


def random_regions(rng: np.random.Generator, count: int) -> shapely.Geometry:
    corners, extents = rng.uniform(0, [520, 370], (count, 2)), rng.uniform(3, 160, (count, 2))
    return shapely.union_all(shapely.box(*corners.T, *(corners + extents).T))


@settings(deadline=None, max_examples=15)
@given(seeds, st.integers(1, 6))
def test_the_cover_shows_every_known_pixel_exactly_once(seed: int, count: int) -> None:
    known = random_regions(np.random.default_rng(seed), count)
    slide = MemorySlide(np.full((SLIDE.height, SLIDE.width, 3), 200, np.uint8), WORKING_MPP)
    annotations = annotations_of(known=known)
    seen = np.zeros((SLIDE.height, SLIDE.width), int)
    for planned in plan_fields(annotations, SLIDE, SIZES, centered=True):
        region = planned.region_wpx
        assert planned.cover
        assert min(region.width, region.height) >= 128
        assert max(region.width, region.height) <= 256
        assert region.width % 16 == region.height % 16 == 0
        truth = cut_field(slide, annotations, planned).truth
        on_slide = region.intersection(Region(0, 0, SLIDE.width, SLIDE.height))
        assert on_slide == region
        assert truth.fibers_known is not None
        assert np.array_equal(truth.fibers_known, truth.cells_known)
        assert np.array_equal(truth.fibers_known, truth.compartments != UNKNOWN_COMPARTMENT)
        seen[region.slices] += truth.fibers_known
    assert np.array_equal(seen, fill(known, Region(0, 0, SLIDE.width, SLIDE.height)))


def test_a_region_that_fits_becomes_one_field_and_far_ones_become_several() -> None:
    near = shapely.box(100, 100, 200, 210)
    one = plan_fields(annotations_of(known=near), SLIDE, SIZES, centered=False)
    assert len(one) == 1
    assert one[0].region_wpx.contains(200, 200)
    two = shapely.union(near, shapely.box(400, 100, 440, 140))
    assert len(plan_fields(annotations_of(known=two), SLIDE, SIZES, centered=False)) == 2
    assert plan_fields(annotations_of(), SLIDE, SIZES, centered=False) == ()


def test_what_is_rare_and_at_a_rim_gets_a_field_around_it_for_training() -> None:
    wide = shapely.box(50, 50, 350, 170)
    (first, second, *_) = plan_fields(annotations_of(known=wide), SLIDE, FieldSizes(256, 256), centered=False)
    seam_um = float(WORKING_MPP.to_um(float(first.region_wpx.right)))
    assert first.region_wpx.right == second.region_wpx.x
    fibers = [shapely.Point(x, 110).buffer(15) for x in (seam_um, seam_um + 1, seam_um - 60)]
    classes = [FiberClass.MYOPHAGOCYTOSIS, FiberClass.NECROTIC_PALE, FiberClass.INTACT]
    drawn = annotations_of(fibers, classes, [(seam_um, 100.0, CellClass.MYONUCLEUS)], known=wide)
    plain = plan_fields(drawn, SLIDE, FieldSizes(256, 256), centered=False)
    more = plan_fields(drawn, SLIDE, FieldSizes(256, 256), centered=True)
    assert more[: len(plain)] == plain
    (extra,) = more[len(plain) :]
    assert not extra.cover
    center = 2 * seam_um - extra.region_wpx.x, 2 * 110 - extra.region_wpx.y
    assert max(abs(center[0] - 128), abs(center[1] - 128)) <= 2


@settings(deadline=None, max_examples=25)
@given(seeds)
def test_filling_agrees_with_another_library(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hull = shapely.convex_hull(shapely.multipoints(rng.uniform(0, 60, (8, 2)))).difference(
        shapely.Point(rng.uniform(20, 40, 2) + 0.013).buffer(6.017)
    )
    region = Region(20, 10, 90, 80)
    expected = np.zeros((80, 90), bool)
    for part in shapely.get_parts(hull):
        for ring in (part.exterior, *part.interiors):
            expected ^= polygon2mask((80, 90), np.array(ring.coords)[:-1, ::-1] * 2 - [10, 20] - 0.5)
    assert np.count_nonzero(expected != fill(hull, region)) <= 2


def test_drawn_things_become_pixels_of_the_right_kind() -> None:
    fiber, small = shapely.box(20, 20, 60, 60), shapely.box(50, 50, 70, 70)
    areas = [
        (shapely.box(0, 0, 100, 30), Compartment.PERIMYSIUM),
        (shapely.box(80, 0, 90, 10), Compartment.VESSEL),
        (shapely.box(20, 40, 30, 50), Compartment.ARTEFACT),
    ]
    drawn = annotations_of(
        [fiber, small],
        [FiberClass.NECROTIC_PALE, FiberClass.INTACT],
        [(12.25, 80.0, CellClass.LYMPHOCYTE), (190.0, 190.0, CellClass.LYMPHOCYTE)],
        areas,
        known=shapely.box(0, 0, 90, 90),
    )
    truth = truth_of(drawn, Region(10, 0, 190, 200), np.ones((200, 190), bool))
    label = truth.fiber_labels[80, 70]
    assert truth.fiber_class[label] == FiberClass.NECROTIC_PALE
    assert truth.fiber_class[truth.fiber_labels[110, 100]] == FiberClass.INTACT  # of two, the smaller
    assert np.count_nonzero(truth.fiber_labels) == 4 * (40 * 40 + 20 * 20 - 10 * 10)
    assert truth.cell_center_px.tolist() == [[14.5, 160.0]]
    codes = truth.compartments
    assert codes[10, 20] == Compartment.PERIMYSIUM
    assert codes[10, 160] == Compartment.VESSEL
    assert codes[50, 50] == Compartment.FIBER
    assert codes[90, 40] == Compartment.ARTEFACT
    assert codes[170, 20] == Compartment.ENDOMYSIUM
    assert codes[190, 20] == UNKNOWN_COMPARTMENT
    assert truth.fibers_known is not None
    assert np.count_nonzero(truth.fibers_known) == 180 * 170


def test_what_is_unsure_or_unreadable_is_unknown() -> None:
    fibers = [shapely.box(10, 10, 40, 40), shapely.box(50, 10, 80, 40)]
    unsure = shapely.box(8, 8, 30, 50)
    drawn = annotations_of(fibers, known=shapely.box(0, 0, 100, 100), unsure=unsure)
    readable = np.ones((200, 200), bool)
    readable[:, 140:] = False
    truth = truth_of(drawn, Region(0, 0, 200, 200), readable)
    assert truth.fibers_known is not None
    assert truth.cells_known is not None
    assert truth.fiber_labels[40, 40] == 0
    assert not truth.fibers_known[20:80, 20:80].any()  # most of the first fiber is unsure, so all of it is unknown
    assert truth.fibers_known[120, 20]
    assert truth.cells_known[40, 70]
    assert truth.fiber_labels[40, 120] == 1
    assert truth.fiber_labels[40, 150] == 0
    assert not truth.fibers_known[:, 140:].any()
    assert (truth.compartments[:, 140:] == UNKNOWN_COMPARTMENT).all()


def test_a_field_has_the_pixels_of_its_place() -> None:
    rgb = draw_field(3, 320).rgb
    drawn = annotations_of(known=shapely.box(60, 60, 100, 100))
    (planned,) = plan_fields(drawn, Size(320, 320), SIZES, centered=True)
    field = cut_field(MemorySlide(rgb, WORKING_MPP), drawn, planned)
    assert np.array_equal(field.rgb, rgb[planned.region_wpx.slices])
