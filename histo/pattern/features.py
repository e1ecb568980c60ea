"""The named evidence features of the differential: what tells the patterns apart, as numbers.

Each is measured in a unit that a reader knows; the axis says on which scale the model looks at it. In shares and ratios
of counts one fiber or cell is added to each side (Laplace's rule), so that a handful of finds does not weigh like
hundreds, and no limit has to be chosen below which they would not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.evidence import Burden, CompartmentDensity, EdgePosition, Estimate, Evidence, Infiltrate, SpreadTest
from histo.pattern.axes import Axis
from histo.pattern.grading import small_fiber_percent

NORMAL_95 = 1.96
"""Half the width of a 95% interval in standard deviations."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that separates patterns.

    Attributes:
        name: Stable: a calibration refers to it.
        text: What it is, for readers.
        unit: Of the number.
        axis: The scale on which the model looks at it.
        of: The number of a biopsy; None where it is not assessed.
    """

    name: str
    text: str
    unit: str
    axis: Axis
    of: Callable[[Evidence], float | None]


def features_of(evidence: Evidence) -> NDArray[np.float64]:
    """The features of a biopsy, in the order of `FEATURES` and in their units.

    Args:
        evidence: The pooled numbers of a biopsy.

    Returns:
        (F,) float64. NaN where a feature is not assessed. That is information and not an error: where there is no
        necrosis it has no place. So a model takes the typical value for it **and** is told that it is missing
        (`histo.pattern.calibration`); nobody may read a NaN as 0.
    """
    return np.array([np.nan if (value := feature.of(evidence)) is None else value for feature in FEATURES], np.float64)


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _per_1000(evidence: Evidence, fibers: int) -> float | None:
    return 1000 * fibers / evidence.fibers.fibers if evidence.fibers.fibers else None


def _stage_percent(evidence: Evidence, fibers: int) -> float | None:
    """The share of one of three stages; None without a fiber in any."""
    return 100 * (fibers + 1) / (evidence.stages.fibers + 3) if evidence.stages.fibers else None


def _early_percent(evidence: Evidence) -> float | None:
    return _stage_percent(evidence, evidence.necrotic.fibers - evidence.myophagocytosis.fibers)


def _phagocytic_percent(evidence: Evidence) -> float | None:
    return _stage_percent(evidence, evidence.myophagocytosis.fibers)


def _closeness(test: SpreadTest | None) -> float | None:
    """How much closer together than at random, in standard deviations of random labelling."""
    if test is None or test.nearest_index is None or test.random_low is None or test.random_high is None:
        return None
    deviation = (test.random_high - test.random_low) / (2 * NORMAL_95)
    return (1 - test.nearest_index) / deviation if deviation > 0 else None


def _in_groups(test: SpreadTest | None) -> float | None:
    return None if test is None else test.in_large_groups_percent


def _at_edge(position: EdgePosition | None) -> float | None:
    return None if position is None else (position.at_edge_fibers + 1) / (position.expected_at_edge_fibers + 1)


def _edge_atrophic_percent(evidence: Evidence) -> float | None:
    return None if evidence.atrophy_position is None else evidence.atrophy_position.percent_of_edge


def _sheet_percent(evidence: Evidence) -> float | None:
    if not evidence.fibers.fibers:
        return None
    return 0.0 if evidence.sheet is None else 100 * evidence.sheet.fibers / evidence.fibers.fibers


def _cells(of: Callable[[Infiltrate], CompartmentDensity]) -> Callable[[Evidence], float | None]:
    """The density of a part of the infiltrate; None where cells are not assessed."""
    return lambda evidence: None if evidence.infiltrate is None else _value(of(evidence.infiltrate).per_mm2)


def _burden(of: Callable[[Evidence], Burden | None]) -> Callable[[Evidence], float | None]:
    """Fibers of a kind per 1,000; None where they are not assessed."""
    return lambda evidence: None if (burden := of(evidence)) is None else _value(burden.per_1000_fibers)


def _of_infiltrate(of: Callable[[Infiltrate], float]) -> Callable[[Evidence], float | None]:
    """A number of the infiltrate; None where cells are not assessed."""

    def assessed(evidence: Evidence) -> float | None:
        found = evidence.infiltrate
        return None if found is None or found.total.per_mm2 is None else of(found)

    return assessed


def _endomysial_ratio(found: Infiltrate) -> float:
    return (found.endomysial.cells + 1) / (found.perimysial.cells + found.perivascular.cells + 1)


def _lymphocyte_ratio(found: Infiltrate) -> float:
    return (found.lymphocyte_like.cells + 1) / (found.macrophage_like.cells + 1)


def _worst_field(found: Infiltrate) -> float:
    return 0.0 if found.worst_field is None else found.worst_field.per_mm2


def _clusters_per_cm2(evidence: Evidence) -> float | None:
    area_mm2 = evidence.coverage.assessable_mm2
    if evidence.infiltrate is None or area_mm2 == 0:
        return None
    return 100 * evidence.infiltrate.clusters_count / area_mm2


_FIBERS = "per 1,000 fibers"
_CELLS = "per mm2"

FEATURES: tuple[Feature, ...] = (
    Feature("necrotic", "necrotic fibers", _FIBERS, Axis.LOG, _burden(lambda e: e.necrotic)),
    Feature("regenerating", "regenerating fibers", _FIBERS, Axis.LOG, _burden(lambda e: e.regenerating)),
    Feature("early", "early stage (pale or hyaline)", "% of three stages", Axis.LINEAR, _early_percent),
    Feature("phagocytic", "phagocytosed stage", "% of three stages", Axis.LINEAR, _phagocytic_percent),
    Feature(
        "necrosis_closeness",
        "necrotic fibers closer together than at random",
        "standard deviations",
        Axis.LOG,
        lambda e: _closeness(e.necrosis_spread),
    ),
    Feature(
        "necrosis_grouped",
        "necrotic fibers in large groups",
        "% of necrotic",
        Axis.LINEAR,
        lambda e: _in_groups(e.necrosis_spread),
    ),
    Feature("sheet", "fibers in the largest sheet of necrosis", "% of fibers", Axis.LOG, _sheet_percent),
    Feature(
        "necrosis_edge",
        "necrotic fibers at the fascicle edge",
        "times chance",
        Axis.RATIO,
        lambda e: _at_edge(e.necrosis_position),
    ),
    Feature("atrophic", "small fibers", "% of measured", Axis.LOG, small_fiber_percent),
    Feature(
        "atrophy_edge",
        "small fibers at the fascicle edge",
        "times chance",
        Axis.RATIO,
        lambda e: _at_edge(e.atrophy_position),
    ),
    Feature("edge_atrophic", "small among the fibers at an edge", "%", Axis.LOG, _edge_atrophic_percent),
    Feature(
        "atrophy_grouped",
        "small fibers in large groups",
        "% of small",
        Axis.LINEAR,
        lambda e: _in_groups(e.atrophy_spread),
    ),
    Feature("infiltrate", "inflammatory cells", _CELLS, Axis.LOG, _cells(lambda i: i.total)),
    Feature(
        "lymphocytes",
        "lymphocyte-like to macrophage-like cells",
        "ratio",
        Axis.RATIO,
        _of_infiltrate(_lymphocyte_ratio),
    ),
    Feature("endomysial", "inflammatory cells in the endomysium", _CELLS, Axis.LOG, _cells(lambda i: i.endomysial)),
    Feature("perimysial", "inflammatory cells in the perimysium", _CELLS, Axis.LOG, _cells(lambda i: i.perimysial)),
    Feature("perivascular", "inflammatory cells near vessels", _CELLS, Axis.LOG, _cells(lambda i: i.perivascular)),
    Feature(
        "place",
        "endomysial to perimysial and perivascular cells",
        "ratio",
        Axis.RATIO,
        _of_infiltrate(_endomysial_ratio),
    ),
    Feature("clusters", "clusters of inflammatory cells", "per cm2", Axis.LOG, _clusters_per_cm2),
    Feature("worst_field", "inflammatory cells in the worst field", _CELLS, Axis.LOG, _of_infiltrate(_worst_field)),
    Feature("invasion", "candidates for fiber invasion", _FIBERS, Axis.LOG, _burden(lambda e: e.invasion_candidates)),
    Feature(
        "internal_nuclei",
        "fibers with internal nuclei",
        "% of intact transverse",
        Axis.LOG,
        lambda e: _value(e.fibers.internal_nuclei_percent),
    ),
    Feature(
        "size_variation",
        "coefficient of variation of fiber diameter",
        "",
        Axis.LINEAR,
        lambda e: None if e.sizes is None else e.sizes.min_feret_cv,
    ),
    Feature("endomysium", "endomysium", "% of the fascicles", Axis.LINEAR, lambda e: e.composition.endomysium_percent),
    Feature(
        "connective",
        "endomysium and perimysium",
        "% of the tissue",
        Axis.LINEAR,
        lambda e: e.composition.connective_percent,
    ),
    Feature("fat", "fat", "% of the tissue", Axis.LOG, lambda e: e.composition.fat_percent),
    Feature("opaque", "opaque fibers", _FIBERS, Axis.LOG, lambda e: _per_1000(e, e.fibers.opaque)),
    Feature("vacuolated", "vacuolated fibers", _FIBERS, Axis.LOG, lambda e: _per_1000(e, e.fibers.vacuolated)),
)
"""All features. Each stands for a column of what separates the patterns: how much necrosis, of which age, how it lies
and where; small fibers and where; inflammation, its place, and invasion; signs of chronic myopathy, and near-misses."""
