"""What is exported lands on the pixels it was found on: each format read back by another library, against the slide."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import defusedxml.ElementTree
import numpy as np
import pytest
import shapely
from exported_slides import Mask, blots, dicom, drawn, seen, write_dicom, write_reading, write_tiff
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from wsidicom.graphical_annotations import AnnotationInstance

from histo.exports import export_reading
from histo.exports.heatmap import INFILTRATE_CHANNEL, NECROSIS_CHANNEL
from histo.slide import open_slide

Points = NDArray[np.float64]
Rings = list[Points]
IMAGE_DESCRIPTION = 270

KINDS = {"tiff-0.25": (write_tiff, 0.25), "tiff-0.37": (write_tiff, 0.37), "dicom-0.25": (write_dicom, 0.25)}


@pytest.fixture(scope="module", params=KINDS)
def slide(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Mask, float]:
    """The slide file, the folder of its reading, its colored level-0 pixels, and its scale."""
    write, mpp = KINDS[request.param]
    place = tmp_path_factory.mktemp("slide")
    rgb, colored = drawn(blots(), mpp)
    path = write(place / ("slide" if write is write_dicom else "slide.tif"), rgb, mpp)
    with open_slide(path) as reader:
        assert reader.info.size_px.width == colored.shape[1]
        assert reader.info.scale.mpp.um_per_px == pytest.approx(mpp)
        findings = seen(reader)
        folder = write_reading(place / "out" / "slide", reader.info, findings)
    assert len(findings.fibers) == len(blots())
    return path, folder, colored, mpp


def exported(slide: tuple[Path, Path, Mask, float], out: Path, *formats: str, all_nuclei: bool = False) -> Path:
    path, folder, _, _ = slide
    export_reading(folder, out, formats, slide_file=path, all_nuclei=all_nuclei)
    return out


def assert_lands(rings_px: Rings, colored: Mask) -> None:
    """Color inside the outlines, glass outside, and no shift by half a pixel."""
    assert len(rings_px) == len(blots())
    shapes = [shapely.Polygon(ring) for ring in rings_px]
    x, y = np.meshgrid(*(np.arange(side) + 0.5 for side in colored.shape[::-1]))
    inside = shapely.contains_xy(shapely.union_all([one.buffer(-2.5) for one in shapes]), x, y)
    outside = ~shapely.contains_xy(shapely.union_all([one.buffer(2.5) for one in shapes]), x, y)
    assert colored[inside].all()
    assert not colored[outside].any()
    assert inside.sum() > 0.8 * colored.sum()
    shifts = []
    for one in shapes:
        near = colored & shapely.contains_xy(one.buffer(10), x, y)
        shifts.append((one.centroid.x - x[near].mean(), one.centroid.y - y[near].mean()))
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.2, "shifted by a part of a pixel"


def geojson_rings(text: str) -> Rings:
    features = json.loads(text)["features"]
    rings = [np.array(f["geometry"]["coordinates"][0]) for f in features if f["geometry"]["type"] == "Polygon"]
    names = [f["properties"]["classification"]["name"] for f in features if f["geometry"]["type"] == "Polygon"]
    return [ring for ring, name in zip(rings, names, strict=True) if "iber" in name or name == "Myophagocytosis"]


def test_geojson(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    exported(slide, tmp_path, "geojson", "geojson.gz", "geojson.zip")
    plain = (tmp_path / "slide.geojson").read_text()
    assert_lands(geojson_rings(plain), slide[2])
    assert gzip.decompress((tmp_path / "slide.geojson.gz").read_bytes()).decode() == plain
    with zipfile.ZipFile(tmp_path / "slide.geojson.zip") as archive:
        assert archive.namelist() == ["slide.geojson"]
        assert archive.read("slide.geojson").decode() == plain


def test_csv(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    exported(slide, tmp_path, "csv")
    with (tmp_path / "slide.fibers.csv").open(newline="") as file:
        shapes = [shapely.from_wkt(row["outline_um_wkt"]) for row in csv.DictReader(file)]
    assert_lands([shapely.get_coordinates(one.exterior) / slide[3] for one in shapes], slide[2])


def test_annotations_by_another_library(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    exported(slide, tmp_path, "dicom-ann", all_nuclei=True)
    (found,) = AnnotationInstance.open([tmp_path / "slide.annotations.dcm"])
    rings, points = [], []
    for group in found.groups:
        for annotation in group.annotations:
            coordinates = np.array(annotation.geometry.to_coords())
            (points if len(coordinates) == 1 else rings).append(coordinates)
    assert found.coordinate_type == "image"
    assert_lands(rings, slide[2])
    assert len(points) == len(blots())
    column, row = np.floor(np.concatenate(points)).astype(int).T
    assert slide[2][row, column].all(), "every nucleus was drawn into a fiber"


def test_annotations_as_bytes(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    """By the standard's own words: 1-based indices into a flat list of float32."""
    exported(slide, tmp_path, "dicom-ann")
    rings = []
    for group in dicom(tmp_path / "slide.annotations.dcm").AnnotationGroupSequence:
        numbers = np.frombuffer(group.PointCoordinatesData, "<f4")
        if group.GraphicType == "POLYGON":
            starts = np.frombuffer(group.LongPrimitivePointIndexList, "<i4") - 1
            rings += [part.reshape(-1, 2).astype(float) for part in np.split(numbers, starts[1:])]
    assert_lands(rings, slide[2])


