"""findings.geojson: what was found, as QuPath opens it. Level-0 pixels, origin top left, one feature a line.

The file is streamed: a slide with 60,000 fibers never stands in memory as text. Intact fibers and cells are
*detections*, which QuPath shows by the hundred thousand; diseased fibers, tissue and artefacts are *annotations*, which
a pathologist can select, redraw and reclassify. A diseased fiber's name gives its row in fibers.parquet.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import INFLAMMATORY_CLASSES, CellClass, Cells, FiberClass, Fibers
from histo.geometry import Mpp
from histo.mask_outlines import mask_polygons
from histo.records.qupath import ARTEFACT_NAME, CELL_NAMES, COLORS, FIBER_NAMES, TISSUE_NAME
from histo.tissue import ArtefactClass, TissueMap

Feature = dict[str, Any]

COORDINATE_DECIMALS = 1
"""Decimals of a level-0 pixel: 0.1 px is at most 0.2 um, below what the network can tell."""


def write_geojson(
    path: Path,
    *,
    fibers: Fibers,
    cells: Cells,
    tissue: TissueMap | None,
    mpp: Mpp,
    identity: str,
    all_nuclei: bool = False,
) -> None:
    """Write findings as one GeoJSON feature collection.

    Args:
        path: Where to write.
        fibers: In slide micrometers.
        cells: In slide micrometers; only inflammatory cells are written unless `all_nuclei`.
        tissue: Its tissue and artefact outlines are written first; None to leave them out.
        mpp: Scale of level 0.
        identity: Of the slide (its sha256): the same slide gives the same object ids.
        all_nuclei: Whether myonuclei and other nuclei are written too.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, identity)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type":"FeatureCollection","features":[')
        separator = "\n"
        for key, feature in _features(fibers, cells, tissue, mpp, all_nuclei):
            feature = {"type": "Feature", "id": str(uuid.uuid5(namespace, key)), **feature}
            file.write(separator + json.dumps(feature, separators=(",", ":"), allow_nan=False))
            separator = ",\n"
        file.write("\n]}\n")


def _features(
    fibers: Fibers, cells: Cells, tissue: TissueMap | None, mpp: Mpp, all_nuclei: bool
) -> Iterator[tuple[str, Feature]]:
    if tissue is not None:
        yield from _tissue_features(tissue, mpp)
    yield from _fiber_features(fibers, mpp)
    yield from _cell_features(cells, mpp, all_nuclei)


def _tissue_features(tissue: TissueMap, mpp: Mpp) -> Iterator[tuple[str, Feature]]:
    yield from _mask_features("tissue", TISSUE_NAME, TISSUE_NAME, tissue.tissue, tissue.mpp, mpp)
    for artefact in ArtefactClass:
        mask = tissue.artefact == artefact.value
        if artefact.value and mask.any():
            title = artefact.name.replace("_", " ").capitalize()
            yield from _mask_features(f"artefact-{artefact.value}", ARTEFACT_NAME, title, mask, tissue.mpp, mpp)


def _fiber_features(fibers: Fibers, mpp: Mpp) -> Iterator[tuple[str, Feature]]:
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


def _mask_features(
    key: str, name: str, title: str, mask: NDArray[np.bool_], mask_mpp: Mpp, mpp: Mpp
) -> Iterator[tuple[str, Feature]]:
    """One annotation per connected piece of a mask."""
    factor = mpp.downsample_to(mask_mpp)
    for index, piece in enumerate(mask_polygons(mask)):
        scaled = shapely.transform(piece, lambda xy: np.round(xy * factor, COORDINATE_DECIMALS))
        area_um2 = round(mask_mpp.area_um2(piece.area), 1)
        geometry = {
            "type": "Polygon",
            "coordinates": [shapely.get_coordinates(ring).tolist() for ring in (scaled.exterior, *scaled.interiors)],
        }
        yield f"{key}-{index}", _feature("annotation", name, geometry, {"Area um2": area_um2}, title=title)


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
