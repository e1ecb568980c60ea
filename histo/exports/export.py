"""One slide's reading in the formats that were asked for: all of their files, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from histo.errors import UsageError
from histo.exports.geojson_files import write_geojson_file
from histo.exports.heatmap import write_heatmap
from histo.exports.stored_slide import StoredSlide, load_slide
from histo.records import Staged, make_folder, write_csv
from histo.records.findings_files import CELLS_NAME, FIBERS_NAME

Writer = Callable[[Path], None]


class ExportFormat(StrEnum):
    """What an export may be."""

    GEOJSON = "geojson"
    GEOJSON_GZ = "geojson.gz"
    GEOJSON_ZIP = "geojson.zip"
    CSV = "csv"
    HEATMAP = "heatmap"
    DICOM_ANN = "dicom-ann"
    DICOM_SR = "dicom-sr"
    DICOM_PM = "dicom-pm"


def export_reading(
    folder: Path,
    out: Path,
    formats: Sequence[ExportFormat | str],
    *,
    slide_file: Path | None = None,
    all_nuclei: bool = False,
    with_patient: bool = False,
) -> tuple[Path, ...]:
    """Write the reading of one slide in other programs' formats.

    Args:
        folder: Of one slide, that `histo read` wrote.
        out: Where the files go, named by the slide; made if needed.
        formats: Which.
        slide_file: The slide that was read: needed for DICOM objects of a DICOM slide.
        all_nuclei: Whether GeoJSON and annotations hold myonuclei and other nuclei too.
        with_patient: Whether DICOM objects name the patient that a DICOM slide names.

    Returns:
        The files.

    Raises:
        UsageError: If a format is unknown, none is given, a library is missing, or options do not fit the slide.
        RecordError: If the folder holds no whole reading of one slide.
        SlideError: If `slide_file` cannot be used.
        OutputError: If the files cannot be written; then none is.
    """
    asked = _understood(formats)
    slide = load_slide(folder)
    writers = _writers(slide, asked, slide_file, all_nuclei, with_patient)
    make_folder(out)
    with Staged(out) as staged:
        for name, write in writers.items():
            staged.add(name, write)
    return staged.published


def _understood(formats: Sequence[ExportFormat | str]) -> list[ExportFormat]:
    known = ", ".join(ExportFormat)
    if not formats:
        raise UsageError("format", "none is given", f"name one or more of {known}")
    for word in formats:
        if word not in list(ExportFormat):
            raise UsageError(repr(str(word)), "is no format of an export", f"give one of {known}")
    return list(dict.fromkeys(ExportFormat(word) for word in formats))


def _writers(
    slide: StoredSlide, asked: Sequence[ExportFormat], slide_file: Path | None, all_nuclei: bool, with_patient: bool
) -> Mapping[str, Writer]:
    """What writes each file, by its name."""
    found: dict[str, Writer] = {}
    for one in asked:
        if one.startswith("geojson"):
            ending = f".{one}"

            def geojson(path: Path, ending: str = ending) -> None:
                write_geojson_file(path, slide, ending, all_nuclei=all_nuclei)

            found[f"{slide.name}{ending}"] = geojson
    if ExportFormat.CSV in asked:
        for table in (FIBERS_NAME, CELLS_NAME):
            stem = Path(table).stem
            found[f"{slide.name}.{stem}.csv"] = lambda path, table=table: write_csv(slide.folder / table, path)
    if ExportFormat.HEATMAP in asked:
        found[f"{slide.name}.heatmap.ome.tif"] = lambda path: write_heatmap(path, slide)
    if any(one.startswith("dicom") for one in asked):
        found |= _dicom_writers(slide, asked, slide_file, all_nuclei, with_patient)
    elif with_patient:
        raise UsageError("--with-patient", "only DICOM objects name a patient", "leave it out, or ask for one")
    return found


def _dicom_writers(
    slide: StoredSlide, asked: Sequence[ExportFormat], slide_file: Path | None, all_nuclei: bool, with_patient: bool
) -> Mapping[str, Writer]:
    if find_spec("highdicom") is None:
        raise UsageError("DICOM", "needs highdicom, which is not installed", "pip install 'histo[dicom]'")
    from histo.exports.dicom import find_source, write_annotations, write_parametric_map, write_report

    source = find_source(slide, slide_file, with_patient=with_patient)
    every: dict[ExportFormat, tuple[str, Writer]] = {
        ExportFormat.DICOM_ANN: (
            "annotations",
            lambda path: write_annotations(path, slide, source, all_nuclei=all_nuclei),
        ),
        ExportFormat.DICOM_SR: ("report", lambda path: write_report(path, slide, source)),
        ExportFormat.DICOM_PM: ("heatmap", lambda path: write_parametric_map(path, slide, source)),
    }
    return {f"{slide.name}.{word}.dcm": write for kind, (word, write) in every.items() if kind in asked}
