"""What is weighed: the findings of one slide and how much of it could be looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from histo.findings import Findings

ROUNDING = 2e-5
"""Relative error of a sum of areas that were stored with six digits each."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The account of a slide's tissue, all in mm2.

    Attributes:
        found_mm2: All there is to account for: the sum of the next three. What could not be read may be tissue.
        rejected_mm2: Tissue set aside as artefact.
        unreadable_mm2: Places whose pixels could not be read.
        assessable_mm2: Tissue that remains: the denominator of every density.
        artefact_mm2: Rejected tissue by the name of its artefact.

    Raises:
        ValueError: If an area is negative or not finite, or the account does not add up.
    """

    found_mm2: float
    rejected_mm2: float
    unreadable_mm2: float
    assessable_mm2: float
    artefact_mm2: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse areas that are negative or not finite, and an account that does not add up."""
        named = {
            "found_mm2": self.found_mm2,
            "rejected_mm2": self.rejected_mm2,
            "unreadable_mm2": self.unreadable_mm2,
            "assessable_mm2": self.assessable_mm2,
            **self.artefact_mm2,
        }
        for name, area_mm2 in named.items():
            if not (math.isfinite(area_mm2) and area_mm2 >= 0):
                raise ValueError(f"{name} must be a finite area of at least 0 mm2, not {area_mm2}")
        parts_mm2 = math.fsum((self.rejected_mm2, self.unreadable_mm2, self.assessable_mm2))
        if not math.isclose(self.found_mm2, parts_mm2, rel_tol=ROUNDING, abs_tol=1e-9):
            raise ValueError(f"found_mm2 is {self.found_mm2}, and its parts add up to {parts_mm2}")

    @staticmethod
    def of(
        *, rejected_mm2: float, unreadable_mm2: float, assessable_mm2: float, artefact_mm2: Mapping[str, float]
    ) -> Coverage:
        """The account of these parts: what was found is exactly their sum."""
        found_mm2 = math.fsum((rejected_mm2, unreadable_mm2, assessable_mm2))
        return Coverage(found_mm2, rejected_mm2, unreadable_mm2, assessable_mm2, artefact_mm2)

    @staticmethod
    def pooled(parts: list[Coverage]) -> Coverage:
        """The sum over slides, independent of their order."""
        names = sorted({name for part in parts for name in part.artefact_mm2})
        return Coverage.of(
            rejected_mm2=math.fsum(part.rejected_mm2 for part in parts),
            unreadable_mm2=math.fsum(part.unreadable_mm2 for part in parts),
            assessable_mm2=math.fsum(part.assessable_mm2 for part in parts),
            artefact_mm2={name: math.fsum(part.artefact_mm2.get(name, 0.0) for part in parts) for name in names},
        )


@dataclass(frozen=True, eq=False, slots=True)
class SlideObservation:
    """One slide of a biopsy.

    Attributes:
        name: The slide's name, unique in the biopsy.
        findings: What was found on it.
        coverage: How much of it could be assessed.
        cells_assessed: Whether its scale shows what kind a nucleus is; if not, nothing is said of inflammatory cells.
    """

    name: str
    findings: Findings
    coverage: Coverage
    cells_assessed: bool = True
