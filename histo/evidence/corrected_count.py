"""A count beside what it would be without the detector's errors; see `histo.evidence.correction`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from histo.evidence.fiber_results import Estimate


class Finding(StrEnum):
    """What may be corrected."""

    NECROTIC = "necrotic"
    MYOPHAGOCYTOSIS = "myophagocytosis"
    INFILTRATE = "infiltrate"


@dataclass(frozen=True, slots=True)
class CorrectedCount:
    """A count beside what it would be without the detector's errors.

    Attributes:
        finding: `necrotic`, `myophagocytosis` or `infiltrate`.
        not_corrected: Why there is no corrected count; None where there is one.
        raw: The count as it was found; None where it is not assessed.
        count: (raw - false calls per mm2 x area) / recall, and the 95% interval of what is truly there.
        per_mm2: The same over assessable tissue.
        clipped: Whether false calls alone would give more than was found, so that 0 stands for a negative count.
        recall: Share of true findings that is found, over the laboratory's patients, with its bootstrap interval.
        false_per_mm2: False calls, likewise.
        patients: How many patients both were measured on: the fewer of the two.
    """

    finding: str
    not_corrected: str | None
    raw: int | None
    count: Estimate | None = None
    per_mm2: Estimate | None = None
    clipped: bool = False
    recall: Estimate | None = None
    false_per_mm2: Estimate | None = None
    patients: int = 0
