"""COCO JSON of one picture: polygons, run-length masks, key points, boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from histo.annotations.coco_rle import rle_shape
from histo.annotations.drawn import Damaged, Drawn, DrawnFile, class_name, points_of, polygon
from histo.geometry import Size

FORMAT = "COCO JSON"


def is_coco(document: object) -> bool:
    """Whether a JSON document is COCO's."""
    return isinstance(document, dict) and all(isinstance(document.get(k), list) for k in ("annotations", "categories"))


def read_coco(document: dict[str, Any]) -> DrawnFile:
    """All objects, by their categories' names.

    Raises:
        Damaged: If the file holds several pictures, or a part is missing or no number.
    """
    images = [image for image in document.get("images") or [] if isinstance(image, dict)]
    if len(images) > 1:
        raise Damaged(f"it holds {len(images)} pictures, and one file is read as one slide")
    names: dict[Any, str] = {}
    for category in document["categories"]:
        if not isinstance(category, dict) or not isinstance(category.get("id"), int | str):
            raise Damaged("a category has no id")
        names[category["id"]] = class_name(str(category.get("name") or ""))
    objects = [_object(item, f"annotation {i}", names) for i, item in enumerate(document["annotations"], start=1)]
    return DrawnFile(FORMAT, tuple(objects), frame_px=_frame(images[0]) if images else None)


def _frame(image: dict[str, Any]) -> Size | None:
    width, height = image.get("width"), image.get("height")
    return (
        Size(width, height) if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0 else None
    )


def _object(item: Any, place: str, names: dict[Any, str]) -> Drawn:  # noqa: ANN401
    if not isinstance(item, dict):
        raise Damaged(f"{place} is no object")
    category = item.get("category_id")
    if not isinstance(category, int | str) or category not in names:
        raise Damaged(f"{place} has the category {str(category)[:40]!r}, which the file does not list")
    return Drawn(names[category], _shape(item, place), place)


def _shape(item: dict[str, Any], place: str) -> shapely.Geometry:
    segmentation = item.get("segmentation")
    if isinstance(segmentation, dict):
        return rle_shape(segmentation, place)
    if isinstance(segmentation, list) and segmentation:
        parts = [polygon(_pairs(part, place)) for part in segmentation]
        drawn = [part for part in parts if not part.is_empty]
        return drawn[0] if len(drawn) == 1 else shapely.MultiPolygon(drawn)
    if isinstance(item.get("keypoints"), list):
        return shapely.MultiPoint(_keypoints(item["keypoints"], place))
    if isinstance(item.get("bbox"), list) and len(item["bbox"]) == 4:
        (corner, size) = _pairs(item["bbox"], place)
        return shapely.box(*corner, *(corner + size)) if np.all(size > 0) else shapely.Polygon()
    return shapely.Polygon()


def _pairs(values: Any, place: str) -> Any:  # noqa: ANN401
    """(N, 2) from x, y, x, y, ..."""
    if not isinstance(values, list) or len(values) % 2:
        raise Damaged(f"the points of {place} are not pairs of numbers")
    return points_of([values[i : i + 2] for i in range(0, len(values), 2)], place)


def _keypoints(values: list[Any], place: str) -> Any:  # noqa: ANN401
    """(N, 2) of the key points that are set: x, y, v, ... with v above 0."""
    if len(values) % 3:
        raise Damaged(f"the key points of {place} are not threes of numbers")
    threes = [values[i : i + 3] for i in range(0, len(values), 3)]
    return points_of([three[:2] for three in threes if three[2]], place)