def from_slide_mm(source: Dataset, places_mm: Points) -> Points:
    """Millimeters of the slide back to level-0 pixels, with the first pixel's center at its origin (C.8.12.6)."""
    row_cosines, column_cosines = np.reshape(np.array(source.ImageOrientationSlide, float), (2, 3))
    down_mm, across_mm = map(float, source.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing)
    origin = source.TotalPixelMatrixOriginSequence[0]
    start = [float(origin.XOffsetInSlideCoordinateSystem), float(origin.YOffsetInSlideCoordinateSystem)]
    axes = np.stack([row_cosines[:2] * across_mm, column_cosines[:2] * down_mm], axis=1)
    return np.linalg.solve(axes, (places_mm[:, :2] - start).T).T + 0.5


def to_px(slide: tuple[Path, Path, Mask, float]) -> Callable[[Points], Points]:
    path, _, _, mpp = slide
    if path.is_dir():
        return lambda places_mm: from_slide_mm(dicom(path / "level-0.dcm"), places_mm)
    return lambda places_mm: places_mm[:, :2] * 1000 / mpp


def regions_of(item: Dataset) -> Rings:
    found = [np.array(item.GraphicData, float).reshape(-1, 3)] if item.get("ValueType") == "SCOORD3D" else []
    for child in item.get("ContentSequence", []):
        found += regions_of(child)
    return found


