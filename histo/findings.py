"""What is found on a slide: fibers, cells, compartments. Frozen, columnar, in slide micrometers.

Definitions on H&E follow docs/glossary.md. Order is canonical (top to bottom, then left to right by center), so that
the same findings are equal however the slide was cut; a fiber's or cell's id is its row.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from histo.appearance import Appearance
from histo.geometry import Mpp

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]


class FiberClass(IntEnum):
    """What a muscle fiber is; every fiber is exactly one."""

    INTACT = 0
    REGENERATING = 1
    NECROTIC_PALE = 2
    NECROTIC_HYALINE = 3
    MYOPHAGOCYTOSIS = 4


NECROTIC_CLASSES = (FiberClass.NECROTIC_PALE, FiberClass.NECROTIC_HYALINE, FiberClass.MYOPHAGOCYTOSIS)
"""The classes that make the necrotic burden; myophagocytosis (late phagocytosis included) is also given alone."""


class FiberAttribute(IntEnum):
    """What else is true of a fiber; several may hold at once."""

    INTERNAL_NUCLEUS = 0
    INVASION_CANDIDATE = 1
    VACUOLATED = 2
    OPAQUE = 3
    """Opaque or hypercontracted: counted apart, outside the necrotic burden."""
    OBLIQUE = 4
    """Not cut transversely."""
    REMNANT = 5


class CellClass(IntEnum):
    """Kinds of nuclei. Lineage on H&E is a likeness, not a proof."""

    LYMPHOCYTE = 0
    MACROPHAGE = 1
    MYONUCLEUS = 2
    OTHER = 3


INFLAMMATORY_CLASSES = (CellClass.LYMPHOCYTE, CellClass.MACROPHAGE)


class Compartment(IntEnum):
    """What tissue a place belongs to."""

    GLASS = 0
    FIBER = 1
    ENDOMYSIUM = 2
    PERIMYSIUM = 3
    VESSEL = 4
    FAT = 5
    NERVE_SPINDLE = 6
    ARTEFACT = 7


def freeze_arrays(instance: object) -> None:
    """Make every array of a frozen dataclass read-only, through views: the caller's own arrays stay as they are."""
    for field in fields(instance):  # type: ignore[arg-type]
        value = getattr(instance, field.name)
        if isinstance(value, np.ndarray):
            view = value.view()
            view.flags.writeable = False
            object.__setattr__(instance, field.name, view)


def _expect(name: str, array: NDArray[np.generic], shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} must be {dtype.__name__} of shape {shape}, not {array.dtype} of {array.shape}")


@dataclass(frozen=True, eq=False)
class Fibers:
    """N fibers with their outlines, in slide micrometers.

    Attributes:
        center_um: (N, 2) float32, x and y of the outline's centroid.
        area_um2: (N,) float32.
        min_feret_um: (N,) float32, the smallest caliper width: the field's measure of fiber diameter.
        fiber_class: (N,) uint8, a `FiberClass`.
        class_probability: (N, 5) float32, over `FiberClass`; rows sum to 1.
        attribute_probability: (N, 6) float32, each over one `FiberAttribute`.
        attributes: (N, 6) bool, the attributes held to be present at the bundle's thresholds.
        cut: (N,) bool, whether the outline is cut by a tile block, the slide's border or unreadable pixels.
        outline_um: (V, 2) float32, all vertices one after another; rings are not closed twice.
        outline_start: (N + 1,) int64, where each fiber's vertices begin in `outline_um`.
    """

    center_um: Floats
    area_um2: Floats
    min_feret_um: Floats
    fiber_class: Codes
    class_probability: Floats
    attribute_probability: Floats
    attributes: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    outline_um: Floats
    outline_start: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check shapes and dtypes, and make the arrays read-only."""
        n = len(self.center_um)
        _expect("center_um", self.center_um, (n, 2), np.float32)
        _expect("area_um2", self.area_um2, (n,), np.float32)
        _expect("min_feret_um", self.min_feret_um, (n,), np.float32)
        _expect("fiber_class", self.fiber_class, (n,), np.uint8)
        _expect("class_probability", self.class_probability, (n, len(FiberClass)), np.float32)
        _expect("attribute_probability", self.attribute_probability, (n, len(FiberAttribute)), np.float32)
        _expect("attributes", self.attributes, (n, len(FiberAttribute)), np.bool_)
        _expect("cut", self.cut, (n,), np.bool_)
        _expect("outline_um", self.outline_um, (len(self.outline_um), 2), np.float32)
        _expect("outline_start", self.outline_start, (n + 1,), np.int64)
        if self.outline_start[0] != 0 or self.outline_start[-1] != len(self.outline_um):
            raise ValueError("outline_start must begin at 0 and end at the number of vertices")
        if np.any(np.diff(self.outline_start) < 3):
            raise ValueError("every outline needs at least 3 vertices")
        freeze_arrays(self)

    def __len__(self) -> int:
        """Number of fibers."""
        return len(self.center_um)

    def outline(self, index: int) -> Floats:
        """(V, 2) float32, the outline of one fiber in slide micrometers."""
        return self.outline_um[self.outline_start[index] : self.outline_start[index + 1]]

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> Fibers:
        """The fibers at these rows, in the order given."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, dtype=np.int64)
        lengths = np.diff(self.outline_start)[index]
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        vertices = np.repeat(self.outline_start[index] - start[:-1], lengths) + np.arange(start[-1])
        columns = {f.name: getattr(self, f.name)[index] for f in fields(self) if not f.name.startswith("outline")}
        return Fibers(**columns, outline_um=self.outline_um[vertices], outline_start=start)

    def sorted(self) -> Fibers:
        """The same fibers in canonical order: by y, then x, of their centers."""
        return self.select(np.lexsort((self.center_um[:, 0], self.center_um[:, 1])))

    @staticmethod
    def empty() -> Fibers:
        """No fibers."""
        return Fibers(
            center_um=np.zeros((0, 2), np.float32),
            area_um2=np.zeros(0, np.float32),
            min_feret_um=np.zeros(0, np.float32),
            fiber_class=np.zeros(0, np.uint8),
            class_probability=np.zeros((0, len(FiberClass)), np.float32),
            attribute_probability=np.zeros((0, len(FiberAttribute)), np.float32),
            attributes=np.zeros((0, len(FiberAttribute)), np.bool_),
            cut=np.zeros(0, np.bool_),
            outline_um=np.zeros((0, 2), np.float32),
            outline_start=np.zeros(1, np.int64),
        )

    @staticmethod
    def concatenate(parts: list[Fibers]) -> Fibers:
        """All fibers of the parts, in canonical order."""
        if not parts:
            return Fibers.empty()
        names = [f.name for f in fields(Fibers) if f.name != "outline_start"]
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        lengths = np.concatenate([np.diff(part.outline_start) for part in parts])
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Fibers(**columns, outline_start=start).sorted()


