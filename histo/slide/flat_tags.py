"""Scale tags of flat images: OME, ImageJ, TIFF resolution, PNG pHYs, JPEG density."""

from __future__ import annotations

import math
import struct
from typing import Any
from xml.parsers import expat

from histo.slide.scale import number_of
from histo.slide.source import ScaleTag

_OME_LARGEST = 32 << 20
_UM = {
    "": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "um": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
    "inch": 25400.0,
}


def tiff_scale_tags(tif: Any, page: Any) -> tuple[ScaleTag, ...]:  # noqa: ANN401 - tifffile is untyped
    """What a TIFF says about its scale: OME first, then ImageJ, then the resolution tags.

    Args:
        tif: An open `tifffile.TiffFile`.
        page: Its finest page.
    """
    tags = []
    if tif.is_ome and tif.ome_metadata and len(tif.ome_metadata) < _OME_LARGEST:
        tags += _ome_tags(tif.ome_metadata)
    if "XResolution" not in page.tags:
        return tuple(tags)
    x = _ratio(page.tags["XResolution"].value)
    y = _ratio(page.tags["YResolution"].value) if "YResolution" in page.tags else x
    imagej = tif.imagej_metadata if tif.is_imagej else None
    unit = str(imagej.get("unit", "")).strip().lower() if imagej else ""
    if unit in _UM and unit:
        tags.append(ScaleTag("ImageJ resolution", f"{x:.6g} px per {unit}", _each(_UM[unit], x), _each(_UM[unit], y)))
        return tuple(tags)
    kind = int(page.tags["ResolutionUnit"].value) if "ResolutionUnit" in page.tags else 2
    if kind == 2:
        tags.append(ScaleTag("XResolution", f"{x:.6g} dpi", _each(25400.0, x), _each(25400.0, y), is_print=True))
    elif kind == 3:
        text = f"{x:.6g} px per cm"
        tags.append(ScaleTag("XResolution", text, _each(10000.0, x), _each(10000.0, y), is_print=True))
    else:
        tags.append(ScaleTag("XResolution", f"{x:.6g} without a unit", None, None, is_print=True))
    return tuple(tags)


def png_scale_tags(head: bytes) -> tuple[ScaleTag, ...]:
    """The pHYs chunk, looked for before the pixels.

    Args:
        head: The first bytes of the file.
    """
    place = 8
    while place + 12 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, place)
        if kind == b"IDAT":
            break
        if kind == b"pHYs" and length == 9 and place + 17 <= len(head):
            x, y, unit = struct.unpack_from(">IIB", head, place + 8)
            if unit != 1:
                return (ScaleTag("pHYs", f"{x} without a unit", None, None, is_print=True),)
            return (ScaleTag("pHYs", f"{x} px per m", _each(1e6, x), _each(1e6, y), is_print=True),)
        place += 12 + length
    return ()


def jpeg_scale_tags(head: bytes) -> tuple[ScaleTag, ...]:
    """The density of a JFIF header.

    Args:
        head: The first bytes of the file.
    """
    if head[2:4] != b"\xff\xe0" or head[6:11] != b"JFIF\0" or len(head) < 18:
        return ()
    unit, x, y = struct.unpack_from(">BHH", head, 13)
    if unit not in (1, 2):
        return ()
    um, text = (25400.0, f"{x} dpi") if unit == 1 else (10000.0, f"{x} px per cm")
    return (ScaleTag("JFIF density", text, _each(um, x), _each(um, y), is_print=True),)


def _ome_tags(xml: str) -> list[ScaleTag]:
    pixels = _first_pixels(xml)
    if "PhysicalSizeX" not in pixels:
        return []
    axes = {"X": "X", "Y": "Y" if "PhysicalSizeY" in pixels else "X"}
    text = {axis: pixels[f"PhysicalSize{told}"] for axis, told in axes.items()}
    unit = {axis: pixels.get(f"PhysicalSize{told}Unit", "µm") for axis, told in axes.items()}
    um = {}
    for axis in "XY":
        value, size = number_of(text[axis]), _UM.get(unit[axis])
        um[axis] = None if value is None or size is None else value * size
    return [ScaleTag("PhysicalSizeX", f"{text['X'][:24]} {unit['X'][:16]}", um["X"], um["Y"])]


def _first_pixels(xml: str) -> dict[str, str]:
    """Attributes of the first Pixels element; none if the XML is damaged or declares a document type.

    A document type is where entities come from, and entities are how a small XML grows without end; OME has none.
    """
    found: list[dict[str, str]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Pixels":
            found.append(attributes)

    def refuse(*_: object) -> None:
        raise ValueError("a document type in OME-XML")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError):
        return {}
    return found[0] if found else {}


def _ratio(value: Any) -> float:  # noqa: ANN401 - whatever the file holds
    if isinstance(value, tuple) and len(value) == 2:
        return float(value[0]) / float(value[1]) if value[1] else math.nan
    return float(value) if isinstance(value, (int, float)) else math.nan


def _each(um: float, count: float) -> float | None:
    """Micrometers per pixel, from pixels per so many micrometers."""
    return um / count if count else None
