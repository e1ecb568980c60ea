"""DICOM exports: coded as the standard has it where it has it, referring to the slide, and without its patient."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom.sr._concepts_dict as concepts
import pytest
import shapely
from exported_slides import PATIENT, STARTED, alter_reading, dicom, fibers_of, seen, write_reading
from pydicom.dataset import Dataset

from histo.errors import RecordError, UsageError
from histo.exports import export_reading, load_slide
from histo.exports.dicom import codes, derived_uid
from histo.exports.dicom.report import BURDENS, MOST_REGIONS, without_name
from histo.findings import Cells, Compartment, CompartmentMap, FiberClass, Findings
from histo.geometry import Mpp, Size
from histo.records import CELL_NAMES, FIBER_NAMES
from histo.slide import Scale, SlideInfo, StainGuess, open_slide

FORMATS = ["dicom-ann", "dicom-sr", "dicom-pm", "dicom-seg"]
FILES = ("annotations", "report", "necrosis", "infiltrate", "compartments")
SECRETS = [*PATIENT.values(), "19700101", "20260102", "Roe^Richard", "S26-1-A"]


def objects(folder: Path, slide: str = "section") -> list[Dataset]:
    return [dicom(folder / f"{slide}.{name}.dcm") for name in FILES]


@pytest.fixture(scope="module")
def of_dicom(dicom_reading: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    slide, folder = dicom_reading
    out = tmp_path_factory.mktemp("of-dicom")
    export_reading(folder, out, FORMATS, slide_file=slide)
    return out


@pytest.fixture(scope="module")
def of_tiff(tiff_reading: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("of-tiff")
    export_reading(tiff_reading, out, FORMATS)
    return out


def test_exports_refer_to_the_finest_level_of_a_dicom_slide(of_dicom: Path, dicom_reading: tuple[Path, Path]) -> None:
    source = dicom(dicom_reading[0] / "level-0.dcm")
    for ds in objects(of_dicom):
        assert ds.StudyInstanceUID == source.StudyInstanceUID
        assert ds.SeriesInstanceUID != source.SeriesInstanceUID
        assert str(source.SOPInstanceUID) in {element.value for element in ds.iterall() if element.VR == "UI"}
        if "FrameOfReferenceUID" in ds:
            assert ds.FrameOfReferenceUID == source.FrameOfReferenceUID


def test_one_file_of_a_dicom_slide_is_enough(dicom_reading: tuple[Path, Path], tmp_path: Path) -> None:
    """The slide read from one of its files: OpenSlide takes the finest level from those beside it."""
    file = dicom_reading[0] / "level-1.dcm"
    with open_slide(file) as reader:
        folder = write_reading(tmp_path / "out" / "level-1", reader.info, seen(reader))
    export_reading(folder, tmp_path, ["dicom-ann"], slide_file=file)
    finest = dicom(dicom_reading[0] / "level-0.dcm").SOPInstanceUID
    assert dicom(tmp_path / "level-1.annotations.dcm").ReferencedImageSequence[0].ReferencedSOPInstanceUID == finest


@pytest.mark.parametrize("name", ["bone-jpeg", "bone-jpeg2000", "tiny-tiles"])
def test_headers_of_real_slides_are_enough(real_data: Path, tmp_path: Path, name: str) -> None:
    """Without patient, specimen or origin in the header, or with all of them. The scale is made up, the tissue bone."""
    path = real_data / "slides" / f"{name}.dcm"
    with open_slide(path, 1.0) as reader:
        place = shapely.Point(20, 20).buffer(12, quad_segs=4)
        findings = Findings(fibers_of([place], [FiberClass.NECROTIC_PALE]), Cells.empty(), whole(reader.info.size_px))
        folder = write_reading(tmp_path / "section", reader.info, findings)
    export_reading(folder, tmp_path, FORMATS, slide_file=path)
    source = dicom(path)
    for ds in objects(tmp_path, name):
        assert str(source.SOPInstanceUID) in {element.value for element in ds.iterall() if element.VR == "UI"}
        assert ds.PatientName == ""
    export_reading(folder, tmp_path / "named", FORMATS, slide_file=path, with_patient=True)
    for ds in objects(tmp_path / "named", name):
        assert ds.PatientName == source.get("PatientName", "")


def whole(size: Size) -> CompartmentMap:
    """All of a slide of 1 um per pixel as fiber."""
    codes = np.full((-(-size.height // 4), -(-size.width // 4)), Compartment.FIBER, np.uint8)
    return CompartmentMap(codes, np.ones(codes.shape, np.bool_))


def test_another_slide_gets_derived_identifiers(of_tiff: Path, tiff_reading: Path) -> None:
    sha256 = load_slide(tiff_reading).sha256
    for ds in objects(of_tiff):
        assert ds.StudyInstanceUID == derived_uid(sha256, "study")
        assert derived_uid(sha256, "image") in {element.value for element in ds.iterall() if element.VR == "UI"}
    uids = [ds.SOPInstanceUID for ds in objects(of_tiff)] + [ds.SeriesInstanceUID for ds in objects(of_tiff)]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 64 and uid.startswith("2.25.") for uid in uids)


def test_no_patient_is_named_unless_asked_for(of_dicom: Path, dicom_reading: tuple[Path, Path], tmp_path: Path) -> None:
    slide, folder = dicom_reading
    for name in FILES:
        content = (of_dicom / f"section.{name}.dcm").read_bytes()
        assert [secret for secret in SECRETS if secret.encode() in content] == []
    export_reading(folder, tmp_path, FORMATS, slide_file=slide, with_patient=True)
    for ds, plain in zip(objects(tmp_path), objects(of_dicom), strict=True):
        assert (ds.PatientName, ds.PatientID, ds.PatientBirthDate) == ("Doe^Jane", "MRN-4711", "19700101")
        assert (ds.StudyDate, ds.AccessionNumber) == ("20260102", "A-99")
        assert (plain.PatientName, plain.PatientID, plain.StudyDate) == ("", "", "")
        assert ds.SOPInstanceUID != plain.SOPInstanceUID


def test_a_patient_cannot_be_had_from_a_slide_that_names_none(tiff_reading: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--with-patient: section is no DICOM slide and names no patient"):
        export_reading(tiff_reading, tmp_path, FORMATS, with_patient=True)
    with pytest.raises(UsageError, match="only DICOM objects name a patient"):
        export_reading(tiff_reading, tmp_path, ["csv"], with_patient=True)


def test_a_dicom_slide_must_be_given(dicom_reading: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="is a DICOM slide, whose own identifiers the export must name; give the slide"
    ):
        export_reading(dicom_reading[1], tmp_path, FORMATS)


def test_another_file_than_was_read_is_refused(
    tiff_reading: Path, dicom_reading: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is not the file that section was read from"):
        export_reading(dicom_reading[1], tmp_path, FORMATS, slide_file=tiff_reading.parents[1] / "section.tif")
    with pytest.raises(UsageError, match="is not the file that section was read from"):
        export_reading(tiff_reading, tmp_path, FORMATS, slide_file=dicom_reading[0])


def test_dates_are_those_of_the_reading(of_tiff: Path) -> None:
    for ds in objects(of_tiff):
        assert (ds.ContentDate, ds.ContentTime) == (STARTED.strftime("%Y%m%d"), STARTED.strftime("%H%M%S"))
        dated = [element for element in ds.iterall() if element.VR in ("DA", "DT") and element.value]
        assert {element.value[:8] for element in dated} == {"20261122"}


def test_a_folder_without_its_date_gives_no_dicom(tiff_reading: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiff_reading, tmp_path / "section"))
    (folder / "run.json").write_text("{}")
    with pytest.raises(RecordError, match=r"run\.json: does not tell when the slide was read"):
        export_reading(folder, tmp_path, FORMATS)


def test_another_reading_is_another_object(tiff_reading: Path, of_tiff: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiff_reading, tmp_path / "section"))
    run = json.loads((folder / "run.json").read_bytes())
    (folder / "run.json").write_text(json.dumps(run | {"started": "2026-11-23T08:30:00+00:00"}))
    export_reading(folder, tmp_path, FORMATS)
    for ds, other in zip(objects(tmp_path), objects(of_tiff), strict=True):
        assert ds.SOPInstanceUID != other.SOPInstanceUID
        assert ds.StudyInstanceUID == other.StudyInstanceUID


def test_standard_codes_are_of_the_standards_own_context_groups() -> None:
    """No code is typed from memory: pydicom's tables are generated from DICOM PS3.16."""
    for code in codes.STANDARD:
        known = {value for meanings in concepts.concepts[code.scheme_designator].values() for value in meanings}
        assert code.value in known, code.meaning


