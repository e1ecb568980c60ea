"""What pathologists have drawn on one slide, understood: fibers, cells, areas, and where absence means absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass, freeze_arrays

Outlines = NDArray[np.object_]
"""(N,) of `shapely.Polygon`, valid and not empty."""


@dataclass(frozen=True, eq=False)
class AnnotatedFibers:
    """N fibers. Frame: slide micrometers.

    Attributes:
        outlines: (N,) object array of `shapely.Polygon`, valid, of positive area.
        fiber_class: (N,) uint8, a `FiberClass`.
        attributes: (N, 6) bool, over `FiberAttribute`; what a False means is told by `Annotations.attributes_known`.

    Raises:
        ValueError: If shapes or dtypes do not fit together, or an outline is no valid polygon.
    """

    outlines: Outlines
    fiber_class: NDArray[np.uint8]
    attributes: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check the columns against each other and make them read-only."""
        n = len(self.outlines)
        _check_outlines(self.outlines)
        _check_codes("fiber_class", self.fiber_class, n, len(FiberClass))
        if self.attributes.shape != (n, len(FiberAttribute)) or self.attributes.dtype != np.bool_:
            raise ValueError(f"attributes must be bool of shape {(n, len(FiberAttribute))}")
        freeze_arrays(self)

    def __len__(self) -> int:
        """Number of fibers."""
        return len(self.outlines)


@dataclass(frozen=True, eq=False)
class AnnotatedCells:
    """M nuclei as points. Frame: slide micrometers.

    Attributes:
        center_um: (M, 2) float32, x and y.
        cell_class: (M,) uint8, a `CellClass`.

    Raises:
        ValueError: If shapes or dtypes do not fit together.
    """

    center_um: NDArray[np.float32]
    cell_class: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check the columns against each other and make them read-only."""
        m = len(self.center_um)
        if self.center_um.shape != (m, 2) or self.center_um.dtype != np.float32:
            raise ValueError(f"center_um must be float32 of shape {(m, 2)}")
        _check_codes("cell_class", self.cell_class, m, len(CellClass))
        freeze_arrays(self)

    def __len__(self) -> int:
        """Number of nuclei."""
        return len(self.center_um)


@dataclass(frozen=True, eq=False)
class AnnotatedAreas:
    """K pieces of compartments other than fibers, the largest first. Frame: slide micrometers.

    Where two overlap, the later (smaller) one is meant: a vessel drawn within perimysium.

    Attributes:
        outlines: (K,) object array of `shapely.Polygon`, valid, of positive area; holes are not part of the area.
        compartment: (K,) uint8, a `Compartment`.

    Raises:
        ValueError: If shapes or dtypes do not fit together, or an outline is no valid polygon.
    """

    outlines: Outlines
    compartment: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check the columns against each other and make them read-only."""
        _check_outlines(self.outlines)
        _check_codes("compartment", self.compartment, len(self.outlines), len(Compartment))
        freeze_arrays(self)

    def __len__(self) -> int:
        """Number of pieces."""
        return len(self.outlines)


@dataclass(frozen=True, eq=False)
class Annotations:
    """Everything that was drawn on one slide. Frame: slide micrometers.

    The three known areas say where a kind was drawn completely, so that what is not drawn there is not there. They hold
    the own area of every drawn object and never what is marked as unsure.

    Attributes:
        path: The file.
        format: Its format in words, e.g. `QuPath GeoJSON`.
        fibers: Drawn fibers.
        cells: Drawn nuclei.
        areas: Drawn compartments.
        fibers_known: (Multi)Polygon, where every fiber was drawn.
        cells_known: (Multi)Polygon, where every nucleus of the kinds in `cell_classes_known` was drawn.
        compartments_known: (Multi)Polygon, where every compartment was drawn; what is neither an area nor a fiber there
            is endomysium.
        unsure: (Multi)Polygon, where nothing is to be learned.
        attributes_known: (6,) bool, over `FiberAttribute`: attributes that the mapping speaks of; of the others a fiber
            says nothing.
        cell_classes_known: (4,) bool, over `CellClass`: kinds whose absence within `cells_known` means something. Kinds
            that no mapping names are not; nor are myonuclei or other nuclei where none was drawn in the whole file, for
            every section has them.
        object_counts: Drawn objects by class name of the file, most frequent first.
        regions: Regions that limit where absence counts, by their meaning: `("annotated", 2)`.
        changes: What was mended or left out, one sentence each, with the area before and after.
        warnings: What the one who drew should know, one sentence each.
    """

    path: Path
    format: str
    fibers: AnnotatedFibers
    cells: AnnotatedCells
    areas: AnnotatedAreas
    fibers_known: shapely.Geometry
    cells_known: shapely.Geometry
    compartments_known: shapely.Geometry
    unsure: shapely.Geometry
    attributes_known: NDArray[np.bool_]
    cell_classes_known: NDArray[np.bool_]
    object_counts: tuple[tuple[str, int], ...] = ()
    regions: tuple[tuple[str, int], ...] = ()
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and kinds, and make the arrays read-only."""
        for name, count in (("attributes_known", len(FiberAttribute)), ("cell_classes_known", len(CellClass))):
            flags = getattr(self, name)
            if flags.shape != (count,) or flags.dtype != np.bool_:
                raise ValueError(f"{name} must be bool of shape {(count,)}")
        for name in ("fibers_known", "cells_known", "compartments_known", "unsure"):
            kind = shapely.get_type_id(getattr(self, name))
            if kind not in (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON):
                raise ValueError(f"{name} must be a polygon or several, perhaps empty")
        freeze_arrays(self)


def outline_array(polygons: Sequence[shapely.Polygon]) -> Outlines:
    """(N,) object array of polygons."""
    array = np.empty(len(polygons), dtype=object)
    array[:] = polygons
    return array


def _check_outlines(outlines: Outlines) -> None:
    if outlines.dtype != object or outlines.ndim != 1:
        raise ValueError("outlines must be a one-dimensional array of objects")
    polygons = shapely.get_type_id(outlines) == shapely.GeometryType.POLYGON
    if not np.all(polygons & shapely.is_valid(outlines) & (shapely.area(outlines) > 0)):
        raise ValueError("every outline must be a valid polygon of positive area")


def _check_codes(name: str, codes: NDArray[np.uint8], count: int, kinds: int) -> None:
    if codes.shape != (count,) or codes.dtype != np.uint8 or np.any(codes >= kinds):
        raise ValueError(f"{name} must be uint8 of shape {(count,)}, below {kinds}")
