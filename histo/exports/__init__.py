"""A reading in the formats of other programs: GeoJSON, CSV, OME-TIFF, DICOM. Nothing is read or weighed anew."""

from __future__ import annotations

from histo.exports.export import ExportFormat, export_reading
from histo.exports.stored_slide import StoredSlide, load_slide

__all__ = ["ExportFormat", "StoredSlide", "export_reading", "load_slide"]
