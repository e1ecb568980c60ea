"""What was drawn comes back the same from every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import shapely
import tifffile
from drawn_files import WITH_HOLES, WITHOUT_HOLES, Named, coco_document, feature, polygons, qupath
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as oracle

from histo.annotations import AnnotatedFibers, load_annotations, load_mapping, read_drawn
from histo.annotations.drawn import even_odd
from histo.findings import FiberClass
from histo.geometry import Mpp, Size

LAW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def same(shape: shapely.Geometry, expected: shapely.Geometry) -> bool:
    return shapely.symmetric_difference(shape, expected).area <= 1e-6 * expected.area


@pytest.mark.parametrize("tool", WITH_HOLES)
@given(drawn=st.lists(polygons(within=500), min_size=1, max_size=1))
@LAW
def test_a_polygon_with_holes_keeps_its_place(tmp_path: Path, tool: str, drawn: list[shapely.Polygon]) -> None:
    file = read_drawn(WITH_HOLES[tool](tmp_path / "file", [("Intact fiber", shape) for shape in drawn]))
    assert [item.class_name for item in file.objects] == ["Intact fiber"] * len(drawn)
    assert all(same(item.shape, shape) for item, shape in zip(file.objects, drawn, strict=True))


@pytest.mark.parametrize("tool", WITHOUT_HOLES | WITH_HOLES)
@given(
    drawn=st.lists(st.tuples(st.sampled_from(["A", "B: c"]), polygons(holes=False)), min_size=1, max_size=5),
    um_per_px=st.sampled_from([0.25, 0.5, 1.0]),
)
@LAW
def test_many_polygons_keep_class_place_and_order(tmp_path: Path, tool: str, drawn: Named, um_per_px: float) -> None:
    path = (WITHOUT_HOLES | WITH_HOLES)[tool](tmp_path / "file", drawn)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[classes]\nA = "intact"\n"B: c" = "necrotic pale"')
    fibers = load_annotations(path, load_mapping(mapping), Mpp(um_per_px)).fibers
    kinds = [FiberClass.INTACT if name == "A" else FiberClass.NECROTIC_PALE for name, _ in drawn]
    assert fibers.fiber_class.tolist() == kinds
    for outline, (_, shape) in zip(fibers.outlines, drawn, strict=True):
        assert same(outline, shapely.transform(shape, lambda xy: xy * um_per_px))


masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def pixels_of(shape: shapely.Geometry, size: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices(size)
    return shapely.contains_xy(shape, columns + 0.5, rows + 0.5)


@given(mask=masks, packed=st.booleans())
@LAW
def test_run_lengths_hold_exactly_the_pixels_of_the_mask(tmp_path: Path, mask: np.ndarray, packed: bool) -> None:
    rle: dict[str, Any] = oracle.encode(np.asfortranarray(mask.astype(np.uint8)))
    flat = mask.ravel(order="F")
    steps = np.flatnonzero(np.diff(flat)) + 1
    plain = np.diff(np.concatenate([[0], steps, [flat.size]])).tolist()
    counts = rle["counts"].decode() if packed else ([0] if flat[0] else []) + plain
    annotation = {"category_id": 0, "segmentation": {"size": list(mask.shape), "counts": counts}}
    (item,) = read_drawn(coco_document(tmp_path / "a.json", [annotation], ["A"])).objects
    assert item.shape.area == np.count_nonzero(mask)
    np.testing.assert_array_equal(pixels_of(item.shape, mask.shape), mask)


def test_a_run_length_mask_of_a_whole_slide_needs_no_picture_of_it(tmp_path: Path) -> None:
    height, width = 90_000, 120_000
    start = 60_000 * height + 50_000
    counts = [start, 3, height - 3, 3, height * width - start - height - 3]
    annotation = {"category_id": 0, "segmentation": {"size": [height, width], "counts": counts}}
    (item,) = read_drawn(coco_document(tmp_path / "a.json", [annotation], ["A"])).objects
    assert item.shape.bounds == (60_000, 50_000, 60_002, 50_003)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@given(labels=hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(2, 9)), elements=st.integers(0, 400)))
@LAW
def test_a_label_mask_gives_every_instance_its_pixels(tmp_path: Path, suffix: str, labels: np.ndarray) -> None:
    path = tmp_path / f"mask{suffix}"
    if suffix == ".png":
        cv2.imwrite(str(path), labels)
    else:
        tifffile.imwrite(path, labels.astype(np.int32))
    file = read_drawn(path)
    assert [item.place for item in file.objects] == [f"instance {n}" for n in np.unique(labels) if n]
    for item in file.objects:
        number = int(item.place.split()[1])
        np.testing.assert_array_equal(pixels_of(item.shape, labels.shape), labels == number)


@pytest.mark.parametrize(
    ("side", "text"),
    [
        (".csv", "instance,class\n1,Intact fiber\n7, Myophagocytosis\n"),
        (".json", '{"1": "Intact fiber", "7": "Myophagocytosis"}'),
    ],
)
def test_a_label_mask_takes_its_classes_from_the_file_beside_it(tmp_path: Path, side: str, text: str) -> None:
    labels = np.kron(np.array([[1, 0], [0, 7]], np.uint8), np.ones((20, 20), np.uint8))
    cv2.imwrite(str(tmp_path / "mask.png"), labels)
    (tmp_path / f"mask{side}").write_text(text)
    found = load_annotations(tmp_path / "mask.png", load_mapping(None), Mpp(0.5), Size(80, 80))
    assert found.fibers.fiber_class.tolist() == [FiberClass.INTACT, FiberClass.MYOPHAGOCYTOSIS]
    assert found.fibers.outlines[1].bounds == (20, 20, 40, 40), "a mask at half the resolution is scaled to the slide"
    assert found.changes == ("drawn on a picture of 40 x 40 pixels: scaled by 2 to the slide",)


def test_one_class_for_all_instances_is_said_by_the_mapping(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.kron(np.eye(2, dtype=np.uint8), np.ones((20, 20), np.uint8)))
    (tmp_path / "mapping.toml").write_text('[classes]\nunclassified = "intact"')
    found = load_annotations(tmp_path / "mask.png", load_mapping(tmp_path / "mapping.toml"), Mpp(0.5))
    # Two squares that touch at a corner are two pieces of one instance.
    assert shapely.area(found.fibers.outlines).tolist() == [100, 100]


SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [40, 0], [40, 40], [0, 40], [0, 0]]]}


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"classification": {"name": "Necrotic fiber: pale"}}, "Necrotic fiber: pale"),
        ({"classification": {"names": ["Necrotic fiber", "pale"], "color": [1, 2, 3]}}, "Necrotic fiber: pale"),
        ({"classification": "Stroma"}, "Stroma"),
        ({"classification": None, "name": " UT "}, "UT"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_class_of_a_qupath_object(tmp_path: Path, properties: object, name: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "Feature", "geometry": SQUARE, "properties": properties}))
    (item,) = read_drawn(path).objects
    assert item.class_name == name


def test_a_cell_is_where_its_nucleus_is(tmp_path: Path) -> None:
    nucleus = {"type": "Polygon", "coordinates": [[[4, 4], [8, 4], [8, 8], [4, 8], [4, 4]]]}
    cell = feature("Lymphocyte", SQUARE, objectType="cell", measurements={"Area": 1.5}) | {"nucleusGeometry": nucleus}
    points = feature("Macrophage", {"type": "MultiPoint", "coordinates": [[10, 20], [30, 40.5]]})
    (tmp_path / "a.json").write_text(json.dumps([cell, points]))
    found = load_annotations(tmp_path / "a.json", load_mapping(None), Mpp(0.5))
    assert found.cells.center_um.tolist() == [[3, 3], [5, 10], [15, 20.25]]
    assert found.cells.cell_class.tolist() == [0, 1, 1]


@given(parts=st.lists(polygons(), min_size=2, max_size=3))
@LAW
def test_a_multipolygon_is_the_sum_of_its_parts(tmp_path: Path, parts: list[shapely.Polygon]) -> None:
    path = qupath(tmp_path / "a.json", [("A", part) for part in parts], form="multipolygon")
    (item,) = read_drawn(path).objects
    assert shapely.get_parts(item.shape).tolist() == parts


def test_rings_without_order_leave_holes_and_keep_islands() -> None:
    squares = [np.array([[-r, -r], [r, -r], [r, r], [-r, r]], float) for r in (1, 3, 2)]
    assert even_odd(squares).area == 36 - 16 + 4


def test_the_shapes_of_the_tools_that_are_no_polygons(tmp_path: Path) -> None:
    def region(kind: str, *points: tuple[float, float]) -> str:
        vertices = "".join(f'<V X="{x}" Y="{y}"/>' for x, y in points)
        return f'<Region Type="{kind}" NegativeROA="0"><Vertices>{vertices}</Vertices></Region>'

    drawn = region("Rectangle", (10, 10), (50, 30)) + region("Ellipse", (0, 0), (40, 20)) + region("Pin", (5, 6))
    drawn += region("Ruler", (0, 0), (9, 9))
    (tmp_path / "a").write_text(
        f'<Annotations><Annotation Name="A"><Regions>{drawn}</Regions></Annotation></Annotations>'
    )
    box, ellipse, pin, ruler = (item.shape for item in read_drawn(tmp_path / "a").objects)
    assert box.bounds == (10, 10, 50, 30)
    assert ellipse.area == pytest.approx(np.pi * 20 * 10, rel=0.01)
    assert ellipse.bounds == pytest.approx((0, 0, 40, 20))
    assert shapely.get_coordinates(pin).tolist() == [[5, 6]]
    assert ruler.length > 0
    turned = {"center": {"x": 50, "y": 60}, "radius": {"x": 30, "y": 10}, "angle": np.pi / 2}
    document = {"item": {}, "annotations": [{"name": "A", "ellipse": turned}, {"name": "A", "tag": {}}]}
    (tmp_path / "b").write_text(json.dumps(document))
    ellipse, tag = (item.shape for item in read_drawn(tmp_path / "b").objects)
    assert ellipse.bounds == pytest.approx((40, 30, 60, 90), abs=0.1)
    assert tag.is_empty


def test_annotations_are_frozen() -> None:
    square = np.array([shapely.box(0, 0, 1, 1)], object)
    fibers = AnnotatedFibers(square, np.zeros(1, np.uint8), np.zeros((1, 6), np.bool_))
    with pytest.raises(ValueError, match="read-only"):
        fibers.fiber_class[0] = 1
    bow_tie = np.array([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], object)
    with pytest.raises(ValueError, match="valid polygon"):
        AnnotatedFibers(bow_tie, np.zeros(1, np.uint8), np.zeros((1, 6), np.bool_))
