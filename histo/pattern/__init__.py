"""Names the biopsy pattern from graded evidence, with its reasons, its differential and its refusals."""

from histo.pattern.conventions import Conventions, RecoveryBands, load_conventions
from histo.pattern.grades import (
    NOTHING_ASSESSED,
    Atrophy,
    Chronicity,
    Grade,
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
from histo.pattern.read import read_pattern
from histo.pattern.reading import (
    Candidate,
    PatternReading,
    Places,
    Reason,
    Refusal,
    RuleFile,
    SlideReading,
    StainAdvice,
    Suitability,
)
from histo.pattern.table import DecisionTable, Row, load_table, shipped_table
from histo.pattern.uncertainty import bound_sentence

__all__ = [
    "DISCLAIMER",
    "NAMED_PATTERNS",
    "NOTHING_ASSESSED",
    "Atrophy",
    "Candidate",
    "Chronicity",
    "Conventions",
    "DecisionTable",
    "Grade",
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
    "RecoveryBands",
    "Refusal",
    "Row",
    "RuleFile",
    "SlideReading",
    "Spread",
    "Stages",
    "StainAdvice",
    "Suitability",
    "Zone",
    "bound_sentence",
    "load_conventions",
    "load_table",
    "read_pattern",
    "shipped_table",
]
