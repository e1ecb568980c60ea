"""What is known of the patient besides the slide, and what published criteria make of it: an adjunct, kept apart.

Nothing of this room reaches the histologic reading: `histo.evidence` and `histo.pattern` may not import it.
"""

from histo.clinical.assess import assess
from histo.clinical.context import (
    NOTICE,
    ClinicalContext,
    CriterionStanding,
    CriterionState,
    Exclusion,
    Note,
    SubtypeStanding,
    SubtypeState,
)
from histo.clinical.facts import ClinicalFacts, DayZero, Measurement, Result
from histo.clinical.read_file import choose_biopsy, load_clinical
from histo.clinical.rules import ClinicalRules, load_rules, shipped_rules

__all__ = [
    "NOTICE",
    "ClinicalContext",
    "ClinicalFacts",
    "ClinicalRules",
    "CriterionStanding",
    "CriterionState",
    "DayZero",
    "Exclusion",
    "Measurement",
    "Note",
    "Result",
    "SubtypeStanding",
    "SubtypeState",
    "assess",
    "choose_biopsy",
    "load_clinical",
    "load_rules",
    "shipped_rules",
]
