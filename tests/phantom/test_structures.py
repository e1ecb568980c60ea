"""Structures between fibers: they keep to their compartments, hold their nuclei, and look the same in every region."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import pytest
import shapely

from histo.findings import CellClass, Compartment
from histo.geometry import WORKING_MPP, Region
from histo.phantom.drawing import Renderer
from histo.phantom.look import typical_look
from histo.phantom.nuclei import structure_nuclei
from histo.phantom.scene import Scene, build_scene
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures import Structures, courses, glass_where_wide

CROWDED = PhantomSpec(
    vessels_mm2=25,
    nerves_mm2=25,
    spindles_mm2=15,
    fat_mm2=12,
    bands_mm2=8,
    granulomas_mm2=6,
    tears_mm2=15,
    capillaries=0.8,
    debris_mm2=0,
    folds_mm2=0,
)
SIDE_UM = 700.0


@lru_cache(maxsize=1)
def crowded() -> Scene:
    return build_scene(CROWDED, SIDE_UM, SIDE_UM, 21)


@lru_cache(maxsize=1)
def renderer() -> Renderer:
    look = replace(typical_look(np.random.default_rng(2)), noise=0.0)
    return Renderer(crowded(), look)


def shapes_of(structures: Structures, *names: str) -> np.ndarray:
    return np.concatenate([getattr(structures, name) for name in names])


def test_every_kind_of_structure_is_there() -> None:
    structures = crowded().structures
    for name in ("vessels", "capillaries", "nerves", "spindles", "intrafusal", "lobules", "fat", "bands", "granulomas"):
        assert len(getattr(structures, name)) > 0, name


def test_fibers_give_way_to_structures() -> None:
    scene = crowded()
    solid = shapes_of(scene.structures, "vessels", "nerves", "spindles", "lobules", "granulomas", "bands")
    solid = solid[shapely.intersects(solid, shapely.box(0, 0, SIDE_UM, SIDE_UM))]
    fiber, other = shapely.STRtree(solid).query(scene.fibers, predicate="intersects")
    shared = shapely.area(shapely.intersection(scene.fibers[fiber], solid[other]))
    assert shared.sum() < 0.001 * shapely.area(scene.fibers).sum()


def test_structures_do_not_lie_in_each_other() -> None:
    solid = shapes_of(crowded().structures, "vessels", "nerves", "spindles", "granulomas", "lobules")
    first, second = shapely.STRtree(solid).query(solid, predicate="intersects")
    assert np.all(first == second)


def test_parts_lie_in_what_they_belong_to() -> None:
    structures = crowded().structures
    assert all(shapely.covers(shapely.buffer(structures.vessels, 0.1), structures.lumens))
    for part, whole in (("fat", "lobules"), ("intrafusal", "spindles"), ("giants", "granulomas")):
        union = shapely.union_all(getattr(structures, whole)).buffer(0.1)
        assert all(shapely.covers(union, getattr(structures, part))), part


def test_truth_names_the_compartment_of_each_structure() -> None:
    area = Region(60, 60, 900, 900)
    truth = renderer().render(area).truth
    checked = 0
    for name, compartment in (
        ("vessels", Compartment.VESSEL),
        ("nerves", Compartment.NERVE_SPINDLE),
        ("spindles", Compartment.NERVE_SPINDLE),
        ("lobules", Compartment.FAT),
    ):
        for shape in getattr(crowded().structures, name):
            point = shapely.get_coordinates(shape.representative_point())[0]
            column, row = (WORKING_MPP.to_px(point) - [area.x, area.y]).astype(int)
            if 0 <= row < area.height and 0 <= column < area.width:
                assert truth.compartments[row, column] == compartment, name
                checked += 1
    assert checked > 5
    assert not np.any((truth.fiber_labels > 0) & (truth.compartments != Compartment.FIBER))


def test_nuclei_of_structures_lie_in_them() -> None:
    structures = crowded().structures
    nuclei = structure_nuclei(structures, np.random.default_rng(0))
    names = ("vessels", "capillaries", "nerves", "spindles", "lobules", "bands", "granulomas")
    home = shapely.STRtree(shapes_of(structures, *names))
    _, found = home.query_nearest(shapely.points(nuclei.center_um), return_distance=True, all_matches=False)
    assert found.max() < 7.0  # the rim of lymphocytes reaches a little beyond its granuloma
    assert np.all(nuclei.host == -1)


def test_inflammatory_cells_of_structures_belong_to_granulomas() -> None:
    structures = crowded().structures
    nuclei = structure_nuclei(structures, np.random.default_rng(0))
    inflammatory = np.isin(nuclei.cell_class, (CellClass.MACROPHAGE, CellClass.LYMPHOCYTE))
    assert inflammatory.sum() > 50
    around = shapely.union_all(structures.granulomas).buffer(7.0)
    assert np.all(shapely.contains_xy(around, *nuclei.center_um[inflammatory].T))
    none = replace(structures, granulomas=structures.granulomas[:0], giants=structures.giants[:0])
    rest = structure_nuclei(none, np.random.default_rng(0))
    assert not np.isin(rest.cell_class, (CellClass.MACROPHAGE, CellClass.LYMPHOCYTE)).any()


def test_capillaries_lie_between_fibers() -> None:
    scene = crowded()
    centers = shapely.centroid(scene.structures.capillaries)
    held = shapely.STRtree(shapely.buffer(scene.fibers, -0.5)).query(centers, predicate="within")[0]
    assert len(np.unique(held)) < 0.02 * len(centers)


def test_a_seed_reproduces_the_structures() -> None:
    again = build_scene(CROWDED, SIDE_UM, SIDE_UM, 21).structures
    for field in fields(Structures):
        one, two = getattr(crowded().structures, field.name), getattr(again, field.name)
        assert len(one) == len(two)
        assert shapely.equals_exact(one, two).all() if one.dtype == object else np.array_equal(one, two)


def test_a_piece_drawn_alone_equals_the_same_piece_of_a_larger_region() -> None:
    whole = renderer().render(Region(160, 160, 640, 480))
    part = renderer().render(Region(333, 290, 210, 190))
    window = np.s_[130:320, 173:383]
    assert np.array_equal(whole.truth.compartments[window], part.truth.compartments)
    inner = np.s_[8:-8, 8:-8]  # the scanner's own filters end at the rim of what it takes in
    assert np.abs(whole.rgb[window][inner].astype(int) - part.rgb[inner]).max() <= 1


def test_collagen_runs_on_from_piece_to_piece() -> None:
    structures = crowded().structures
    begin, angle, along = courses(structures.bands)
    corners = shapely.get_coordinates(structures.bands).reshape(-1, 5, 2)
    joined = np.all(corners[:-1, 1] == corners[1:, 0], axis=1)
    assert joined.sum() > 5
    step = np.hypot(*(begin[1:] - begin[:-1]).T)[joined]
    assert np.allclose(np.diff(along)[joined], step)
    assert np.all(np.cos(np.diff(angle)[joined]) > 0.5)


@pytest.mark.parametrize(("width_wpx", "expected"), [(20, Compartment.PERIMYSIUM), (30, Compartment.GLASS)])
def test_white_is_glass_where_it_is_wide(width_wpx: int, expected: Compartment) -> None:
    compartments = np.full((120, 120), Compartment.PERIMYSIUM, np.uint8)
    white = np.zeros((120, 120), np.bool_)
    white[:, 40 : 40 + width_wpx] = True
    glass_where_wide(white, compartments)
    assert np.all(compartments[30:-30, 45 : 35 + width_wpx] == expected)
    assert np.all(compartments[~white] == Compartment.PERIMYSIUM)
    vessel = np.full((120, 120), Compartment.VESSEL, np.uint8)
    glass_where_wide(white, vessel)
    assert np.all(vessel == Compartment.VESSEL)
