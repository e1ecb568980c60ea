"""One slide's findings as the columns that are weighed, in an order that does not depend on how they came."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.evidence.observation import SlideObservation
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, FiberAttribute, FiberClass, Findings


@dataclass(frozen=True, eq=False)
class Section:
    """Columns of one slide, fibers and cells each sorted by place.

    Attributes:
        observation: The slide.
        fiber_row: (N,) int64, each fiber's row among the slide's fibers: its id.
        center_um: (N, 2) float64.
        radius_um: (N,) float64, of the circle of the fiber's area.
        min_feret_um: (N,) float64.
        area_um2: (N,) float64.
        fiber_class: (N,) uint8, a `FiberClass`.
        attributes: (N, 6) bool, over `FiberAttribute`.
        cut: (N,) bool.
        cell_row: (M,) int64, rows of the inflammatory cells among the slide's cells: their ids.
        cell_center_um: (M, 2) float64.
        cell_class: (M,) uint8, a `CellClass`.
        cell_compartment: (M,) uint8, a `Compartment`.
        cell_fiber: (M,) int64, index of the fiber (in this order) that holds the cell, or -1.
    """

    observation: SlideObservation
    fiber_row: NDArray[np.int64]
    center_um: NDArray[np.float64]
    radius_um: NDArray[np.float64]
    min_feret_um: NDArray[np.float64]
    area_um2: NDArray[np.float64]
    fiber_class: NDArray[np.uint8]
    attributes: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    cell_row: NDArray[np.int64]
    cell_center_um: NDArray[np.float64]
    cell_class: NDArray[np.uint8]
    cell_compartment: NDArray[np.uint8]
    cell_fiber: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of fibers."""
        return len(self.fiber_row)

    @property
    def name(self) -> str:
        """The slide's name."""
        return self.observation.name

    @property
    def findings(self) -> Findings:
        """The slide's findings, in their own order."""
        return self.observation.findings

    @property
    def necrotic(self) -> NDArray[np.bool_]:
        """(N,) bool, fibers of the necrotic burden."""
        found: NDArray[np.bool_] = np.isin(self.fiber_class, NECROTIC_CLASSES)
        return found

    @property
    def measurable(self) -> NDArray[np.bool_]:
        """(N,) bool, whole intact transverse fibers: those whose diameter means something."""
        odd = self.has(FiberAttribute.OBLIQUE) | self.has(FiberAttribute.OPAQUE) | self.has(FiberAttribute.REMNANT)
        whole: NDArray[np.bool_] = (self.fiber_class == FiberClass.INTACT) & ~self.cut & ~odd
        return whole

    def has(self, attribute: FiberAttribute) -> NDArray[np.bool_]:
        """(N,) bool, fibers with this attribute."""
        return self.attributes[:, attribute]

    def ids(self, chosen: NDArray[np.bool_]) -> tuple[int, ...]:
        """Ids of the chosen fibers, ascending."""
        return tuple(int(row) for row in np.sort(self.fiber_row[chosen]))

    def random(self, seed: int, purpose: str) -> np.random.Generator:
        """A generator of its own for each slide and purpose, whatever the order of the slides."""
        return np.random.default_rng([seed, zlib.crc32(self.name.encode()), zlib.crc32(purpose.encode())])


def section_of(observation: SlideObservation) -> Section:
    """Sort a slide's fibers and its inflammatory cells by place, then by what they are."""
    fibers, cells = observation.findings.fibers, observation.findings.cells
    order = np.lexsort((fibers.fiber_class, fibers.area_um2, fibers.center_um[:, 0], fibers.center_um[:, 1]))
    place_of_row = np.empty(len(fibers) + 1, np.int64)
    place_of_row[order] = np.arange(len(fibers))
    place_of_row[-1] = -1

    inflammatory = np.flatnonzero(np.isin(cells.cell_class, INFLAMMATORY_CLASSES))
    center_um = cells.center_um[inflammatory]
    inflammatory = inflammatory[np.lexsort((cells.cell_class[inflammatory], center_um[:, 0], center_um[:, 1]))]
    area_um2 = fibers.area_um2[order].astype(np.float64)
    return Section(
        observation=observation,
        fiber_row=order,
        center_um=fibers.center_um[order].astype(np.float64),
        radius_um=np.sqrt(area_um2 / np.pi),
        min_feret_um=fibers.min_feret_um[order].astype(np.float64),
        area_um2=area_um2,
        fiber_class=fibers.fiber_class[order],
        attributes=fibers.attributes[order],
        cut=fibers.cut[order],
        cell_row=inflammatory,
        cell_center_um=cells.center_um[inflammatory].astype(np.float64),
        cell_class=cells.cell_class[inflammatory],
        cell_compartment=cells.compartment[inflammatory],
        cell_fiber=place_of_row[cells.fiber[inflammatory]],
    )
