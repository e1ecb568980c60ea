"""The clinical section of a reading.json, read back strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histo.clinical.context import (
    ClinicalContext,
    CriterionStanding,
    CriterionState,
    Exclusion,
    Note,
    SubtypeStanding,
    SubtypeState,
)
from histo.clinical.facts import ClinicalFacts, DayZero, Measurement, Result


def context_from_document(section: Mapping[str, Any]) -> ClinicalContext:
    """The inverse of what is written of a `ClinicalContext`.

    Args:
        section: The member `clinical` of a reading.json, not null.

    Raises:
        KeyError: If something is missing.
        TypeError: If something is there besides.
        ValueError: If a value cannot be one.
    """
    return ClinicalContext(
        notice=section["notice"],
        facts=_facts(section["facts"]),
        subtypes=tuple(_subtype(entry) for entry in section["subtypes"]),
        notes=tuple(Note(**entry) for entry in section["notes"]),
        rules=section["rules"],
        rules_sha256=section["rules_sha256"],
        wording=section["wording"],
    )


def _facts(entry: Mapping[str, Any]) -> ClinicalFacts:
    read: dict[str, Any] = dict(entry)
    for name in ("anti_srp", "anti_hmgcr", "other_myositis_antibodies"):
        read[name] = None if read[name] is None else Result(read[name])
    read["day_zero"] = None if read["day_zero"] is None else DayZero(read["day_zero"])
    read["measurements"] = tuple(Measurement(**one) for one in read["measurements"])
    return ClinicalFacts(**read)


def _subtype(entry: Mapping[str, Any]) -> SubtypeStanding:
    read: dict[str, Any] = dict(entry)
    read["state"] = SubtypeState(read["state"])
    read["criteria"] = tuple(
        CriterionStanding(**{**one, "state": CriterionState(one["state"])}) for one in read["criteria"]
    )
    read["to_exclude"] = tuple(Exclusion(**one) for one in read["to_exclude"])
    return SubtypeStanding(**read)
