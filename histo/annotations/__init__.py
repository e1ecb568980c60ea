"""What pathologists draw, in the files of any tool, as fibers, nuclei and areas of ours."""

from __future__ import annotations

from histo.annotations.annotations import AnnotatedAreas, AnnotatedCells, AnnotatedFibers, Annotations, outline_array
from histo.annotations.drawn import Drawn, DrawnFile
from histo.annotations.formats import read_drawn
from histo.annotations.load import load_annotations
from histo.annotations.mapping import ClassMapping, Meaning, RegionMeaning, load_mapping
from histo.annotations.placement import Placement, PlacementVerdict, check_placement

__all__ = [
    "AnnotatedAreas",
    "AnnotatedCells",
    "AnnotatedFibers",
    "Annotations",
    "ClassMapping",
    "Drawn",
    "DrawnFile",
    "Meaning",
    "Placement",
    "PlacementVerdict",
    "RegionMeaning",
    "check_placement",
    "load_annotations",
    "load_mapping",
    "outline_array",
    "read_drawn",
]
