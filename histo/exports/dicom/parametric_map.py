"""The heat maps as a DICOM Parametric Map, tiled like a slide, in the slide coordinate system of its source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from highdicom import PixelMeasuresSequence, PlanePositionSequence, VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping

from histo.evidence import DensityMap
from histo.exports.dicom import codes
from histo.exports.dicom.instance import DESCRIPTION, describe_instance
from histo.exports.dicom.source import Source
from histo.exports.stored_slide import StoredSlide

SERIES_NUMBER = 9003
NOT_ASSESSED = -1.0
"""Stands for no tissue: a density is never below 0."""
_TILE_PX = 256


def write_parametric_map(path: Path, slide: StoredSlide, source: Source) -> None:
    """Write the density of necrotic fibers, and of inflammatory cells where they are assessed, as channels.

    Args:
        path: Where to write.
        slide: What.
        source: The image that it refers to.
    """
    maps = slide.maps
    channels = [("necrosis", "Necrotic fibers per mm2 of tissue", maps.necrosis)]
    if maps.infiltrate is not None:
        channels.append(("infiltrate", "Inflammatory cells outside necrotic fibers per mm2", maps.infiltrate))
    pixels = np.stack([_filled(density) for _, _, density in channels], axis=-1)
    highest = max(float(pixels.max()), 1.0)
    mappings = [
        [
            RealWorldValueMapping(
                lut_label=label,
                lut_explanation=explanation,
                unit=codes.PER_SQUARE_MILLIMETER,
                value_range=(0.0, highest),
                slope=1.0,
                intercept=0.0,
                quantity_definition=codes.private(label, explanation),
            )
        ]
        for label, explanation, _ in channels
    ]
    instance = describe_instance(slide, source, "parametric map")
    # One pixel of the map spans so many of the slide's, whatever the header says of their size.
    pixels_of_slide = slide.scale.mpp.downsample_to(maps.necrosis.mpp)
    down_mm, across_mm = source.spacing_mm
    (corner_pixel_mm,) = source.to_slide_mm(np.full((1, 2), pixels_of_slide / 2))
    made = ParametricMap(
        source_images=[source.header],
        pixel_array=pixels[np.newaxis],
        contains_recognizable_visual_features=False,
        real_world_value_mappings=mappings,
        voi_lut_transformations=[VOILUTTransformation(window_center=highest / 2, window_width=highest)],
        pixel_measures=PixelMeasuresSequence(
            pixel_spacing=(down_mm * pixels_of_slide, across_mm * pixels_of_slide), slice_thickness=down_mm
        ),
        plane_positions=[PlanePositionSequence("SLIDE", corner_pixel_mm.tolist(), (1, 1))],
        tile_pixel_array=True,
        tile_size=(_TILE_PX, _TILE_PX),
        dimension_organization_type="TILED_FULL" if len(channels) == 1 else None,
        content_description=DESCRIPTION,
        content_label="HISTO",
        **instance.keywords(SERIES_NUMBER),
    )
    made.FloatPixelPaddingValue = NOT_ASSESSED
    instance.save(made, path)


def _filled(density: DensityMap) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.where(np.isnan(density.per_mm2), np.float32(NOT_ASSESSED), density.per_mm2)
