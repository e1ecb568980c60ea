"""The folder of a reading: every file of it, written together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from histo.evidence import SlideObservation
from histo.records import (
    RUN_NAME,
    BiopsyReading,
    ReadingFacts,
    Staged,
    json_bytes,
    make_folder,
    reading_document,
    reading_facts,
    write_findings,
)
from histo.report.case import SlideSights, case_report
from histo.report.case.sights import see_slide
from histo.report.crops import SlidePictures
from histo.report.overview import draw_overview
from histo.report.page import report_html
from histo.report.pdf import A4, Paper, report_pdf
from histo.report.rows import scale_text

OVERVIEW_NAME = "overview.png"
REPORT_NAME = "report.html"
PDF_NAME = "report.pdf"
READING_NAME = "reading.json"


def write_slide_folder(
    folder: Path, reading: BiopsyReading, pictures: SlidePictures, run: Mapping[str, Any]
) -> tuple[Path, ...]:
    """Write the reading of one slide: its findings, overview, report, run.json, and last reading.json.

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
        staged.add(OVERVIEW_NAME, lambda path: _draw(path, reading, pictures))
        _add_conclusion(staged, reading, {slide.info.name: pictures}, run)
    names = (READING_NAME, REPORT_NAME, PDF_NAME, OVERVIEW_NAME)
    rest = sorted(path.name for path in staged.published if path.name not in names)
    return tuple(folder / name for name in (*names, *rest))


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
    with Staged(folder) as staged:
        _add_conclusion(staged, reading, pictures, run)
    return tuple(folder / name for name in (READING_NAME, REPORT_NAME, PDF_NAME, RUN_NAME))


def add_report(staged: Staged, facts: ReadingFacts, sights: Mapping[str, SlideSights], paper: Paper = A4) -> None:
    """Stage both forms of a report, which tell the same.

    Args:
        staged: Where.
        facts: What is stored of the reading.
        sights: The pictures of every slide, by its name.
        paper: Of the PDF.
    """
    report = case_report(facts, sights)
    page, printed = report_html(report).encode("utf-8"), report_pdf(report, paper)
    staged.add(REPORT_NAME, lambda path: path.write_bytes(page))
    staged.add(PDF_NAME, lambda path: path.write_bytes(printed))


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
        scale=scale_text(slide.info.scale.mpp.um_per_px, slide.info.scale.source),
        headline=label_text[0].upper() + label_text[1:],
    )


def _add_conclusion(
    staged: Staged, reading: BiopsyReading, pictures: Mapping[str, SlidePictures], run: Mapping[str, Any]
) -> None:
    document = reading_document(reading)
    # Drawn from what is stored, and from nothing else: so it can be drawn again at any time, to the same bytes.
    facts = reading_facts(document)
    sights = {}
    for slide, evidence in zip(reading.slides, facts.evidence.slides, strict=True):
        name, cells_assessed = slide.info.name, evidence.numbers.infiltrate is not None
        seen = SlideObservation(name, slide.findings, evidence.numbers.coverage, cells_assessed=cells_assessed)
        sights[name] = see_slide(seen, evidence, facts.evidence.measures, slide.tissue, pictures[name])
    add_report(staged, facts, sights)
    staged.add(RUN_NAME, lambda path: path.write_bytes(json_bytes(dict(run))))
    staged.add(READING_NAME, lambda path: path.write_bytes(json_bytes(document)))
