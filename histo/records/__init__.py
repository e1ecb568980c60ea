"""Readings and findings to and from disk: JSON, Parquet, GeoJSON, PNG; atomic, and the same bytes on repeat."""

from __future__ import annotations

from histo.records.atomic import Staged, make_folder, write_atomically
from histo.records.compartment_file import read_compartments, write_compartments
from histo.records.geojson import mask_polygons, write_geojson
from histo.records.plain import Json, json_bytes, plain, read_json
from histo.records.qupath import ARTEFACT_NAME, CELL_NAMES, COLORS, FIBER_NAMES, TISSUE_NAME
from histo.records.tables import read_cells, read_fibers, write_cells, write_fibers

__all__ = [
    "ARTEFACT_NAME",
    "CELL_NAMES",
    "COLORS",
    "FIBER_NAMES",
    "TISSUE_NAME",
    "Json",
    "Staged",
    "json_bytes",
    "make_folder",
    "mask_polygons",
    "plain",
    "read_cells",
    "read_compartments",
    "read_fibers",
    "read_json",
    "write_atomically",
    "write_cells",
    "write_compartments",
    "write_fibers",
    "write_geojson",
]
