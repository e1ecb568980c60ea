"""The image that exports refer to: a DICOM slide's finest level, or one that stands for a slide of another format.

Only what is listed here is taken from a DICOM header. Patient, study date, accession and specimen are not, unless the
user asks for them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from highdicom.spatial import ImageToReferenceTransformer
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from histo.errors import SlideError, UsageError
from histo.exports.dicom.uids import derived_uid
from histo.exports.stored_slide import StoredSlide
from histo.geometry import Size
from histo.slide import inspect_slide

VENDOR = "dicom"
UM_PER_MM = 1000.0
_GEOMETRY = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID",
    "PositionReferenceIndicator", "Modality", "ImageType", "Rows", "Columns", "NumberOfFrames", "TotalPixelMatrixRows",
    "TotalPixelMatrixColumns", "TotalPixelMatrixOriginSequence", "ImageOrientationSlide", "DimensionOrganizationType",
    "SharedFunctionalGroupsSequence", "LossyImageCompression", "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)  # fmt: skip
_PATIENT = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
    "StudyTime", "ReferringPhysicianName",
)  # fmt: skip
_SPECIMEN = (
    "ContainerIdentifier", "IssuerOfTheContainerIdentifierSequence", "ContainerTypeCodeSequence",
    "SpecimenDescriptionSequence",
)  # fmt: skip
_ALONG_ROWS_AND_COLUMNS = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
_GIVE = "give the slide that was read with --slide"


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """What exports refer to.

    Attributes:
        header: Of the finest level: its UIDs and its geometry, and the patient if that was asked for.
        is_dicom: Whether such an image exists. If not, its UIDs are derived from the slide's sha256.
    """

    header: Dataset
    is_dicom: bool

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """Between rows and between columns, in slide millimeters."""
        down, across = self.header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
        return float(down), float(across)

    def to_slide_mm(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 3) places in the slide coordinate system, in mm.

        Args:
            points_px: (N, 2) x and y in level-0 pixels; the corner of the first pixel is 0, 0, its center 0.5, 0.5.
        """
        origin = self.header.TotalPixelMatrixOriginSequence[0]
        to_mm = ImageToReferenceTransformer(
            image_position=[
                float(origin.XOffsetInSlideCoordinateSystem),
                float(origin.YOffsetInSlideCoordinateSystem),
                float(origin.get("ZOffsetInSlideCoordinateSystem", 0.0)),
            ],
            image_orientation=[float(cosine) for cosine in self.header.ImageOrientationSlide],
            pixel_spacing=self.spacing_mm,
        )
        return np.asarray(to_mm(points_px), np.float64)


