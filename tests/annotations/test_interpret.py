"""What drawn objects mean: regions, unsure places, mending, our own exports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from drawn_files import feature, layered, polygons, qupath
from example_findings import example_cells, example_fibers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from histo.annotations import Annotations, load_annotations, load_mapping
from histo.errors import AnnotationBroken
from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.geometry import Mpp, Size
from histo.records import write_geojson
from histo.slide import Scale

LAW = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
REGION = shapely.box(0, 0, 1000, 800)


def load(
    folder: Path, *objects: tuple[str, shapely.Geometry], mapping: str | None = None, size_px: Size | None = None
) -> Annotations:
    features = [feature(name, shapely.geometry.mapping(shape)) for name, shape in objects]
    (folder / "drawn.geojson").write_text(json.dumps(features))
    (folder / "mapping.toml").write_text(mapping or "")
    chosen = load_mapping(None if mapping is None else folder / "mapping.toml")
    return load_annotations(folder / "drawn.geojson", chosen, Mpp(0.5), size_px)


def fiber(x: float = 100, y: float = 100, radius: float = 50) -> shapely.Polygon:
    return shapely.Point(x, y).buffer(radius)


def test_our_own_export_comes_back(tmp_path: Path) -> None:
    fibers, cells = example_fibers(80), example_cells(60)
    path = tmp_path / "findings.geojson"
    write_geojson(path, fibers=fibers, cells=cells, scale=Scale(Mpp(0.25), "a tag"), identity="a", all_nuclei=True)
    found = load_annotations(path, load_mapping(None), Mpp(0.25))
    assert found.fibers.fiber_class.tolist() == fibers.fiber_class.tolist()
    for row, outline in enumerate(found.fibers.outlines):
        assert shapely.symmetric_difference(outline, shapely.Polygon(fibers.outline(row))).area < 0.005 * outline.area
    assert found.cells.cell_class.tolist() == cells.cell_class.tolist()
    np.testing.assert_allclose(found.cells.center_um, cells.center_um, atol=0.02)
    assert found.changes == ()
    assert not found.attributes_known.any(), "an export says nothing about attributes"


def test_inflammatory_cells_alone_say_nothing_about_myonuclei(tmp_path: Path) -> None:
    drawn = [("Annotated region", REGION), ("Lymphocyte", shapely.Point(10, 10))]
    assert load(tmp_path, *drawn).cell_classes_known.tolist() == [True, True, False, False]
    drawn.append(("Myonucleus", shapely.Point(50, 10)))
    assert load(tmp_path, *drawn).cell_classes_known.tolist() == [True, True, True, False]


def test_a_region_says_where_absence_counts(tmp_path: Path) -> None:
    found = load(tmp_path, ("Annotated region", REGION), ("Intact fiber", fiber(2000, 100)))
    region_um2, own_um2 = REGION.area / 4, fiber().area / 4
    assert found.fibers_known.area == pytest.approx(region_um2 + own_um2), "a fiber outside teaches by itself"
    assert found.cells_known.area == found.compartments_known.area == pytest.approx(region_um2)
    assert found.regions == (("annotated", 1),)
    assert found.warnings == ()


def test_a_region_of_one_kind_says_nothing_of_the_others(tmp_path: Path) -> None:
    found = load(tmp_path, ("Annotated cells", REGION), ("Intact fiber", fiber()))
    assert found.cells_known.area == pytest.approx(REGION.area / 4)
    assert found.fibers_known.area == pytest.approx(fiber().area / 4)
    assert found.compartments_known.is_empty


def test_a_lab_that_draws_fibers_alone_does_not_say_that_there_are_no_nuclei(tmp_path: Path) -> None:
    mapping = '[classes]\nROI = "annotated"\nF = "intact"'
    found = load(tmp_path, ("ROI", REGION), ("F", fiber()), mapping=mapping)
    assert found.fibers_known.area == pytest.approx(REGION.area / 4)
    assert found.cells_known.is_empty
    assert found.compartments_known.is_empty
    assert not found.cell_classes_known.any()


def test_without_a_region_nothing_counts_as_absent(tmp_path: Path) -> None:
    found = load(tmp_path, ("Intact fiber", fiber()), ("Lymphocyte", shapely.Point(900, 900)))
    assert found.fibers_known.area == pytest.approx(fiber().area / 4)
    assert found.cells_known.area == pytest.approx(np.pi * 5**2, rel=0.03)
    (warning,) = found.warnings
    assert warning.startswith("no region says where everything was drawn")


@given(
    drawn=st.lists(polygons(within=400), min_size=1, max_size=3),
    unsure=st.lists(polygons(within=400), min_size=1, max_size=2),
)
@LAW
def test_what_is_unsure_is_never_known(
    tmp_path: Path, drawn: list[shapely.Polygon], unsure: list[shapely.Polygon]
) -> None:
    objects = [("Annotated region", REGION)] + [("Intact fiber", s) for s in drawn] + [("Unsure", s) for s in unsure]
    found = load(tmp_path, *objects)
    for known in (found.fibers_known, found.cells_known, found.compartments_known):
        assert known.is_valid
        assert shapely.intersection(known, found.unsure).area == pytest.approx(0, abs=1e-6)
    everything = shapely.union_all([REGION, *drawn, *unsure]).area / 4
    assert shapely.union(found.fibers_known, found.unsure).area == pytest.approx(everything)


def test_a_point_that_is_unsure_covers_its_surroundings(tmp_path: Path) -> None:
    found = load(tmp_path, ("Unsure", shapely.Point(100, 100)))
    assert found.unsure.area == pytest.approx(np.pi * 10**2, rel=0.03)


def test_attributes_come_with_the_class_and_are_known_where_the_mapping_speaks_of_them(tmp_path: Path) -> None:
    mapping = """
    [classes]
    Normal = "intact"
    IN = { class = "intact", attributes = ["internal nucleus"] }
    Vac = { class = "necrotic_pale", attributes = ["Vacuolated", "oblique"] }
    """
    found = load(tmp_path, ("Normal", fiber()), ("IN", fiber(300)), ("Vac", fiber(500)), mapping=mapping)
    held = [{FiberAttribute(i).name for i in np.flatnonzero(row)} for row in found.fibers.attributes]
    assert held == [set(), {"INTERNAL_NUCLEUS"}, {"VACUOLATED", "OBLIQUE"}]
    assert found.attributes_known.tolist() == [True, False, True, False, True, False]


def test_smaller_areas_lie_on_larger_ones(tmp_path: Path) -> None:
    found = load(tmp_path, ("Vessel", fiber()), ("Perimysium", REGION), ("Fat", fiber(400, 400, 90)))
    assert found.areas.compartment.tolist() == [Compartment.PERIMYSIUM, Compartment.FAT, Compartment.VESSEL]


def test_crossed_outlines_are_mended_and_told(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(0, 0), (40, 40), (40, 0), (0, 40)])
    found = load(tmp_path, ("Intact fiber", bow_tie))
    assert shapely.area(found.fibers.outlines).tolist() == [100, 100]
    assert found.changes == (
        "feature 1 (Intact fiber) crossed itself and was mended: 0.0 um2 before, 200.0 after, "
        "and is drawn in 2 pieces, taken as 2 fibers",
    )


def test_a_loop_over_its_own_start_is_one_fiber(tmp_path: Path) -> None:
    turn = np.linspace(0, 2.2 * np.pi, 60)
    loop = shapely.Polygon(np.stack([np.cos(turn), np.sin(turn)], 1) * (40 + turn)[:, None] + 100)
    found = load(tmp_path, ("Intact fiber", loop))
    assert len(found.fibers) == 1
    (change,) = found.changes
    assert "crossed itself and was mended" in change


def test_what_cannot_be_used_is_left_out_and_told(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        ("Intact fiber", shapely.Point(5, 5)),
        ("Intact fiber", shapely.Point(6, 5)),
        ("Necrotic fiber: pale", shapely.LineString([(0, 0), (5, 5)])),
        ("Myophagocytosis", shapely.Polygon([(0, 0), (5, 5), (9, 9)])),
        ("Regenerating fiber", shapely.box(0, 0, 2, 2)),
        ("Lymphocyte", shapely.Polygon()),
        ("Ignore", fiber()),
    )
    assert len(found.fibers) == len(found.cells) == 0
    assert found.changes == (
        "feature 4 (Myophagocytosis) has no area",
        "feature 5 (Regenerating fiber) is left out in part or whole: 1.0 um2 is too small for a fiber",
        "2 'Intact fiber' left out: a point has no outline",
        "1 'Lymphocyte' left out: nothing was drawn",
        "1 'Necrotic fiber: pale' left out: a line has no area",
    )


def test_specks_of_an_object_are_no_fibers(tmp_path: Path) -> None:
    found = load(tmp_path, ("Intact fiber", shapely.union(fiber(), shapely.box(200, 200, 205, 205))))
    assert len(found.fibers) == 1
    assert "lost its specks" in found.changes[0]


@pytest.mark.parametrize(
    ("objects", "size_px", "told"),
    [
        ([], None, "the file holds no object"),
        (
            [("Intact fiber", fiber(100 + 900 * i, radius=400)) for i in range(12)],
            None,
            "half of the fibers measure less than 400 um across: is the scale right?",
        ),
        (
            [("Intact fiber", fiber()), ("Necrotic fiber: pale", fiber(110))],
            None,
            "fibers that overlap another by more than half, in pairs: 1; was one fiber drawn twice?",
        ),
        (
            [("Intact fiber", fiber(900, 100)), ("Intact fiber", fiber(100, 100))],
            Size(500, 1000),
            "1 of 2 objects lie outside the slide of 500 x 1000 px: do x and y stand in the right order, and is it the "
            "right slide and level?",
        ),
    ],
)
def test_what_is_seldom_meant_is_warned_of(
    tmp_path: Path, objects: list[tuple[str, shapely.Polygon]], size_px: Size | None, told: str
) -> None:
    assert told in load(tmp_path, *objects, size_px=size_px).warnings


def test_what_lies_wholly_beside_the_slide_is_of_another_slide(tmp_path: Path) -> None:
    with pytest.raises(AnnotationBroken, match=r"nothing of what was drawn \(1 objects\) lies on the slide of 500 x"):
        load(tmp_path, ("Intact fiber", fiber(900, 100)), size_px=Size(500, 1000))


def test_a_scale_in_the_file_that_is_not_the_slide_s_is_warned_of(tmp_path: Path) -> None:
    path = layered(tmp_path / "a.xml", [("Intact fiber", fiber())], halo=False)
    told = "the file tells 0.25 um per pixel, the slide has 0.5: was it drawn on this slide?"
    assert told in load_annotations(path, load_mapping(None), Mpp(0.5)).warnings
    assert told not in load_annotations(path, load_mapping(None), Mpp(0.25)).warnings


def test_objects_are_counted_by_the_names_of_the_file(tmp_path: Path) -> None:
    path = qupath(tmp_path / "a", [("Intact fiber", fiber()), ("Unsure", fiber()), ("Intact fiber", fiber(900))])
    found = load_annotations(path, load_mapping(None), Mpp(0.5))
    assert found.object_counts == (("Intact fiber", 2), ("Unsure", 1))
    assert found.format == "QuPath GeoJSON"
    assert found.fibers.fiber_class.tolist() == [FiberClass.INTACT] * 2
    assert CellClass.LYMPHOCYTE not in found.cells.cell_class
