"""What pathologists draw, in the files of any tool, as fibers, nuclei and areas of ours."""

from __future__ import annotations

from histo.annotations.annotations import AnnotatedAreas, AnnotatedCells, AnnotatedFibers, Annotations, outline_array
from histo.annotations.mapping import ClassMapping, Meaning, RegionMeaning, load_mapping

__all__ = [
    "AnnotatedAreas",
    "AnnotatedCells",
    "AnnotatedFibers",
    "Annotations",
    "ClassMapping",
    "Meaning",
    "RegionMeaning",
    "load_mapping",
    "outline_array",
]
