"""Readings of drawn slides, for tests of exports."""

from __future__ import annotations

from pathlib import Path

import pytest
from exported_slides import blots, drawn, seen, write_dicom, write_reading, write_tiff

from histo.slide import open_slide


@pytest.fixture(scope="session")
def tiff_reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reading of a TIFF slide."""
    place = tmp_path_factory.mktemp("tiff")
    with open_slide(write_tiff(place / "section.tif", drawn(blots(), 0.5)[0], 0.5)) as reader:
        return write_reading(place / "out" / "section", reader.info, seen(reader))


@pytest.fixture(scope="session")
def dicom_reading(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A DICOM slide and the folder of its reading."""
    place = tmp_path_factory.mktemp("dicom")
    slide = write_dicom(place / "section", drawn(blots(), 0.5)[0], 0.5)
    with open_slide(slide) as reader:
        return slide, write_reading(place / "out" / "section", reader.info, seen(reader))
