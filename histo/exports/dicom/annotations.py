"""Microscopy Bulk Simple Annotations: every fiber as an outline, every nucleus as a point.

Frame: two-dimensional, pixels of the source's total pixel matrix, the corner of its first pixel 0, 0: level-0 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from highdicom.ann import AnnotationGroup, Measurements, MicroscopyBulkSimpleAnnotations
from highdicom.color import CIELabColor
from highdicom.sr import CodedConcept
from numpy.typing import NDArray

from histo.errors import RecordError
from histo.exports.dicom import codes
from histo.exports.dicom.instance import DESCRIPTION, Instance, describe_instance
from histo.exports.dicom.source import Source
from histo.exports.dicom.uids import derived_uid
from histo.exports.stored_slide import StoredSlide
from histo.findings import INFLAMMATORY_CLASSES, CellClass, FiberClass, Floats
from histo.records import CELL_NAMES, COLORS, FIBER_NAMES

SERIES_NUMBER = 9001


def write_annotations(path: Path, slide: StoredSlide, source: Source, *, all_nuclei: bool) -> None:
    """Write a slide's fibers and cells, a group for each class that was found.

    Args:
        path: Where to write.
        slide: What.
        source: The image that it refers to.
        all_nuclei: Whether myonuclei and other nuclei are written too.

    Raises:
        RecordError: If there is nothing to annotate, which the standard does not allow for.
    """
    instance = describe_instance(slide, source, "annotations", f"all nuclei: {all_nuclei}")
    classes = _fiber_classes(slide) + (_cell_classes(slide, all_nuclei) if slide.cells is not None else [])
    if not classes:
        raise RecordError(slide.folder, "holds no fiber and no cell to annotate", "export another format")
    made = MicroscopyBulkSimpleAnnotations(
        source_images=[source.header],
        annotation_coordinate_type="2D",
        annotation_groups=[_group(number, one, instance) for number, one in enumerate(classes, start=1)],
        content_description=DESCRIPTION,
        content_label="HISTO",
        **instance.keywords(SERIES_NUMBER),
    )
    instance.save(made, path)


@dataclass(frozen=True, eq=False, slots=True)
class _Class:
    """All fibers or cells of one class: name and color as QuPath shows them, code, and (V, 2) float32 of each."""

    name: str
    code: CodedConcept
    category: CodedConcept
    graphic_type: str
    graphics_px: list[NDArray[np.float32]]
    measurements: list[Measurements]


def _group(number: int, one: _Class, instance: Instance) -> AnnotationGroup:
    return AnnotationGroup(
        number=number,
        uid=derived_uid(instance.uid, one.name),
        label=one.name,
        annotated_property_category=one.category,
        annotated_property_type=one.code,
        graphic_type=one.graphic_type,
        graphic_data=one.graphics_px,
        algorithm_type="AUTOMATIC",
        algorithm_identification=instance.algorithm(),
        measurements=one.measurements,
        display_color=CIELabColor.from_rgb(*COLORS[one.name]),
    )


def _fiber_classes(slide: StoredSlide) -> list[_Class]:
    fibers, found = slide.findings.fibers, []
    for kind in FiberClass:
        rows = np.flatnonzero(fibers.fiber_class == kind)
        if len(rows):
            category = codes.ANATOMICAL if kind is FiberClass.INTACT else codes.ABNORMAL
            measurements = [
                Measurements(codes.AREA, fibers.area_um2[rows], codes.SQUARE_MICROMETER),
                Measurements(codes.MIN_FERET, fibers.min_feret_um[rows], codes.MICROMETER),
                Measurements(codes.PROBABILITY, fibers.class_probability[rows, kind], codes.NO_UNITS),
            ]
            outlines = [ring_px(fibers.outline(row), slide) for row in rows.tolist()]
            found.append(_Class(FIBER_NAMES[kind], codes.FIBERS[kind], category, "POLYGON", outlines, measurements))
    return found


def _cell_classes(slide: StoredSlide, all_nuclei: bool) -> list[_Class]:
    cells, found = slide.findings.cells, []
    for kind in CellClass if all_nuclei else INFLAMMATORY_CLASSES:
        rows = np.flatnonzero(cells.cell_class == kind)
        if len(rows):
            places = list(to_px(cells.center_um[rows], slide)[:, None])
            probability = Measurements(codes.PROBABILITY, cells.class_probability[rows, kind], codes.NO_UNITS)
            found.append(_Class(CELL_NAMES[kind], codes.CELLS[kind], codes.ANATOMICAL, "POINT", places, [probability]))
    return found


def to_px(points_um: Floats, slide: StoredSlide) -> Floats:
    """(N, 2) slide micrometers as level-0 pixels, those past the slide's border drawn in to it."""
    limits = np.array([slide.size_px.width, slide.size_px.height], np.float64)
    inside: Floats = np.clip(slide.scale.mpp.to_px(points_um.astype(np.float64)), 0.0, limits).astype(np.float32)
    return inside


def ring_px(outline_um: Floats, slide: StoredSlide) -> Floats:
    """An outline whose last point is not its first one, as annotations want it."""
    ring = to_px(outline_um, slide)
    return ring[:-1] if len(ring) > 3 and np.array_equal(ring[0], ring[-1]) else ring
