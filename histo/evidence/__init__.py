"""Turns the findings of a biopsy's slides into numbers with intervals: how much, where, and in which stages."""

from histo.evidence.bound import Recall
from histo.evidence.cell_results import Cluster, CompartmentDensity, Infiltrate, PhagocyteSupport, WorstField
from histo.evidence.corrected_count import CorrectedCount
from histo.evidence.correction import correct_counts
from histo.evidence.density_map import DensityMap, SlideMaps, density_map, slide_maps
from histo.evidence.false_calls import FalseCalls
from histo.evidence.fiber_results import (
    Burden,
    Estimate,
    FalseCallFloor,
    FiberCounts,
    FiberSizes,
    KindBound,
    NecrosisBound,
    StageMix,
)
from histo.evidence.measures import Measures, standard_measures
from histo.evidence.observation import Coverage, SlideObservation
from histo.evidence.phagocytes import macrophages_inside
from histo.evidence.place_results import (
    CompositionIntervals,
    EdgePosition,
    FascicleBootstrap,
    Fascicles,
    NecroticSheet,
    Resampled,
    RipleyTest,
    SpreadTest,
    TissueComposition,
)
from histo.evidence.plain import from_dict, to_dict
from histo.evidence.results import AcrossSlides, BiopsyEvidence, Evidence, FindingIds, SlideEvidence, SlideSpread
from histo.evidence.weigh import weigh_evidence

__all__ = [
    "AcrossSlides",
    "BiopsyEvidence",
    "Burden",
    "Cluster",
    "CompartmentDensity",
    "CompositionIntervals",
    "CorrectedCount",
    "Coverage",
    "DensityMap",
    "EdgePosition",
    "Estimate",
    "Evidence",
    "FalseCallFloor",
    "FalseCalls",
    "FascicleBootstrap",
    "Fascicles",
    "FiberCounts",
    "FiberSizes",
    "FindingIds",
    "Infiltrate",
    "KindBound",
    "Measures",
    "NecrosisBound",
    "NecroticSheet",
    "PhagocyteSupport",
    "Recall",
    "Resampled",
    "RipleyTest",
    "SlideEvidence",
    "SlideMaps",
    "SlideObservation",
    "SlideSpread",
    "SpreadTest",
    "StageMix",
    "TissueComposition",
    "WorstField",
    "correct_counts",
    "density_map",
    "from_dict",
    "macrophages_inside",
    "slide_maps",
    "standard_measures",
    "to_dict",
    "weigh_evidence",
]
