"""The candidates in one order: by the calibration where there is one that may speak, by the criteria otherwise."""

from __future__ import annotations

from dataclasses import replace

from histo.evidence import Evidence
from histo.pattern.calibrated import Calibrated, Conflict, Contribution
from histo.pattern.calibration import Calibration
from histo.pattern.differential import rank_candidates
from histo.pattern.features import features_of
from histo.pattern.grades import Grades
from histo.pattern.reading import Candidate
from histo.pattern.table import Row
from histo.pattern.wording import figure

TOLD = 3
"""Contributions that a sentence tells for each side."""


def rank(
    grades: Grades, numbers: Evidence, calibration: Calibration | None
) -> tuple[tuple[Candidate, ...], Calibrated | None]:
    """The candidates, best first, each with the criteria that it meets and those that it does not.

    There is one order, never two. With a calibration it is the calibration's, of the patterns that it knows, and the
    criteria explain; without one it is that of the criteria met.

    Args:
        grades: Graded evidence.
        numbers: The same evidence.
        calibration: One that may speak of it, or None.
    """
    by_criteria = rank_candidates(grades)
    if calibration is None:
        return by_criteria, None
    found = calibration.differential(features_of(numbers))
    explained = {candidate.label: candidate for candidate in by_criteria}
    candidates = tuple(
        replace(
            explained[one.label],
            rank=place,
            in_set=one.in_set,
            probability=None if calibration.simulated else one.probability,
        )
        for place, one in enumerate(found.ranked, start=1)
    )
    return candidates, Calibrated(
        population=calibration.population,
        note=calibration.note,
        patients=calibration.patients,
        biopsies=sum(calibration.biopsies),
        coverage_percent=calibration.coverage_percent,
        conformal_set=found.conformal_set,
        contrast=found.contrast,
        unheard_of=found.unheard_of,
        figures=calibration.figures,
    )


def find_conflict(row: Row, candidates: tuple[Candidate, ...], calibrated: Calibrated | None) -> Conflict | None:
    """Whether the table names a pattern that the conformal set excludes.

    Then the evidence fits two patterns, one by each way of looking, and the biopsy is indeterminate. The other way
    round nothing happens: a set never names a pattern that the table does not. Where the set is empty the likeliest
    pattern stands for it. A calibration that does not know the table's pattern contradicts nothing.

    Args:
        row: That spoke.
        candidates: In order.
        calibrated: What the calibration said, if anything.
    """
    if calibrated is None:
        return None
    held = calibrated.conformal_set or (calibrated.contrast.first,)
    if row.label in held or row.label not in {candidate.label for candidate in candidates}:
        return None
    why = set_sentence(calibrated)
    if not calibrated.conformal_set:
        why += f" It is least unlike the {calibrated.contrast.first.text}."
    return Conflict(
        label=row.label,
        rule=row.id,
        sentence=f"The decision table names the {row.label.text} ({row.reason}), but {why}",
        remedy="look at the fibers behind the reasons and at what the differential weighs; a pathologist decides",
    )


def set_sentence(calibrated: Calibrated) -> str:
    """Which patterns the set holds, as a clause."""
    size = f"the differential's {calibrated.set_name} ({calibrated.note})"
    if not calibrated.conformal_set:
        return (
            f"{size} is empty: this biopsy is less typical of every pattern than nearly all biopsies of that pattern."
        )
    return f"{size} holds {' and '.join(f'the {label.text}' for label in calibrated.conformal_set)}."


def contrast_sentence(calibrated: Calibrated) -> str:
    """What speaks for the first candidate against the second, and what for the second."""
    contrast = calibrated.contrast
    sides = []
    for label, sign in ((contrast.first, 1), (contrast.second, -1)):
        weighing = [one for one in contrast.contributions if sign * one.log_odds > 0][:TOLD]
        told = ", ".join(contribution_text(one) for one in weighing) or "nothing"
        sides.append(f"for the {label.text}: {told}")
    return f"Between the first two speak most {'; '.join(sides)}."


def contribution_text(contribution: Contribution) -> str:
    """A feature with its value, as in `necrotic fibers (42.1 per 1,000 fibers)`."""
    if contribution.value is None:
        return f"{contribution.text} (not assessed)"
    unit = f" {contribution.unit}" if contribution.unit else ""
    return f"{contribution.text} ({figure(contribution.value)}{unit})"