def find_source(slide: StoredSlide, file: Path | None, *, with_patient: bool) -> Source:
    """The image that exports of a slide refer to.

    Args:
        slide: What was read.
        file: The slide file or DICOM folder that it was read from; only needed for DICOM.
        with_patient: Whether patient, study and specimen are taken from the DICOM header.

    Raises:
        UsageError: If the file is needed and not given, is another one than was read, or the patient is asked for where
            there is none.
        SlideError: If the file cannot be used.
    """
    if file is not None:
        _check_same(slide, file)
    if slide.vendor != VENDOR:
        if with_patient:
            raise UsageError("--with-patient", f"{slide.name} is no DICOM slide and names no patient", "leave it out")
        return Source(_stand_in(slide), is_dicom=False)
    if file is None:
        raise UsageError(slide.name, "is a DICOM slide, whose own identifiers the export must name", _GIVE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a foreign header; what is taken from it is checked
        return Source(_of_dicom(slide, file, with_patient), is_dicom=True)


def _check_same(slide: StoredSlide, file: Path) -> None:
    found = inspect_slide(file, slide.scale.mpp.um_per_px)
    if found.sha256 != slide.sha256:
        if found.problem is not None:
            raise found.problem
        raise UsageError(file, f"is not the file that {slide.name} was read from", _GIVE)


def _of_dicom(slide: StoredSlide, file: Path, with_patient: bool) -> Dataset:
    for found in _headers(file):
        size = (found.get("TotalPixelMatrixColumns"), found.get("TotalPixelMatrixRows"))
        if found.get("SOPClassUID") == VLWholeSlideMicroscopyImageStorage and size == _pair(slide.size_px):
            header = _picked(found, _GEOMETRY)
            _complete(header, slide)
            for keyword in _PATIENT:
                setattr(header, keyword, found.get(keyword) if with_patient else None)
            if header.PatientSex not in ("M", "F", "O"):
                header.PatientSex = None
            if with_patient:
                header.update(_picked(found, _SPECIMEN))
            if "SpecimenDescriptionSequence" not in header or "ContainerIdentifier" not in header:
                _add_specimen(header, slide)
            return header
    problem = f"holds no level of {slide.size_px} px, which is the finest of the slide that was read"
    raise SlideError(file, problem, _GIVE)


def _headers(file: Path) -> Iterator[Dataset]:
    """Of the file, and of those beside it, of which OpenSlide takes the finest level if they are of one series."""
    folder = file if file.is_dir() else file.parent
    series = None if file.is_dir() else _header(file)
    for path in sorted(folder.iterdir()):
        found = _header(path) if path.is_file() else None
        if found is not None and (series is None or found.get("SeriesInstanceUID") == series.get("SeriesInstanceUID")):
            yield found


def _header(path: Path) -> Dataset | None:
    try:
        return pydicom.dcmread(path, stop_before_pixels=True)
    except (pydicom.errors.InvalidDicomError, ValueError, LookupError, OSError, AttributeError, TypeError):
        return None


def _picked(found: Dataset, keywords: tuple[str, ...]) -> Dataset:
    picked = Dataset()
    for keyword in keywords:
        if keyword in found:
            picked[keyword] = found[keyword]
    return picked


def _complete(header: Dataset, slide: StoredSlide) -> None:
    """What some converters leave out: the frame, and where in it the image begins."""
    if "FrameOfReferenceUID" not in header:
        header.FrameOfReferenceUID = derived_uid(slide.sha256, "frame of reference")
    if not header.get("TotalPixelMatrixOriginSequence"):
        header.TotalPixelMatrixOriginSequence = [_origin(0.0)]
    if "ImageOrientationSlide" not in header:
        header.ImageOrientationSlide = _ALONG_ROWS_AND_COLUMNS
    try:
        if not Source(header, is_dicom=True).spacing_mm:
            raise LookupError
    except (AttributeError, LookupError, ValueError) as error:
        problem = "its DICOM header tells no pixel spacing"
        raise SlideError(slide.name, problem, "export it as GeoJSON or CSV instead") from error


def _stand_in(slide: StoredSlide) -> Dataset:
    """An image that does not exist: level 0 of a slide of another format, its corner at the slide's origin."""
    spacing_mm = slide.scale.mpp.um_per_px / UM_PER_MM
    header = Dataset()
    for keyword, words in {
        "StudyInstanceUID": "study",
        "SeriesInstanceUID": "series",
        "SOPInstanceUID": "image",
        "FrameOfReferenceUID": "frame of reference",
    }.items():
        setattr(header, keyword, derived_uid(slide.sha256, words))
    header.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    header.PositionReferenceIndicator = "SLIDE_CORNER"
    header.Modality = "SM"
    header.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    header.TotalPixelMatrixColumns, header.TotalPixelMatrixRows = _pair(slide.size_px)
    header.Rows = header.Columns = 512
    header.NumberOfFrames = -(-slide.size_px.width // 512) * -(-slide.size_px.height // 512)
    header.DimensionOrganizationType = "TILED_FULL"
    header.ImageOrientationSlide = _ALONG_ROWS_AND_COLUMNS
    header.TotalPixelMatrixOriginSequence = [_origin(spacing_mm / 2)]
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [spacing_mm, spacing_mm]
    measures.SliceThickness = spacing_mm
    shared.PixelMeasuresSequence = [measures]
    header.SharedFunctionalGroupsSequence = [shared]
    for keyword in _PATIENT:
        setattr(header, keyword, None)
    _add_specimen(header, slide)
    return header


def _add_specimen(header: Dataset, slide: StoredSlide) -> None:
    """A container and a specimen that the standard asks for, named by the slide's bytes and not by a label."""
    name = f"sha256-{slide.sha256[:16]}"
    specimen = Dataset()
    specimen.SpecimenIdentifier = name
    specimen.SpecimenUID = derived_uid(slide.sha256, "specimen")
    specimen.IssuerOfTheSpecimenIdentifierSequence = []
    specimen.SpecimenPreparationSequence = []
    header.ContainerIdentifier = name
    header.IssuerOfTheContainerIdentifierSequence = []
    header.ContainerTypeCodeSequence = []
    header.SpecimenDescriptionSequence = [specimen]


def _origin(offset_mm: float) -> Dataset:
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = offset_mm
    origin.YOffsetInSlideCoordinateSystem = offset_mm
    return origin


def _pair(size: Size) -> tuple[int, int]:
    return size.width, size.height
