"""Which biopsies a study is made of: a disease each, one to three levels of a few square millimeters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from histo.phantom import DISEASES
from histo.phantom.look import Look
from histo.phantom.scene import Scene, build_scene
from histo.phantom.slide import phantom_biopsy
from histo.phantom.spec import PhantomSpec

MOST_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """One biopsy of a study.

    Attributes:
        seed: Reproduces it.
        disease: A key of `DISEASES`.
        levels: Sections, each a slide.
        tissue_mm2: Area of each.
    """

    seed: int
    disease: str
    levels: int
    tissue_mm2: float

    @property
    def name(self) -> str:
        """The biopsy's name."""
        return f"{self.disease}-{self.seed}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a study's worst cases alter in what a disease has drawn.

    Attributes:
        times: By field of `PhantomSpec`, what its value is multiplied by.
        fixed: By field of `PhantomSpec`, what its value becomes.
        tissue_mm2: Area of every section; None leaves it.
        levels: How many there are; None leaves it.
    """

    times: dict[str, float] = field(default_factory=dict)
    fixed: dict[str, float] = field(default_factory=dict)
    tissue_mm2: float | None = None
    levels: int | None = None

    def of_plan(self, plan: Plan) -> Plan:
        """The plan as it is under this change."""
        return replace(plan, tissue_mm2=self.tissue_mm2 or plan.tissue_mm2, levels=self.levels or plan.levels)

    def of_spec(self, spec: PhantomSpec) -> PhantomSpec:
        """The specification as it is under this change."""
        values: dict[str, Any] = {name: getattr(spec, name) * factor for name, factor in self.times.items()}
        return replace(spec, **{**values, **self.fixed})


AS_DRAWN = Change()


def plan_biopsy(seed: int, number: int, smallest_mm2: float, largest_mm2: float) -> Plan:
    """The biopsy with a number: the diseases take turns, so that the rare ones are seen as often as the others.

    Args:
        seed: Of the biopsy.
        number: Its place in the study.
        smallest_mm2: Areas of sections are even on the log scale from here.
        largest_mm2: To here.
    """
    names = list(DISEASES)
    rng = np.random.default_rng([seed, 44])
    levels = int(rng.integers(1, MOST_LEVELS + 1))
    tissue_mm2 = float(np.exp(rng.uniform(np.log(smallest_mm2), np.log(largest_mm2))))
    return Plan(seed, names[number % len(names)], levels, tissue_mm2)


def draw_levels(plan: Plan, change: Change = AS_DRAWN) -> Iterator[tuple[Scene, Look]]:
    """The levels of a biopsy: one patient, one outline and one stain; fibers and cells of their own.

    So levels differ as sections far apart do, which share no fiber.
    """
    plan = change.of_plan(plan)
    first, look = phantom_biopsy(None, plan.seed, plan.tissue_mm2, plan.disease)
    spec = change.of_spec(first.spec)
    for level in range(plan.levels):
        if level == 0 and spec == first.spec:
            yield first, look
        else:
            seed = first.seed + level
            yield build_scene(spec, first.width_um, first.height_um, seed, first.section), look
