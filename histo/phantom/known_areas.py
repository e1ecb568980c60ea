"""What is true of a section besides its fibers and nuclei: fascicles, structures, artefacts, and their areas.

Every kind of shape in `Structures` has its entry here, which a test sees to; blemishes speak for themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from histo.findings import Compartment
from histo.geometry import UM2_PER_MM2
from histo.phantom.look import JUDGED_THROUGH, Blemishes, BlemishKind
from histo.phantom.scene import Scene
from histo.phantom.shapes import Polygons
from histo.phantom.spec import PhantomSpec
from histo.phantom.structures import Structures

NO_FASCICLE = -1
"""Fascicle of a fiber whose center lies in none."""


@dataclass(frozen=True, slots=True)
class StructureKind:
    """What the shapes in one field of `Structures` are.

    Attributes:
        title: In words.
        compartment: What they make of the places in them that are not in a fiber; None leaves these what they are.
        artefact: Whether they are no part of the tissue; it cannot be judged under those whose compartment is
            `ARTEFACT`.
        on_glass: Whether they also lie beyond the section.
    """

    title: str
    compartment: Compartment | None
    artefact: bool = False
    on_glass: bool = False


STRUCTURE_KINDS: dict[str, StructureKind] = {
    "sheets": StructureKind("Sheet of cells", Compartment.ENDOMYSIUM),
    "foci": StructureKind("Focus of infiltrate", None),
    "scars": StructureKind("Smooth collagen", None),
    "bands": StructureKind("Tendon, fascia or epimysium", Compartment.PERIMYSIUM),
    "granulomas": StructureKind("Granuloma", None),
    "giants": StructureKind("Giant cell", None),
    "lobules": StructureKind("Fat lobule", Compartment.FAT),
    "fat": StructureKind("Adipocyte", Compartment.FAT),
    "nerves": StructureKind("Nerve", Compartment.NERVE_SPINDLE),
    "spindles": StructureKind("Muscle spindle", Compartment.NERVE_SPINDLE),
    "intrafusal": StructureKind("Intrafusal fiber", Compartment.NERVE_SPINDLE),
    "vessels": StructureKind("Vessel", Compartment.VESSEL),
    "lumens": StructureKind("Lumen", Compartment.VESSEL),
    "capillaries": StructureKind("Capillary", None),
    "tears": StructureKind("Tear", Compartment.GLASS),
    "clefts": StructureKind("Narrow tear", None),
    "folds": StructureKind("Fold", Compartment.ARTEFACT, artefact=True),
    "debris": StructureKind("Debris", Compartment.ARTEFACT, artefact=True, on_glass=True),
}
"""By field of `Structures`, in the order in which later ones lie over earlier ones."""

SPARING_FIBERS = ("tears", "clefts")
"""Fields of `Structures` that are drawn only where no fiber is: fibers that a tear grazes stay whole."""

QUALITIES = {"cuffed": ("vessels", "Vessel with a cuff of lymphocytes")}
"""Fields of `Structures` that qualify the shapes of another: its name, and the title of those with the quality."""


@dataclass(frozen=True, eq=False)
class KnownStructures:
    """All structures or blemishes of one kind.

    Attributes:
        name: The field of `Structures` that they come from, or `blemish_` and the `BlemishKind`.
        kind: What they are.
        titles: One for each.
        shapes: (K,) polygons or multipolygons, cut off at the section's rim, or at the scene's if the kind lies on
            glass; those beyond it are left out.
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
        structures: Of every kind of `STRUCTURE_KINDS` and of `BlemishKind`, in this order; a kind may have no shapes.
    """

    section: shapely.Polygon
    fascicles: Polygons
    structures: tuple[KnownStructures, ...]

    @property
    def covers(self) -> Polygons:
        """(A,) polygons of all artefacts under which tissue cannot be judged."""
        covers = [known.shapes for known in self.structures if known.kind.compartment is Compartment.ARTEFACT]
        shapes: Polygons = np.concatenate(covers)
        return shapes

    def compartments_at(self, points_um: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(P,) uint8, the `Compartment` at (P, 2) points outside of fibers, whatever artefact lies over it."""
        in_fascicle = rows_within(self.fascicles, points_um, NO_FASCICLE) != NO_FASCICLE
        found = np.where(in_fascicle, Compartment.ENDOMYSIUM, Compartment.PERIMYSIUM).astype(np.uint8)
        for known in self.structures:
            if known.kind.compartment not in (None, Compartment.ARTEFACT):
                found[rows_within(known.shapes, points_um, -1) >= 0] = known.kind.compartment
        return found


def known_areas(scene: Scene, blemishes: Blemishes) -> KnownAreas:
    """The areas of a scene.

    Args:
        scene: The scene.
        blemishes: What lies on it.

    Returns:
        Its fascicles and structures, cut off at the rim of the section and of the scene; debris and blemishes, which
        may lie on the glass, cut off at the rim of the scene.
    """
    view = shapely.box(0, 0, scene.width_um, scene.height_um)
    inside = scene.section & view
    shapely.prepare(inside)
    fascicles, _ = _cut_off(scene.fascicles, inside)
    found = []
    for name, kind in STRUCTURE_KINDS.items():
        shapes = structure_shapes(scene.structures, name, scene.spec)
        if name in SPARING_FIBERS:
            shapes = _without(shapes, scene.fibers)
        titles = np.full(len(shapes), kind.title, dtype=object)
        for quality, (of, title) in QUALITIES.items():
            if of == name:
                titles[getattr(scene.structures, quality)] = title
        shapes, kept = _cut_off(shapes, view if kind.on_glass else inside)
        found.append(KnownStructures(name, kind, tuple(titles[kept]), shapes))
    of_kind = np.array(blemishes.kinds, dtype=object)
    for blemish in BlemishKind:
        compartment = None if blemish in JUDGED_THROUGH else Compartment.ARTEFACT
        kind = StructureKind(blemish.value.capitalize(), compartment, artefact=True, on_glass=True)
        shapes, kept = _cut_off(blemishes.shapes[of_kind == blemish], view)
        found.append(KnownStructures(f"blemish_{blemish.name.lower()}", kind, (kind.title,) * len(kept), shapes))
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


def _without(shapes: Polygons, fibers: Polygons) -> Polygons:
    """What of each shape lies outside of fibers."""
    rest = shapes.copy()
    row, fiber = shapely.STRtree(fibers).query(shapes, predicate="intersects")
    for one in np.unique(row):
        rest[one] = shapes[one].difference(shapely.union_all(fibers[fiber[row == one]]))
    return rest


def _cut_off(shapes: Polygons, section: shapely.Polygon) -> tuple[Polygons, NDArray[np.int64]]:
    """The parts of shapes within the section, and the rows of those that have one; some fascicles cross themselves."""
    sound, crossing = shapes.copy(), ~shapely.is_valid(shapes)
    sound[crossing] = shapely.make_valid(shapes[crossing], method="structure", keep_collapsed=False)
    parts = shapely.intersection(sound, section)
    kept = np.flatnonzero(shapely.area(parts) > 0)
    return parts[kept], kept
