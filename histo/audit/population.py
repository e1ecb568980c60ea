"""What an audit is drawn from: every fiber that the machine outlined, and every field of the tissue that it read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.audit.rules import AuditRules, standard_rules
from histo.evidence import Measures, SlideObservation
from histo.evidence.infiltrate import sample_infiltrate
from histo.evidence.section import section_of
from histo.findings import NECROTIC_CLASSES, freeze_arrays


@dataclass(frozen=True, eq=False)
class AuditedSlide:
    """One slide as an audit sees it. Frame: slide micrometers.

    Attributes:
        name: The slide's name.
        fiber_class: (N,) uint8, what the machine called each fiber, a `FiberClass`; a fiber's id is its row.
        necrotic_score: (N,) float64, how likely the machine held it to be necrotic, of any kind.
        center_um: (N, 2) float64.
        field_corner_um: (F, 2) float64, top left corners of the fields; a field's id is its row.
        field_cells: (F,) int64, inflammatory cells outside necrotic fibers that the machine counts in each.
    """

    name: str
    fiber_class: NDArray[np.uint8]
    necrotic_score: NDArray[np.float64]
    center_um: NDArray[np.float64]
    field_corner_um: NDArray[np.float64]
    field_cells: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the columns against each other and make them read-only."""
        n, f = len(self.fiber_class), len(self.field_cells)
        if self.necrotic_score.shape != (n,) or self.center_um.shape != (n, 2) or self.field_corner_um.shape != (f, 2):
            raise ValueError("the columns of an audited slide differ in length")
        freeze_arrays(self)


@dataclass(frozen=True, eq=False)
class Population:
    """Everything that an audit can draw.

    Attributes:
        slides: By name.
        field_side_um: Side of a field.
        assessable_mm2: Tissue that counts are given over.
        cells_assessed: Whether every slide's scale shows what kind a nucleus is; if not, no infiltrate is counted.
    """

    slides: tuple[AuditedSlide, ...]
    field_side_um: float
    assessable_mm2: float
    cells_assessed: bool


def population_of(
    slides: Sequence[SlideObservation], measures: Measures, rules: AuditRules | None = None
) -> Population:
    """What may be drawn of a biopsy.

    Fields lie on a grid from the slide's corner. Each with any tissue that the machine looked at is one, however little
    of it: so the fields hold all of the tissue, and a rule about what is too little cannot hide any.

    Args:
        slides: Of one biopsy, or the one slide.
        measures: Which cells are no infiltrate, being inside necrotic fibers.
        rules: How large a field is; the shipped ones if left out.
    """
    side_um = (rules or standard_rules()).field_side_um
    return Population(
        slides=tuple(_audited(one, measures, side_um) for one in sorted(slides, key=lambda one: one.name)),
        field_side_um=side_um,
        assessable_mm2=sum(one.coverage.assessable_mm2 for one in slides),
        cells_assessed=all(one.cells_assessed for one in slides),
    )


def _audited(observation: SlideObservation, measures: Measures, side_um: float) -> AuditedSlide:
    fibers, compartments = observation.findings.fibers, observation.findings.compartments
    cells_um = sample_infiltrate(section_of(observation), measures).center_um
    row, column = np.nonzero(compartments.scored)
    seen_um = (np.column_stack([column, row]) + 0.5) * compartments.mpp.um_per_px
    of_tissue, of_cells = (np.floor(points / side_um).astype(np.int64) for points in (seen_um, cells_um))
    fields, field_of = np.unique(np.concatenate([of_tissue, of_cells])[:, ::-1], axis=0, return_inverse=True)
    counts = np.bincount(field_of.reshape(-1)[len(of_tissue) :], minlength=len(fields))
    return AuditedSlide(
        name=observation.name,
        fiber_class=fibers.fiber_class,
        necrotic_score=fibers.class_probability[:, list(NECROTIC_CLASSES)].sum(axis=1, dtype=np.float64),
        center_um=fibers.center_um.astype(np.float64),
        field_corner_um=fields[:, ::-1] * side_um,
        field_cells=counts.astype(np.int64),
    )
