"""PNG and JPEG: one flat picture, decoded whole, so only up to a limit."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from histo.errors import SlideUnreadable, SlideUnsafe
from histo.geometry import Size
from histo.slide.colors import ColorModel, to_rgb
from histo.slide.flat_tags import jpeg_scale_tags, png_scale_tags
from histo.slide.memory import ArraySource

LARGEST_FLAT_PX = 200_000_000
"""Decoded whole: 600 MB of color."""
_HEAD_BYTES = 1 << 20
_AGAIN = "copy or export it again"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"


def is_flat_image(head: bytes) -> bool:
    """Whether a file that begins so is a PNG or JPEG."""
    return head.startswith((PNG_MAGIC, JPEG_MAGIC))


def open_flat_image(path: Path) -> ArraySource:
    """Decode a PNG or JPEG.

    Args:
        path: The file; its first bytes must satisfy `is_flat_image`.

    Raises:
        SlideUnreadable: If it is cut short or damaged.
        SlideUnsafe: If it is too large to be decoded whole.
    """
    data = path.read_bytes()
    head = data[:_HEAD_BYTES]
    is_png = head.startswith(PNG_MAGIC)
    size = _png_size(head) if is_png else _jpeg_size(data)
    if size is None:
        raise SlideUnreadable(path, "its header is damaged", _AGAIN)
    if size.area > LARGEST_FLAT_PX:
        problem = f"it has {size} px in one piece, and {LARGEST_FLAT_PX / 1e6:.0f} Mpx is the limit"
        raise SlideUnsafe(path, problem, "convert it to a tiled pyramidal TIFF")
    # A decoder fills what is missing with grey and says nothing, so look for the end mark first.
    if (b"IEND" if is_png else b"\xff\xd9") not in data[-(1 << 16) :]:
        raise SlideUnreadable(path, "it is cut short: its end is missing", "copy it again")
    how = cv2.IMREAD_UNCHANGED if is_png else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if decoded is None:
        raise SlideUnreadable(path, "its pixels cannot be decoded", _AGAIN)
    raw = decoded if decoded.ndim == 3 else decoded[..., None]
    if raw.shape[2] >= 3:
        raw = cv2.cvtColor(raw, cv2.COLOR_BGR2RGB if raw.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    rgb, opaque = to_rgb(raw, ColorModel(raw.shape[2], raw.dtype.itemsize * 8))
    tags = png_scale_tags(head) if is_png else jpeg_scale_tags(head)
    return ArraySource(rgb, None if opaque.all() else opaque, "png" if is_png else "jpeg", tags)


def _png_size(head: bytes) -> Size | None:
    if len(head) < 33 or head[12:16] != b"IHDR":
        return None
    return _size(*struct.unpack_from(">II", head, 16))


def _jpeg_size(data: bytes) -> Size | None:
    """Walk the segments to the frame header."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        kind, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return _size(width, height)
        place += 1 if kind == 0xFF else 2 + length
    return None


def _size(width: int, height: int) -> Size | None:
    return Size(width, height) if width > 0 and height > 0 else None
