"""Files of every format, written from polygons as the tools write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from hypothesis import strategies as st

Named = Sequence[tuple[str, shapely.Polygon]]


@st.composite
def polygons(draw: st.DrawFn, holes: bool = True, within: float = 5000.0) -> shapely.Polygon:
    """Star-shaped, so valid; sometimes with a hole."""
    count = draw(st.integers(3, 14))
    radius = draw(st.lists(st.floats(20, 120), min_size=count, max_size=count))
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + draw(st.floats(0, 1))
    center = draw(st.tuples(st.floats(150, within), st.floats(150, within)))
    ring = np.stack([np.cos(angle), np.sin(angle)], 1) * np.array(radius)[:, None]
    shrink = draw(st.floats(0.2, 0.7)) if holes and draw(st.booleans()) else None
    return shapely.Polygon(ring + center, [] if shrink is None else [ring * shrink + center])


def rings(polygon: shapely.Polygon) -> list[list[list[float]]]:
    return [shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]


def feature(name: str | None, geometry: dict[str, Any], **properties: object) -> dict[str, Any]:
    if name is not None:
        properties["classification"] = {"name": name}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def qupath(path: Path, objects: Named, *, form: str = "collection") -> Path:
    features = [feature(name, {"type": "Polygon", "coordinates": rings(shape)}) for name, shape in objects]
    document: Any = {"type": "FeatureCollection", "features": features}
    if form == "list":
        document = features
    if form == "multipolygon":
        parts = [rings(shape) for _, shape in objects]
        document = feature(objects[0][0], {"type": "MultiPolygon", "coordinates": parts})
    path.write_text(json.dumps(document))
    return path


def asap(path: Path, objects: Named) -> Path:
    body = ""
    for index, (name, shape) in enumerate(objects):
        # In any order: the attribute tells the right one.
        points = list(enumerate(shapely.get_coordinates(shape.exterior)[:-1].tolist()))[::-1]
        coordinates = "".join(f'<Coordinate Order="{i}" X="{x!r}" Y="{y!r}" />' for i, (x, y) in points)
        body += f'<Annotation Name="Annotation {index}" Type="Polygon" PartOfGroup="{name}" Color="#F4FA58">'
        body += f"<Coordinates>{coordinates}</Coordinates></Annotation>"
    path.write_text(f"<?xml version='1.0'?><ASAP_Annotations><Annotations>{body}</Annotations></ASAP_Annotations>")
    return path


def layered(path: Path, objects: Named, *, halo: bool) -> Path:
    vertex, kind = ("V", "Polygon") if halo else ("Vertex", "0")
    body = ""
    for name, shape in objects:
        body += f'<Annotation Id="1" Name="{name}"><Regions>'
        for index, ring in enumerate(rings(shape)):
            vertices = "".join(f'<{vertex} X="{x!r}" Y="{y!r}"/>' for x, y in ring)
            body += f'<Region Type="{kind}" NegativeROA="{int(index > 0)}"><Vertices>{vertices}</Vertices></Region>'
        body += "</Regions></Annotation>"
    scale = "" if halo else ' MicronsPerPixel="0.25"'
    path.write_text(f"<Annotations{scale}>{body}</Annotations>")
    return path


def darwin(path: Path, objects: Named) -> Path:
    annotations = [
        {"name": name, "polygon": {"paths": [[{"x": x, "y": y} for x, y in ring] for ring in rings(shape)]}}
        for name, shape in objects
    ]
    path.write_text(json.dumps({"version": "2.0", "item": {"name": "s"}, "annotations": annotations}))
    return path


def coco(path: Path, objects: Named) -> Path:
    names = sorted({name for name, _ in objects})
    annotations = [
        {"category_id": names.index(name), "segmentation": [np.array(rings(shape)[0][:-1]).ravel().tolist()]}
        for name, shape in objects
    ]
    return coco_document(path, annotations, names)


def coco_document(path: Path, annotations: list[dict[str, Any]], names: list[str], **image: int) -> Path:
    categories = [{"id": i, "name": name} for i, name in enumerate(names)]
    path.write_text(json.dumps({"images": [image], "categories": categories, "annotations": annotations}))
    return path


WITH_HOLES: dict[str, Callable[[Path, Named], Path]] = {
    "QuPath collection": qupath,
    "QuPath list": lambda path, objects: qupath(path, objects, form="list"),
    "ImageScope": lambda path, objects: layered(path, objects, halo=False),
    "HALO": lambda path, objects: layered(path, objects, halo=True),
    "Darwin": darwin,
}
WITHOUT_HOLES: dict[str, Callable[[Path, Named], Path]] = {"ASAP": asap, "COCO": coco}
