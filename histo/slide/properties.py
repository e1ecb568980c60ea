"""What may be known of a file's properties: an allow-list, so that no patient, user or file name gets out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from histo.slide.scale import number_of
from histo.slide.source import ScaleTag

_ALLOWED = (
    "openslide.vendor",
    "openslide.objective-power",
    "aperio.AppMag",
    "aperio.MPP",
    "hamamatsu.SourceLens",
    "tiff.ResolutionUnit",
    "tiff.XResolution",
    "tiff.YResolution",
    "dicom.Manufacturer",
    "dicom.ManufacturerModelName",
    "dicom.PhotometricInterpretation",
)
_SCALE_TAG_NAMES = {"aperio": "aperio.MPP", "dicom": "PixelSpacing", "mirax": "MICROMETER_PER_PIXEL"}
_PRINT_VENDORS = ("generic-tiff", "trestle")
_NOT_PRIVATE = re.compile(r"[\w .,:+/()-]{1,64}")


def allowed_properties(told: Mapping[str, str]) -> dict[str, str]:
    """The properties that outputs and logs may show, if their values look like what they should be."""
    return {name: told[name] for name in _ALLOWED if name in told and _NOT_PRIVATE.fullmatch(told[name])}


def scale_tags(vendor: str, told: Mapping[str, str]) -> tuple[ScaleTag, ...]:
    """What OpenSlide's properties tell about the scale, named by the tag that the file itself holds.

    Args:
        vendor: OpenSlide's name of the format.
        told: All properties.
    """
    name = _SCALE_TAG_NAMES.get(vendor, "XResolution" if "tiff.XResolution" in told else "openslide.mpp-x")
    is_print = vendor in _PRINT_VENDORS
    x_um, y_um = (number_of(told.get(f"openslide.mpp-{axis}", "")) for axis in "xy")
    if x_um is not None and y_um is not None:
        raw = told.get(name, f"{x_um:.4g} um/px")
        if name == "XResolution":
            raw = _resolution_text(told)
        return (ScaleTag(name, raw, x_um, y_um, is_print),)
    if name in told:
        value = number_of(told[name])
        return (ScaleTag(name, told[name], value, value, is_print),)
    if "tiff.XResolution" in told:
        return (ScaleTag("XResolution", _resolution_text(told), None, None, is_print),)
    return ()


def _resolution_text(told: Mapping[str, str]) -> str:
    value = number_of(told["tiff.XResolution"])
    unit = told.get("tiff.ResolutionUnit", "none")
    number = told["tiff.XResolution"] if value is None else f"{value:.6g}"
    return f"{number} per {unit}" if unit in ("inch", "centimeter") else f"{number} without a unit"
