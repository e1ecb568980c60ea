"""Draws a reading for people: the overview picture, the page, and the folder that holds all of it."""

from __future__ import annotations

from histo.report.agreement_files import write_agreement
from histo.report.choice import SHOWN_CLASSES, deciding_fibers
from histo.report.corrections import corrected_rows, uncorrected
from histo.report.facts import Fact, spatial_facts
from histo.report.folder import write_biopsy_folder, write_slide_folder
from histo.report.overview import draw_overview
from histo.report.page import report_html
from histo.report.pictures import FiberCrop, Picture, SlidePictures, crop_frame, take_overview, take_pictures
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
    "SHOWN_CLASSES",
    "Fact",
    "FiberCrop",
    "FindingRow",
    "Picture",
    "SlidePictures",
    "cell_rows",
    "corrected_rows",
    "coverage_text",
    "crop_frame",
    "deciding_fibers",
    "draw_overview",
    "fiber_rows",
    "finding_rows",
    "floor_sentence",
    "not_assessed",
    "number",
    "report_html",
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
