"""One slide's reading in the formats that were asked for: all of their files, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
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
    DICOM_SEG = "dicom-seg"


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
            found[f"{slide.name}{ending}"] = partial(
                write_geojson_file, slide=slide, ending=ending, all_nuclei=all_nuclei
            )
    if ExportFormat.CSV in asked:
        for table in (FIBERS_NAME, CELLS_NAME):
            found[f"{slide.name}.{Path(table).stem}.csv"] = partial(write_csv, slide.folder / table)
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
    from histo.exports import dicom

    source = dicom.find_source(slide, slide_file, with_patient=with_patient)
    found: dict[str, Writer] = {}
    if ExportFormat.DICOM_ANN in asked:
        found[f"{slide.name}.annotations.dcm"] = lambda path: dicom.write_annotations(
            path, slide, source, all_nuclei=all_nuclei
        )
    if ExportFormat.DICOM_SR in asked:
        found[f"{slide.name}.report.dcm"] = lambda path: dicom.write_report(path, slide, source)
    if ExportFormat.DICOM_SEG in asked:
        found[f"{slide.name}.compartments.dcm"] = lambda path: dicom.write_segmentation(path, slide, source)
    if ExportFormat.DICOM_PM in asked:
        maps = {dicom.Quantity.NECROSIS: slide.maps.necrosis, dicom.Quantity.INFILTRATE: slide.maps.infiltrate}
        for quantity, density in maps.items():
            if density is not None:
                found[f"{slide.name}.{quantity}.dcm"] = partial(
                    dicom.write_parametric_map, slide=slide, source=source, quantity=quantity, map_=density
                )
    return found
