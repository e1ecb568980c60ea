"""Slide files with what must not get out: a DICOM slide with a patient, an SVS-like one with a user and a label."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from example_findings import example_rgb
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid

SECRETS = ("DOE^JANE", "JANE", "PID-4711", "19701231", "b414003d", "DOE_JANE_SCAN", "S12-3456", "Dr. Roe")
LABEL_RGB = (0, 255, 0)
"""Of the label image, which no tissue has."""

TILE_PX = 256


def write_dicom_slide(path: Path, side_um: float) -> Path:
    """A whole-slide image in tiles, at 0.5 um/px, of a patient with a name."""
    rgb = example_rgb(side_um=side_um)
    side = rgb.shape[0]
    tiles = -(-side // TILE_PX)
    padded = np.pad(rgb, ((0, tiles * TILE_PX - side), (0, tiles * TILE_PX - side), (0, 0)), constant_values=240)
    frames = [
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(padded[y : y + TILE_PX, x : x + TILE_PX]),
            level=95,
            colorspace="RGB",
            outcolorspace="RGB",
        )
        for y in range(0, tiles * TILE_PX, TILE_PX)
        for x in range(0, tiles * TILE_PX, TILE_PX)
    ]
    sop_class = "1.2.840.10008.5.1.4.1.1.77.1.6"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["instance"])
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    slide = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    slide.SOPClassUID = sop_class
    slide.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    slide.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    slide.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
    slide.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame"])
    slide.Modality = "SM"
    slide.PatientName, slide.PatientID, slide.PatientBirthDate = "DOE^JANE", "PID-4711", "19701231"
    slide.OperatorsName, slide.ReferringPhysicianName = "b414003d", "Dr. Roe"
    slide.AccessionNumber = "S12-3456"
    slide.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    slide.SamplesPerPixel, slide.PhotometricInterpretation, slide.PlanarConfiguration = 3, "RGB", 0
    slide.BitsAllocated, slide.BitsStored, slide.HighBit, slide.PixelRepresentation = 8, 8, 7, 0
    slide.Rows = slide.Columns = TILE_PX
    slide.TotalPixelMatrixRows = slide.TotalPixelMatrixColumns = side
    slide.NumberOfFrames = len(frames)
    slide.DimensionOrganizationType = "TILED_FULL"
    slide.ImagedVolumeWidth = slide.ImagedVolumeHeight = side_um / 1000
    slide.TotalPixelMatrixFocalPlanes = 1
    slide.NumberOfOpticalPaths = 1
    measures, groups = Dataset(), Dataset()
    measures.PixelSpacing = [0.0005, 0.0005]
    groups.PixelMeasuresSequence = [measures]
    slide.SharedFunctionalGroupsSequence = [groups]
    slide.PixelData = encapsulate(frames)
    slide["PixelData"].is_undefined_length = True
    slide.save_as(path, enforce_file_format=True)
    return path


def write_svs_like(path: Path, side_um: float) -> Path:
    """An Aperio file with a user, a file name and a label image."""
    rgb = example_rgb(side_um=side_um)
    side = rgb.shape[0]
    told = (
        f"Aperio Image Library v12.0.15\r\n{side}x{side} [0,0 {side}x{side}] (256x256) JPEG/RGB Q=90|AppMag = 20|"
        "MPP = 0.5000|Filename = DOE_JANE_SCAN|User = b414003d|Title = S12-3456 JANE|ScanScope ID = SS1"
    )
    label = np.full((300, 300, 3), LABEL_RGB, np.uint8)
    with tifffile.TiffWriter(path) as file:
        more = {"photometric": "rgb", "compression": "jpeg", "metadata": None}
        file.write(rgb, tile=(256, 256), description=told, **more)
        file.write(rgb[::8, ::8], rowsperstrip=16, description=told, **more)
        file.write(label, rowsperstrip=16, description="Aperio Image Library\r\nlabel 300x300", subfiletype=1, **more)
    return path
