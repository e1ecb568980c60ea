"""A scene keeps its promises: disjoint fibers, shares as specified, changes where the pattern puts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from histo.errors import UsageError
from histo.findings import NECROTIC_CLASSES, CellClass, FiberAttribute, FiberClass
from histo.phantom.known import _min_feret, known_section
from histo.phantom.look import Look
from histo.phantom.nuclei import NOT_A_CELL
from histo.phantom.scene import Scene, build_scene
from histo.phantom.slide import phantom_biopsy
from histo.phantom.spec import PATTERN_SPECS, PhantomSpec
from histo.phantom.training_mix import training_spec


def training_scene(seed: int) -> Scene:
    return build_scene(training_spec(np.random.default_rng(seed)), 260.0, 240.0, seed)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000))
def test_fibers_never_overlap(seed: int) -> None:
    fibers = training_scene(seed).fibers
    first, second = shapely.STRtree(fibers).query(fibers, predicate="intersects")
    pairs = first < second
    shared = shapely.area(shapely.intersection(fibers[first[pairs]], fibers[second[pairs]]))
    assert shared.max(initial=0.0) < 0.5


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000))
def test_a_seed_reproduces_a_scene(seed: int) -> None:
    one, two = training_scene(seed), training_scene(seed)
    assert shapely.equals(one.fibers, two.fibers).all()
    assert np.array_equal(one.fiber_class, two.fiber_class)
    assert np.array_equal(one.nuclei.center_um, two.nuclei.center_um)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000))
def test_every_phagocytosed_fiber_holds_macrophages(seed: int) -> None:
    scene = training_scene(seed)
    macrophages = np.bincount(
        scene.nuclei.host[(scene.nuclei.cell_class == CellClass.MACROPHAGE) & (scene.nuclei.host >= 0)],
        minlength=len(scene.fibers),
    )
    large = (scene.fiber_class == FiberClass.MYOPHAGOCYTOSIS) & (shapely.area(scene.fibers) > 700)
    assert np.all(macrophages[large] >= 2)
    healthy = (scene.fiber_class == FiberClass.INTACT) & ~scene.fiber_attributes[:, FiberAttribute.INVASION_CANDIDATE]
    assert not macrophages[healthy].any()


def test_shares_are_as_specified() -> None:
    spec = PhantomSpec(pale=0.1, hyaline=0.08, myophagocytosis=0.06, regenerating=0.05)
    scene = build_scene(spec, 1800.0, 1800.0, 5)
    counts = np.bincount(scene.fiber_class, minlength=5)
    wanted = np.array([0.71, 0.05, 0.1, 0.08, 0.06]) * len(scene.fibers)
    assert np.all(np.abs(counts - wanted) < 4 * np.sqrt(wanted))


def test_fibers_have_the_size_asked_for() -> None:
    scene = build_scene(replace(PATTERN_SPECS["normal"], fiber_um=50.0, atrophic=0.0), 2000.0, 2000.0, 3)
    diameter = 2 * np.sqrt(shapely.area(scene.fibers) / np.pi)
    assert 44 < np.median(diameter) < 56


def test_sizes_spread_as_asked_and_stay_rounded_polygons() -> None:
    spec = replace(PATTERN_SPECS["normal"], atrophic=0.0, split=0.0, cleft=0.0, gap_spread=0.1)
    spread = {}
    for asked in (0.1, 0.4):
        area = shapely.area(build_scene(replace(spec, size_spread=asked), 1500.0, 1500.0, 3).fibers)
        spread[asked] = np.std(np.log(area)) / 2
    assert spread[0.1] < 0.17
    assert spread[0.4] > 0.28
    fibers = build_scene(replace(spec, size_spread=0.4), 1500.0, 1500.0, 3).fibers
    roundness = 4 * np.pi * shapely.area(fibers) / shapely.length(fibers) ** 2
    assert np.quantile(roundness, 0.05) > 0.65  # a sliver of 1 by 4 has 0.5


def test_fascicles_cut_obliquely_lie_beside_others_and_say_so() -> None:
    scene = build_scene(replace(PATTERN_SPECS["normal"], oblique=0.4, split=0.0, fascicle_um=300.0), 1500.0, 1500.0, 6)
    oblique = scene.fiber_attributes[:, FiberAttribute.OBLIQUE]
    boxes = shapely.get_coordinates(shapely.oriented_envelope(scene.fibers)).reshape(-1, 5, 2)
    first, second = (np.hypot(*(boxes[:, k + 1] - boxes[:, k]).T) for k in (0, 1))
    ratio = np.maximum(first, second) / np.minimum(first, second)
    assert 0.1 < oblique.mean() < 0.8
    assert np.median(ratio[oblique]) > 1.5 * np.median(ratio[~oblique])


def test_a_cleft_takes_little_and_fibers_at_the_cut_rim_are_opaque() -> None:
    section = shapely.Point(600, 600).buffer(550)
    spec = replace(PATTERN_SPECS["normal"], edge_opaque=0.9, opaque=0.0, cleft=0.3)
    scene = build_scene(spec, 1200.0, 1200.0, 2, section)
    opaque = scene.fiber_attributes[:, FiberAttribute.OPAQUE]
    inward = shapely.distance(section.boundary, shapely.centroid(scene.fibers))
    assert inward[opaque].max() < 2 * spec.fiber_um
    assert np.count_nonzero(opaque) > 20
    roundness = 4 * np.pi * shapely.area(scene.fibers) / shapely.length(scene.fibers) ** 2
    cleft = roundness < 0.6
    assert 0.1 < np.mean(cleft) < 0.35
    assert np.median(shapely.area(scene.fibers[cleft])) > 0.7 * np.median(shapely.area(scene.fibers[~cleft]))


@pytest.mark.parametrize("pattern", ["perifascicular_necrosis", "necrotizing"])
def test_necrosis_lies_where_the_pattern_puts_it(pattern: str) -> None:
    scene = build_scene(PATTERN_SPECS[pattern], 2000.0, 2000.0, 8)
    tree = shapely.STRtree(shapely.boundary(scene.fascicles))
    _, edge_um = tree.query_nearest(shapely.centroid(scene.fibers), return_distance=True, all_matches=False)
    necrotic = np.isin(scene.fiber_class, NECROTIC_CLASSES)
    ratio = edge_um[necrotic].mean() / edge_um[~necrotic].mean()
    assert ratio < 0.6 if pattern == "perifascicular_necrosis" else 0.8 < ratio < 1.2


def test_known_findings_count_what_was_drawn() -> None:
    scene = training_scene(77)
    known = known_section(scene, Look())
    fibers, cells = known.fibers, known.cells
    assert np.array_equal(np.bincount(fibers.fiber_class, minlength=5), np.bincount(scene.fiber_class, minlength=5))
    assert len(cells) == np.count_nonzero(scene.nuclei.cell_class != NOT_A_CELL)
    assert fibers.area_um2.sum() == pytest.approx(shapely.area(scene.fibers).sum(), rel=1e-5)
    hosted = np.flatnonzero(cells.fiber >= 0)[:40]
    for row in hosted:
        outline = shapely.Polygon(fibers.outline(int(cells.fiber[row])))
        assert outline.distance(shapely.Point(cells.center_um[row])) < 3.0


def test_patterns_that_cannot_be_simulated_are_refused() -> None:
    with pytest.raises(UsageError, match=r"^lupus: is not a pattern that can be simulated; choose one of normal, "):
        phantom_biopsy("lupus", 1, 2.0)
    with pytest.raises(UsageError, match=r"^0.1 mm2: is not a size of a section; choose 0.2 to 1000 mm2$"):
        phantom_biopsy("normal", 1, 0.1)
    with pytest.raises(ValueError, match="must not exceed 1 together"):
        PhantomSpec(pale=0.7, hyaline=0.5)


def test_known_diameter_is_the_smallest_caliper_width() -> None:
    # A right triangle of legs 30 and 40 is narrowest across its hypotenuse: 2 x 600 / 50.
    assert _min_feret(shapely.Polygon([(0, 0), (30, 0), (0, 40)])) == pytest.approx(24)


@pytest.mark.parametrize("seed", [31, 34])
def test_a_split_that_misses_a_thin_fiber_leaves_it_whole(seed: int) -> None:
    spec = replace(PATTERN_SPECS["normal"], split=0.9, fiber_um=18, elongation=4.0)
    scene = build_scene(spec, 250, 250, seed)
    assert len(scene.fibers) > 0
