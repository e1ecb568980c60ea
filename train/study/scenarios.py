"""Under what a study repeats itself, to find its worst case: ends of the simulator's parameters and of the errors."""

from __future__ import annotations

from dataclasses import dataclass, field

from train.study.biopsies import AS_DRAWN, Change


@dataclass(frozen=True, slots=True)
class Scenario:
    """One set of circumstances.

    Attributes:
        name: Of its table.
        text: What it is, for readers.
        change: What it alters in the simulated disease and in the tissue.
        low_recall: Whether finds are as rare as the error model's intervals allow.
        many_false: Whether false calls are as frequent as they allow.
    """

    name: str
    text: str
    change: Change = field(default=AS_DRAWN)
    low_recall: bool = False
    many_false: bool = False


AS_MEASURED = Scenario("sampled", "as measured")

_SHARES = ("pale", "hyaline", "myophagocytosis")
_CELLS = ("lymphocytes_mm2", "macrophages_mm2", "perimysial_mm2", "foci_mm2")

SCENARIOS = (
    Scenario("low_recall", "recall at the lower end of its interval", low_recall=True),
    Scenario("many_false", "false calls at the upper end of their intervals", many_false=True),
    Scenario("both_ends", "both at once", low_recall=True, many_false=True),
    Scenario("mild", "a third of the necrosis", Change(times=dict.fromkeys(_SHARES, 1 / 3))),
    Scenario("little_infiltrate", "a third of the infiltrate", Change(times=dict.fromkeys(_CELLS, 1 / 3))),
    Scenario("much_infiltrate", "three times the infiltrate", Change(times=dict.fromkeys(_CELLS, 3.0))),
    Scenario("small_fibers", "fibers 0.7 times as wide", Change(times={"fiber_um": 0.7})),
    Scenario("large_fibers", "fibers 1.3 times as wide", Change(times={"fiber_um": 1.3})),
    Scenario("little_tissue", "one section of 1.5 mm2", Change(tissue_mm2=1.5, levels=1)),
    Scenario("thin_septa", "septa half as wide", Change(times={"perimysium_um": 0.5})),
    Scenario("oblique", "half of the fascicles cut obliquely", Change(fixed={"oblique": 0.5})),
)
"""All but the one that is as measured. The factors are conventions (C): no source gives ranges for them."""
