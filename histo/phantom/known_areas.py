"""What is true of a section besides its fibers and nuclei: fascicles, structures, artefacts, and their areas.

Every kind of shape in `Structures` has its entry here; a kind without one is an error, so that none is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import Compartment
from histo.phantom.scene import Scene
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures import UM2_PER_MM2, Structures
from histo.phantom.tessellation import Polygons

NO_FASCICLE = -1
"""Fascicle of a fiber whose center lies in none."""


@dataclass(frozen=True, slots=True)
class StructureKind:
    """What the shapes in one field of `Structures` are.

    Attributes:
        title: In words.
        compartment: What they make of the places in them that are not in a fiber; None leaves these what they are.
        artefact: Whether they spoil what lies under them.
    """

    title: str
    compartment: Compartment | None
    artefact: bool = False


STRUCTURE_KINDS: dict[str, StructureKind] = {
    "sheets": StructureKind("Sheet of cells", Compartment.ENDOMYSIUM),
    "foci": StructureKind("Focus of infiltrate", None),
    "scars": StructureKind("Smooth collagen", None),
    "vessels": StructureKind("Vessel", Compartment.VESSEL),
    "lumens": StructureKind("Lumen", Compartment.VESSEL),
    "nerves": StructureKind("Nerve or spindle", Compartment.NERVE_SPINDLE),
    "fat": StructureKind("Adipocyte", Compartment.FAT),
    "tears": StructureKind("Tear", Compartment.GLASS),
    "folds": StructureKind("Fold", Compartment.ARTEFACT, artefact=True),
    "debris": StructureKind("Debris", Compartment.ARTEFACT, artefact=True),
}
"""By field of `Structures`, in the order in which later ones lie over earlier ones."""

QUALITIES = {"cuffed": ("vessels", "Vessel with a cuff of lymphocytes")}
"""Fields of `Structures` that qualify the shapes of another: its name, and the title of those with the quality."""


@dataclass(frozen=True, eq=False)
class KnownStructures:
    """All structures of one kind.

    Attributes:
        name: The field of `Structures` they come from.
        kind: What they are.
        titles: One for each.
        shapes: (K,) polygons, cut off at the section's rim; those beyond it are left out.
    """

    name: str
    kind: StructureKind
    titles: tuple[str, ...]
    shapes: Polygons

    @property
    def area_mm2(self) -> float:
        """Area covered; where two lie over each other it counts once."""
        return float(shapely.union_all(self.shapes).area) / UM2_PER_MM2


@dataclass(frozen=True, eq=False)
class KnownAreas:
    """The areas of a section, in scene micrometers.

    Attributes:
        section: Outline of the tissue.
        fascicles: (F,) polygons or multipolygons, cut off at the section's rim; a fascicle's number is its row.
        structures: Of every kind, in the order of `STRUCTURE_KINDS`; a kind may have no shapes.
    """

    section: shapely.Polygon
    fascicles: Polygons
    structures: tuple[KnownStructures, ...]

    @property
    def artefacts(self) -> Polygons:
        """(A,) polygons of everything that spoils what lies under it."""
        shapes: Polygons = np.concatenate([known.shapes for known in self.structures if known.kind.artefact])
        return shapes

    def compartments_at(self, points_um: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(P,) uint8, the `Compartment` at (P, 2) points outside of fibers, whatever artefact lies over it."""
        in_fascicle = rows_within(self.fascicles, points_um, NO_FASCICLE) != NO_FASCICLE
        found = np.where(in_fascicle, Compartment.ENDOMYSIUM, Compartment.PERIMYSIUM).astype(np.uint8)
        for known in self.structures:
            if known.kind.compartment is not None and not known.kind.artefact:
                found[rows_within(known.shapes, points_um, -1) >= 0] = known.kind.compartment
        return found


def known_areas(scene: Scene) -> KnownAreas:
    """The areas of a scene.

    Args:
        scene: The scene.

    Returns:
        Its fascicles and structures, cut off at the rim of the section and of the scene.
    """
    inside = scene.section & shapely.box(0, 0, scene.width_um, scene.height_um)
    shapely.prepare(inside)
    fascicles, _ = _cut_off(scene.fascicles, inside)
    found = []
    for name, kind in STRUCTURE_KINDS.items():
        shapes = structure_shapes(scene.structures, name, scene.spec)
        titles = np.full(len(shapes), kind.title, dtype=object)
        for quality, (of, title) in QUALITIES.items():
            if of == name:
                titles[getattr(scene.structures, quality)] = title
        shapes, kept = _cut_off(shapes, inside)
        found.append(KnownStructures(name, kind, tuple(titles[kept]), shapes))
    return KnownAreas(inside, fascicles, tuple(found))


def structure_shapes(structures: Structures, name: str, spec: PhantomSpec) -> Polygons:
    """(K,) polygons of one field of `Structures`; points become circles of the radius that the specification states."""
    value = getattr(structures, name)
    shapes: Polygons = shapely.buffer(shapely.points(value), spec.focus_um) if value.dtype != object else value
    return shapes


def rows_within(shapes: Polygons, points_um: NDArray[np.float32], none: int) -> NDArray[np.int32]:
    """(P,) int32, the row of the shape that holds each of (P, 2) points, the first of several, else `none`."""
    rows = np.full(len(points_um), none, np.int32)
    point, shape = shapely.STRtree(shapes).query(shapely.points(points_um.astype(np.float64)), predicate="within")
    # In reverse, so that the first shape is written last.
    order = np.lexsort((shape, point))[::-1]
    rows[point[order]] = shape[order]
    return rows


def _cut_off(shapes: Polygons, section: shapely.Polygon) -> tuple[Polygons, NDArray[np.int64]]:
    """The parts of shapes within the section, and the rows of those that have one."""
    parts = shapely.intersection(shapes, section)
    kept = np.flatnonzero(shapely.area(parts) > 0)
    return parts[kept], kept
