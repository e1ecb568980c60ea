"""A walk through a TIFF's directories that trusts nothing: is the file whole, and are its promises sane?

A 4 KB file can declare 2,000,000 x 2,000,000 px, and C libraries believe it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from histo.errors import SlideUnreadable, SlideUnsafe

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_DIRECTORIES = 4096
_MOST_ENTRIES = 1024
_LARGEST_SIDE_PX = 1_000_000
"""A slide is 75 mm long: at 0.1 um/px that is 750,000 px."""
_LARGEST_TILE_PX = 1 << 26
_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, _ROWS = 256, 257, 322, 323, 278
_STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS = 273, 279, 324, 325
_WANTED = (_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, _STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS)
_CLASSIC_LIMIT = 1 << 32


@dataclass(frozen=True, slots=True)
class _Layout:
    order: str
    count: str
    offset: str
    entry: int


_AGAIN = "copy it again from the scanner"


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins so claims to be a TIFF or BigTIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def check_tiff(path: Path) -> None:
    """Walk the directories of a TIFF.

    Args:
        path: A file for which `is_tiff` holds.

    Raises:
        SlideUnreadable: If the file is cut short: something it points to lies past its end.
        SlideUnsafe: If its header promises what no slide has.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = head[2:4] in (b"+\0", b"\0+")
        if len(head) < (16 if big else 8):
            raise _cut(path, size, 16)
        if not big and size >= _CLASSIC_LIMIT:
            return  # NDPI stretches 32-bit offsets in its own way, which only OpenSlide knows.
        layout = _Layout(order, "Q", "Q", 20) if big else _Layout(order, "H", "I", 12)
        place = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
        seen: set[int] = set()
        while place:
            if place in seen or len(seen) >= _MOST_DIRECTORIES:
                raise _insane(path, "its directories run in a circle")
            seen.add(place)
            place = _directory(path, stream, size, place, layout)
        if not seen:
            raise _insane(path, "it has no picture directory")


def _directory(path: Path, stream: BinaryIO, size: int, place: int, layout: _Layout) -> int:
    """Check one directory; gives the place of the next."""
    count_bytes, next_bytes = struct.calcsize(layout.count), struct.calcsize(layout.offset)
    if place + count_bytes > size:
        raise _cut(path, size, place + count_bytes)
    stream.seek(place)
    (entries,) = struct.unpack(layout.order + layout.count, stream.read(count_bytes))
    if not 0 < entries <= _MOST_ENTRIES:
        raise _insane(path, f"a directory claims {entries} entries")
    body = stream.read(entries * layout.entry + next_bytes)
    if len(body) < entries * layout.entry + next_bytes:
        raise _cut(path, size, place + count_bytes + entries * layout.entry + next_bytes)
    values: dict[int, tuple[int, ...]] = {}
    for index in range(entries):
        tag, kind = struct.unpack_from(layout.order + "HH", body, index * layout.entry)
        (count,) = struct.unpack_from(layout.order + layout.offset, body, index * layout.entry + 4)
        inline = body[index * layout.entry + 4 + next_bytes : (index + 1) * layout.entry]
        length = count * _SIZES.get(kind, 1)
        start = struct.unpack(layout.order + layout.offset, inline)[0] if length > next_bytes else None
        if start is not None and start + length > size:
            raise _cut(path, size, start + length)
        if tag in _WANTED and kind in _CODES:
            if start is not None:
                stream.seek(start)
            raw = inline[:length] if start is None else stream.read(length)
            values[tag] = struct.unpack(f"{layout.order}{count}{_CODES[kind]}", raw)
    _picture(path, size, values)
    (following,) = struct.unpack_from(layout.order + layout.offset, body, entries * layout.entry)
    return int(following)


def _picture(path: Path, size: int, values: dict[int, tuple[int, ...]]) -> None:
    """Check what one directory promises of its picture."""
    width, length = ((values.get(tag) or (0,))[0] for tag in (_WIDTH, _LENGTH))
    if max(width, length) > _LARGEST_SIDE_PX:
        raise _insane(path, f"it claims {width} x {length} px")
    tiles = [(values.get(tag) or (0,))[0] for tag in (_TILE_WIDTH, _TILE_LENGTH)]
    if tiles[0] * tiles[1] > _LARGEST_TILE_PX:
        raise _insane(path, f"it claims tiles of {tiles[0]} x {tiles[1]} px")
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_COUNTS), (_TILE_OFFSETS, _TILE_COUNTS)):
        pieces = zip(values.get(offsets, ()), values.get(counts, ()), strict=False)
        end = max((start + count for start, count in pieces), default=0)
        if end > size:
            raise _cut(path, size, end)


def _cut(path: Path, size: int, needed: int) -> SlideUnreadable:
    return SlideUnreadable(path, f"it is cut short: it has {size} bytes but needs at least {needed}", _AGAIN)


def _insane(path: Path, what: str) -> SlideUnsafe:
    return SlideUnsafe(path, f"its TIFF header cannot be true: {what}", _AGAIN)
