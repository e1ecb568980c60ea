"""Readings and findings to and from disk: JSON, Parquet, GeoJSON, PNG; atomic, and the same bytes on repeat."""

from __future__ import annotations

from histo.records.atomic import Staged, make_folder, write_atomically
from histo.records.compartment_file import read_compartments, write_compartments
from histo.records.csv_text import csv_bytes
from histo.records.detector_errors import errors_document, read_detector_errors
from histo.records.findings_files import FINDINGS_FILES, read_findings, write_findings
from histo.records.geojson import read_area_features, stream_geojson, write_geojson
from histo.records.outlines import Area, slide_areas, unreadable_outlines
from histo.records.plain import as_stored, json_bytes, plain, read_json
from histo.records.plain_table import TableColumn, write_plain_table
from histo.records.qupath import (
    ARTEFACT_NAME,
    CELL_NAMES,
    COLORS,
    FIBER_NAMES,
    TISSUE_NAME,
    UNREADABLE_NAME,
)
from histo.records.rating_file import ORDERS, ratings_of_reading, read_ratings
from histo.records.reading import BiopsyReading, Measured, ModelFacts, SlideFailure, SlideResult
from histo.records.reading_facts import ReadingFacts, SlideFacts, reading_facts
from histo.records.reading_file import StoredReading, provenance, read_reading, reading_document
from histo.records.side_files import FAILURES_NAME, RUN_NAME, read_run_slides, run_document, write_failures
from histo.records.table_csv import write_csv
from histo.records.tables import read_cells, read_fibers, read_scale, write_cells, write_fibers

__all__ = [
    "ARTEFACT_NAME",
    "CELL_NAMES",
    "COLORS",
    "FAILURES_NAME",
    "FIBER_NAMES",
    "FINDINGS_FILES",
    "ORDERS",
    "RUN_NAME",
    "TISSUE_NAME",
    "UNREADABLE_NAME",
    "Area",
    "BiopsyReading",
    "Measured",
    "ModelFacts",
    "ReadingFacts",
    "SlideFacts",
    "SlideFailure",
    "SlideResult",
    "Staged",
    "StoredReading",
    "TableColumn",
    "as_stored",
    "csv_bytes",
    "errors_document",
    "json_bytes",
    "make_folder",
    "plain",
    "provenance",
    "ratings_of_reading",
    "read_area_features",
    "read_cells",
    "read_compartments",
    "read_detector_errors",
    "read_fibers",
    "read_findings",
    "read_json",
    "read_ratings",
    "read_reading",
    "read_run_slides",
    "read_scale",
    "reading_document",
    "reading_facts",
    "run_document",
    "slide_areas",
    "stream_geojson",
    "unreadable_outlines",
    "write_atomically",
    "write_cells",
    "write_compartments",
    "write_csv",
    "write_failures",
    "write_fibers",
    "write_findings",
    "write_geojson",
    "write_plain_table",
]
