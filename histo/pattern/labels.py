"""The pattern labels and what a reader sees for each."""

from __future__ import annotations

from enum import StrEnum


class PatternLabel(StrEnum):
    """A biopsy's histologic pattern: never a diagnosis."""

    NECROTIZING = "necrotizing"
    PERIFASCICULAR_ATROPHY = "perifascicular_atrophy"
    PERIFASCICULAR_NECROSIS = "perifascicular_necrosis"
    ENDOMYSIAL_INFLAMMATORY = "endomysial_inflammatory"
    NONSPECIFIC_INFLAMMATORY = "nonspecific_inflammatory"
    DYSTROPHIC = "dystrophic"
    ZONAL_NECROSIS = "zonal_necrosis"
    NEUROGENIC = "neurogenic"
    NORMAL = "normal"
    INDETERMINATE = "indeterminate"
    NOT_ASSESSABLE = "not_assessable"

    @property
    def text(self) -> str:
        """What a reader sees, e.g. `necrotizing pattern, compatible with IMNM`."""
        return _TEXT[self]


_TEXT = {
    PatternLabel.NECROTIZING: "necrotizing pattern, compatible with IMNM",
    PatternLabel.PERIFASCICULAR_ATROPHY: "perifascicular atrophy pattern, compatible with dermatomyositis",
    PatternLabel.PERIFASCICULAR_NECROSIS: "perifascicular necrosis pattern, compatible with antisynthetase syndrome",
    PatternLabel.ENDOMYSIAL_INFLAMMATORY: "endomysial inflammatory pattern, compatible with PM or IBM",
    PatternLabel.NONSPECIFIC_INFLAMMATORY: "non-specific inflammatory pattern",
    PatternLabel.DYSTROPHIC: "dystrophic or chronic myopathic pattern",
    PatternLabel.ZONAL_NECROSIS: "zonal necrosis pattern, compatible with ischemic or acute toxic injury",
    PatternLabel.NEUROGENIC: "neurogenic pattern",
    PatternLabel.NORMAL: "normal or minimal change",
    PatternLabel.INDETERMINATE: "indeterminate: the evidence fits no single pattern",
    PatternLabel.NOT_ASSESSABLE: "not assessable",
}

NAMED_PATTERNS = tuple(
    label for label in PatternLabel if label not in (PatternLabel.INDETERMINATE, PatternLabel.NOT_ASSESSABLE)
)
"""The labels that name a pattern: the candidates of the differential."""

DISCLAIMER = (
    "Research use only. A histologic pattern, not a diagnosis; "
    "requires clinical and serological correlation by a pathologist."
)
"""Stands on everything that shows a pattern."""
