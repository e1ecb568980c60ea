"""From cells of text to facts: words, numbers and dates are understood one by one, and faults are collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from histo.clinical.facts import (
    CK_RANGE_U_PER_L,
    LIMIT_RANGE_U_PER_L,
    OLDEST_YEARS,
    ClinicalFacts,
    DayZero,
    Measurement,
    Result,
)

Value = TypeVar("Value")

UNITS = ("U/mL", "IU/mL", "AU/mL", "AU", "CU", "index", "reciprocal dilution", "arbitrary units")
"""Of titres. A closed list, so that nothing else can be written there."""

OLDEST_AGE = 120
FARTHEST_DAY = 40_000
_UKAT = "give U/L with a decimal point; 1 ukat/L is 60 U/L"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a table, or a part of a JSON file.

    Attributes:
        place: Where it stands, for messages: `row 3`.
        values: Text by field; empty or absent where nothing is given.
    """

    place: str
    values: Mapping[str, str]


@dataclass
class Faults:
    """What is wrong, one clause each."""

    told: list[str] = field(default_factory=list)


def _yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("is neither yes nor no")
    return text.lower() == "yes"


def _result(text: str) -> Result:
    try:
        return Result(text.lower())
    except ValueError:
        raise ValueError("is neither positive nor negative") from None


def _number(low: float, high: float, unit: str, hint: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"is not a number ({hint})") from None
        if not low <= value <= high:  # nor is NaN
            raise ValueError(f"is not between {low:g} and {high:,.0f}{unit} ({hint})")
        return value

    return read


def _whole(low: int, high: int, what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"is not a whole number of {what}") from None
        if not low <= value <= high:
            raise ValueError(f"is not between {low} and {high} {what}")
        return value

    return read


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date like 2024-01-31") from None


def _unit(text: str) -> str:
    known = {unit.lower(): unit for unit in UNITS}
    if text.lower() not in known:
        raise ValueError(f"is none of {', '.join(UNITS)}")
    return known[text.lower()]


_titre = _number(0.0, 1e9, "", "give the assay's number with a decimal point")

_FACT_READERS: Mapping[str, Callable[[str], Any]] = {
    "age_years": _whole(0, OLDEST_AGE, "years"),
    "proximal_weakness": _yes_no,
    "statin_exposure": _yes_no,
    "earlier_treatment": _yes_no,
    "anti_srp": _result,
    "anti_hmgcr": _result,
    "other_myositis_antibodies": _result,
    "ck_upper_limit_u_per_l": _number(*LIMIT_RANGE_U_PER_L, " U/L", _UKAT),
    "anti_srp_titre_unit": _unit,
    "anti_hmgcr_titre_unit": _unit,
    "biopsy_date": _date,
}
_SAMPLE_READERS: Mapping[str, Callable[[str], Any]] = {
    "date": _date,
    "day": _whole(-FARTHEST_DAY, FARTHEST_DAY, "days"),
    "ck_u_per_l": _number(*CK_RANGE_U_PER_L, " U/L", _UKAT),
    "anti_srp_titre": _titre,
    "anti_hmgcr_titre": _titre,
}
_VALUES = ("ck_u_per_l", "anti_srp_titre", "anti_hmgcr_titre")

FACTS = ("biopsy", *_FACT_READERS)
"""Fields that are told once for a biopsy."""

COLUMNS = (*FACTS, *_SAMPLE_READERS)
"""All fields: of a CSV file the columns, in any order."""


@dataclass
class _Told:
    """What the entries of one biopsy tell."""

    facts: dict[str, tuple[Any, str]] = field(default_factory=dict)
    samples: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def understand(entries: Sequence[Entry], faults: Faults) -> dict[str, ClinicalFacts]:
    """Facts by name of the biopsy. Entries of one name add up; what contradicts an earlier one is a fault."""
    told: dict[str, _Told] = {}
    for entry in entries:
        name = entry.values.get("biopsy", "")
        if not name:
            faults.told.append(f"{entry.place}: biopsy is empty")
            continue
        _take(entry, told.setdefault(name, _Told()), faults)
    found = {name: _facts(name, one, faults) for name, one in told.items()}
    return {name: facts for name, facts in found.items() if facts is not None}


def _take(entry: Entry, into: _Told, faults: Faults) -> None:
    for name, read in _FACT_READERS.items():
        value = _read(entry, name, read, faults)
        if value is None:
            continue
        earlier, place = into.facts.setdefault(name, (value, entry.place))
        if earlier != value:
            faults.told.append(f"{entry.place}: {name} {entry.values[name]} contradicts {place}")
    sample = {name: _read(entry, name, read, faults) for name, read in _SAMPLE_READERS.items()}
    if sample["date"] is not None and sample["day"] is not None:
        faults.told.append(f"{entry.place}: gives both date and day")
    elif any(sample[name] is not None for name in _VALUES):
        into.samples.append((entry.place, sample))
    elif sample["date"] is not None or sample["day"] is not None:
        faults.told.append(f"{entry.place}: gives a date or day, and no value of that day")


def _read(entry: Entry, name: str, read: Callable[[str], Value], faults: Faults) -> Value | None:
    text = entry.values.get(name, "")
    try:
        return read(text) if text else None
    except ValueError as error:
        faults.told.append(f"{entry.place}: {name} {text} {error}")
        return None


def _facts(name: str, told: _Told, faults: Faults) -> ClinicalFacts | None:
    """The facts of one biopsy; dates become days, and only days are kept."""
    known = {key: value for key, (value, _) in told.facts.items()}
    at_biopsy: date | None = known.pop("biopsy_date", None)
    dates = [sample["date"] for _, sample in told.samples if sample["date"] is not None]
    days = [sample["day"] for _, sample in told.samples if sample["day"] is not None]
    if dates and days and at_biopsy is None:
        places = ", ".join(place for place, sample in told.samples if sample["day"] is not None)
        faults.told.append(
            f"{places}: days count from the biopsy, other rows of {name} give dates, and biopsy_date is empty"
        )
        return None
    first = at_biopsy or min(dates, default=None)
    measurements = []
    for _, sample in told.samples:
        on: date | None = sample["date"]
        day = sample["day"] if on is None or first is None else (on - first).days
        measurements.append(Measurement(day, *(sample[value] for value in _VALUES)))
    measurements.sort(key=lambda one: (one.day is None, one.day or 0))
    zero = DayZero.BIOPSY if days or at_biopsy is not None else DayZero.FIRST_MEASUREMENT
    if "age_years" in known:
        known["age_years"] = min(known["age_years"], OLDEST_YEARS + 1)
    return ClinicalFacts(
        biopsy=name,
        day_zero=zero if dates or days else None,
        measurements=tuple(measurements),
        **known,
    )
