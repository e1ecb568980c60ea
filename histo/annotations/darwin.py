"""Darwin JSON of V7, versions 1 and 2: polygons of several paths, boxes, ellipses and key points."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from histo.annotations.drawn import (
    Damaged,
    Drawn,
    DrawnFile,
    Points,
    class_name,
    even_odd,
    number,
    points_of,
    polygon,
    turned_ellipse,
)
from histo.geometry import Size

FORMAT = "Darwin JSON"


def is_darwin(document: object) -> bool:
    """Whether a JSON document is Darwin's: annotations of one item (version 2) or image (version 1)."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("annotations"), list)
        and any(isinstance(document.get(key), dict) for key in ("item", "image"))
    )


def read_darwin(document: dict[str, Any]) -> DrawnFile:
    """All objects, by the annotations' names.

    Paths of one polygon have no order: what lies within an odd number of them is meant, so that holes are holes. A
    bounding box counts only where nothing finer was drawn.

    Raises:
        Damaged: If a part is missing or no number.
    """
    objects = [_object(item, f"annotation {i}") for i, item in enumerate(document["annotations"], start=1)]
    return DrawnFile(FORMAT, tuple(objects), frame_px=_frame(document))


def _frame(document: dict[str, Any]) -> Size | None:
    item = document.get("item")
    slots = item.get("slots") if isinstance(item, dict) else None
    holder = slots[0] if isinstance(slots, list) and slots else document.get("image")
    if not isinstance(holder, dict):
        return None
    width, height = holder.get("width"), holder.get("height")
    return (
        Size(width, height) if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0 else None
    )


def _object(item: Any, place: str) -> Drawn:  # noqa: ANN401
    if not isinstance(item, dict):
        raise Damaged(f"{place} is no object")
    name = item.get("name") or ""
    if not isinstance(name, str):
        raise Damaged(f"the name of {place} is no text")
    return Drawn(class_name(name), _shape(item, place), place)


def _shape(item: dict[str, Any], place: str) -> shapely.Geometry:
    if isinstance(shape := item.get("polygon") or item.get("complex_polygon"), dict):
        paths = shape.get("paths") or shape.get("path") or []
        if not isinstance(paths, list):
            raise Damaged(f"the paths of {place} are no list")
        single = bool(paths) and isinstance(paths[0], dict)
        return even_odd([_path(path, place) for path in ([paths] if single else paths)])
    if isinstance(shape := item.get("ellipse"), dict):
        center, radius = _xy(shape.get("center"), place), _xy(shape.get("radius"), place)
        return turned_ellipse(center, radius, number(shape.get("angle", 0), place))
    if isinstance(shape := item.get("keypoint"), dict):
        return shapely.Point(_xy(shape, place))
    if isinstance(shape := item.get("line"), dict):
        path = _path(shape.get("path") or [], place)
        return shapely.LineString(path) if len(path) > 1 else shapely.LineString()
    if isinstance(shape := item.get("bounding_box"), dict):
        x, y, w, h = (number(shape.get(key), place) for key in "xywh")
        return polygon(points_of([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], place))
    return shapely.Polygon()  # a tag of the whole picture, or a raster: it has no outline


def _path(path: Any, place: str) -> Points:  # noqa: ANN401
    if not isinstance(path, list):
        raise Damaged(f"a path of {place} is no list of points")
    return points_of([list(_xy(point, place)) for point in path], place)


def _xy(point: Any, place: str) -> Points:  # noqa: ANN401
    if not isinstance(point, dict):
        raise Damaged(f"a point of {place} has no x and y")
    return np.array([number(point.get(axis), place) for axis in "xy"])
