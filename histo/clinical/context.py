"""What criteria make of what is known: each criterion met, not met or unknown, and what is still to be excluded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from histo.clinical.facts import ClinicalFacts

NOTICE = (
    "Clinical context: an adjunct to the histologic reading, never a diagnosis. It is told as it was given, unchecked, "
    "and has not altered the pattern. Whether a patient has a disease is for the treating physicians to say."
)
"""Stands on everything that shows a clinical context."""


class CriterionState(StrEnum):
    """How a criterion stands."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


class SubtypeState(StrEnum):
    """How all criteria of a subtype stand together."""

    ALL_MET = "all met"
    NOT_MET = "not met"
    """At least one is not met."""
    OPEN = "open"
    """None is unmet, and at least one unknown."""


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """One criterion of a subtype.

    Attributes:
        text: What it asks, in words.
        state: How it stands.
        because: What was given, or that nothing was.
        source: DOI, or (C).
    """

    text: str
    state: CriterionState
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something that must be excluded before a subtype can be thought of, and that this software cannot exclude."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class SubtypeStanding:
    """How the criteria of one subtype stand.

    Attributes:
        name: Of the subtype.
        state: Of all criteria together.
        sentence: The same in words, with what is lacking.
        biopsy: What a biopsy means for it.
        criteria: One by one.
        to_exclude: What must be excluded besides.
        source: DOI, or (C).
    """

    name: str
    state: SubtypeState
    sentence: str
    biopsy: str
    criteria: tuple[CriterionStanding, ...]
    to_exclude: tuple[Exclusion, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Note:
    """What else is known of such patients, with its source."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ClinicalContext:
    """The clinical section of a reading.

    Attributes:
        notice: That it is an adjunct and no diagnosis.
        facts: What was given.
        subtypes: The subtypes of immune-mediated necrotizing myopathy, in the order of the rules.
        notes: Remarks that apply to this patient.
        rules: Name of the file of rules.
        rules_sha256: Its digest.
        wording: Where the wording of the rules comes from, and who should confirm it.
    """

    notice: str
    facts: ClinicalFacts
    subtypes: tuple[SubtypeStanding, ...]
    notes: tuple[Note, ...]
    rules: str
    rules_sha256: str
    wording: str
