"""Annotations made without a file, and slides of colored discs with what a pathologist would draw on them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import shapely
from stand_in import draw_field

from histo.annotations import AnnotatedAreas, AnnotatedCells, AnnotatedFibers, Annotations, outline_array
from histo.findings import Compartment

NOTHING = shapely.MultiPolygon()


def annotations_of(
    fibers: list[shapely.Polygon] | None = None,
    classes: list[int] | None = None,
    cells: list[tuple[float, float, int]] | None = None,
    areas: list[tuple[shapely.Polygon, Compartment]] | None = None,
    known: shapely.Geometry = NOTHING,
    unsure: shapely.Geometry = NOTHING,
) -> Annotations:
    """What was drawn, everything being known in one area."""
    fibers, cells, areas = fibers or [], cells or [], areas or []
    known = known.difference(unsure)
    return Annotations(
        path=Path("drawn.geojson"),
        format="made by a test",
        fibers=AnnotatedFibers(
            outline_array(fibers), np.array(classes or [0] * len(fibers), np.uint8), np.zeros((len(fibers), 6), bool)
        ),
        cells=AnnotatedCells(
            np.array([cell[:2] for cell in cells], np.float32).reshape(-1, 2),
            np.array([cell[2] for cell in cells], np.uint8),
        ),
        areas=AnnotatedAreas(outline_array([one for one, _ in areas]), np.array([k for _, k in areas], np.uint8)),
        fibers_known=known,
        cells_known=known,
        compartments_known=known,
        unsure=unsure,
        attributes_known=np.ones(6, bool),
        cell_classes_known=np.ones(4, bool),
    )


NAMES = ("Intact fiber", "Regenerating fiber", "Necrotic fiber: pale", "Necrotic fiber: hyaline", "Myophagocytosis")


def write_drawn_slide(folder: Path, name: str, seed: int, size_wpx: int = 640) -> None:
    """`NAME.png` at 0.5 um/px and `NAME.geojson`: the fibers of one rectangle, and the rectangle."""
    field = draw_field(seed, size_wpx)
    cv2.imwrite(str(folder / f"{name}.png"), field.rgb[..., ::-1])
    region = shapely.box(100, 120, 420, 400)
    features = [_feature("Annotated region", region)]
    for number in range(1, len(field.truth.fiber_class)):
        mask = (field.truth.fiber_labels == number).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outline = shapely.Polygon(max(contours, key=len)[:, 0] + 0.5).buffer(0.5)
        if outline.intersects(region):
            features.append(_feature(NAMES[field.truth.fiber_class[number]], outline))
    (folder / f"{name}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def _feature(name: str, shape: shapely.Geometry) -> dict[str, object]:
    properties = {"objectType": "annotation", "classification": {"name": name}}
    return {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": properties}
