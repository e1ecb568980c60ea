"""What a reader may say of a biopsy: a pattern, and a grade for each finding, in the machine's own words."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

from histo.pattern import Grade, Grades, PatternLabel

CONFIDENCES = ("low", "moderate", "high")

FINDING_NAMES = {
    "necrosis": "Necrosis",
    "infiltration": "Inflammatory infiltrate",
    "place": "Where the infiltrate lies",
    "invasion": "Invasion of non-necrotic fibers",
    "stages": "Stages of necrosis",
    "spread": "Spread of necrosis",
    "zone": "Zone of necrosis",
    "necrosis_position": "Necrosis against the fascicle edge",
    "atrophy": "Small fibers",
    "chronicity": "Signs of chronic myopathy",
}
"""Graded findings as a form names them; the keys are the fields of `Grades`."""


def grade_scales() -> dict[str, type[Grade]]:
    """The scale of each graded finding."""
    hints = get_type_hints(Grades)
    return {field.name: hints[field.name] for field in fields(Grades)}


def choices() -> dict[str, object]:
    """All that a form offers."""
    return {
        "patterns": [{"value": label.value, "text": label.text} for label in PatternLabel],
        "grades": [
            {
                "finding": finding,
                "name": FINDING_NAMES[finding],
                "choices": [{"value": grade.value, "text": grade.text} for grade in scale],
            }
            for finding, scale in grade_scales().items()
        ],
        "confidences": list(CONFIDENCES),
    }


def check_grades(grades: dict[str, str]) -> None:
    """Refuse grades that no form offers.

    Raises:
        ValueError: If a finding or a grade is unknown.
    """
    scales = grade_scales()
    for finding, grade in grades.items():
        if finding not in scales:
            raise ValueError("there is no such finding")
        scales[finding](grade)
