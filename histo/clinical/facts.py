"""What a laboratory tells of a patient, for one biopsy. Missing is None. No name, no number and no date is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

OLDEST_YEARS = 89
"""Ages above it are kept as 90: they count as identifiers (45 CFR 164.514(b)(2)(i)(C))."""

CK_RANGE_U_PER_L = (5.0, 1e6)
"""(C) What a creatine kinase in U/L can be; the lower end catches values in ukat/L."""

LIMIT_RANGE_U_PER_L = (50.0, 1000.0)
"""(C) What a laboratory's upper limit of normal can be."""


class Result(StrEnum):
    """Of a test for an autoantibody, as its laboratory called it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class DayZero(StrEnum):
    """From when the days of measurements count."""

    BIOPSY = "biopsy"
    FIRST_MEASUREMENT = "first measurement"


@dataclass(frozen=True, slots=True)
class Measurement:
    """Values of one blood sample.

    Attributes:
        day: Whole days since day zero, negative before it; None where no date was given.
        ck_u_per_l: Creatine kinase.
        anti_srp_titre: In `ClinicalFacts.anti_srp_titre_unit`.
        anti_hmgcr_titre: In `ClinicalFacts.anti_hmgcr_titre_unit`.

    Raises:
        ValueError: If a value cannot be one.
    """

    day: int | None = None
    ck_u_per_l: float | None = None
    anti_srp_titre: float | None = None
    anti_hmgcr_titre: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no blood sample gives."""
        _check_range("ck_u_per_l", self.ck_u_per_l, *CK_RANGE_U_PER_L)
        for name in ("anti_srp_titre", "anti_hmgcr_titre"):
            _check_range(name, getattr(self, name), 0.0, 1e9)


@dataclass(frozen=True, slots=True)
class ClinicalFacts:
    """What is known of one patient at one biopsy.

    Attributes:
        biopsy: Name of the biopsy: the only name that is kept.
        age_years: At the biopsy; 90 stands for every age above 89.
        proximal_weakness: Whether the proximal muscles are weak on examination.
        statin_exposure: Whether a statin was ever taken.
        earlier_treatment: Whether steroids or other immunosuppression were given before the biopsy.
        anti_srp: Antibodies to the signal recognition particle.
        anti_hmgcr: Antibodies to HMG-CoA reductase.
        other_myositis_antibodies: All other myositis-specific antibodies; negative only if a full panel was.
        ck_upper_limit_u_per_l: The laboratory's upper limit of normal for this patient.
        anti_srp_titre_unit: Of the assay.
        anti_hmgcr_titre_unit: Of the assay.
        day_zero: From when days count; None where no measurement has a day.
        measurements: In order of days, undated ones last.

    Raises:
        ValueError: If a value cannot be one.
    """

    biopsy: str
    age_years: int | None = None
    proximal_weakness: bool | None = None
    statin_exposure: bool | None = None
    earlier_treatment: bool | None = None
    anti_srp: Result | None = None
    anti_hmgcr: Result | None = None
    other_myositis_antibodies: Result | None = None
    ck_upper_limit_u_per_l: float | None = None
    anti_srp_titre_unit: str | None = None
    anti_hmgcr_titre_unit: str | None = None
    day_zero: DayZero | None = None
    measurements: tuple[Measurement, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be true."""
        if not self.biopsy:
            raise ValueError("biopsy must have a name")
        _check_range("age_years", self.age_years, 0, OLDEST_YEARS + 1)
        _check_range("ck_upper_limit_u_per_l", self.ck_upper_limit_u_per_l, *LIMIT_RANGE_U_PER_L)
        if (self.day_zero is None) != all(one.day is None for one in self.measurements):
            raise ValueError("day_zero must be there exactly where a measurement has a day")

    @property
    def highest_ck_u_per_l(self) -> float | None:
        """The highest creatine kinase; None where none was given."""
        return max((one.ck_u_per_l for one in self.measurements if one.ck_u_per_l is not None), default=None)


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be {low:g} to {high:,.0f}, not {value:g}")
