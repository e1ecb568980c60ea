"""Slides on which blots of known shape are drawn, as files of several kinds, and readings of them without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import shapely
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, VLWholeSlideMicroscopyImageStorage, generate_uid
from slide_files import halved, write_pyramid

from histo.evidence import Coverage, SlideObservation, weigh_evidence
from histo.findings import (
    CellClass,
    Cells,
    Compartment,
    CompartmentMap,
    FiberAttribute,
    FiberClass,
    Fibers,
    Findings,
)
from histo.geometry import WORKING_MPP, Region
from histo.mask_outlines import mask_polygons
from histo.pattern import Suitability, load_conventions, read_pattern
from histo.records import (
    BiopsyReading,
    ModelFacts,
    SlideResult,
    Staged,
    json_bytes,
    reading_document,
    run_document,
    write_findings,
)
from histo.slide import SlideInfo, SlideReader
from histo.tissue import TissueMap

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

GLASS, SARCOPLASM = (240, 240, 240), (200, 120, 150)
STARTED = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
PATIENT = {
    "PatientName": "Doe^Jane",
    "PatientID": "MRN-4711",
    "AccessionNumber": "A-99",
    "ContainerIdentifier": "S26-1",
}
MODEL = ModelFacts(
    "bundle", "1", "ab" * 32, "openvino", "cpu", "f32", "phantoms", "train", "research", ("none",), "Apache-2.0", "cd"
)


def blots(*, side_um: float = 420.0, seed: int = 3) -> list[shapely.Polygon]:
    """Shapes without symmetry that keep apart, in slide micrometers: a mirrored or swapped one would show."""
    random = np.random.default_rng(seed)
    found = []
    for column, row in np.ndindex(4, 3):
        angle = np.sort(random.uniform(0, 2 * np.pi, 9))
        radius = random.uniform(14, 38, 9)
        center = np.array([60 + 100 * column, 60 + 120 * row]) + random.uniform(-8, 8, 2)
        ring = center + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        # Opened, so that no tip is so thin that it is lost at the working scale.
        found.append(shapely.Polygon(ring).buffer(0).buffer(-5).buffer(5, quad_segs=4))
    assert all(isinstance(one, shapely.Polygon) and one.bounds[2] < side_um for one in found)
    return found


def drawn(shapes: list[shapely.Polygon], mpp: float, *, side_um: float = 420.0) -> tuple[Rgb, Mask]:
    """Level 0: a pixel has the color of a blot if its center lies in one."""
    pixels = round(side_um / mpp)
    centers_um = (np.arange(pixels) + 0.5) * mpp
    x, y = np.meshgrid(centers_um, centers_um)
    inside = shapely.contains_xy(shapely.union_all(shapes), x, y)
    rgb = np.where(inside[..., None], np.array(SARCOPLASM, np.uint8), np.array(GLASS, np.uint8))
    return rgb, inside


def write_tiff(path: Path, rgb: Rgb, mpp: float) -> Path:
    return write_pyramid(path, rgb, mpp, levels=3)


def write_dicom(folder: Path, rgb: Rgb, mpp: float, *, origin_mm: tuple[float, float] = (21.3, 40.7)) -> Path:
    """A DICOM slide of two levels, lying on the glass as scanners lay it, with a patient in its header."""
    folder.mkdir(parents=True)
    study, series, frame = (generate_uid(entropy_srcs=["histo test", word]) for word in ("study", "series", "frame"))
    for level in range(2):
        ds = _level(rgb, mpp * 2**level, origin_mm)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.SOPInstanceUID = generate_uid(entropy_srcs=["histo test", f"level {level}"])
        ds.InstanceNumber = level + 1
        ds.ImageType = [
            "ORIGINAL" if level == 0 else "DERIVED",
            "PRIMARY",
            "VOLUME",
            "NONE" if level == 0 else "RESAMPLED",
        ]
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.save_as(folder / f"level-{level}.dcm", enforce_file_format=True)
        rgb = halved(rgb)
    return folder


def _level(rgb: Rgb, mpp: float, origin_mm: tuple[float, float], tile: int = 256) -> Dataset:
    height, width = rgb.shape[:2]
    rows, columns = -(-height // tile), -(-width // tile)
    padded = np.full((rows * tile, columns * tile, 3), 255, np.uint8)
    padded[:height, :width] = rgb
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    for keyword, value in PATIENT.items():
        setattr(ds, keyword, value)
    ds.PatientBirthDate, ds.PatientSex, ds.StudyDate, ds.StudyTime, ds.StudyID = (
        "19700101",
        "F",
        "20260102",
        "0930",
        "7",
    )
    ds.ReferringPhysicianName = "Roe^Richard"
    ds.Modality = "SM"
    specimen = Dataset()
    specimen.SpecimenIdentifier, specimen.SpecimenUID = "S26-1-A", generate_uid(entropy_srcs=["specimen"])
    specimen.IssuerOfTheSpecimenIdentifierSequence, specimen.SpecimenPreparationSequence = [], []
    ds.IssuerOfTheContainerIdentifierSequence, ds.ContainerTypeCodeSequence = [], []
    ds.SpecimenDescriptionSequence = [specimen]
    ds.DimensionOrganizationType = "TILED_FULL"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.NumberOfFrames, ds.Rows, ds.Columns = rows * columns, tile, tile
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.LossyImageCompression = "00"
    ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = width, height
    ds.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = origin_mm
    ds.TotalPixelMatrixOriginSequence = [origin]
    ds.ImagedVolumeWidth, ds.ImagedVolumeHeight = width * mpp / 1000, height * mpp / 1000
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [mpp / 1000, mpp / 1000], 0.001
    shared.PixelMeasuresSequence = [measures]
    ds.SharedFunctionalGroupsSequence = [shared]
    tiles = padded.reshape(rows, tile, columns, tile, 3).swapaxes(1, 2)
    ds.PixelData = np.ascontiguousarray(tiles).tobytes()
    return ds


def seen(reader: SlideReader) -> Findings:
    """What a reader shows at the working scale: fibers and tissue where there is color, a nucleus in each fiber."""
    size = reader.info.working_size_wpx
    pixels = reader.read(Region(0, 0, size.width, size.height), WORKING_MPP)
    colored = pixels.rgb[..., 1].astype(int) < (GLASS[1] + SARCOPLASM[1]) // 2
    shapes = [shapely.transform(one, WORKING_MPP.to_um) for one in mask_polygons(colored & pixels.valid)]
    fibers = fibers_of(shapes)
    cells = Cells(
        center_um=fibers.center_um,
        cell_class=(np.arange(len(fibers)) % len(CellClass)).astype(np.uint8),
        class_probability=np.full((len(fibers), len(CellClass)), 0.5, np.float32),
        compartment=np.full(len(fibers), Compartment.FIBER, np.uint8),
        fiber=np.full(len(fibers), -1, np.int32),
    )
    height, width = -(-size.height // 8), -(-size.width // 8)
    padded = np.zeros((height * 8, width * 8), np.bool_)
    padded[: size.height, : size.width] = colored
    tissue = padded.reshape(height, 8, width, 8).any(axis=(1, 3))
    codes = np.where(tissue, Compartment.ENDOMYSIUM, Compartment.GLASS).astype(np.uint8)
    return Findings(fibers, cells, CompartmentMap(codes, tissue))


def fibers_of(shapes: list[shapely.Polygon], kinds: list[FiberClass] | None = None) -> Fibers:
    """Shapes in slide micrometers as fibers, of all classes in turn unless said."""
    rings = [shapely.get_coordinates(one.exterior)[:-1] for one in shapes]
    count = len(shapes)
    kind = np.array(kinds if kinds is not None else [row % len(FiberClass) for row in range(count)], np.uint8)
    probability = np.full((count, len(FiberClass)), 0.05, np.float32)
    probability[np.arange(count), kind] = 0.8
    return Fibers(
        center_um=np.array([(one.centroid.x, one.centroid.y) for one in shapes], np.float32).reshape(-1, 2),
        area_um2=np.array([one.area for one in shapes], np.float32),
        min_feret_um=np.full(count, 40, np.float32),
        fiber_class=kind,
        class_probability=probability,
        attribute_probability=np.zeros((count, len(FiberAttribute)), np.float32),
        attributes=np.zeros((count, len(FiberAttribute)), np.bool_),
        cut=np.zeros(count, np.bool_),
        outline_um=np.concatenate(rings).astype(np.float32) if rings else np.zeros((0, 2), np.float32),
        outline_start=np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64),
    ).sorted()


def write_reading(folder: Path, info: SlideInfo, findings: Findings, *, cells_assessed: bool = True) -> Path:
    """The folder that `histo read` would write, without its pictures."""
    folder.mkdir(parents=True)
    area_mm2 = findings.compartments.scored_mm2
    coverage = Coverage.of(rejected_mm2=0.0, unreadable_mm2=0.0, assessable_mm2=area_mm2, artefact_mm2={})
    tissue = np.ones((-(-info.working_size_wpx.height // 16), -(-info.working_size_wpx.width // 16)), np.bool_)
    bare = TissueMap(tissue, np.zeros(tissue.shape, np.uint8), np.zeros(tissue.shape, np.bool_))
    slide = SlideResult(info, bare, coverage, findings)
    evidence = weigh_evidence([SlideObservation(info.name, findings, coverage, cells_assessed)])
    pattern = read_pattern(evidence, [Suitability(info.name, True, "H&E", 0.5)], load_conventions())
    reading = BiopsyReading(info.name, (slide,), (), evidence, pattern, MODEL)
    run = run_document(STARTED, {"detect": 1.0}, area_mm2, {info.name: info.path})
    with Staged(folder) as staged:
        write_findings(staged, slide, cells_assessed=cells_assessed)
        staged.add("run.json", lambda path: path.write_bytes(json_bytes(run)))
        staged.add("reading.json", lambda path: path.write_bytes(json_bytes(reading_document(reading))))
    return folder


def alter_reading(folder: Path, alter: dict[str, object]) -> None:
    """Overwrite entries of a reading.json."""
    path = folder / "reading.json"
    document = json.loads(path.read_bytes())
    path.write_bytes(json_bytes(document | alter))


def dicom(path: Path) -> Dataset:
    return pydicom.dcmread(path)