def test_private_codes_are_declared(of_tiff: Path) -> None:
    for ds in objects(of_tiff):
        (scheme,) = ds.CodingSchemeIdentificationSequence
        assert scheme.CodingSchemeDesignator == "99HISTO"
        designators = {element.value for element in ds.iterall() if element.keyword == "CodingSchemeDesignator"}
        assert designators <= {"99HISTO", "SCT", "DCM", "UCUM", "RFC5646"}


def test_annotations_carry_what_was_measured(of_tiff: Path, tiff_reading: Path) -> None:
    fibers = load_slide(tiff_reading).findings.fibers
    groups = {group.AnnotationGroupLabel: group for group in objects(of_tiff)[0].AnnotationGroupSequence}
    assert set(groups) <= {*FIBER_NAMES.values(), *CELL_NAMES.values()}
    for kind in FiberClass:
        group, rows = groups[FIBER_NAMES[kind]], np.flatnonzero(fibers.fiber_class == kind)
        assert group.NumberOfAnnotations == len(rows)
        assert group.AnnotationGroupGenerationType == "AUTOMATIC"
        area, feret, probability = (
            np.frombuffer(one.MeasurementValuesSequence[0].FloatingPointValues, "<f4")
            for one in group.MeasurementsSequence
        )
        np.testing.assert_array_equal(area, fibers.area_um2[rows])
        np.testing.assert_array_equal(feret, fibers.min_feret_um[rows])
        np.testing.assert_array_equal(probability, fibers.class_probability[rows, kind])
        assert len(group.RecommendedDisplayCIELabValue) == 3


