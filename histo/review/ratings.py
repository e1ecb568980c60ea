"""What readers said in a review, and what the machine said of the same things, as ratings to compare.

Only what was said before the machine was seen is an independent opinion: second reads that were recorded blind, and the
answers of audits, which show a fiber without its call. Corrections answer a call that the reader sees, and are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from histo.agreement import MACHINE, Rating
from histo.audit import CELL_MARKS, NECROTIC_VERDICTS, Answer, Design, ItemKind, Verdict
from histo.errors import RecordError
from histo.records import ratings_of_reading
from histo.review.audits import standing_audit
from histo.review.entries import Act, Entry
from histo.review.found import FoundShelf
from histo.review.library import Case, Library
from histo.review.phases import is_blind, last
from histo.review.store import STORE_NAME, Store

AUDITED_FIBER = "fiber in an audit"
AUDITED_CELLS = "inflammatory cells in a field"
NOT_NECROTIC = "not_necrotic"
NECROTIC = "necrotic"


def ratings_of_review(folder: Path) -> tuple[tuple[Rating, ...], tuple[str, ...]]:
    """Ratings of all readers of a reviewed folder, and of the machine.

    Args:
        folder: With the readings and their history.

    Returns:
        The ratings, those of audits weighted by 1 / inclusion probability; and one sentence for each second read that
        was left out because the machine's opinion had been seen before it.

    Raises:
        RecordError: If there is no history, or it is damaged.
    """
    if not (folder / STORE_NAME).is_file():
        raise RecordError(folder, "holds no history of a review", "review it first with `histo review`")
    library, store, shelf = Library(folder), Store(folder), FoundShelf()
    ratings: list[Rating] = []
    seen_before: list[str] = []
    try:
        for case in library.cases()[0]:
            found: list[Rating] = []
            for reader in store.readers(case.biopsy):
                entries = store.entries(case.biopsy, reader)
                read = last(entries, Act.SECOND_READ)
                if read is not None and is_blind(entries):
                    found += _second_read(case, reader, read)
                elif read is not None:
                    seen_before.append(f"{case.name}: {reader} had seen the machine's opinion before the second read")
                found += _audit(case, reader, entries, shelf)
            if any(not rating.item for rating in found):
                found += ratings_of_reading(case.reading)
            ratings += found
    finally:
        store.close()
    return tuple(ratings), tuple(seen_before)


def _second_read(case: Case, reader: str, entry: Entry) -> Iterator[Rating]:
    said = entry.payload or {}
    yield Rating(reader, case.name, "", "pattern", str(said["pattern"]))
    for finding, grade in said["grades"].items():
        yield Rating(reader, case.name, "", finding, str(grade))


def _audit(case: Case, reader: str, entries: tuple[Entry, ...], shelf: FoundShelf) -> list[Rating]:
    """Each answered item twice: by the reader, and by the machine."""
    if not any(entry.act is Act.AUDIT_ANSWER for entry in entries):
        return []
    audit = standing_audit(entries, case, shelf)
    if audit is None:
        return []
    return [rating for answer in audit.answers for rating in _answered(case.name, reader, audit.design, answer)]


def _answered(biopsy: str, reader: str, design: Design, answer: Answer) -> Iterator[Rating]:
    item = design.items[answer.item]
    weight = 1 / design.strata[item.stratum].inclusion_probability
    name = f"{item.slide} {item.kind.value} {item.row}"
    if item.kind is ItemKind.FIBER:
        finding = AUDITED_FIBER
        values = (_kind(answer.verdict.value), _kind(item.called or ""))
    elif answer.verdict is Verdict.READ and design.cells_assessed:
        finding = AUDITED_CELLS
        values = (str(sum(mark.kind in CELL_MARKS for mark in answer.marks)), str(item.cells))
    else:
        return
    for who, value in zip((reader, MACHINE), values, strict=True):
        yield Rating(who, biopsy, name, finding, value, weight)


def _kind(verdict: str) -> str:
    """Necrotic, phagocytosed or neither: what an audit counts; and that one cannot tell."""
    if verdict in (Verdict.CANNOT_TELL, Verdict.MYOPHAGOCYTOSIS):
        return verdict
    return NECROTIC if verdict in NECROTIC_VERDICTS else NOT_NECROTIC
