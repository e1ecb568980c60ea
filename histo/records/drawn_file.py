"""Objects under class names, as QuPath opens them and as annotations are read: GeoJSON in level-0 pixels."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from histo.geometry import Mpp
from histo.records.geojson import COORDINATE_DECIMALS
from histo.records.qupath import COLORS

UNNAMED_COLOR = (90, 90, 90)
"""Of regions and of what is left out, which have no color of their own."""


@dataclass(frozen=True, eq=False, slots=True)
class DrawnObject:
    """One object.

    Attributes:
        key: Tells it from the others of the slide; the same key gives the same id.
        class_name: As QuPath shows it, e.g. `Necrotic fiber: pale`.
        title: Its own name: whence it comes.
        shape_um: A point or a polygon, in slide micrometers.
    """

    key: str
    class_name: str
    title: str
    shape_um: shapely.Geometry


def drawn_geojson(objects: Iterable[DrawnObject], mpp: Mpp, identity: str) -> bytes:
    """One feature a line.

    Args:
        objects: What was drawn.
        mpp: Of level 0.
        identity: Of the slide (its sha256).
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, identity)
    about = {"frame": "level-0 pixels, origin top left", "um_per_px": mpp.um_per_px, "slide_sha256": identity}
    lines = [
        json.dumps(_feature(one, mpp, namespace), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        for one in objects
    ]
    head = f'{{"type":"FeatureCollection","histo":{json.dumps(about, separators=(",", ":"))},"features":['
    return (head + "\n" + ",\n".join(lines) + "\n]}\n").encode("utf-8")


def _feature(one: DrawnObject, mpp: Mpp, namespace: uuid.UUID) -> dict[str, Any]:
    scaled = shapely.transform(one.shape_um, lambda xy: np.round(mpp.to_px(xy), COORDINATE_DECIMALS))
    color = COLORS.get(one.class_name, UNNAMED_COLOR)
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(namespace, one.key)),
        "geometry": json.loads(shapely.to_geojson(scaled)),
        "properties": {
            "objectType": "annotation",
            "name": one.title,
            "classification": {"name": one.class_name, "color": list(color)},
        },
    }
