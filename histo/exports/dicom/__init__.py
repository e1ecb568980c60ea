"""A reading as DICOM objects: annotations, a measurement report, parametric maps, a segmentation of compartments.

All of highdicom comes in here. Needs the extra `dicom` (`pip install 'histo[dicom]'`).
"""

from __future__ import annotations

from histo.exports.dicom.annotations import write_annotations
from histo.exports.dicom.parametric_map import Quantity, write_parametric_map
from histo.exports.dicom.report import write_report
from histo.exports.dicom.segmentation import write_segmentation
from histo.exports.dicom.source import Source, find_source
from histo.exports.dicom.uids import derived_uid

__all__ = [
    "Quantity",
    "Source",
    "derived_uid",
    "find_source",
    "write_annotations",
    "write_parametric_map",
    "write_report",
    "write_segmentation",
]