def content(ds: Dataset) -> Iterator[Dataset]:
    for item in ds.get("ContentSequence", []):
        yield item
        yield from content(item)


def code_of(item: Dataset) -> str:
    return str(item.get("CodeValue") or item.get("LongCodeValue"))


def numbers(ds: Dataset) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for item in content(ds):
        if item.ValueType == "NUM":
            name = code_of(item.ConceptNameCodeSequence[0])
            found.setdefault(name, []).append(float(item.MeasuredValueSequence[0].NumericValue))
    return found


def answers(ds: Dataset) -> dict[str, str]:
    coded = [item for item in content(ds) if item.ValueType == "CODE"]
    return {code_of(item.ConceptNameCodeSequence[0]): code_of(item.ConceptCodeSequence[0]) for item in coded}


def texts(ds: Dataset) -> list[str]:
    return [item.TextValue for item in content(ds) if item.ValueType == "TEXT"]


def test_the_report_is_tid_1500_and_refuses_with_the_reading(of_tiff: Path, tiff_reading: Path) -> None:
    """A slide this small names no pattern: then counts are told, and neither densities nor shares."""
    report = objects(of_tiff)[1]
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert answers(report)["pattern"] == "not_assessable"
    reading = json.loads((tiff_reading / "reading.json").read_bytes())
    assert reading["pattern"]["refusal"]["sentence"] in " ".join(texts(report))
    assert reading["pattern"]["disclaimer"] in texts(report)
    found, pooled = numbers(report), reading["evidence"]["pooled"]
    assert found["necrotic-count"] == [pooled["necrotic"]["fibers"]]
    assert found["fibers-count"] == [pooled["fibers"]["fibers"]]
    assert not [name for name in found if name.endswith(("-share", "-mm2"))]