def test_regions_of_the_report(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    """The report outlines the necrotic fibers: three classes of five."""
    exported(slide, tmp_path, "dicom-sr")
    regions = [to_px(slide)(ring) for ring in regions_of(dicom(tmp_path / "slide.report.dcm"))]
    wanted = [row for row in range(len(blots())) if row % 5 in (2, 3, 4)]
    assert len(regions) == len(wanted)
    x, y = np.meshgrid(*(np.arange(side) + 0.5 for side in slide[2].shape[::-1]))
    shifts = []
    for ring in regions:
        assert (ring[0] == ring[-1]).all()
        shape = shapely.Polygon(ring)
        assert slide[2][shapely.contains_xy(shape.buffer(-2.5), x, y)].all()
        near = slide[2] & shapely.contains_xy(shape.buffer(10), x, y)
        assert not (near & ~shapely.contains_xy(shape.buffer(2.5), x, y)).any()
        shifts.append((shape.centroid.x - x[near].mean(), shape.centroid.y - y[near].mean()))
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.25


def assert_map_lands(assessed: Mask, corner_px: Points, step_px: float, colored: Mask, *, some: float = 0.02) -> None:
    """A map was assessed exactly where there is color: each of its pixels against the level-0 pixels under it."""
    checked = 0
    for row, column in np.ndindex(*assessed.shape):
        left, top = corner_px + step_px * np.array([column, row])
        rows, columns = (slice(max(0, round(start)), max(0, round(start + step_px))) for start in (top, left))
        under = colored[rows, columns]
        wide = colored[max(0, rows.start - 3) : rows.stop + 3, max(0, columns.start - 3) : columns.stop + 3]
        if under.size and under.mean() > some:
            assert assessed[row, column]
            checked += 1
        elif not wide.any():
            assert not assessed[row, column]
            checked += 1
    assert checked > 0.8 * assessed.size


def test_parametric_map(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    exported(slide, tmp_path, "dicom-pm")
    for name in ("necrosis", "infiltrate"):
        ds = dicom(tmp_path / f"slide.{name}.dcm")
        frames = np.frombuffer(ds.FloatPixelData, "<f4").reshape(-1, ds.Rows, ds.Columns)
        places = [item.PlanePositionSlideSequence[0] for item in ds.PerFrameFunctionalGroupsSequence]
        whole = np.full(
            (ds.TotalPixelMatrixRows + ds.Rows, ds.TotalPixelMatrixColumns + ds.Columns), np.nan, np.float32
        )
        for frame, place in zip(frames, places, strict=True):
            top, left = place.RowPositionInTotalImagePixelMatrix - 1, place.ColumnPositionInTotalImagePixelMatrix - 1
            whole[top : top + ds.Rows, left : left + ds.Columns] = frame
        whole = whole[: ds.TotalPixelMatrixRows, : ds.TotalPixelMatrixColumns]
        assert not np.isnan(whole).any()
        first_mm = np.array([[float(places[0][f"{axis}OffsetInSlideCoordinateSystem"].value) for axis in "XY"]])
        spacing_mm = float(ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])
        step_px = spacing_mm * 1000 / slide[3]
        assert step_px == pytest.approx(32 / slide[3])
        corner_px = to_px(slide)(first_mm)[0] - step_px / 2
        np.testing.assert_allclose(corner_px, 0, atol=1e-3)
        assert_map_lands(whole != ds.FloatPixelPaddingValue, corner_px, step_px, slide[2])


def test_segmentation(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    """By the standard's own words: frames of bits, the first in the lowest; each tells its place."""
    exported(slide, tmp_path, "dicom-seg")
    ds = dicom(tmp_path / "slide.compartments.dcm")
    (segment,) = ds.SegmentSequence
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Endomysium"
    bits = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")
    frames = bits[: ds.NumberOfFrames * ds.Rows * ds.Columns].reshape(-1, ds.Rows, ds.Columns).astype(bool)
    whole = np.zeros((ds.TotalPixelMatrixRows + ds.Rows, ds.TotalPixelMatrixColumns + ds.Columns), np.bool_)
    for frame, item in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True):
        named = item if "SegmentIdentificationSequence" in item else ds.SharedFunctionalGroupsSequence[0]
        assert named.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment.SegmentNumber
        place = item.PlanePositionSlideSequence[0]
        top, left = place.RowPositionInTotalImagePixelMatrix - 1, place.ColumnPositionInTotalImagePixelMatrix - 1
        whole[top : top + ds.Rows, left : left + ds.Columns] = frame
        spacing_mm = float(ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])
        step_px = spacing_mm * 1000 / slide[3]
        first_mm = np.array([[float(place[f"{axis}OffsetInSlideCoordinateSystem"].value) for axis in "XY"]])
        corner_px = to_px(slide)(first_mm)[0] - step_px / 2
        np.testing.assert_allclose(corner_px, np.array([left, top]) * step_px, atol=1e-3)
    assert step_px == pytest.approx(4 / slide[3])
    whole = whole[: ds.TotalPixelMatrixRows, : ds.TotalPixelMatrixColumns]
    # Of such small pixels one that is hardly touched may be left out by the rounding of outlines.
    assert_map_lands(whole, np.zeros(2), step_px, slide[2], some=0.1)


def test_heat_map(slide: tuple[Path, Path, Mask, float], tmp_path: Path) -> None:
    exported(slide, tmp_path, "heatmap")
    with Image.open(tmp_path / "slide.heatmap.ome.tif") as picture:
        assert picture.n_frames == 2
        pages = []
        for page in range(2):
            picture.seek(page)
            pages.append(np.array(picture))
        picture.seek(0)
        tree = defusedxml.ElementTree.fromstring(picture.tag_v2[IMAGE_DESCRIPTION].encode("latin-1"))
    (pixels,) = (one for one in tree.iter() if one.tag.endswith("}Pixels"))
    names = [one.get("Name") for one in tree.iter() if one.tag.endswith("}Channel")]
    assert names == [NECROSIS_CHANNEL, INFILTRATE_CHANNEL]
    planes = [one for one in tree.iter() if one.tag.endswith("}Plane")]
    assert len(planes) == 2
    for plane in planes:
        assert (plane.get("PositionX"), plane.get("PositionXUnit")) == ("0.0", "µm")
    assert pixels.get("PhysicalSizeXUnit") == "µm"
    step_px = float(pixels.get("PhysicalSizeX") or 0) / slide[3]
    for page in pages:
        assert page.dtype == np.float32
        assert_map_lands(~np.isnan(page), np.zeros(2), step_px, slide[2])
