"""What a calibration adds to a reading: its order, its set, what speaks for the first candidate, and its limits."""

from __future__ import annotations

from dataclasses import dataclass

from histo.pattern.labels import PatternLabel

SIMULATOR = "simulator"
"""The population of phantoms: what was measured there says nothing on patients."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured of a calibration, on biopsies that its fit had not seen, with its 95% interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to the log odds of the first candidate against the second.

    Features that go together share what they add, as the fit happened to split it: look at them together.

    Attributes:
        feature: Its stable name.
        text: What it is.
        value: Its value; None where it was not assessed, which counts too.
        unit: Of the value.
        log_odds: Above 0 it speaks for the first candidate, below 0 for the second; against a biopsy in which the
            feature is as in the middle one of the population.
    """

    feature: str
    text: str
    value: float | None
    unit: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """The first candidate against the second.

    Attributes:
        first: The likeliest pattern.
        second: The next.
        baseline_log_odds: Log odds of a biopsy whose every feature is in the middle. With all contributions it adds up
            to the log odds of the first against the second.
        contributions: Largest first.
    """

    first: PatternLabel
    second: PatternLabel
    baseline_log_odds: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What the calibration said of a biopsy.

    Attributes:
        population: `simulator`, or whose biopsies it was fitted on.
        note: What must stand beside everything that it ranks.
        patients: How many patients it was fitted on.
        biopsies: How many biopsies.
        coverage_percent: How many of each pattern's biopsies their sets hold, in that population.
        conformal_set: Patterns of the set, likeliest first; it may be empty.
        contrast: What speaks for the first candidate against the second.
        unheard_of: Features that this biopsy lacks and none of the population did; the set was widened for them.
        figures: What was measured of the calibration on its own population.
    """

    population: str
    note: str
    patients: int
    biopsies: int
    coverage_percent: float
    conformal_set: tuple[PatternLabel, ...]
    contrast: Contrast
    unheard_of: tuple[str, ...]
    figures: tuple[Figure, ...]

    @property
    def set_name(self) -> str:
        """`90% set`; of a simulator `set`, for nobody knows how often its sets hold on biopsies."""
        return "set" if self.population == SIMULATOR else f"{self.coverage_percent:g}% set"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The decision table named a pattern that the conformal set lacks, or that is not first where it is empty.

    Attributes:
        label: The pattern that the table named.
        rule: By which row.
        sentence: What contradicts what.
        remedy: What to look at.
    """

    label: PatternLabel
    rule: str
    sentence: str
    remedy: str
