"""A reading as it is stored, in the classes that it was made of: what a report can be drawn from at any later time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from histo.clinical import ClinicalContext
from histo.errors import RecordError
from histo.evidence import BiopsyEvidence, Coverage, from_dict
from histo.pattern import PatternReading, Places
from histo.records.plain import REMEDY
from histo.records.reading import ModelFacts, SlideFailure


@dataclass(frozen=True, slots=True)
class StoredScale:
    """The scale of a slide, and where it was read."""

    um_per_px: float
    source: str


@dataclass(frozen=True, slots=True)
class SlideFacts:
    """What reading.json tells of one slide; an allow-list, so that no property of the file gets out beside it.

    Attributes:
        name: Of its results.
        file: Name of the file, without its folder; None for a slide in memory.
        sha256: Of the file.
        width_px: Of level 0.
        height_px: Of level 0.
        levels: How many can be read.
        vendor: Format or maker.
        stain: What its colors look like.
        warnings: One sentence each.
        scale: Micrometers per pixel, and where that was read.
        coverage: Areas.
        fibers: Fibers found.
        nuclei: Nuclei found.
    """

    name: str
    file: str | None
    sha256: str
    width_px: int
    height_px: int
    levels: int
    vendor: str
    stain: str
    warnings: tuple[str, ...]
    scale: StoredScale
    coverage: Coverage
    fibers: int
    nuclei: int


@dataclass(frozen=True, slots=True)
class Software:
    """What made a reading."""

    histo: str
    python: str
    packages: Mapping[str, str | None]


@dataclass(frozen=True, eq=False, slots=True)
class ReadingFacts:
    """All that reading.json holds for people.

    Attributes:
        name: Of the biopsy; of the slide where it is read on its own.
        slides: Those that were read.
        failures: Those that were not.
        evidence: The numbers.
        pattern: The pattern with its reasons, or a refusal.
        model: What read it.
        clinical: The clinical context; None where nothing was given.
        software: What made it.
    """

    name: str
    slides: tuple[SlideFacts, ...]
    failures: tuple[SlideFailure, ...]
    evidence: BiopsyEvidence
    pattern: PatternReading
    model: ModelFacts
    clinical: ClinicalContext | None
    software: Software


FIRST_SCHEMA = (1, 3)
"""Readings of older schemas hold their evidence in other entries, which nothing here understands any more."""


def reading_facts(document: Mapping[str, Any], source: Path | str = "the reading") -> ReadingFacts:
    """The facts of a reading.json.

    Args:
        document: As `reading_document` makes it, or as it was read back.
        source: Its file, for errors.

    Raises:
        RecordError: If the reading is of a schema that is too old, or an entry is missing or not what it should be.
    """
    version = str(document.get("schema_version", ""))
    if (numbers := _version(version)) is not None and numbers < FIRST_SCHEMA:
        first = ".".join(map(str, FIRST_SCHEMA))
        raise RecordError(source, f"is of schema {version}, and this histo draws reports from {first} on", REMEDY)
    try:
        clinical = document.get("clinical")  # readings of schema 1.1 have none
        return ReadingFacts(
            name=from_dict(str, document["name"]),
            slides=tuple(_slide(entry) for entry in document["slides"]),
            failures=tuple(from_dict(SlideFailure, entry) for entry in document["failures"]),
            evidence=from_dict(BiopsyEvidence, document["evidence"], older=True),
            pattern=from_dict(PatternReading, _pattern(document["pattern"]), older=True),
            model=from_dict(ModelFacts, document["model"], older=True),
            clinical=None if clinical is None else from_dict(ClinicalContext, clinical),
            software=from_dict(Software, document["provenance"]),
        )
    except KeyError as error:
        raise RecordError(source, f"lacks {error}", REMEDY) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordError(source, f"cannot be drawn by this histo ({error})", REMEDY) from error


def _version(text: str) -> tuple[int, ...] | None:
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


def _pattern(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Without the places in micrometers of a reason's fibers and cells, which the tables tell exactly."""
    reasons = [
        {**reason, "places": [{name: place[name] for name in _PLACES_ENTRIES} for place in reason["places"]]}
        for reason in entry["reasons"]
    ]
    return {**entry, "reasons": reasons}


_PLACES_ENTRIES = tuple(Places.__dataclass_fields__)
_SLIDE_ENTRIES = tuple(SlideFacts.__dataclass_fields__)


def _slide(entry: Mapping[str, Any]) -> SlideFacts:
    return from_dict(SlideFacts, {name: entry[name] for name in _SLIDE_ENTRIES})
