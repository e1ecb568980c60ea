"""Evidence, graded: the words that the decision table is written in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Necrosis(StrEnum):
    """How much necrosis, from least to most."""

    NONE = "none"
    CANDIDATES = "candidates for review"
    """No more than the detector's own false calls would give."""
    MINIMAL = "minimal"
    MILD = "mild"
    MODERATE = "moderate"
    MARKED = "marked"
    NOT_ASSESSED = "not assessed"


class Infiltration(StrEnum):
    """How many inflammatory cells outside necrotic fibers."""

    NONE_SPARSE = "none or sparse"
    PRESENT = "present"
    DENSE = "dense"
    NOT_ASSESSED = "not assessed"


class Place(StrEnum):
    """Where most of the infiltrate lies."""

    ENDOMYSIAL = "endomysial"
    PERIMYSIAL = "perimysial or perivascular"
    BOTH = "both"
    NOT_ASSESSED = "not assessed"
    """Too few cells to have a place, or nothing scored."""


class Invasion(StrEnum):
    """Whether non-necrotic fibers look invaded; proof needs CD8 and MHC-I."""

    NONE = "none"
    CANDIDATES = "candidates"
    NOT_ASSESSED = "not assessed"


class Stages(StrEnum):
    """Whether necrosis is of one age."""

    MIXED = "mixed"
    EARLY = "one, early"
    PHAGOCYTIC = "one, phagocytic"
    CANNOT_TELL = "cannot tell"
    NOT_ASSESSED = "not assessed"


class Spread(StrEnum):
    """How necrotic fibers lie among the fibers present."""

    SCATTERED = "scattered"
    """Not closer than at random, and there were enough fibers to have seen it."""
    SMALL_GROUPS = "small groups"
    CLUSTERED = "clustered"
    NO_CLUSTERING_SHOWN = "no clustering shown"
    """The test is not significant, but too weak to call them scattered."""
    CANNOT_TELL = "cannot tell"
    NOT_ASSESSED = "not assessed"


class Zone(StrEnum):
    """Whether there is a sheet where nearly every fiber is necrotic."""

    NONE = "none"
    ONE_FASCICLE = "within one fascicle"
    ACROSS_FASCICLES = "across fascicles"
    FASCICLES_UNKNOWN = "fascicles cannot be told"
    NOT_ASSESSED = "not assessed"


class Position(StrEnum):
    """Where fibers of a kind lie against the fascicle edge."""

    AT_EDGE = "at the edge"
    NO_PREFERENCE_SHOWN = "no preference shown"
    AWAY_FROM_EDGE = "away from the edge"
    CANNOT_TELL = "cannot tell"
    NOT_ASSESSED = "not assessed"


class Atrophy(StrEnum):
    """Small fibers: how many, and where."""

    NONE = "none"
    SCATTERED = "without arrangement"
    PERIFASCICULAR = "perifascicular"
    GROUPED = "grouped"
    NOT_ASSESSED = "not assessed"


class Chronicity(StrEnum):
    """Signs of chronic myopathy: internal nuclei, size variation, fibrosis, fat."""

    NONE = "none"
    SOME = "some"
    MARKED = "marked"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, slots=True)
class Grades:
    """The graded evidence of a biopsy, or of one slide: the decision table's only input."""

    necrosis: Necrosis
    infiltration: Infiltration
    place: Place
    invasion: Invasion
    stages: Stages
    spread: Spread
    zone: Zone
    necrosis_position: Position
    atrophy: Atrophy
    chronicity: Chronicity


NOTHING_ASSESSED = Grades(
    necrosis=Necrosis.NOT_ASSESSED,
    infiltration=Infiltration.NOT_ASSESSED,
    place=Place.NOT_ASSESSED,
    invasion=Invasion.NOT_ASSESSED,
    stages=Stages.NOT_ASSESSED,
    spread=Spread.NOT_ASSESSED,
    zone=Zone.NOT_ASSESSED,
    necrosis_position=Position.NOT_ASSESSED,
    atrophy=Atrophy.NOT_ASSESSED,
    chronicity=Chronicity.NOT_ASSESSED,
)
"""Grades of a biopsy that is not read."""
