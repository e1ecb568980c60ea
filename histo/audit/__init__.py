"""The audit: what a reader verifies of calls and of what was not called, and the count that follows from it.

It holds whatever the detector's errors are.

Needs numpy and SciPy, and shapely to tell in which outline a mark lies; nothing of a slide, a network or a disk.
"""

from __future__ import annotations

from histo.audit.answers import (
    CELL_MARKS,
    FIBER_VERDICTS,
    FIELD_VERDICTS,
    NECROTIC_VERDICTS,
    Answer,
    Mark,
    MarkKind,
    Verdict,
    check_answers,
    holding_fibers,
    latest,
)
from histo.audit.count import AuditResult, MissLimit, VerifiedCount, verify
from histo.audit.design import Design, DrawnStratum, Item, Plan, draw_design
from histo.audit.effort import Effort, effort_for
from histo.audit.interval import Sampled, Total, estimate, total
from histo.audit.population import AuditedSlide, Population, population_of
from histo.audit.rules import AuditRules, standard_rules
from histo.audit.strata import Call, ItemKind, Stratum, stratify
from histo.evidence.corrected_count import Finding

__all__ = [
    "CELL_MARKS",
    "FIBER_VERDICTS",
    "FIELD_VERDICTS",
    "NECROTIC_VERDICTS",
    "Answer",
    "AuditResult",
    "AuditRules",
    "AuditedSlide",
    "Call",
    "Design",
    "DrawnStratum",
    "Effort",
    "Finding",
    "Item",
    "ItemKind",
    "Mark",
    "MarkKind",
    "MissLimit",
    "Plan",
    "Population",
    "Sampled",
    "Stratum",
    "Total",
    "Verdict",
    "VerifiedCount",
    "check_answers",
    "draw_design",
    "effort_for",
    "estimate",
    "holding_fibers",
    "latest",
    "population_of",
    "standard_rules",
    "stratify",
    "total",
    "verify",
]
