"""The audit of a case: drawn, read item by item without the machine's word for any, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from histo.audit import Answer, Design, Finding, Item, ItemKind, Mark, check_answers, effort_for, latest, verify
from histo.evidence import to_dict
from histo.review.audits import (
    TARGET,
    answer_payload,
    design_payload,
    digest_of,
    draw,
    held_marks,
    item_target,
    standing_answers,
    standing_design,
)
from histo.review.bodies import AuditAnswerBody, PlanBody
from histo.review.desk import Desk, NotThere, Refused, Sealed, Stale
from histo.review.entries import Act, Draft, Entry
from histo.review.library import Case
from histo.review.phases import sees_machine

Width = Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False)]


def audit_routes(desk: Desk) -> APIRouter:
    """`/api/cases/ID/audit` and what lies under it."""
    router = APIRouter(prefix="/api/cases/{case_id}/audit")

    @router.get("")
    def audit(case_id: str) -> dict[str, Any]:
        return _document(desk, desk.case(case_id))

    @router.post("/draw")
    def draw_audit(case_id: str, body: PlanBody) -> dict[str, Any]:
        case = desk.case(case_id)
        digest = digest_of(case, desk.found)
        try:
            design = draw(case, {slide.name: desk.found.get(slide) for slide in case.slides}, body.plan())
        except ValueError as error:
            raise Refused(f"No audit can be drawn: {error}.") from None
        draft = Draft(Act.AUDIT_DRAW, case.biopsy, None, digest, TARGET, None, design_payload(design))
        desk.store.append(draft, desk.settings.reader, lambda _: None)
        return _document(desk, case)

    @router.post("/answers")
    def answer(case_id: str, body: AuditAnswerBody) -> dict[str, Any]:
        case = desk.case(case_id)
        number, design = _standing(desk, case)
        if number != body.audit:
            raise Stale("Another tab had a new audit drawn.")
        if body.item >= len(design.items):
            raise NotThere
        item = design.items[body.item]
        slide = next(one for one in case.slides if one.name == item.slide)
        found = desk.found.get(slide)
        marks = held_marks(found, [Mark(one.kind, one.x_um, one.y_um) for one in body.marks])
        given = Answer(item.number, body.verdict, marks)
        try:
            check_answers(design, [given])
        except ValueError as error:
            raise Refused(f"This answer does not fit: {error}.") from None

        def check(entries: Sequence[Entry]) -> None:
            newest = [entry.seq for entry in entries if entry.act is Act.AUDIT_DRAW]
            if newest[-1:] != [body.audit]:
                raise Stale("Another tab had a new audit drawn.")

        draft = Draft(Act.AUDIT_ANSWER, case.biopsy, slide.sha256, found.digest, item_target(item), None,
                      answer_payload(given, item, design.field_side_um))  # fmt: skip
        entry = desk.store.append(draft, desk.settings.reader, check)
        return {"item": item.number, "entry": entry.seq}

    @router.get("/result")
    def result(case_id: str, finding: Finding | None = None, width: Width = 0.0) -> dict[str, Any]:
        case = desk.case(case_id)
        entries = desk.entries(case)
        if not sees_machine(entries):
            raise Sealed
        number, design = _standing(desk, case)
        answers = standing_answers(entries, case, design)
        told = {"audit": number, "result": to_dict(verify(design, answers)), "strata": _strata(design, answers)}
        if finding is not None:
            told["effort"] = to_dict(effort_for(design, answers, finding, width))
        return told

    @router.get("/record")
    def record(case_id: str) -> dict[str, Any]:
        case = desk.case(case_id)
        entries = desk.entries(case)
        if not sees_machine(entries):
            raise Sealed
        number, design = _standing(desk, case)
        answers = standing_answers(entries, case, design)
        return {
            "schema": "histo.audit", "schema_version": "1.0", "biopsy": case.name, "audit": number,
            "reader": desk.settings.reader, "reading_sha256": case.reading_sha256,
            "slides": {slide.name: slide.sha256 for slide in case.slides},
            "model": case.reading.document["model"],
            "design": design_payload(design)["design"],
            "answers": [to_dict(one) for one in latest(answers).values()],
            "result": to_dict(verify(design, answers)),
        }  # fmt: skip

    return router


def _standing(desk: Desk, case: Case) -> tuple[int, Design]:
    standing = standing_design(desk.entries(case), digest_of(case, desk.found))
    if standing is None:
        raise NotThere
    return standing


def _document(desk: Desk, case: Case) -> dict[str, Any]:
    """What the page needs: where to look, and nothing of what the machine said there."""
    standing = standing_design(desk.entries(case), digest_of(case, desk.found))
    if standing is None:
        return {"audit": None, "plan": PlanBody().model_dump()}
    number, design = standing
    ids = {slide.name: slide.id for slide in case.slides}
    return {
        "audit": number,
        "plan": to_dict(design.plan),
        "field_side_um": design.field_side_um,
        "items": [_item(item, ids) for item in design.items],
        "answers": _answers(desk, case, design),
    }


def _item(item: Item, ids: dict[str, str]) -> dict[str, Any]:
    return {
        "number": item.number, "kind": item.kind.value, "slide": ids[item.slide], "x_um": item.x_um, "y_um": item.y_um,
    }  # fmt: skip


def _answers(desk: Desk, case: Case, design: Design) -> dict[str, Any]:
    given = latest(standing_answers(desk.entries(case), case, design))
    return {
        str(one.item): {
            "verdict": one.verdict.value,
            "marks": [{"kind": mark.kind.value, "x_um": mark.x_um, "y_um": mark.y_um} for mark in one.marks],
        }
        for one in given.values()
    }


def _strata(design: Design, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    given = latest(answers)
    read = [sum(item.stratum == index and item.number in given for item in design.items)
            for index in range(len(design.strata))]  # fmt: skip
    return [
        {"name": one.name, "fibers": one.kind is ItemKind.FIBER, "population": one.population, "drawn": one.drawn,
         "read": count}
        for one, count in zip(design.strata, read, strict=True)
    ]  # fmt: skip
