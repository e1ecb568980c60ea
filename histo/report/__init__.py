"""Draws a reading for people: the overview picture, the page, and the folder that holds all of it."""

from __future__ import annotations

from histo.report.again import Redrawn, draw_again
from histo.report.agreement_files import write_agreement
from histo.report.case import CaseReport, case_report
from histo.report.choice import SHOWN_CLASSES, deciding_fibers
from histo.report.corrections import corrected_rows, uncorrected
from histo.report.crops import FiberCrop, SlidePictures, crop_frame, take_pictures
from histo.report.facts import Fact, spatial_facts
from histo.report.folder import write_biopsy_folder, write_slide_folder
from histo.report.overview import draw_overview
from histo.report.page import report_html
from histo.report.pdf import A4, LETTER, report_pdf
from histo.report.pictures import Picture, take_overview
from histo.report.recovery_files import write_recovery
from histo.report.rows import (
    FindingRow,
    cell_rows,
    coverage_text,
    fiber_rows,
    finding_rows,
    floor_sentence,
    not_assessed,
    number,
    scale_text,
    typeset,
)

__all__ = [
    "A4",
    "LETTER",
    "SHOWN_CLASSES",
    "CaseReport",
    "Fact",
    "FiberCrop",
    "FindingRow",
    "Picture",
    "Redrawn",
    "SlidePictures",
    "case_report",
    "cell_rows",
    "corrected_rows",
    "coverage_text",
    "crop_frame",
    "deciding_fibers",
    "draw_again",
    "draw_overview",
    "fiber_rows",
    "finding_rows",
    "floor_sentence",
    "not_assessed",
    "number",
    "report_html",
    "report_pdf",
    "scale_text",
    "spatial_facts",
    "take_overview",
    "take_pictures",
    "typeset",
    "uncorrected",
    "write_agreement",
    "write_biopsy_folder",
    "write_recovery",
    "write_slide_folder",
]
