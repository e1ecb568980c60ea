"""Counts corrected for the detector as rows of text, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from histo.evidence import CorrectedCount, Estimate
from histo.report.rows import NOTHING, estimate, percent

CORRECTION_NOTE = (
    "(Count less false calls) over recall, as a laboratory has measured both on patients of its own, on the regions "
    "that it annotated. The interval is of what is truly there in a patient like those. No grade and no pattern is "
    "read from it."
)
_NAMES = {
    "necrotic": "Necrotic fibers, all kinds",
    "myophagocytosis": "Myophagocytosis",
    "infiltrate": "Inflammatory cells outside necrotic fibers",
}


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """One finding.

    Attributes:
        name: In plain words.
        raw: The count as it was found.
        count: The corrected count with its interval, or why there is none.
        per_mm2: The same over the tissue; a dash where there is none.
        measured: Recall and false calls that it was corrected by.
    """

    name: str
    raw: str
    count: str
    per_mm2: str
    measured: str


def corrected_rows(corrections: tuple[CorrectedCount, ...]) -> tuple[CorrectedRow, ...]:
    """All findings; where none is corrected and all for one reason, nothing but `uncorrected` says so."""
    if all(one.not_corrected for one in corrections):
        return ()
    return tuple(_row(one) for one in corrections)


def uncorrected(corrections: tuple[CorrectedCount, ...]) -> str | None:
    """Why no count at all is corrected, in a sentence; None where one is."""
    reasons = dict.fromkeys(one.not_corrected for one in corrections)
    if not reasons or None in reasons:
        return None
    told = "; ".join(str(reason) for reason in reasons)
    return f"Counts are as found, {told}."


def _row(one: CorrectedCount) -> CorrectedRow:
    raw = NOTHING if one.raw is None else f"{one.raw:,}"
    if one.not_corrected is not None or one.recall is None:
        return CorrectedRow(_NAMES[one.finding], raw, one.not_corrected or NOTHING, NOTHING, NOTHING)
    clipped = "; false calls alone would give more than was found, so 0 stands for a negative count"
    recall = percent(Estimate(100 * one.recall.value, 100 * one.recall.low, 100 * one.recall.high))
    return CorrectedRow(
        name=_NAMES[one.finding],
        raw=raw,
        count=estimate(one.count) + (clipped if one.clipped else ""),
        per_mm2=estimate(one.per_mm2),
        measured=f"recall {recall}, false calls {estimate(one.false_per_mm2)} per mm², {one.patients} patients",
    )
