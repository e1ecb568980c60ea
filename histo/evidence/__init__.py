"""Turns the findings of a biopsy's slides into numbers with intervals: how much, where, and in which stages."""

from histo.evidence.cell_results import Cluster, CompartmentDensity, Infiltrate, PhagocyteSupport, WorstField
from histo.evidence.fiber_results import Burden, Estimate, FalseCallFloor, FiberCounts, FiberSizes, StageMix
from histo.evidence.measures import Measures, standard_measures
from histo.evidence.observation import Coverage, SlideObservation
from histo.evidence.phagocytes import macrophages_inside
from histo.evidence.place_results import EdgePosition, Fascicles, NecroticSheet, SpreadTest, TissueComposition
from histo.evidence.plain import to_dict
from histo.evidence.results import BiopsyEvidence, Evidence, FindingIds, Range, SlideEvidence, SlideSpread
from histo.evidence.weigh import weigh_evidence

__all__ = [
    "BiopsyEvidence",
    "Burden",
    "Cluster",
    "CompartmentDensity",
    "Coverage",
    "EdgePosition",
    "Estimate",
    "Evidence",
    "FalseCallFloor",
    "Fascicles",
    "FiberCounts",
    "FiberSizes",
    "FindingIds",
    "Infiltrate",
    "Measures",
    "NecroticSheet",
    "PhagocyteSupport",
    "Range",
    "SlideEvidence",
    "SlideObservation",
    "SlideSpread",
    "SpreadTest",
    "StageMix",
    "TissueComposition",
    "WorstField",
    "macrophages_inside",
    "standard_measures",
    "to_dict",
    "weigh_evidence",
]
