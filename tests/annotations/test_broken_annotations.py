"""Damaged, foreign and hostile files: one line that says what is wrong, never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from drawn_files import coco_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from histo.annotations import label_mask, load_annotations, load_mapping, read_drawn, safe_file
from histo.errors import AnnotationBroken, AnnotationError, AnnotationUnsafe, NotAnAnnotation
from histo.geometry import Mpp, Size

AGAIN = "export it again from the drawing tool"
BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><Annotations>&d;</Annotations>'
)


def problem_of(path: Path, content: object, kind: type[AnnotationError] = AnnotationBroken) -> str:
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(AnnotationError) as caught:
        read_drawn(path)
    assert type(caught.value) is kind
    assert caught.value.subject == str(path)
    assert "\n" not in str(caught.value)
    return f"{caught.value.problem}; {caught.value.remedy}"


def feature(coordinates: object, kind: str = "Polygon") -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": {}}


def xml(vertices: str, kind: str = "0") -> str:
    region = f'<Region Type="{kind}"><Vertices>{vertices}</Vertices></Region>'
    layer = f'<Annotation Name="A"><Regions>{region}</Regions></Annotation>'
    return f'<Annotations MicronsPerPixel="0.5">{layer}</Annotations>'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (feature([[[0, 0], [1, "2"], [3, 3]]]), "the points of feature 1 are not pairs of numbers"),
        (feature([[[0, 0], [1], [3, 3]]]), "the points of feature 1 are not nested as pairs of numbers"),
        (feature([[0, 0], [1, 1], [2, 2]]), "the points of feature 1 are not pairs of numbers"),
        (feature([[[0, 0], [1, 10**30], [3, 3]]]), "the points of feature 1 are not pairs of numbers"),
        (feature([[[0, 0], [1, 1e12], [3, 3]]]), "a point of feature 1 lies at 1e+12 px, on no slide"),
        (feature("x"), "the coordinates of feature 1 are no list"),
        (feature([[0, 0]], "Circle"), "feature 1 has the geometry 'Circle', which GeoJSON does not know"),
        (feature([5], "MultiPolygon"), "the points of feature 1 are not nested as polygons of rings"),
        (
            '[{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1e999, 2]}}]',
            "a point of feature 1 is not finite",
        ),
        (
            '[{"type": "Feature", "geometry": {"type": "Point", "coordinates": [NaN, 2]}}]',
            "it is not valid JSON (NaN is not a number of JSON)",
        ),
        (
            '[{"type": "Feature", "geo',
            "it is not valid JSON (Unterminated string starting at: line 1 column 22 (char 21))",
        ),
        ({"type": "FeatureCollection"}, "the feature collection has no list of features"),
        ([feature([]), 5], "feature 2 is no GeoJSON feature"),
        ({"type": "Feature", "properties": [1]}, "the properties of feature 1 are no object"),
        ({"type": "Feature", "properties": {"classification": {"name": 4}}}, "the class of feature 1 is no text"),
        (b'[{"type": "Feature", "properties": {"name": "\xff"}}]', "the text is not UTF-8"),
        ("<Annotations><Annotation></Annotations>", "it is not well-formed XML (mismatched tag: line 1, column 27)"),
        (xml('<Vertex X="1"/>'), "None in region 1 of layer 1 is not a number"),
        (xml('<Vertex X="1" Y="12,5"/>'), "'12,5' in region 1 of layer 1 is not a number"),
        (xml('<Vertex X="1" Y="inf"/>'), "'inf' in region 1 of layer 1 is not finite"),
        (xml("", "77"), "region 1 of layer 1 has the type '77', which is not known"),
        (
            '<ASAP_Annotations><Annotations><Annotation Type="Blob"/></Annotations></ASAP_Annotations>',
            "annotation 1 has the type 'Blob', which ASAP does not know",
        ),
        (
            {"annotations": [], "categories": [], "images": [{}, {}]},
            "it holds 2 pictures, and one file is read as one slide",
        ),
        ({"annotations": [], "categories": [{"name": "A"}]}, "a category has no id"),
        (
            {"annotations": [{"category_id": 3}], "categories": []},
            "annotation 1 has the category '3', which the file does not list",
        ),
        (
            {"annotations": [{"name": "A", "polygon": {"paths": [[{"x": 1}]]}}], "item": {}},
            "None in annotation 1 is not a number",
        ),
        (
            {"annotations": [{"name": "A", "polygon": {"paths": [3]}}], "item": {}},
            "a path of annotation 1 is no list of points",
        ),
        ({"annotations": [7], "item": {}}, "annotation 1 is no object"),
        (b"\x89PNG\r\n\x1a\nnothing", "the picture cannot be decoded"),
        (b"II*\x00", "the picture cannot be decoded"),
    ],
)
def test_damaged_files(tmp_path: Path, content: Any, problem: str) -> None:  # noqa: ANN401
    told = problem_of(tmp_path / "file", content)
    assert told.startswith(problem)
    assert told.endswith(AGAIN)


@pytest.mark.parametrize(
    ("segmentation", "problem"),
    [
        ([[1, 2, 3]], "the points of annotation 1 are not pairs of numbers"),
        ({"size": [3], "counts": [9]}, "the size of annotation 1 is not a height and a width"),
        ({"size": [3, 3], "counts": [4, 4]}, "the runs of annotation 1 do not fill its 3 x 3 pixels"),
        ({"size": [3, 3], "counts": [4, -4, 9]}, "the counts of annotation 1 are not whole numbers"),
        ({"size": [3, 3], "counts": "\u20ac"}, "the packed counts of annotation 1 are damaged"),
        ({"size": [3, 3], "counts": "o"}, "the packed counts of annotation 1 break off"),
        (
            {"size": [100000, 100000], "counts": [0, 10**10]},
            "annotation 1 spans 100000 x 100000 pixels, too many for one object",
        ),
    ],
)
def test_damaged_coco_segmentations(tmp_path: Path, segmentation: Any, problem: str) -> None:  # noqa: ANN401
    path = coco_document(tmp_path / "a", [{"category_id": 0, "segmentation": segmentation}], ["A"])
    assert problem_of(path, path.read_bytes()) == f"{problem}; {AGAIN}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"hello", "is in no format that is known"),
        (b"{}", "is JSON, but neither GeoJSON nor COCO nor Darwin"),
        (b"<html></html>", "is XML with the root <html>, of no drawing tool that is known"),
        (
            b"\xac\xed\x00\x05",
            "is a .qpdata file, which only QuPath can read; in QuPath: File, Export objects as GeoJSON",
        ),
        (b"PK\x03\x04", "is a ZIP archive; unpack it first"),
        (b"\x1f\x8b\x08", "is compressed with gzip; unpack it first"),
    ],
)
def test_foreign_files(tmp_path: Path, content: bytes, problem: str) -> None:
    assert problem_of(tmp_path / "file", content, NotAnAnnotation).startswith(problem)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "none", tmp_path, tmp_path / "fifo"):
        with pytest.raises(NotAnAnnotation) as caught:
            read_drawn(path)
        assert caught.value.problem == ("is not a file" if path.exists() else "there is no such file")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (BILLION_LAUGHS, "declares a document type or entities, as no drawing tool does"),
        (
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Annotations/>',
            "declares a document type or entities, as no drawing tool does",
        ),
        ("[" * 200_000, "is nested too deeply"),
    ],
)
def test_hostile_files(tmp_path: Path, content: str, problem: str) -> None:
    assert problem_of(tmp_path / "file", content, AnnotationUnsafe) == f"{problem}; {AGAIN}"


def test_huge_files_and_pictures_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.zeros((40, 40), np.uint8))
    picture = (tmp_path / "mask.png").read_bytes()
    monkeypatch.setattr(label_mask, "MAX_MASK_PX", 1000)
    assert problem_of(tmp_path / "a", picture, AnnotationUnsafe).startswith(
        "has 1,600 pixels, more than 1,000; write it"
    )
    monkeypatch.setattr(safe_file, "MAX_BYTES", 1 << 20)
    assert problem_of(tmp_path / "b", b" " * (2 << 20), AnnotationUnsafe).startswith(
        "is 2 MiB, more than 1 MiB; export"
    )


def test_instance_numbers_that_are_no_counts(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "mask.tif", np.full((3, 3), 2**31, np.uint32))
    told = problem_of(tmp_path / "mask.tif", (tmp_path / "mask.tif").read_bytes())
    assert told.startswith("its largest instance number is 2147483648, more than 10,000,000")


def test_masks_that_are_no_labels(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "rgb.png"), np.zeros((9, 9, 3), np.uint8))
    told = problem_of(tmp_path / "rgb.png", (tmp_path / "rgb.png").read_bytes())
    assert told.startswith("a label mask holds one whole number of at least 0 a pixel, not colors")


@pytest.mark.parametrize(
    ("side", "text", "subject", "problem"),
    [
        ("mask.csv", "a,b\n1,2\n", "mask.csv", "it has no columns `instance` and `class`"),
        ("mask.csv", "instance,class\n1x,A\n", "mask.csv", "'1x' is not an instance number"),
        ("mask.json", "[1]", "mask.json", "it is not an object with a class name by instance number"),
        ("mask.json", '{"2": "A"}', "mask.png", "the file of classes lacks instance 1"),
    ],
)
def test_classes_beside_a_mask_that_do_not_fit(
    tmp_path: Path, side: str, text: str, subject: str, problem: str
) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.ones((9, 9), np.uint8))
    (tmp_path / side).write_text(text)
    with pytest.raises(AnnotationBroken) as caught:
        read_drawn(tmp_path / "mask.png")
    assert caught.value.subject == str(tmp_path / subject)
    assert caught.value.problem == problem


def test_a_picture_of_another_shape_is_not_scaled(tmp_path: Path) -> None:
    path = coco_document(tmp_path / "a", [], ["A"], width=100, height=100)
    with pytest.raises(AnnotationBroken) as caught:
        load_annotations(path, load_mapping(None), Mpp(0.5), Size(400, 300))
    assert str(caught.value) == (
        f"{path}: was drawn on a picture of 100 x 100 pixels, and the slide has 400 x 300; name the slide it belongs to"
    )


whatever = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xywh"), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "type",
    "geometry",
    "coordinates",
    "features",
    "properties",
    "classification",
    "annotations",
    "categories",
    "item",
    "segmentation",
    "size",
    "counts",
    "polygon",
    "paths",
    "ellipse",
    "bbox",
    "keypoints",
    "name",
    "nucleusGeometry",
)


@given(content=whatever, keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4))
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_makes_it_fail_in_another_way(tmp_path: Path, content: Any, keys: list[str]) -> None:  # noqa: ANN401
    for key in keys:
        given = {"annotations": [content], "categories": [{"id": 1}], "item": {}}
        content = {"type": "Feature", "id": 1, "category_id": 1, **given, key: content}
    for document in (content, [content], {**content, "type": None}, {**content, "type": None, "categories": None}):
        (tmp_path / "a").write_text(json.dumps(document))
        try:
            read_drawn(tmp_path / "a")
        except AnnotationError as error:
            assert "\n" not in str(error)
