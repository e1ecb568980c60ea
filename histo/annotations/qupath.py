"""QuPath's GeoJSON: a feature collection, a bare list of features, or one bare feature; level-0 pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import shapely

from histo.annotations.drawn import Damaged, Drawn, DrawnFile, class_name, number, points_of, polygon
from histo.geometry import Mpp

FORMAT = "QuPath GeoJSON"


def is_qupath(document: object) -> bool:
    """Whether a JSON document is GeoJSON."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and first.get("type") in ("Feature", "FeatureCollection")


def read_qupath(document: Any) -> DrawnFile:  # noqa: ANN401
    """All objects of a GeoJSON document.

    The class is `classification.name`, or its `names` joined as QuPath shows derived classes (`Base: derived`). An
    object without a class goes by its own name, as many labs use it.

    Raises:
        Damaged: If the nesting is not that of GeoJSON.
    """
    objects = tuple(_object(f, f"feature {i}") for i, f in enumerate(_features(document), start=1))
    return DrawnFile(FORMAT, objects, mpp=_own_scale(document))


def _own_scale(document: Any) -> Mpp | None:  # noqa: ANN401
    """The scale, which our own exports tell; QuPath's do not."""
    about = document.get("histo") if isinstance(document, dict) else None
    scale = about.get("um_per_px") if isinstance(about, dict) else None
    return None if scale is None or number(scale, "histo.um_per_px") <= 0 else Mpp(number(scale, "histo.um_per_px"))


def _features(document: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(document, list):
        for item in document:
            yield from _features(item)
    elif isinstance(document, dict) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise Damaged("the feature collection has no list of features")
        yield from features
    else:
        yield document


def _object(feature: Any, place: str) -> Drawn:  # noqa: ANN401
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise Damaged(f"{place} is no GeoJSON feature")
    nucleus = feature.get("nucleusGeometry")
    return Drawn(
        class_name=_class_name(feature.get("properties") or {}, place),
        shape=_shape(feature.get("geometry"), place),
        place=place,
        nucleus=None if nucleus is None else _shape(nucleus, f"the nucleus of {place}"),
    )


def _class_name(properties: Any, place: str) -> str:  # noqa: ANN401
    if not isinstance(properties, dict):
        raise Damaged(f"the properties of {place} are no object")
    given = properties.get("classification")
    if isinstance(given, dict):
        given = given.get("name") or given.get("names")
    if isinstance(given, list):
        given = ": ".join(str(part) for part in given)
    if given is None:
        given = properties.get("name") or ""
    if not isinstance(given, str):
        raise Damaged(f"the class of {place} is no text")
    return class_name(given)


def _shape(geometry: Any, place: str) -> shapely.Geometry:  # noqa: ANN401
    if geometry is None:
        return shapely.Polygon()
    if not isinstance(geometry, dict):
        raise Damaged(f"the geometry of {place} is no object")
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            raise Damaged(f"the geometry collection of {place} has no list of geometries")
        return shapely.GeometryCollection([_shape(part, place) for part in parts])
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Damaged(f"{place} has the geometry {str(kind)[:40]!r}, which GeoJSON does not know")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise Damaged(f"the coordinates of {place} are no list")
    return read(coordinates, place)


def _polygon(rings: list[Any], place: str) -> shapely.Polygon:
    points = [points_of(ring, place) for ring in rings]
    return polygon(points[0], points[1:]) if points else shapely.Polygon()


def _multipolygon(parts: list[Any], place: str) -> shapely.MultiPolygon:
    if not all(isinstance(part, list) for part in parts):
        raise Damaged(f"the points of {place} are not nested as polygons of rings")
    return shapely.MultiPolygon([part for part in (_polygon(part, place) for part in parts) if not part.is_empty])


def _point(coordinates: list[Any], place: str) -> shapely.Geometry:
    return shapely.Point(points_of([coordinates], place)[0]) if coordinates else shapely.Point()


_READERS: dict[str, Callable[[list[Any], str], shapely.Geometry]] = {
    "Polygon": _polygon,
    "MultiPolygon": _multipolygon,
    "Point": _point,
    "MultiPoint": lambda points, place: shapely.MultiPoint(points_of(points, place)),
    # A line has no area; it is reported when the file is understood.
    "LineString": lambda points, place: _line(points, place),
    "MultiLineString": lambda lines, place: shapely.GeometryCollection([_line(line, place) for line in lines]),
}


def _line(points: Any, place: str) -> shapely.LineString:  # noqa: ANN401
    found = points_of(points, place)
    return shapely.LineString(found) if len(found) > 1 else shapely.LineString()
