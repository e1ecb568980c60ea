"""The floors that a bundle trained on phantoms alone must reach, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from histo.network import Metric


@dataclass(frozen=True)
class Floor:
    """What one figure must reach.

    Attributes:
        title: What is measured, for readers.
        metric: Name of the figure; of several, joined by `+`, the sum is meant.
        sense: Whether it must be `at least` or `at most` the bound.
        bound: In the figure's unit.
        beside: Name of a figure that must be stated beside it, such as the sensitivity at the same thresholds.
    """

    title: str
    metric: str
    sense: Literal["at least", "at most"]
    bound: float
    beside: str | None = None


@dataclass(frozen=True)
class Standing:
    """A floor and what was measured.

    Attributes:
        floor: Which.
        metric: The figure; of a sum without an interval.
        beside: The figure that is stated beside it, if any.
        reached: Whether the value reaches the bound.
    """

    floor: Floor
    metric: Metric
    beside: Metric | None
    reached: bool


FLOORS = (
    Floor("fibers_01 (real): fiber F1", "fibers_01.fiber_f1", "at least", 0.94),
    Floor("fibers_04 (real): fiber F1", "fibers_04.fiber_f1", "at least", 0.94),
    Floor("fibers_01 (real): mean IoU of matches", "fibers_01.fiber_mean_iou", "at least", 0.88),
    Floor("fibers_04 (real): mean IoU of matches", "fibers_04.fiber_mean_iou", "at least", 0.88),
    Floor(
        "real: diseased fibers that the masks miss, found",
        "fibers_01.missed_found+fibers_04.missed_found",
        "at least",
        3,
    ),
    Floor(
        "real: of these with the right family of class",
        "fibers_01.missed_right_family+fibers_04.missed_right_family",
        "at least",
        3,
    ),
    Floor(
        "real: intact fibers called necrotic",
        "fibers_01.intact_called_necrotic_fibers+fibers_04.intact_called_necrotic_fibers",
        "at most",
        1,
    ),
    Floor("muscle_section (real): fibers outlined", "muscle_section.fibers", "at least", 300),
    Floor("muscle_section (real): necrosis graded marked or more", "muscle_section.necrosis_marked", "at least", 1),
    Floor("muscle_section (real): infiltrate not sparse", "muscle_section.infiltrate_not_sparse", "at least", 1),
    Floor(
        "muscle_section (real): read as necrotizing or normal",
        "muscle_section.label_necrotizing_or_normal",
        "at most",
        0,
    ),
    Floor("wrong inputs (real and made): patterns named", "wrong_inputs.confident", "at most", 0),
    Floor("unfamiliar slides (made): refused, or flagged", "unfamiliar.caught", "at least", 0.95),
    Floor("phantom sections: refused for their appearance", "familiar.strange", "at most", 0.02),
    Floor("real muscle (3 images): refused for its appearance", "real_muscle.strange", "at most", 0),
    Floor(
        "normal phantom sections: false necrotic fibers per 1,000",
        "false_necrotic_per_1000_fibers",
        "at most",
        1.0,
        "sections.fiber.necrotic.recall",
    ),
    Floor(
        "normal phantom sections: false inflammatory cells per mm2",
        "false_inflammatory_cells_per_mm2",
        "at most",
        1.0,
        "sections.cell.inflammatory.recall",
    ),
    Floor("infiltrated phantoms: intact fibers called necrotic", "infiltrated.intact_called_necrotic", "at most", 0.03),
    Floor("phantom sections: fiber F1", "sections.fiber.f1", "at least", 0.93),
    Floor(
        "phantom sections: necrotic average precision", "sections.fiber.necrotic.average_precision", "at least", 0.88
    ),
    Floor(
        "phantom sections: myophagocytosis average precision",
        "sections.fiber.myophagocytosis.average_precision",
        "at least",
        0.85,
    ),
    Floor("phantom sections: cell F1, kind ignored", "sections.cell.all.f1", "at least", 0.82),
    Floor("phantom sections: cell F1, inflammatory", "sections.cell.inflammatory.f1", "at least", 0.82),
    Floor("phantom sections: mean compartment Dice", "sections.compartment.mean.dice", "at least", 0.85),
)
"""In the order in which they are shown. They are targets of this project, not accepted numbers."""


def standings(metrics: Mapping[str, Metric]) -> tuple[Standing, ...]:
    """How the figures stand to `FLOORS`; a floor whose figures were not measured is left out."""
    found = []
    for floor in FLOORS:
        names = floor.metric.split("+")
        if all(name in metrics for name in names):
            metric = metrics[names[0]]
            if len(names) > 1:
                parts = [metrics[name] for name in names]
                metric = Metric(sum(part.value for part in parts), None, None, sum(part.n for part in parts))
            reached = metric.value >= floor.bound if floor.sense == "at least" else metric.value <= floor.bound
            beside = None if floor.beside is None else metrics.get(floor.beside)
            found.append(Standing(floor, metric, beside, reached))
    return tuple(found)
