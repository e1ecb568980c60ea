"""findings.geojson: what was found, as QuPath opens it. Level-0 pixels, origin top left, one feature a line.

The collection itself tells the scale and where it was read, in a member `histo` that GeoJSON allows (RFC 7946, section
6.1) and QuPath passes over. The file is streamed: a slide with 60,000 fibers never stands in memory as text.

Intact fibers and cells are *detections*, which QuPath shows by the hundred thousand; diseased fibers, tissue and
artefacts are *annotations*, which a pathologist can select, redraw and reclassify. A diseased fiber's name gives its
row in fibers.parquet.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.errors import RecordError
from histo.evidence import macrophages_inside
from histo.findings import INFLAMMATORY_CLASSES, CellClass, Cells, FiberClass, Fibers, Floats
from histo.geometry import Mpp
from histo.records.outlines import Area
from histo.records.plain import REMEDY
from histo.records.qupath import ARTEFACT_NAME, CELL_NAMES, COLORS, FIBER_NAMES, TISSUE_NAME, UNREADABLE_NAME
from histo.slide import Scale

Feature = dict[str, Any]

COORDINATE_DECIMALS = 1
"""Decimals of a level-0 pixel: 0.1 px is at most 0.2 um, below what the network can tell."""

_AREA_NAMES = (TISSUE_NAME, ARTEFACT_NAME, UNREADABLE_NAME)


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
    namespace = _namespace(identity)
    stored = (_identified(namespace, *one) for area in areas for one in _area_features(area, scale.mpp))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        stream_geojson(file, fibers, cells, areas=stored, scale=scale, identity=identity, all_nuclei=all_nuclei)


def stream_geojson(
    file: TextIO,
    fibers: Fibers,
    cells: Cells | None,
    *,
    areas: Iterable[Feature],
    scale: Scale,
    identity: str,
    all_nuclei: bool = False,
) -> None:
    """Write findings to an open text file, which may compress what it is given; else as `write_geojson`.

    Args:
        file: Takes the text, piece by piece.
        fibers: In slide micrometers.
        cells: In slide micrometers, or None.
        areas: Whole features, e.g. of `read_area_features`; written first, as they are.
        scale: Of level 0, and where it was read.
        identity: Of the slide.
        all_nuclei: Whether myonuclei and other nuclei are written too.
    """
    about = {
        "frame": "level-0 pixels, origin top left",
        "um_per_px": scale.mpp.um_per_px,
        "scale_source": scale.source,
        "slide_sha256": identity,
        "cells_assessed": cells is not None,
    }
    namespace = _namespace(identity)
    found = (_identified(namespace, *one) for one in _features(fibers, cells, scale.mpp, all_nuclei))
    file.write(f'{{"type":"FeatureCollection","histo":{_json(about)},"features":[')
    separator = "\n"
    for feature in itertools.chain(areas, found):
        file.write(separator + _json(feature))
        separator = ",\n"
    file.write("\n]}\n")


def read_area_features(path: Path) -> Iterator[Feature]:
    """The features of tissue, artefacts and what could not be read, of a findings.geojson that histo wrote.

    They stand first in the file, one a line, so that the rest is not looked at.

    Raises:
        RecordError: If the file is missing, or another program has written to it.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if not file.readline().startswith('{"type":"FeatureCollection","histo":'):
                raise RecordError(path, "is not as histo wrote it", REMEDY)
            for line in file:
                if line.startswith("]}"):
                    return
                feature = json.loads(line.rstrip(",\n"))
                if feature["properties"]["classification"]["name"] not in _AREA_NAMES:
                    return
                yield feature
    except FileNotFoundError as error:
        raise RecordError(path, "there is no such file", REMEDY) from error
    except OSError as error:
        raise RecordError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise RecordError(path, "is not as histo wrote it", REMEDY) from error


def _namespace(identity: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, identity)


def _identified(namespace: uuid.UUID, key: str, feature: Feature) -> Feature:
    return {"type": "Feature", "id": str(uuid.uuid5(namespace, key)), **feature}


def _json(value: Feature) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _features(fibers: Fibers, cells: Cells | None, mpp: Mpp, all_nuclei: bool) -> Iterator[tuple[str, Feature]]:
    inside = None if cells is None else macrophages_inside(fibers, cells)
    yield from _fiber_features(fibers, inside, mpp)
    if cells is not None:
        yield from _cell_features(cells, mpp, all_nuclei)


def _fiber_features(fibers: Fibers, macrophages: NDArray[np.int32] | None, mpp: Mpp) -> Iterator[tuple[str, Feature]]:
    for row in range(len(fibers)):
        ring = _px(fibers.outline(row), mpp)
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
    wanted = np.arange(len(cells)) if all_nuclei else np.flatnonzero(np.isin(cells.cell_class, INFLAMMATORY_CLASSES))
    for row in wanted:
        kind = CellClass(int(cells.cell_class[row]))
        measurements = {"Probability": round(float(cells.class_probability[row, kind]), 4)}
        (point,) = _px(cells.center_um[row : row + 1], mpp)
        geometry = {"type": "Point", "coordinates": point}
        yield f"cell-{row}", _feature("detection", CELL_NAMES[kind], geometry, measurements)


def _px(points_um: Floats, mpp: Mpp) -> list[list[float]]:
    """A few (x, y) at a time, so that memory does not grow with the slide."""
    rounded: list[list[float]] = np.round(mpp.to_px(points_um.astype(np.float64)), COORDINATE_DECIMALS).tolist()
    return rounded


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
