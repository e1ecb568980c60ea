"""One importer for every tool: from a file to annotations in slide micrometers."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import shapely

from histo.annotations.annotations import Annotations
from histo.annotations.drawn import DrawnFile
from histo.annotations.formats import read_drawn
from histo.annotations.interpret import interpret
from histo.annotations.mapping import ClassMapping
from histo.errors import AnnotationBroken
from histo.geometry import Mpp, Size

SAME_SIZE = 0.005
"""A picture's size within this part of the slide's is the slide's: some tools round, or pad."""

SAME_SHAPE = 0.01
"""A smaller picture of the slide has its shape within this part: its sides are rounded to whole pixels."""


def load_annotations(path: Path, mapping: ClassMapping, mpp: Mpp, size_px: Size | None = None) -> Annotations:
    """Read what was drawn on a slide, in whatever tool.

    Args:
        path: QuPath GeoJSON, ASAP XML, ImageScope XML, HALO .annotations, Darwin JSON, COCO JSON, or a label mask; the
            format is told from the content.
        mapping: What the class names mean.
        mpp: Scale of level 0 of the slide.
        size_px: Level-0 size of the slide. With it, formats that tell the size of their picture are scaled if they were
            drawn on a smaller level, and objects outside the slide are warned of.

    Returns:
        The annotations. What was mended or left out stands in `changes`, what is seldom meant in `warnings`.

    Raises:
        NotAnAnnotation: If there is no such file, or it is in no known format.
        AnnotationUnsafe: If it is too large, nested too deeply, or holds XML entities.
        AnnotationBroken: If it is damaged, was drawn on a picture of another shape, or lies wholly beside the slide.
        UnknownClasses: If the mapping lacks class names; all are listed with counts.
    """
    drawn = read_drawn(path)
    factor = _frame_to_level_0(drawn, size_px, path)
    understood = interpret(drawn, mapping, mpp, path, factor)
    changes, warnings = understood.changes, understood.warnings
    if factor != 1:
        changes = (f"drawn on a picture of {drawn.frame_px} pixels: scaled by {factor:g} to the slide", *changes)
    if size_px is not None and (outside := _outside(drawn, factor, size_px)):
        if outside == len(drawn.objects):
            raise AnnotationBroken(
                path,
                f"nothing of what was drawn ({outside:,} objects) lies on the slide of {size_px} px",
                "name the slide and the level that it was drawn on, and see that x stands before y",
            )
        warnings = (
            f"{outside} of {len(drawn.objects)} objects lie outside the slide of {size_px} px: do x and y stand in the "
            "right order, and is it the right slide and level?",
            *warnings,
        )
    return dataclasses.replace(understood, changes=changes, warnings=warnings)


def _frame_to_level_0(drawn: DrawnFile, size_px: Size | None, path: Path) -> float:
    """Level-0 pixels per pixel of the picture that was drawn on."""
    frame = drawn.frame_px
    if frame is None or size_px is None:
        return 1.0
    across, down = size_px.width / frame.width, size_px.height / frame.height
    if abs(across - 1) < SAME_SIZE and abs(down - 1) < SAME_SIZE:
        return 1.0
    if abs(across / down - 1) > SAME_SHAPE:
        raise AnnotationBroken(
            path,
            f"was drawn on a picture of {frame} pixels, and the slide has {size_px}",
            "name the slide it belongs to",
        )
    return math.sqrt(across * down)


def _outside(drawn: DrawnFile, factor: float, size_px: Size) -> int:
    """Objects that lie wholly outside the slide."""
    slide = shapely.box(0, 0, size_px.width / factor, size_px.height / factor)
    boxes = [shapely.box(*item.shape.bounds) for item in drawn.objects if not item.shape.is_empty]
    return int(sum(~shapely.intersects(slide, boxes))) if boxes else 0
