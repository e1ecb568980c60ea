"""The catalogue of diseases: each can be drawn and built, keeps its habit, and near-misses hold no necrosis."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES, CellClass, FiberAttribute, FiberClass
from histo.pattern.labels import PatternLabel
from histo.phantom.diseases import DISEASES, NEAR_MISSES
from histo.phantom.fibers import pack
from histo.phantom.scene import Scene, build_scene
from histo.phantom.spec import PATTERN_SPECS
from histo.phantom.training_mix import training_spec


def necrotic(scene: Scene) -> NDArray[np.bool_]:
    return np.isin(scene.fiber_class, NECROTIC_CLASSES)


@pytest.mark.parametrize("name", DISEASES)
def test_every_disease_draws_widely_and_says_what_is_visible(name: str) -> None:
    disease = DISEASES[name]
    drawn = [disease.draw(np.random.default_rng(seed)) for seed in range(60)]
    assert all(spec.disease == name and spec.pattern in set(PatternLabel) for spec in drawn)
    shares: defaultdict[str, float] = defaultdict(float)
    for face in disease.faces:
        shares[face.pattern] += face.share
    most = max(shares, key=shares.__getitem__)
    assert most == disease.pattern or name in ("antisynthetase", "toxic", "imnm_hmgcr_pediatric")
    assert np.std([np.log(spec.fiber_um) for spec in drawn]) > 0.1
    assert sum(face.share for face in disease.faces) == pytest.approx(1)


@pytest.mark.parametrize("name", DISEASES)
def test_every_disease_builds(name: str) -> None:
    scene = build_scene(DISEASES[name].draw(np.random.default_rng(4)), 600.0, 600.0, 4)
    assert len(scene.fibers) > 20
    assert shapely.is_valid(scene.fibers).all()
    assert len(scene.fiber_look) == len(scene.fibers)


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_hold_no_necrotic_fiber(name: str) -> None:
    section = shapely.Point(450, 450).buffer(430)
    scene = build_scene(DISEASES[name].draw(np.random.default_rng(1)), 900.0, 900.0, 2, section)
    assert not necrotic(scene).any()
    shown = (
        scene.fiber_attributes[:, [FiberAttribute.VACUOLATED, FiberAttribute.OPAQUE]].any() or scene.fiber_look.any()
    )
    assert shown or len(scene.structures.granulomas) or len(scene.structures.foci)


def test_one_necrotic_fiber_is_one() -> None:
    scene = build_scene(DISEASES["normal_one_necrotic"].draw(np.random.default_rng(2)), 900.0, 900.0, 2)
    assert np.count_nonzero(necrotic(scene)) == 1


def test_no_macrophage_is_inside_a_fiber_of_zonal_necrosis() -> None:
    scene = build_scene(DISEASES["ischemic"].draw(np.random.default_rng(3)), 600.0, 600.0, 3)
    macrophage = scene.nuclei.cell_class == CellClass.MACROPHAGE
    assert necrotic(scene).sum() > 10
    assert np.all(scene.nuclei.host[macrophage] < 0)


def test_checkpoint_necrosis_lies_in_groups_and_necrotizing_does_not() -> None:
    def neighbors_share(name: str) -> float:
        """How often a neighbor of a necrotic fiber is necrotic, over how often any fiber is."""
        ratios = []
        for seed in range(2):
            drawn = DISEASES[name].draw(np.random.default_rng(seed))
            if drawn.pattern != DISEASES[name].pattern:
                continue
            scene = build_scene(drawn, 1200.0, 1200.0, seed)
            centers = shapely.centroid(scene.fibers)
            sick = necrotic(scene)
            tree = shapely.STRtree(centers)
            pairs = np.array(tree.query(centers[sick], predicate="dwithin", distance=1.6 * drawn.fiber_um))
            other = pairs[1] != np.flatnonzero(sick)[pairs[0]]
            ratios.append(sick[pairs[1][other]].mean() / sick.mean())
        return float(np.mean(ratios))

    assert neighbors_share("checkpoint_inhibitor") > 3
    assert 0.3 < neighbors_share("imnm_hmgcr") < 2


def test_dense_infiltrate_says_nothing_about_necrosis_in_training() -> None:
    sick, dense = [], []
    for seed in range(24):
        scene = build_scene(training_spec(np.random.default_rng([seed, 3])), 320.0, 320.0, seed)
        free = (scene.nuclei.host < 0) & np.isin(scene.nuclei.cell_class, (CellClass.LYMPHOCYTE, CellClass.MACROPHAGE))
        cells = shapely.STRtree(shapely.points(scene.nuclei.center_um[free]))
        near = cells.query(scene.fibers, predicate="dwithin", distance=8.0)[0]
        dense.append(np.bincount(near, minlength=len(scene.fibers)) >= 4)
        sick.append(necrotic(scene))
    amid = np.concatenate(dense)
    share, overall = np.concatenate(sick)[amid].mean(), np.concatenate(sick).mean()
    assert np.count_nonzero(amid) > 100
    assert 0.5 < share / overall < 2


def test_small_fibers_line_the_fascicle_edge_in_dermatomyositis() -> None:
    drawn = [DISEASES["dermatomyositis"].draw(np.random.default_rng(seed)) for seed in range(12)]
    spec = next(spec for spec in drawn if spec.pattern == "perifascicular_atrophy")
    scene = build_scene(spec, 1200.0, 1200.0, 7)
    _, edge_um = shapely.STRtree(shapely.boundary(scene.fascicles)).query_nearest(
        shapely.centroid(scene.fibers), return_distance=True, all_matches=False
    )
    living = scene.fiber_class == FiberClass.INTACT
    small = living & (shapely.area(scene.fibers) < 0.3 * np.median(shapely.area(scene.fibers)))
    assert np.count_nonzero(small) > 20
    assert edge_um[small].mean() < 0.6 * edge_um[living & ~small].mean()


def test_atrophy_lines_the_edge_of_fascicles_cut_obliquely_too() -> None:
    spec = replace(PATTERN_SPECS["perifascicular_atrophy"], oblique=1.0)
    packing = pack(spec, 900.0, 900.0, np.random.default_rng(1))
    assert np.all(packing.stretch > 1.6)
    assert np.median(packing.edge_um[packing.atrophic]) < 0.6 * np.median(packing.edge_um[~packing.atrophic])
