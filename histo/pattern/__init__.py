"""Names the biopsy pattern from graded evidence, with its reasons, its differential and its refusals."""

from histo.pattern.grades import (
    NOTHING_ASSESSED,
    Atrophy,
    Chronicity,
    Grades,
    Infiltration,
    Invasion,
    Necrosis,
    Place,
    Position,
    Spread,
    Stages,
    Zone,
)
from histo.pattern.labels import DISCLAIMER, NAMED_PATTERNS, PatternLabel
from histo.pattern.reading import (
    Candidate,
    PatternReading,
    Places,
    Reason,
    Refusal,
    SlideReading,
    StainAdvice,
    Suitability,
)

__all__ = [
    "DISCLAIMER",
    "NAMED_PATTERNS",
    "NOTHING_ASSESSED",
    "Atrophy",
    "Candidate",
    "Chronicity",
    "Grades",
    "Infiltration",
    "Invasion",
    "Necrosis",
    "PatternLabel",
    "PatternReading",
    "Place",
    "Places",
    "Position",
    "Reason",
    "Refusal",
    "SlideReading",
    "Spread",
    "Stages",
    "StainAdvice",
    "Suitability",
    "Zone",
]
