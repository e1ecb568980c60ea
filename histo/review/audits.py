"""Audits in the history: the design that was drawn, and the answers that stand to its items."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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


def standing_design(entries: Sequence[Entry], digest: str) -> tuple[int, Design] | None:
    """The last design over these findings, and the number of the entry that drew it; None if there is none."""
    for entry in reversed(entries):
        if entry.act is Act.AUDIT_DRAW and entry.findings == digest and entry.payload is not None:
            kept = dict(entry.payload["design"])
            kept["items"] = [{k: v for k, v in one.items() if k != "inclusion_probability"} for one in kept["items"]]
            return entry.seq, from_dict(Design, kept)
    return None


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


def standing_answers(entries: Sequence[Entry], case: Case, design: Design) -> tuple[Answer, ...]:
    """The answers to the items of a design, in the order in which they were given; later ones stand for earlier."""
    slides = {slide.sha256: slide.name for slide in case.slides}
    numbers = {(item.slide, item_target(item)): item.number for item in design.items}
    found = []
    for entry in entries:
        if entry.act is Act.AUDIT_ANSWER:
            number = numbers.get((slides.get(entry.slide or "", ""), entry.target or ""))
            if number is not None:
                found.append(kept_answer(entry, number))
    return tuple(found)


def held_marks(found: Found, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks, each with the row of the machine's fiber around it."""
    if not marks:
        return ()
    points = np.array([[mark.x_um, mark.y_um] for mark in marks], np.float64)
    held = holding_fibers(found.findings.fibers, points).tolist()
    return tuple(Mark(mark.kind, mark.x_um, mark.y_um, row) for mark, row in zip(marks, held, strict=True))
