"""findings.geojson: what was found, as QuPath opens it. Level-0 pixels, origin top left, one feature a line.

The collection itself tells the scale and where it was read, in a member `histo` that GeoJSON allows (RFC 7946, section
6.1) and QuPath passes over. The file is streamed: a slide with 60,000 fibers never stands in memory as text.

Intact fibers and cells are *detections*, which QuPath shows by the hundred thousand; diseased fibers, tissue and
artefacts are *annotations*, which a pathologist can select, redraw and reclassify. A diseased fiber's name gives its
row in fibers.parquet.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.evidence import macrophages_inside
from histo.findings import INFLAMMATORY_CLASSES, CellClass, Cells, FiberClass, Fibers
from histo.geometry import Mpp
from histo.records.outlines import Area
from histo.records.qupath import CELL_NAMES, COLORS, FIBER_NAMES
from histo.slide import Scale

Feature = dict[str, Any]

COORDINATE_DECIMALS = 1
"""Decimals of a level-0 pixel: 0.1 px is at most 0.2 um, below what the network can tell."""


def write_geojson(
    path: Path,
    *,
    fibers: Fibers,
    cells: Cells | None,
    areas: Sequence[Area] = (),
    scale: Scale,
    identity: str,
    all_nuclei: bool = False,
) -> None:
    """Write findings as one GeoJSON feature collection.

    Args:
        path: Where to write.
        fibers: In slide micrometers.
        cells: In slide micrometers; only inflammatory cells are written unless `all_nuclei`. None where the slide is
            too coarse to tell what kind a nucleus is: then none is written, and the collection says so.
        areas: Tissue, artefacts and what could not be read; written first.
        scale: Of level 0, and where it was read.
        identity: Of the slide (its sha256): the same slide gives the same object ids.
        all_nuclei: Whether myonuclei and other nuclei are written too.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, identity)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        about = {
            "frame": "level-0 pixels, origin top left",
            "um_per_px": scale.mpp.um_per_px,
            "scale_source": scale.source,
            "slide_sha256": identity,
            "cells_assessed": cells is not None,
        }
        file.write(f'{{"type":"FeatureCollection","histo":{_json(about)},"features":[')
        separator = "\n"
        for key, feature in _features(fibers, cells, areas, scale.mpp, all_nuclei):
            feature = {"type": "Feature", "id": str(uuid.uuid5(namespace, key)), **feature}
            file.write(separator + _json(feature))
            separator = ",\n"
        file.write("\n]}\n")


def _json(value: Feature) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _features(
    fibers: Fibers, cells: Cells | None, areas: Sequence[Area], mpp: Mpp, all_nuclei: bool
) -> Iterator[tuple[str, Feature]]:
    for area in areas:
        yield from _area_features(area, mpp)
    inside = None if cells is None else macrophages_inside(fibers, cells)
    yield from _fiber_features(fibers, inside, mpp)
    if cells is not None:
        yield from _cell_features(cells, mpp, all_nuclei)


def _fiber_features(fibers: Fibers, macrophages: NDArray[np.int32] | None, mpp: Mpp) -> Iterator[tuple[str, Feature]]:
    vertices = np.round(mpp.to_px(fibers.outline_um.astype(np.float64)), COORDINATE_DECIMALS)
    for row in range(len(fibers)):
        ring = vertices[fibers.outline_start[row] : fibers.outline_start[row + 1]].tolist()
        kind = FiberClass(int(fibers.fiber_class[row]))
        measurements = {
            "Probability": round(float(fibers.class_probability[row, kind]), 4),
            "Area um2": round(float(fibers.area_um2[row]), 1),
            "Min Feret um": round(float(fibers.min_feret_um[row]), 2),
        }
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        if kind is FiberClass.INTACT:
            feature = _feature("detection", FIBER_NAMES[kind], geometry, measurements)
        else:
            if macrophages is not None:
                measurements["Macrophage nuclei inside"] = int(macrophages[row])
            feature = _feature("annotation", FIBER_NAMES[kind], geometry, measurements, title=f"Fiber {row}")
        yield f"fiber-{row}", feature


def _cell_features(cells: Cells, mpp: Mpp, all_nuclei: bool) -> Iterator[tuple[str, Feature]]:
    points = np.round(mpp.to_px(cells.center_um.astype(np.float64)), COORDINATE_DECIMALS).tolist()
    for row, point in enumerate(points):
        kind = CellClass(int(cells.cell_class[row]))
        if all_nuclei or kind in INFLAMMATORY_CLASSES:
            measurements = {"Probability": round(float(cells.class_probability[row, kind]), 4)}
            geometry = {"type": "Point", "coordinates": point}
            yield f"cell-{row}", _feature("detection", CELL_NAMES[kind], geometry, measurements)


def _area_features(area: Area, mpp: Mpp) -> Iterator[tuple[str, Feature]]:
    """One annotation per piece."""
    for index, piece in enumerate(area.outlines_um):
        scaled = shapely.transform(piece, lambda xy: np.round(mpp.to_px(xy), COORDINATE_DECIMALS))
        geometry = {
            "type": "Polygon",
            "coordinates": [shapely.get_coordinates(ring).tolist() for ring in (scaled.exterior, *scaled.interiors)],
        }
        measurements = {"Area um2": round(piece.area, 1)}
        yield f"{area.key}-{index}", _feature("annotation", area.name, geometry, measurements, title=area.title)


def _feature(
    object_type: str, name: str, geometry: Feature, measurements: Mapping[str, float], title: str | None = None
) -> Feature:
    properties: Feature = {
        "objectType": object_type,
        "classification": {"name": name, "color": list(COLORS[name])},
        "measurements": dict(measurements),
    }
    if title is not None:
        properties["name"] = title
    return {"geometry": geometry, "properties": properties}
