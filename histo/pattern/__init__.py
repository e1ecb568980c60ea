"""Names the biopsy pattern from graded evidence, with its reasons, its differential and its refusals."""

from histo.pattern.calibrated import SIMULATOR, Calibrated, Conflict, Contrast, Contribution, Figure
from histo.pattern.calibration import Calibration, Differential, digest_of
from histo.pattern.calibration_file import FILE as CALIBRATION_FILE
from histo.pattern.calibration_file import calibration_to_json, load_calibration
from histo.pattern.conventions import Conventions, RecoveryBands, load_conventions
from histo.pattern.evidence_model import EvidenceModel, FeatureWeights
from histo.pattern.features import FEATURES, Feature, features_of
from histo.pattern.gauges import Band, Gauge, Mark
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
    RecoveryVerdict,
    Refusal,
    RuleFile,
    SlideReading,
    StainAdvice,
    Suitability,
)
from histo.pattern.table import DecisionTable, Row, load_table, shipped_table
from histo.pattern.uncertainty import bound_sentence, false_call_rate

__all__ = [
    "CALIBRATION_FILE",
    "DISCLAIMER",
    "FEATURES",
    "NAMED_PATTERNS",
    "NOTHING_ASSESSED",
    "SIMULATOR",
    "Atrophy",
    "Band",
    "Calibrated",
    "Calibration",
    "Candidate",
    "Chronicity",
    "Conflict",
    "Contrast",
    "Contribution",
    "Conventions",
    "DecisionTable",
    "Differential",
    "EvidenceModel",
    "Feature",
    "FeatureWeights",
    "Figure",
    "Gauge",
    "Grade",
    "Grades",
    "Infiltration",
    "Invasion",
    "Mark",
    "Necrosis",
    "PatternLabel",
    "PatternReading",
    "Place",
    "Places",
    "Position",
    "Reason",
    "RecoveryBands",
    "RecoveryVerdict",
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
    "calibration_to_json",
    "digest_of",
    "false_call_rate",
    "features_of",
    "load_calibration",
    "load_conventions",
    "load_table",
    "read_pattern",
    "shipped_table",
]
