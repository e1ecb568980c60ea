"""Where absence counts: the areas in which a kind was drawn completely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import shapely

from histo.annotations.annotations import AnnotatedAreas, AnnotatedCells, AnnotatedFibers
from histo.annotations.mapping import ClassMapping, RegionMeaning
from histo.findings import CellClass, Compartment, FiberClass

CELL_OWN_UM = 5.0
"""Radius of a drawn nucleus's own area: half a macrophage (C)."""

UNSURE_POINT_UM = 10.0
"""Radius around a point marked as unsure (C)."""

Kind = type[FiberClass] | type[CellClass] | type[Compartment]
Regions = Mapping[RegionMeaning, Sequence[shapely.Geometry]]


@dataclass(frozen=True, eq=False, slots=True)
class KnownAreas:
    """Four (multi)polygons in slide micrometers, perhaps empty."""

    fibers: shapely.Geometry
    cells: shapely.Geometry
    compartments: shapely.Geometry
    unsure: shapely.Geometry


def known_areas(
    fibers: AnnotatedFibers, cells: AnnotatedCells, areas: AnnotatedAreas, regions: Regions, mapping: ClassMapping
) -> KnownAreas:
    """Unite regions and the drawn objects' own areas, less what is unsure.

    A region in which everything was drawn speaks only of kinds that the mapping names at all: a laboratory that draws
    fibers alone does not say that there are no nuclei.
    """
    unsure = _united(_with_area(shape) for shape in regions.get(RegionMeaning.UNSURE, ()))

    def known(kind: Kind, region: RegionMeaning, own: Iterable[shapely.Geometry]) -> shapely.Geometry:
        whole = regions.get(RegionMeaning.ANNOTATED, ()) if mapping.speaks_of(kind) else ()
        return _only_polygons(shapely.difference(_united([*whole, *regions.get(region, ()), *own]), unsure))

    nuclei = shapely.buffer(shapely.points(cells.center_um.astype(float)), CELL_OWN_UM, quad_segs=4)
    return KnownAreas(
        fibers=known(FiberClass, RegionMeaning.ANNOTATED_FIBERS, fibers.outlines),
        cells=known(CellClass, RegionMeaning.ANNOTATED_CELLS, nuclei),
        compartments=known(Compartment, RegionMeaning.ANNOTATED_COMPARTMENTS, areas.outlines),
        unsure=unsure,
    )


def _with_area(shape: shapely.Geometry) -> shapely.Geometry:
    return shape.buffer(UNSURE_POINT_UM) if shape.geom_type in ("Point", "MultiPoint") else shape


def _united(shapes: Iterable[shapely.Geometry]) -> shapely.Geometry:
    return _only_polygons(shapely.union_all(list(shapes)))


def _only_polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a shape: an empty union or difference may come as another kind."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
