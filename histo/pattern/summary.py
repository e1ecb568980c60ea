"""A reading as one paragraph."""

from __future__ import annotations

from histo.evidence import Evidence
from histo.pattern.calibrated import Calibrated, Conflict
from histo.pattern.grades import Grades
from histo.pattern.labels import PatternLabel
from histo.pattern.plain_language import tell
from histo.pattern.ranking import contrast_sentence, set_sentence
from histo.pattern.reading import Candidate
from histo.pattern.table import Row


def summarize(
    row: Row,
    grades: Grades,
    numbers: Evidence,
    candidates: tuple[Candidate, ...],
    calibrated: Calibrated | None,
    conflict: Conflict | None,
) -> str:
    """The label and why, what was seen in plain words, and the leading candidates.

    Args:
        row: Of the decision table.
        grades: Graded evidence.
        numbers: The same evidence.
        candidates: In order.
        calibrated: What ranked them; None for the criteria.
        conflict: Why the row is not followed, if it is not.
    """
    verdict = (
        f"{row.label.text}: {row.reason}."
        if conflict is None
        else f"{PatternLabel.INDETERMINATE.text}. {conflict.sentence} What would help: {conflict.remedy}."
    )
    sentences = [verdict[0].upper() + verdict[1:], *tell(grades, numbers), _leading(candidates, calibrated)]
    if calibrated is not None:
        clause = set_sentence(calibrated)
        sentences += [clause[0].upper() + clause[1:]] if conflict is None else []
        sentences.append(contrast_sentence(calibrated))
    return " ".join(sentences)


def _leading(candidates: tuple[Candidate, ...], calibrated: Calibrated | None) -> str:
    leading = "; ".join(_with_percent(candidate) for candidate in [one for one in candidates if one.rank <= 2][:3])
    if calibrated is None:
        return f"By the criteria they meet, the leading candidates are: {leading} (an uncalibrated ranking)."
    return f"The leading candidates are: {leading}."


def _with_percent(candidate: Candidate) -> str:
    return candidate.text if candidate.probability is None else f"{candidate.text} ({100 * candidate.probability:.0f}%)"
