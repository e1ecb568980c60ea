"""The DICOM exports before an independent validator, dicom3tools' `dciodvfy`: it finds what is known, and no more."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from exported_slides import dicom

from histo.exports import export_reading

KNOWN_ERRORS: dict[str, set[str]] = {
    "annotations": {
        "Error - </AnnotationGroupSequence(006a,0002)/CommonZCoordinateValue(006a,0010)> - "
        "Only valid for AnnotationCoordinateType of 3D"
    },
    "report": set(),
    "necrosis": set(),
    "infiltrate": set(),
    "compartments": {
        "Error - </PatientOrientation(0020,0020)> - Missing attribute for Type 2C Conditional - Module=<GeneralImage>"
    },
}
"""What is told of each object. The annotations have no such attribute, as is tested below; of images that lie in slide
coordinates no patient's orientation is asked (PS3.3, C.7.6.1.1.1): the validator errs both times."""

KNOWN_WARNINGS = (
    r"Unrecognized defined term = <99HISTO>",  # a private scheme
    r"Missing attribute or value that would be needed to build DICOMDIR",  # no patient, no study date
    r"Attribute is not present in standard DICOM IOD",  # the specimen, which newer editions have
    r"Unrecognized defined term = <QUANTITY>",  # of ImageType, newer than the validator
)


def found_by_validator(path: Path) -> tuple[set[str], set[str]]:
    """Errors and warnings, without the numbers of items."""
    ran = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False, timeout=120)
    lines = (ran.stdout + ran.stderr).splitlines()
    kinds = ("Annotation", "ComprehensiveSR", "3D", "ParametricMap", "Segmentation")
    assert any(kind in line for line in lines for kind in kinds)
    plain = [re.sub(r"\[\d+\]", "", line) for line in lines]
    return (
        {line for line in plain if line.startswith("Error")},
        {line for line in plain if line.startswith("Warning")},
    )


@pytest.mark.parametrize("source", ["tiff", "dicom", "dicom with patient"])
def test_the_validator_finds_what_is_known_and_nothing_else(
    source: str, tiff_reading: Path, dicom_reading: tuple[Path, Path], tmp_path: Path
) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not here: install Debian's dicom3tools")
    slide, folder = (None, tiff_reading) if source == "tiff" else dicom_reading
    formats = ["dicom-ann", "dicom-sr", "dicom-pm", "dicom-seg"]
    export_reading(
        folder, tmp_path, formats, slide_file=slide, with_patient=source.endswith("patient"), all_nuclei=True
    )
    for name, known in KNOWN_ERRORS.items():
        errors, warnings = found_by_validator(tmp_path / f"section.{name}.dcm")
        assert errors == known, name
        made = dicom(tmp_path / f"section.{name}.dcm")
        assert "CommonZCoordinateValue" not in {element.keyword for element in made.iterall()}
        assert [line for line in warnings if not any(re.search(one, line) for one in KNOWN_WARNINGS)] == []
