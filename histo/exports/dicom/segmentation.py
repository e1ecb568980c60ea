"""The compartments as a DICOM Segmentation, tiled like a slide, in the slide coordinate system of its source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from highdicom import PixelMeasuresSequence, PlanePositionSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription

from histo.errors import RecordError
from histo.exports.dicom import codes
from histo.exports.dicom.instance import DESCRIPTION, describe_instance
from histo.exports.dicom.source import Source
from histo.exports.stored_slide import StoredSlide
from histo.findings import Compartment

SERIES_NUMBER = 9005
_TILE_PX = 256


def write_segmentation(path: Path, slide: StoredSlide, source: Source) -> None:
    """Write which compartment each assessed place of the slide belongs to: a segment for each that there is.

    What was not assessed is in no segment. Fibers are told apart in the annotations, not here.

    Args:
        path: Where to write.
        slide: Whose.
        source: The image that it refers to.

    Raises:
        RecordError: If no tissue was assessed.
    """
    compartments = slide.findings.compartments
    seen = np.where(compartments.scored, compartments.codes, Compartment.GLASS)
    present = [kind for kind in codes.COMPARTMENTS if (seen == kind).any()]
    if not present:
        raise RecordError(slide.folder, "holds no assessed tissue to segment", "export another format")
    number_of = np.zeros(len(Compartment), np.uint8)
    number_of[present] = np.arange(1, len(present) + 1)
    instance = describe_instance(slide, source, "segmentation")
    slide_px = slide.scale.mpp.downsample_to(compartments.mpp)
    down_mm, across_mm = source.spacing_mm
    (first_pixel_mm,) = source.to_slide_mm(np.full((1, 2), slide_px / 2))
    made = Segmentation(
        source_images=[source.header],
        pixel_array=number_of[seen],
        segmentation_type=SegmentationTypeValues.BINARY,  # of all kinds the one that viewers read
        segment_descriptions=[
            SegmentDescription(
                segment_number=number,
                segment_label=codes.COMPARTMENTS[kind].meaning,
                segmented_property_category=codes.ANATOMICAL,
                segmented_property_type=codes.COMPARTMENTS[kind],
                algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
                algorithm_identification=instance.algorithm(),
            )
            for number, kind in enumerate(present, start=1)
        ],
        pixel_measures=PixelMeasuresSequence((down_mm * slide_px, across_mm * slide_px), slice_thickness=down_mm),
        plane_positions=[PlanePositionSequence("SLIDE", first_pixel_mm.tolist(), (1, 1))],
        tile_pixel_array=True,
        tile_size=(_TILE_PX, _TILE_PX),
        dimension_organization_type="TILED_SPARSE",  # each tile tells its place, which every viewer understands
        content_description=DESCRIPTION,
        content_label="HISTO",
        **instance.keywords(SERIES_NUMBER),
    )
    instance.save(made, path)
