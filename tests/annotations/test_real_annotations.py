"""Files that drawing tools and labs have really written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely

from histo.annotations import load_annotations, load_mapping, read_drawn
from histo.errors import NotAnAnnotation
from histo.geometry import Mpp, Size

REAL = {
    "asap-dot.xml": ("ASAP XML", {"": 1}),
    "asap-pointset.xml": ("ASAP XML", {"": 1}),
    "asap-polygon.xml": ("ASAP XML", {"": 1}),
    "darwin.json": (
        "Darwin JSON",
        {"tumor (cell)": 7, "lymphocyte (cell)": 5, "stroma (area)": 2, "tumor (area)": 2, "ROI (segmentation)": 1},
    ),
    "halo.annotations": (
        "HALO annotations",
        {"Caudate": 2, "Cingulum": 2, "Cortical White Matter": 2, "Internal Capsule": 2, "Putamen": 2}
        | {"Corpus Callosum": 1, "Hypothalamus": 1},
    ),
    "imagescope.xml": ("Aperio ImageScope XML", {"CaP": 2, "Layer 3": 1, "Layer 4": 1}),
    "qupath-feature-with-holes.geojson": ("QuPath GeoJSON", {"": 1}),
    "qupath-list-multipolygon.json": ("QuPath GeoJSON", {"Tumor": 1, "Invborder": 1}),
    "qupath-multipoint.json": ("QuPath GeoJSON", {"multipoint": 1}),
    "qupath-polygon-cell-classified.json": ("QuPath GeoJSON", {"Cell": 2, "Nucleus": 2}),
    "qupath-polygon.json": ("QuPath GeoJSON", {"polygon": 1}),
    "qupath-wand.json": ("QuPath GeoJSON", {"wand": 1}),
    "qupath05-unclassified.geojson": ("QuPath GeoJSON", {"UT": 1, "I": 2}),
}


def areas(real_data: Path, name: str) -> list[float]:
    return [item.shape.area for item in read_drawn(real_data / "annotations" / name).objects]


def test_no_file_is_left_out(real_data: Path) -> None:
    there = {path.name for path in (real_data / "annotations").iterdir()}
    assert there == {*REAL, "dicom-ann.dcm"}


@pytest.mark.parametrize("name", REAL)
def test_format_and_classes(real_data: Path, tmp_path: Path, name: str) -> None:
    # The format is told from the content, whatever the file is called.
    copy = tmp_path / "drawn.dat"
    copy.write_bytes((real_data / "annotations" / name).read_bytes())
    file = read_drawn(copy)
    assert (file.format, Counter(item.class_name for item in file.objects)) == REAL[name]
    assert all(not item.shape.is_empty for item in file.objects)


def test_dicom_annotations_are_refused_by_name(real_data: Path) -> None:
    with pytest.raises(NotAnAnnotation, match="is a DICOM file, which is not read as annotations; export"):
        read_drawn(real_data / "annotations/dicom-ann.dcm")


def test_asap_shapes(real_data: Path) -> None:
    (dot,) = read_drawn(real_data / "annotations/asap-dot.xml").objects
    assert shapely.get_coordinates(dot.shape).tolist() == [[23071.5605, 16831.0098]]
    (points,) = read_drawn(real_data / "annotations/asap-pointset.xml").objects
    assert len(shapely.get_parts(points.shape)) == 5
    (polygon,) = read_drawn(real_data / "annotations/asap-polygon.xml").objects
    assert polygon.shape.bounds == (22693.1875, 16551.1797, 23067.4531, 16710.6367)
    assert len(polygon.shape.exterior.coords) == 7


def test_imagescope_s_own_areas_agree(real_data: Path) -> None:
    """The file tells the area that ImageScope measured for each region."""
    told = [29046449.6, 641099844.1, 3853031.2, 8308723.7]
    assert areas(real_data, "imagescope.xml") == [pytest.approx(area, rel=0.01) for area in told]
    scale = read_drawn(real_data / "annotations/imagescope.xml").mpp
    assert scale == Mpp(0.252)


def test_halo_s_negative_regions_are_holes(real_data: Path) -> None:
    holes = [shapely.get_num_interior_rings(shapely.get_parts(item.shape)).sum()
             for item in read_drawn(real_data / "annotations/halo.annotations").objects]  # fmt: skip
    assert sum(holes) > 0


def test_qupath_holes_and_parts(real_data: Path) -> None:
    (item,) = read_drawn(real_data / "annotations/qupath-feature-with-holes.geojson").objects
    assert len(item.shape.interiors) == 1
    assert item.shape.area < (13369 - 10098) * (19491 - 16763)
    tumor, border = read_drawn(real_data / "annotations/qupath-list-multipolygon.json").objects
    assert len(shapely.get_parts(tumor.shape)) > 1
    assert any(len(part.interiors) for part in shapely.get_parts(border.shape))


def test_a_lab_s_names_become_ours(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text("""
        [classes]
        "ROI (segmentation)" = "annotated cells"
        "lymphocyte (cell)" = "lymphocyte"
        "tumor (cell)" = "other"
        "stroma (area)" = "perimysium"
        "tumor (area)" = "ignore"
    """)
    found = load_annotations(
        real_data / "annotations/darwin.json", load_mapping(tmp_path / "lab.toml"), Mpp(0.5), Size(63488, 40064)
    )
    assert Counter(found.cells.cell_class.tolist()) == {0: 5, 3: 7}
    assert found.regions == (("annotated cells", 1),)
    inside = shapely.contains_xy(found.cells_known, found.cells.center_um.astype(float))
    assert np.all(inside)
    assert sorted(len(outline.interiors) for outline in found.areas.outlines) == [0, 0, 1, 2], (
        "six paths, three of them holes"
    )
    assert not found.warnings


def test_masks_of_a_real_field(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('[classes]\nunclassified = "intact"')
    path = real_data / "muscle/fibers_01_masks.png"
    found = load_annotations(path, load_mapping(tmp_path / "lab.toml"), Mpp(0.2775), Size(1002, 1002))
    assert len(found.fibers) == 66
    diameter = np.sqrt(shapely.area(found.fibers.outlines) * 4 / np.pi)
    assert 20 < np.median(diameter) < 60
