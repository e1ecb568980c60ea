"""ASAP's XML: annotations with a type, a group and ordered coordinates; level-0 pixels."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import numpy as np
import shapely

from histo.annotations.drawn import Damaged, Drawn, DrawnFile, number, points_of, polygon

FORMAT = "ASAP XML"

_AUTOMATIC_NAME = re.compile(r"Annotation \d+")


def is_asap(root: Element) -> bool:
    """Whether an XML document is ASAP's."""
    return root.tag == "ASAP_Annotations"


def read_asap(root: Element) -> DrawnFile:
    """All objects. The class is the group; without one, the name that somebody gave (not `Annotation 12`).

    Raises:
        Damaged: If a coordinate is missing or no number, or a type is unknown.
    """
    elements = root.findall("./Annotations/Annotation")
    return DrawnFile(FORMAT, tuple(_object(e, f"annotation {i}") for i, e in enumerate(elements, start=1)))


def _object(element: Element, place: str) -> Drawn:
    group, name = element.get("PartOfGroup", "None").strip(), element.get("Name", "").strip()
    if group == "None":
        group = "" if _AUTOMATIC_NAME.fullmatch(name) else name
    return Drawn(group, _shape(element, place), place)


def _shape(element: Element, place: str) -> shapely.Geometry:
    coordinates = element.findall("./Coordinates/Coordinate")
    rows = [[number(c.get(axis), place) for axis in ("Order", "X", "Y")] for c in coordinates]
    ordered = np.array(sorted(rows, key=lambda row: row[0])).reshape(-1, 3)[:, 1:]
    points = points_of(ordered, place)
    kind = element.get("Type")
    if kind in ("Polygon", "Rectangle", "Spline"):
        # A spline is taken by its control points, of which ASAP sets many.
        return polygon(points)
    if kind in ("Dot", "PointSet"):
        return shapely.MultiPoint(points)
    if kind == "Measurement":
        return shapely.LineString(points) if len(points) > 1 else shapely.LineString()
    raise Damaged(f"{place} has the type {str(kind)[:40]!r}, which ASAP does not know")
