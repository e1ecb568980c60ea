"""From drawn objects and a mapping to annotations: what each is, where it lies, and where absence counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from histo.annotations.annotations import AnnotatedAreas, AnnotatedCells, AnnotatedFibers, Annotations, outline_array
from histo.annotations.drawn import Drawn, DrawnFile
from histo.annotations.known import known_areas
from histo.annotations.mapping import UNCLASSIFIED, ClassMapping, Meaning, RegionMeaning, by_frequency
from histo.annotations.mend import Mended, mend, without_specks
from histo.annotations.plausible import warnings_of
from histo.findings import INFLAMMATORY_CLASSES, CellClass, Compartment, FiberAttribute, FiberClass
from histo.geometry import Mpp

SMALLEST_FIBER_UM2 = 10.0
"""A fiber has at least some ten um2; the smallest denervated ones measure about 5 um across (C)."""


@dataclass
class _Columns:
    """What was understood so far."""

    fibers: list[shapely.Polygon] = field(default_factory=list)
    fiber_class: list[int] = field(default_factory=list)
    attributes: list[frozenset[FiberAttribute]] = field(default_factory=list)
    centers: list[tuple[float, float]] = field(default_factory=list)
    cell_class: list[int] = field(default_factory=list)
    areas: list[tuple[shapely.Polygon, int]] = field(default_factory=list)
    regions: dict[RegionMeaning, list[shapely.Geometry]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def interpret(drawn: DrawnFile, mapping: ClassMapping, mpp: Mpp, path: Path, frame_to_level_0: float) -> Annotations:
    """What the drawn objects mean.

    Args:
        drawn: The objects.
        mapping: What their class names mean.
        mpp: Scale of level 0.
        path: The file.
        frame_to_level_0: Level-0 pixels per pixel of the picture that was drawn on.

    Returns:
        The annotations, in slide micrometers.

    Raises:
        UnknownClasses: If the mapping lacks a class name; all are listed.
    """
    counts = Counter(item.class_name for item in drawn.objects)
    meanings = mapping.meanings_of(counts, path)
    um_per_px = mpp.to_um(frame_to_level_0)
    columns = _Columns()
    for item in drawn.objects:
        meaning = meanings[item.class_name]
        if meaning.kind is not RegionMeaning.IGNORE:
            _take(item, meaning, um_per_px, columns)
    changes = columns.changes + [f"{count} {what}" for what, count in by_frequency(columns.left_out.items())]
    fibers, cells, areas = _fibers(columns), _cells(columns), _areas(columns)
    known = known_areas(fibers, cells, areas, columns.regions, mapping)
    return Annotations(
        path=path,
        format=drawn.format,
        fibers=fibers,
        cells=cells,
        areas=areas,
        fibers_known=known.fibers,
        cells_known=known.cells,
        compartments_known=known.compartments,
        unsure=known.unsure,
        attributes_known=_attributes_known(mapping),
        cell_classes_known=_cell_classes_known(mapping, cells),
        object_counts=tuple((name or UNCLASSIFIED, count) for name, count in by_frequency(counts.items())),
        regions=tuple((kind.value, len(shapes)) for kind, shapes in columns.regions.items()),
        changes=tuple(changes),
        warnings=warnings_of(drawn, fibers, columns.regions, mpp),
    )


def _take(item: Drawn, meaning: Meaning, um_per_px: float, columns: _Columns) -> None:
    """Put one object where it belongs, or tell why not."""
    name, kind = item.class_name or UNCLASSIFIED, meaning.kind
    shape = _scaled(item.shape, um_per_px)
    if isinstance(kind, CellClass):
        centers = _centers(shape if item.nucleus is None else _scaled(item.nucleus, um_per_px))
        if not centers:
            columns.left_out[f"{name!r} left out: nothing was drawn"] += 1
        columns.centers += centers
        columns.cell_class += [kind] * len(centers)
        return
    if shape.geom_type in ("Point", "MultiPoint") and not shape.is_empty:
        if kind is RegionMeaning.UNSURE:
            columns.regions.setdefault(kind, []).append(shape)
        else:
            columns.left_out[f"{name!r} left out: a point has no outline"] += 1
        return
    if shape.geom_type in ("LineString", "MultiLineString"):
        columns.left_out[f"{name!r} left out: a line has no area"] += 1
        return
    mended = mend(shape)
    if isinstance(kind, FiberClass):
        mended = _as_fibers(without_specks(mended))
        columns.fibers += mended.pieces
        columns.fiber_class += [kind] * len(mended.pieces)
        columns.attributes += [meaning.attributes] * len(mended.pieces)
    elif isinstance(kind, Compartment):
        columns.areas += [(piece, int(kind)) for piece in mended.pieces]
    elif mended.pieces:
        columns.regions.setdefault(kind, []).append(shapely.MultiPolygon(mended.pieces))
    if mended.change:
        columns.changes.append(f"{item.place} ({name}) {mended.change}")


def _scaled(shape: shapely.Geometry, factor: float) -> shapely.Geometry:
    return shapely.transform(shape, lambda xy: xy * factor)


def _centers(shape: shapely.Geometry) -> list[tuple[float, float]]:
    """A nucleus's center, or every point of a set."""
    if shape.is_empty:
        return []
    if shape.geom_type in ("Point", "MultiPoint"):
        return [(float(x), float(y)) for x, y in shapely.get_coordinates(shape)]
    middle = shapely.centroid(shape)
    return [] if middle.is_empty else [(float(middle.x), float(middle.y))]


def _as_fibers(mended: Mended) -> Mended:
    """Each piece is a fiber of its own; what is too small for one is left out, and both are told."""
    kept = tuple(piece for piece in mended.pieces if piece.area >= SMALLEST_FIBER_UM2)
    told = [mended.change] if mended.change else []
    if len(kept) < len(mended.pieces):
        least = min(piece.area for piece in mended.pieces)
        told.append(f"is left out in part or whole: {least:.1f} um2 is too small for a fiber")
    if len(kept) > 1:
        told.append(f"is drawn in {len(kept)} pieces, taken as {len(kept)} fibers")
    return Mended(kept, ", and ".join(told))


def _fibers(columns: _Columns) -> AnnotatedFibers:
    attributes = np.array([[a in held for a in FiberAttribute] for held in columns.attributes], np.bool_)
    return AnnotatedFibers(
        outline_array(columns.fibers),
        np.array(columns.fiber_class, np.uint8),
        attributes.reshape(len(columns.fibers), len(FiberAttribute)),
    )


def _cells(columns: _Columns) -> AnnotatedCells:
    return AnnotatedCells(np.array(columns.centers, np.float32).reshape(-1, 2), np.array(columns.cell_class, np.uint8))


def _areas(columns: _Columns) -> AnnotatedAreas:
    largest_first = sorted(columns.areas, key=lambda area: (-area[0].area, area[0].bounds, area[1]))
    return AnnotatedAreas(
        outline_array([outline for outline, _ in largest_first]),
        np.array([kind for _, kind in largest_first], np.uint8),
    )


def _attributes_known(mapping: ClassMapping) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    spoken = frozenset[FiberAttribute]().union(*(meaning.attributes for meaning in mapping.meanings.values()))
    return np.array([attribute in spoken for attribute in FiberAttribute], np.bool_)


def _cell_classes_known(mapping: ClassMapping, cells: AnnotatedCells) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    named = {meaning.kind for meaning in mapping.meanings.values() if isinstance(meaning.kind, CellClass)}
    drawn = set(cells.cell_class.tolist())
    return np.array([kind in named and (kind in INFLAMMATORY_CLASSES or kind in drawn) for kind in CellClass], np.bool_)
