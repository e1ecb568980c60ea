"""Muscle sections on a lattice, with known fibers, cells and compartments, for tests of evidence and pattern."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from histo.evidence import Coverage, SlideObservation
from histo.findings import (
    CellClass,
    Cells,
    Compartment,
    CompartmentMap,
    FiberAttribute,
    FiberClass,
    Fibers,
    Findings,
)

PITCH_UM = 60.0
DIAMETER_UM = 50.0
CORNERS = 24


def lattice(columns: int, rows: int) -> NDArray[np.float64]:
    """(N, 2) fiber centers, row by row."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return (np.column_stack([x.ravel(), y.ravel()]) + 0.5) * PITCH_UM


def make_fibers(
    center_um: NDArray[np.float64],
    kinds: NDArray[np.uint8] | None = None,
    diameter_um: NDArray[np.float64] | None = None,
    attributes: dict[FiberAttribute, NDArray[np.bool_]] | None = None,
) -> Fibers:
    """Round fibers; intact and of 50 um unless said otherwise."""
    n = len(center_um)
    diameter = np.full(n, DIAMETER_UM) if diameter_um is None else diameter_um
    held = np.zeros((n, len(FiberAttribute)), np.bool_)
    for attribute, which in (attributes or {}).items():
        held[:, attribute] = which
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    outline = center_um[:, None, :] + ring[None] * diameter[:, None, None] / 2
    return Fibers(
        center_um=center_um.astype(np.float32),
        area_um2=(np.pi * diameter**2 / 4).astype(np.float32),
        min_feret_um=diameter.astype(np.float32),
        fiber_class=np.zeros(n, np.uint8) if kinds is None else kinds.astype(np.uint8),
        class_probability=np.full((n, len(FiberClass)), 0.2, np.float32),
        attribute_probability=held.astype(np.float32),
        attributes=held,
        cut=np.zeros(n, np.bool_),
        outline_um=outline.reshape(-1, 2).astype(np.float32),
        outline_start=np.arange(n + 1, dtype=np.int64) * CORNERS,
    )


def make_cells(
    center_um: NDArray[np.float64],
    kinds: NDArray[np.uint8] | CellClass = CellClass.LYMPHOCYTE,
    compartment: Compartment = Compartment.ENDOMYSIUM,
    fiber: NDArray[np.int32] | None = None,
) -> Cells:
    """Nuclei of one compartment, outside fibers unless said otherwise."""
    m = len(center_um)
    return Cells(
        center_um=np.asarray(center_um, np.float32).reshape(-1, 2),
        cell_class=np.full(m, kinds, np.uint8) if isinstance(kinds, CellClass) else kinds.astype(np.uint8),
        class_probability=np.zeros((m, len(CellClass)), np.float32),
        compartment=np.full(m, compartment, np.uint8),
        fiber=np.full(m, -1, np.int32) if fiber is None else fiber.astype(np.int32),
    )


def make_map(columns: int, rows: int, fascicle_fibers: int | None = None) -> CompartmentMap:
    """Fibers with 10% endomysium; septa of perimysium around every fascicle of n x n fibers if asked for."""
    height, width = (round(side * PITCH_UM / 4) for side in (rows, columns))
    codes = np.full((height, width), Compartment.FIBER, np.uint8)
    codes[::10] = Compartment.ENDOMYSIUM
    if fascicle_fibers is not None:
        step = round(fascicle_fibers * PITCH_UM / 4)
        for begin in range(0, max(height, width) + 1, step):
            codes[max(0, begin - 2) : begin + 2] = Compartment.PERIMYSIUM
            codes[:, max(0, begin - 2) : begin + 2] = Compartment.PERIMYSIUM
    return CompartmentMap(codes, np.ones((height, width), np.bool_))


def make_slide(
    name: str,
    columns: int = 20,
    rows: int = 20,
    kinds: NDArray[np.uint8] | None = None,
    cells: Cells | None = None,
    diameter_um: NDArray[np.float64] | None = None,
    fascicle_fibers: int | None = None,
    attributes: dict[FiberAttribute, NDArray[np.bool_]] | None = None,
    assessable_mm2: float | None = None,
) -> SlideObservation:
    """A slide of columns x rows fibers."""
    area = columns * rows * PITCH_UM**2 / 1e6 if assessable_mm2 is None else assessable_mm2
    return SlideObservation(
        name=name,
        findings=Findings(
            fibers=make_fibers(lattice(columns, rows), kinds, diameter_um, attributes),
            cells=Cells.empty() if cells is None else cells,
            compartments=make_map(columns, rows, fascicle_fibers),
        ),
        coverage=Coverage(found_mm2=area, rejected_mm2=0.0, unreadable_mm2=0.0, assessable_mm2=area),
    )


def random_slide(name: str, seed: int, columns: int = 14, rows: int = 12, necrotic: float = 0.1) -> SlideObservation:
    """A slide with a bit of everything, at random."""
    random = np.random.default_rng(seed)
    n = columns * rows
    kinds = np.where(random.random(n) < necrotic, random.integers(1, 5, n), 0).astype(np.uint8)
    m = int(random.integers(0, 120))
    center_um = random.uniform(0, [columns * PITCH_UM, rows * PITCH_UM], (m, 2))
    compartments = make_map(columns, rows, 6)
    column, row = (center_um // PITCH_UM).astype(np.int64).T
    host = row * columns + column
    apart_um = np.linalg.norm(center_um - lattice(columns, rows)[host], axis=1)
    diameter_um = random.uniform(15, 60, n)
    inside = apart_um < diameter_um[host] / 2
    cells = Cells(
        center_um=center_um.astype(np.float32),
        cell_class=random.integers(0, 4, m).astype(np.uint8),
        class_probability=np.zeros((m, len(CellClass)), np.float32),
        compartment=compartments.at_um(center_um.astype(np.float32)),
        fiber=np.where(inside, host, -1).astype(np.int32),
    )
    attributes = {attribute: random.random(n) < 0.05 for attribute in FiberAttribute}
    return make_slide(name, columns, rows, kinds, cells, diameter_um, 6, attributes)


def shuffled(slide: SlideObservation, seed: int) -> SlideObservation:
    """The same slide with its fibers and cells in another order."""
    random = np.random.default_rng(seed)
    fibers, cells = slide.findings.fibers, slide.findings.cells
    order = random.permutation(len(fibers))
    place = np.full(len(fibers) + 1, -1, np.int64)
    place[order] = np.arange(len(fibers))
    moved = cells.select(random.permutation(len(cells)))
    return SlideObservation(
        name=slide.name,
        findings=Findings(
            fibers=fibers.select(order),
            cells=Cells(
                center_um=moved.center_um,
                cell_class=moved.cell_class,
                class_probability=moved.class_probability,
                compartment=moved.compartment,
                fiber=place[moved.fiber].astype(np.int32),
            ),
            compartments=slide.findings.compartments,
        ),
        coverage=slide.coverage,
    )