def large_reading(folder: Path, name: str) -> Path:
    """A made-up reading of 400 fibers on 4 mm2, 260 of them necrotic."""
    places = [
        shapely.Point(60 + 95 * column, 60 + 95 * row).buffer(30, quad_segs=3) for column, row in np.ndindex(20, 20)
    ]
    kinds = [FiberClass.NECROTIC_PALE if row % 20 < 13 else FiberClass.INTACT for row in range(400)]
    tissue = np.full((500, 500), Compartment.FIBER, np.uint8)
    tissue[::10] = Compartment.ENDOMYSIUM
    compartments = CompartmentMap(tissue, np.ones(tissue.shape, np.bool_))
    findings = Findings(fibers_of(places, kinds), Cells.empty(), compartments)
    size = Size(4000, 4000)
    scale = Scale(Mpp(0.5), "a tag")
    info = SlideInfo(Path("x.svs"), name, size, (size,), scale, "aperio", StainGuess.HE, "ef" * 32)
    return write_reading(folder / name, info, findings)


def test_a_named_pattern_and_its_evidence_are_coded(tmp_path: Path) -> None:
    folder = large_reading(tmp_path, "large")
    export_reading(folder, tmp_path, ["dicom-sr"])
    report, reading = dicom(tmp_path / "large.report.dcm"), json.loads((folder / "reading.json").read_bytes())
    assert reading["pattern"]["refusal"] is None
    told = answers(report)
    assert told["pattern"] == reading["pattern"]["label"]
    for finding, grade in reading["pattern"]["grades"].items():
        assert told[f"grade-{finding}"] == grade
    found, pooled = numbers(report), reading["evidence"]["pooled"]
    for key in BURDENS:
        burden = pooled[key]
        if burden is not None:
            assert found[f"{key}-count"] == [burden["fibers"]]
            for name, entry in ((f"{key}-share", "per_1000_fibers"), (f"{key}-mm2", "per_mm2")):
                wanted = [burden[entry][end] for end in ("value", "low", "high")] if burden[entry] else []
                assert found.get(name, []) == pytest.approx(wanted, rel=1e-6)
    for reason in reading["pattern"]["reasons"]:
        assert without_name(reason["sentence"], "large") in texts(report)


def test_the_report_says_when_it_does_not_outline_every_fiber(tmp_path: Path) -> None:
    export_reading(large_reading(tmp_path, "large"), tmp_path, ["dicom-sr"])
    report = dicom(tmp_path / "large.report.dcm")
    assert sum(item.ValueType == "SCOORD3D" for item in content(report)) == MOST_REGIONS == 200
    assert "Of 260 necrotic fibers the 200 most probable are outlined here." in texts(report)


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("The nuclei of Doe_J are 2 times as wide.", "Doe_J", "The nuclei of this slide are 2 times as wide."),
        ("DOE_J: normal.", "doe_j", "this slide: normal."),
        ("Doe_Jane is another.", "Doe_J", "Doe_Jane is another."),
        ("The nuclei of 12 are 2 times as wide.", "12", None),
        ("There are 120 fibers.", "12", "There are 120 fibers."),
    ],
)
def test_the_report_does_not_name_the_slide(text: str, name: str, told: str | None) -> None:
    assert without_name(text, name) == told


def test_a_file_named_by_a_patient_does_not_tell_it(tmp_path: Path) -> None:
    folder = large_reading(tmp_path, "DoeJane")
    (slide,) = json.loads((folder / "reading.json").read_bytes())["slides"]
    caveat = "The network was trained on the slide DoeJane, so that this is no test of it."
    pattern = json.loads((folder / "reading.json").read_bytes())["pattern"]
    alter_reading(folder, {"slides": [slide], "pattern": pattern | {"caveats": [caveat]}})
    export_reading(folder, tmp_path, FORMATS)
    for path in tmp_path.glob("*.dcm"):
        assert b"DoeJane" not in path.read_bytes()
    assert caveat.replace("DoeJane", "this slide") in texts(dicom(tmp_path / "DoeJane.report.dcm"))


def test_a_reading_of_another_make_is_one_line(tiff_reading: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiff_reading, tmp_path / "section"))
    alter_reading(folder, {"model": None})
    with pytest.raises(RecordError, match="does not tell what read the slide"):
        export_reading(folder, tmp_path, FORMATS)
