"""What a case report tells, in which order and in which words: once, for every form that it is given."""

from histo.report.case.blocks import (
    Balance,
    Block,
    CaseReport,
    Figure,
    Figures,
    Gallery,
    Grid,
    Leanings,
    Points,
    Section,
    Sides,
    Strips,
    Table,
    Words,
)
from histo.report.case.build import case_report
from histo.report.case.sights import SlideSights

__all__ = [
    "Balance",
    "Block",
    "CaseReport",
    "Figure",
    "Figures",
    "Gallery",
    "Grid",
    "Leanings",
    "Points",
    "Section",
    "Sides",
    "SlideSights",
    "Strips",
    "Table",
    "Words",
    "case_report",
]