@dataclass(frozen=True, eq=False)
class Cells:
    """M nuclei as points, in slide micrometers.

    Attributes:
        center_um: (M, 2) float32, x and y.
        cell_class: (M,) uint8, a `CellClass`.
        class_probability: (M, 4) float32, the peak height of each kind's map; rows need not sum to 1.
        compartment: (M,) uint8, the `Compartment` at the center.
        fiber: (M,) int32, the row of the fiber that holds the center, or -1.
    """

    center_um: Floats
    cell_class: Codes
    class_probability: Floats
    compartment: Codes
    fiber: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check shapes and dtypes, and make the arrays read-only."""
        m = len(self.center_um)
        _expect("center_um", self.center_um, (m, 2), np.float32)
        _expect("cell_class", self.cell_class, (m,), np.uint8)
        _expect("class_probability", self.class_probability, (m, len(CellClass)), np.float32)
        _expect("compartment", self.compartment, (m,), np.uint8)
        _expect("fiber", self.fiber, (m,), np.int32)
        freeze_arrays(self)

    def __len__(self) -> int:
        """Number of nuclei."""
        return len(self.center_um)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> Cells:
        """The nuclei at these rows, in the order given."""
        return Cells(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def sorted(self) -> Cells:
        """The same nuclei in canonical order: by y, then x."""
        return self.select(np.lexsort((self.center_um[:, 0], self.center_um[:, 1])))

    @staticmethod
    def empty() -> Cells:
        """No nuclei."""
        return Cells(
            center_um=np.zeros((0, 2), np.float32),
            cell_class=np.zeros(0, np.uint8),
            class_probability=np.zeros((0, len(CellClass)), np.float32),
            compartment=np.zeros(0, np.uint8),
            fiber=np.zeros(0, np.int32),
        )


COMPARTMENT_MPP = Mpp(4.0)
"""Scale of compartment maps: fine enough for a perimysial septum, small enough for a whole slide."""


@dataclass(frozen=True, eq=False)
class CompartmentMap:
    """Which compartment each place of the slide belongs to.

    Attributes:
        codes: (H, W) uint8, a `Compartment`; pixel (0, 0) begins at the slide's top left corner. Places that were not
            scored (outside the assessable tissue, or unreadable) are `Compartment.GLASS`.
        scored: (H, W) bool, where the network looked.
        mpp: Scale of both maps.
    """

    codes: Codes
    scored: NDArray[np.bool_]
    mpp: Mpp = COMPARTMENT_MPP

    def __post_init__(self) -> None:
        """Check shapes and dtypes, and make the arrays read-only."""
        _expect("codes", self.codes, self.codes.shape[:2], np.uint8)
        _expect("scored", self.scored, self.codes.shape, np.bool_)
        freeze_arrays(self)

    def at_um(self, points_um: Floats) -> Codes:
        """(N,) uint8, the compartment at (N, 2) points in slide micrometers; glass outside the map."""
        column, row = np.floor(self.mpp.to_px(points_um)).astype(np.int64).T
        inside = (row >= 0) & (column >= 0) & (row < self.codes.shape[0]) & (column < self.codes.shape[1])
        found = np.full(len(points_um), Compartment.GLASS, np.uint8)
        found[inside] = self.codes[row[inside], column[inside]]
        return found

    def area_mm2(self, compartment: Compartment) -> float:
        """Scored area of one compartment."""
        return self.mpp.area_mm2(float(np.count_nonzero((self.codes == compartment) & self.scored)))

    @property
    def scored_mm2(self) -> float:
        """Area that the network looked at."""
        return self.mpp.area_mm2(float(np.count_nonzero(self.scored)))


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything found on one slide.

    Attributes:
        fibers: The muscle fibers.
        cells: The nuclei.
        compartments: The tissue map that densities are taken over.
        unreadable_mm2: Tissue whose pixels could not be read; never white, never tissue.
        appearance: How the tissue looks; None where none was seen, or findings come from elsewhere than the network.
    """

    fibers: Fibers
    cells: Cells
    compartments: CompartmentMap
    unreadable_mm2: float = 0.0
    appearance: Appearance | None = None
