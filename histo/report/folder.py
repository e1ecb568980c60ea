"""The folder of a reading: every file of it, written together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from histo.records import (
    RUN_NAME,
    BiopsyReading,
    Staged,
    json_bytes,
    make_folder,
    reading_document,
    write_findings,
)
from histo.report.overview import draw_overview
from histo.report.page import report_html
from histo.report.pictures import SlidePictures
from histo.report.rows import scale_text

OVERVIEW_NAME = "overview.png"
REPORT_NAME = "report.html"
READING_NAME = "reading.json"


def write_slide_folder(
    folder: Path, reading: BiopsyReading, pictures: SlidePictures, run: Mapping[str, Any]
) -> tuple[Path, ...]:
    """Write the reading of one slide: its findings, overview, page, run.json, and last reading.json.

    Args:
        folder: The slide's folder; made if needed.
        reading: Of this slide alone.
        pictures: Of this slide.
        run: What run.json shall hold.

    Returns:
        The files, reading.json first.

    Raises:
        OutputError: If they cannot be written. Nothing is left half-written.
    """
    (slide,) = reading.slides
    make_folder(folder)
    with Staged(folder) as staged:
        write_findings(staged, slide, cells_assessed=reading.evidence.pooled.infiltrate is not None)
        overview = staged.add(OVERVIEW_NAME, lambda path: _draw(path, reading, pictures))
        png = staged.staged_bytes(OVERVIEW_NAME)
        _add_conclusion(staged, reading, {slide.info.name: pictures}, {slide.info.name: png}, run)
    names = (READING_NAME, REPORT_NAME, OVERVIEW_NAME)
    rest = sorted(path.name for path in staged.published if path.name not in names)
    return tuple(overview.parent / name for name in (*names, *rest))


def write_biopsy_folder(
    folder: Path, reading: BiopsyReading, pictures: Mapping[str, SlidePictures], run: Mapping[str, Any]
) -> tuple[Path, ...]:
    """Write the reading of a biopsy of several slides; the slides' own folders lie in the same folder.

    Returns:
        The files, reading.json first.

    Raises:
        OutputError: If they cannot be written. Nothing is left half-written.
    """
    make_folder(folder)
    overviews = {slide.info.name: (folder / slide.info.name / OVERVIEW_NAME).read_bytes() for slide in reading.slides}
    with Staged(folder) as staged:
        _add_conclusion(staged, reading, pictures, overviews, run)
    return tuple(folder / name for name in (READING_NAME, REPORT_NAME, RUN_NAME))


def _draw(path: Path, reading: BiopsyReading, pictures: SlidePictures) -> None:
    (slide,) = reading.slides
    label_text = reading.pattern.label_text
    draw_overview(
        path,
        findings=slide.findings,
        infiltrate=reading.evidence.pooled.infiltrate,
        tissue=slide.tissue,
        pictures=pictures,
        name=slide.info.name,
        scale=scale_text(slide.info.scale),
        headline=label_text[0].upper() + label_text[1:],
    )


def _add_conclusion(
    staged: Staged,
    reading: BiopsyReading,
    pictures: Mapping[str, SlidePictures],
    overviews: Mapping[str, bytes],
    run: Mapping[str, Any],
) -> None:
    page = report_html(reading, pictures, overviews).encode("utf-8")
    staged.add(REPORT_NAME, lambda path: path.write_bytes(page))
    staged.add(RUN_NAME, lambda path: path.write_bytes(json_bytes(dict(run))))
    staged.add(READING_NAME, lambda path: path.write_bytes(json_bytes(reading_document(reading))))
