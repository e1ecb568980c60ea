"""ImageScope's XML and HALO's .annotations: layers of regions with vertices; level-0 pixels.

The two are cousins: a layer is a class, and a region with `NegativeROA="1"` is cut out of the layer's others.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

import shapely

from histo.annotations.drawn import Damaged, Drawn, DrawnFile, Points, ellipse, number, polygon, rectangle
from histo.annotations.xml_door import vertices_of
from histo.geometry import Mpp

IMAGESCOPE, HALO = "Aperio ImageScope XML", "HALO annotations"


def _line(points: Points) -> shapely.Geometry:
    return shapely.LineString(points) if len(points) > 1 else shapely.LineString()


def _box(points: Points) -> shapely.Polygon:
    return rectangle(points) if len(points) == 2 else polygon(points)


_IMAGESCOPE_SHAPES: dict[str, Callable[[Points], shapely.Geometry]] = {
    "0": polygon,
    "1": _box,
    "2": ellipse,
    "3": _line,  # an arrow
    "4": _line,  # a ruler
    "5": shapely.MultiPoint,
}
_HALO_SHAPES: dict[str, Callable[[Points], shapely.Geometry]] = {
    "Polygon": polygon,
    "Rectangle": _box,
    "Ellipse": ellipse,
    "Ruler": _line,
    "Pin": shapely.MultiPoint,
}


def is_layered(root: Element) -> bool:
    """Whether an XML document is ImageScope's or HALO's."""
    return root.tag == "Annotations"


def read_layered(root: Element) -> DrawnFile:
    """All objects.

    The class is the layer's name. ImageScope often leaves it empty: then the region's text, then what the layer's
    attributes say, then `Layer 1` as ImageScope shows it.

    Raises:
        Damaged: If a vertex is missing or no number, or a type is unknown.
    """
    halo = root.get("MicronsPerPixel") is None and root.find(".//Vertices/V") is not None
    objects: list[Drawn] = []
    for index, layer in enumerate(root.findall("Annotation"), start=1):
        objects += _layer_objects(layer, index, halo)
    scale = root.get("MicronsPerPixel")
    mpp = number(scale, "MicronsPerPixel") if scale else 0.0
    return DrawnFile(HALO if halo else IMAGESCOPE, tuple(objects), mpp=Mpp(mpp) if mpp > 0 else None)


def _layer_objects(layer: Element, index: int, halo: bool) -> list[Drawn]:
    drawn, cut = [], []
    for number_in_layer, region in enumerate(layer.findall("./Regions/Region"), start=1):
        place = f"region {number_in_layer} of layer {index}"
        shape = _shape(region, place, halo)
        if region.get("NegativeROA") == "1":
            cut.append(shapely.make_valid(shape))
        else:
            drawn.append(Drawn(_class_name(layer, region), shape, place))
    if not cut:
        return drawn
    holes = shapely.union_all(cut)
    return [Drawn(d.class_name, _without(d.shape, holes), d.place) for d in drawn]


def _without(shape: shapely.Geometry, holes: shapely.Geometry) -> shapely.Geometry:
    """A shape less the holes that lie in it; as it was drawn where none does."""
    if shape.geom_type != "Polygon" or not shape.intersects(holes.envelope):
        return shape
    valid = shapely.make_valid(shape)
    return shapely.difference(valid, holes) if valid.intersects(holes) else shape


def _shape(region: Element, place: str, halo: bool) -> shapely.Geometry:
    shapes = _HALO_SHAPES if halo else _IMAGESCOPE_SHAPES
    kind = region.get("Type", "Polygon" if halo else "0")
    if kind not in shapes:
        raise Damaged(f"{place} has the type {kind[:40]!r}, which is not known")
    return shapes[kind](vertices_of(region.find("Vertices"), "V" if halo else "Vertex", place))


def _class_name(layer: Element, region: Element) -> str:
    told = [layer.get("Name", ""), region.get("Text", "")]
    for attribute in layer.findall("./Attributes/Attribute"):
        name = attribute.get("Name", "")
        told.append(attribute.get("Value", "") or ("" if name == "Description" else name))
    return next((name.strip() for name in told if name.strip()), f"Layer {layer.get('Id', '?')}")
