"""A picture of instance numbers (0 is nothing), with a class for each in a file beside it, or one for all.

Beside `NAME.png` or `NAME.tif` may lie `NAME.csv` with the columns `instance` and `class`, or `NAME.json` with
`{"1": "Intact fiber", ...}`. Without, every instance is `unclassified`, and the mapping says what that means.
"""

from __future__ import annotations

import csv
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from histo.annotations.drawn import Damaged, Drawn, DrawnFile, class_name
from histo.annotations.safe_file import parse_json, read_bytes
from histo.errors import AnnotationBroken, AnnotationUnsafe
from histo.geometry import Size
from histo.mask_outlines import mask_polygons

FORMAT = "label mask"

MAX_MASK_PX = 400_000_000
"""Largest mask: 100 mm2 at 0.5 um/px."""

MAX_INSTANCE = 10_000_000
"""Largest instance number: there is a place in memory for each up to it."""

_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
SIDE_SUFFIXES = (".csv", ".json")


def is_mask(data: bytes) -> bool:
    """Whether the bytes are a PNG or TIFF."""
    return data.startswith((_PNG, *_TIFF))


def read_mask(data: bytes, path: Path) -> DrawnFile:
    """All instances, as outlines along pixel borders.

    Raises:
        Damaged: If the picture cannot be decoded, or does not hold one whole number a pixel.
        AnnotationUnsafe: If it is too large.
        AnnotationBroken: If the file of classes beside it is damaged, or lacks an instance.
    """
    labels = _labels(data, path)
    if labels.max() > MAX_INSTANCE:
        raise Damaged(f"its largest instance number is {labels.max()}, more than {MAX_INSTANCE:,}")
    classes = _classes(path)
    objects = []
    for number, window in enumerate(ndimage.find_objects(labels.astype(np.int32, copy=False)), start=1):
        if window is None:
            continue
        rows, columns = window
        pieces = mask_polygons(labels[rows, columns] == number)
        corner = [columns.start, rows.start]
        shape = shapely.MultiPolygon([shapely.transform(p, lambda xy, c=corner: xy + c) for p in pieces])
        objects.append(Drawn(_class_of(number, classes, path), shape, f"instance {number}"))
    return DrawnFile(FORMAT, tuple(objects), frame_px=Size(labels.shape[1], labels.shape[0]))


def _class_of(number: int, classes: dict[int, str] | None, path: Path) -> str:
    if classes is None:
        return ""
    if number not in classes:
        raise AnnotationBroken(path, f"the file of classes lacks instance {number}", "give every instance a class")
    return classes[number]


def _labels(data: bytes, path: Path) -> NDArray[np.integer[Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked here
            labels = _png(data, path) if data.startswith(_PNG) else _tiff(data, path)
    except (AnnotationUnsafe, Damaged):
        raise
    except Exception as error:  # noqa: BLE001 - image decoders raise whatever they like on damaged files
        raise Damaged(f"the picture cannot be decoded ({str(error)[:80]})") from None
    labels = labels if labels.ndim == 2 else np.squeeze(labels)  # some writers add axes of one
    if labels.ndim != 2 or labels.dtype.kind not in "iub" or labels.min() < 0:
        raise Damaged("a label mask holds one whole number of at least 0 a pixel, not colors")
    return labels


def _png(data: bytes, path: Path) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        _check_size(image.width * image.height, path)
        return np.array(image)  # of a palette image the numbers, not the colors


def _tiff(data: bytes, path: Path) -> NDArray[Any]:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        series = file.series[0]
        _check_size(int(np.prod(series.shape)), path)
        return np.asarray(series.asarray())


def _check_size(pixels: int, path: Path) -> None:
    if pixels > MAX_MASK_PX:
        raise AnnotationUnsafe(
            path, f"has {pixels:,} pixels, more than {MAX_MASK_PX:,}", "write it at 0.5 um per pixel"
        )


def _classes(path: Path) -> dict[int, str] | None:
    """Class by instance from the file beside the mask; None without one."""
    beside = [path.with_suffix(suffix) for suffix in SIDE_SUFFIXES if path.with_suffix(suffix).is_file()]
    if len(beside) > 1:
        raise AnnotationBroken(path, f"{beside[0].name} and {beside[1].name} both lie beside it", "keep one of them")
    if not beside:
        return None
    side = beside[0]
    try:
        data = read_bytes(side)
        rows = _csv_rows(data) if side.suffix == ".csv" else _json_rows(parse_json(data, side))
        return {_instance(number): name for number, name in rows}
    except Damaged as damage:
        raise AnnotationBroken(side, str(damage), "give an instance and a class in every row") from None


def _csv_rows(data: bytes) -> list[tuple[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        raise Damaged("it is not a CSV file in UTF-8") from None
    if not rows or not {"instance", "class"} <= set(rows[0]):
        raise Damaged("it has no columns `instance` and `class`")
    return [(row["instance"] or "", class_name(row["class"] or "")) for row in rows]


def _json_rows(document: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document.values()):
        raise Damaged("it is not an object with a class name by instance number")
    return [(number, class_name(name)) for number, name in document.items()]


def _instance(text: str) -> int:
    if not text.strip().isdecimal():
        raise Damaged(f"{text[:40]!r} is not an instance number")
    return int(text)
