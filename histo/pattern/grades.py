"""Evidence, graded: the words that the decision table is written in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """A step of some finding: its value is stable, its text is for readers."""

    @property
    def text(self) -> str:
        """The grade in words."""
        return _TEXT.get(self.value, self.value.replace("_", " "))


_TEXT = {"none_sparse": "none or sparse", "perimysial": "perimysial or perivascular"}


class Necrosis(Grade):
    """How much necrosis, from least to most."""

    NONE = "none"
    CANDIDATES = "candidates"
    """No more than the detector's own false calls would give."""
    MINIMAL = "minimal"
    MILD = "mild"
    MODERATE = "moderate"
    MARKED = "marked"
    EXTENSIVE = "extensive"
    """So much that it cannot lie scattered among intact fibers."""
    NOT_ASSESSED = "not_assessed"


class Infiltration(Grade):
    """How many inflammatory cells outside necrotic fibers."""

    NONE_SPARSE = "none_sparse"
    PRESENT = "present"
    DENSE = "dense"
    NOT_ASSESSED = "not_assessed"


class Place(Grade):
    """Where most of the infiltrate lies."""

    ENDOMYSIAL = "endomysial"
    PERIMYSIAL = "perimysial"
    BOTH = "both"
    NOT_ASSESSED = "not_assessed"
    """Too few cells to have a place, or nothing scored."""


class Invasion(Grade):
    """Whether non-necrotic fibers look invaded; proof needs CD8 and MHC-I."""

    NONE = "none"
    CANDIDATES = "candidates"
    NOT_ASSESSED = "not_assessed"


class Stages(Grade):
    """Whether necrosis is of one age."""

    MIXED = "mixed"
    EARLY = "early"
    PHAGOCYTIC = "phagocytic"
    REGENERATING = "regenerating"
    """Nearly all of it is repair."""
    CANNOT_TELL = "cannot_tell"
    NOT_ASSESSED = "not_assessed"


class Spread(Grade):
    """How necrotic fibers lie among the fibers present."""

    SCATTERED = "scattered"
    """Not closer than at random, and there were enough fibers to have seen it."""
    SMALL_GROUPS = "small_groups"
    """Closer together than at random, most of them singly or in small groups."""
    CLUSTERED = "clustered"
    """Most of them lie in large groups."""
    NO_CLUSTERING_SHOWN = "no_clustering_shown"
    """The test is not significant, but too weak to call them scattered."""
    CANNOT_TELL = "cannot_tell"
    NOT_ASSESSED = "not_assessed"


class Zone(Grade):
    """Whether there is a sheet where nearly every fiber is necrotic."""

    NONE = "none"
    ONE_FASCICLE = "one_fascicle"
    ACROSS_FASCICLES = "across_fascicles"
    FASCICLES_UNKNOWN = "fascicles_unknown"
    NOT_ASSESSED = "not_assessed"


class Position(Grade):
    """Where fibers of a kind lie against the fascicle edge."""

    AT_EDGE = "at_edge"
    NO_PREFERENCE_SHOWN = "no_preference_shown"
    AWAY_FROM_EDGE = "away_from_edge"
    CANNOT_TELL = "cannot_tell"
    NOT_ASSESSED = "not_assessed"


class Atrophy(Grade):
    """Small fibers: how many, and where."""

    NONE = "none"
    SCATTERED = "scattered"
    PERIFASCICULAR = "perifascicular"
    GROUPED = "grouped"
    NOT_ASSESSED = "not_assessed"


class Chronicity(Grade):
    """Signs of chronic myopathy: internal nuclei, size variation, fibrosis, fat."""

    NONE = "none"
    SOME = "some"
    MARKED = "marked"
    NOT_ASSESSED = "not_assessed"


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
