"""A heat map as a DICOM Parametric Map, tiled like a slide, in the slide coordinate system of its source."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np
from highdicom import PixelMeasuresSequence, PlanePositionSequence, VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping

from histo.evidence import DensityMap
from histo.exports.dicom import codes
from histo.exports.dicom.instance import DESCRIPTION, describe_instance
from histo.exports.dicom.source import Source
from histo.exports.stored_slide import StoredSlide

NOT_ASSESSED = -1.0
"""Stands for no tissue: a density is never below 0."""
_TILE_PX = 256


class Quantity(StrEnum):
    """What is mapped; the words are codes of the private scheme."""

    NECROSIS = "necrosis"
    INFILTRATE = "infiltrate"


_MEANING = {
    Quantity.NECROSIS: (9003, "Necrotic fibers per mm2 of tissue"),
    Quantity.INFILTRATE: (9004, "Inflammatory cells outside necrotic fibers per mm2"),
}
"""Series number and meaning."""


def write_parametric_map(path: Path, slide: StoredSlide, source: Source, quantity: Quantity, map_: DensityMap) -> None:
    """Write one density of a slide.

    Args:
        path: Where to write.
        slide: Whose.
        source: The image that it refers to.
        quantity: What is mapped.
        map_: The density.
    """
    series, meaning = _MEANING[quantity]
    pixels = np.where(np.isnan(map_.per_mm2), np.float32(NOT_ASSESSED), map_.per_mm2)
    highest = max(float(pixels.max()), 1.0)
    # One pixel of the map spans so many of the slide's, whatever the header says of their size.
    slide_px = slide.scale.mpp.downsample_to(map_.mpp)
    down_mm, across_mm = source.spacing_mm
    (first_pixel_mm,) = source.to_slide_mm(np.full((1, 2), slide_px / 2))
    instance = describe_instance(slide, source, "parametric map", quantity)
    made = ParametricMap(
        source_images=[source.header],
        pixel_array=pixels,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label=quantity,
                lut_explanation=meaning,
                unit=codes.PER_SQUARE_MILLIMETER,
                value_range=(0.0, highest),
                slope=1.0,
                intercept=0.0,
                quantity_definition=codes.private(quantity, meaning),
            )
        ],
        voi_lut_transformations=[VOILUTTransformation(window_center=highest / 2, window_width=highest)],
        pixel_measures=PixelMeasuresSequence((down_mm * slide_px, across_mm * slide_px), slice_thickness=down_mm),
        plane_positions=[PlanePositionSequence("SLIDE", first_pixel_mm.tolist(), (1, 1))],
        tile_pixel_array=True,
        tile_size=(_TILE_PX, _TILE_PX),
        dimension_organization_type="TILED_SPARSE",  # each tile tells its place, which every viewer understands
        content_description=DESCRIPTION,
        content_label="HISTO",
        **instance.keywords(series),
    )
    # A range of one value: both of its ends are required (PS3.3, C.7.6.24).
    made.FloatPixelPaddingValue = made.FloatPixelPaddingRangeLimit = NOT_ASSESSED
    instance.save(made, path)
