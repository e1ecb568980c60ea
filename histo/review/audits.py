"""Audits in the history: the design that was drawn, and the answers that stand to its items."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from histo.audit import Answer, Design, Item, ItemKind, Mark, Plan, draw_design, holding_fibers, population_of
from histo.evidence import Coverage, Measures, SlideObservation, from_dict, to_dict
from histo.review.entries import Act, Entry
from histo.review.found import Found, FoundShelf
from histo.review.library import Case

TARGET = "audit"
"""What the drawing of an audit is about, so that opinions do not take it for one of theirs."""


def digest_of(case: Case, shelf: FoundShelf) -> str:
    """Of all tables of a case: a design holds for these rows and no other reading's. No table is read for it."""
    return hashlib.sha256(" ".join(shelf.digest(slide) for slide in case.slides).encode()).hexdigest()


def draw(case: Case, founds: Mapping[str, Found], plan: Plan) -> Design:
    """Draw a design over all slides of a case.

    Args:
        case: The biopsy.
        founds: The findings of its slides by name.
        plan: How much is to be read.

    Raises:
        ValueError: If there is nothing to read.
    """
    document = case.reading.document
    coverages = {facts["name"]: Coverage(**facts["coverage"]) for facts in document["slides"]}
    measures = from_dict(Measures, document["evidence"]["measures"])
    slides = [
        SlideObservation(slide.name, founds[slide.name].findings, coverages[slide.name], slide.cells_assessed)
        for slide in case.slides
    ]
    return draw_design(population_of(slides, measures), plan)


def design_payload(design: Design) -> dict[str, Any]:
    """What the history keeps of a drawing: plan, and the whole design with every inclusion probability."""
    document = to_dict(design)
    for item in document["items"]:
        item["inclusion_probability"] = design.strata[item["stratum"]].inclusion_probability
    return {"plan": document["plan"], "design": document}


@dataclass(frozen=True, slots=True)
class StandingAudit:
    """What stands of an audit over the findings that are there now.

    Attributes:
        number: Of the entry that drew it.
        design: What was drawn.
        given: By number of the item, the entry of the answer that stands.
    """

    number: int
    design: Design
    given: Mapping[int, Entry]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """One an item, in the order in which they were given."""
        return tuple(kept_answer(entry, number) for number, entry in self.given.items())


def standing_audit(entries: Sequence[Entry], case: Case, shelf: FoundShelf) -> StandingAudit | None:
    """The last audit over these findings with its answers; None if there is none.

    Answers to a smaller audit of the same findings count on. Those about an earlier reading do not: its rows were other
    fibers.

    Args:
        entries: Of one reader about the case.
        case: The biopsy.
        shelf: Tells the digests of its tables.
    """
    digest = digest_of(case, shelf)
    drawn = [entry for entry in entries if entry.act is Act.AUDIT_DRAW and entry.findings == digest and entry.payload]
    if not drawn:
        return None
    kept = dict((drawn[-1].payload or {})["design"])
    kept["items"] = [{k: v for k, v in one.items() if k != "inclusion_probability"} for one in kept["items"]]
    design = from_dict(Design, kept, older=True)
    slides = {(slide.sha256, shelf.digest(slide)): slide.name for slide in case.slides}
    numbers = {(item.slide, item_target(item)): item.number for item in design.items}
    given: dict[int, Entry] = {}
    for entry in entries:
        if entry.act is Act.AUDIT_ANSWER:
            slide = slides.get((entry.slide or "", entry.findings or ""))
            number = numbers.get((slide or "", entry.target or ""))
            if number is not None:
                given.pop(number, None)
                given[number] = entry
    return StandingAudit(drawn[-1].seq, design, given)


def item_target(item: Item) -> str:
    """What an answer is about: a unit of the slide, so that it counts on when a larger design draws it again."""
    return f"audit-{item.kind.value}-{item.row}"


def answer_payload(answer: Answer, item: Item, field_side_um: float) -> dict[str, Any]:
    """What the history keeps of an answer, so that it can be understood without the design.

    Args:
        answer: The answer; its slide, its findings and its target stand in the entry.
        item: To what.
        field_side_um: Side of a field.
    """
    side_um = field_side_um if item.kind is ItemKind.FIELD else 0.0
    return {"verdict": answer.verdict.value, "marks": to_dict(answer.marks), "place_um": [item.x_um, item.y_um],
            "side_um": side_um}  # fmt: skip


def kept_answer(entry: Entry, number: int) -> Answer:
    """An answer out of the history, to the item of this number."""
    payload = entry.payload or {}
    return from_dict(Answer, {"item": number, "verdict": payload["verdict"], "marks": payload["marks"]})


def held_marks(found: Found, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks, each with the row of the machine's fiber around it."""
    if not marks:
        return ()
    points = np.array([[mark.x_um, mark.y_um] for mark in marks], np.float64)
    held = holding_fibers(found.findings.fibers, points).tolist()
    return tuple(Mark(mark.kind, mark.x_um, mark.y_um, row) for mark, row in zip(marks, held, strict=True))
