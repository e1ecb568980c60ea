"""The audit of a case: drawn, read item by item without the machine's word for any, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from histo.audit import Answer, Finding, Item, ItemKind, Mark, check_answers, effort_for, verify
from histo.evidence import to_dict
from histo.review.audits import (
    TARGET,
    StandingAudit,
    answer_payload,
    design_payload,
    digest_of,
    draw,
    held_marks,
    item_target,
    standing_audit,
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
        audit = _standing(desk, case)
        if audit.number != body.audit:
            raise Stale("Another tab had a new audit drawn.")
        design = audit.design
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
            now = standing_audit(entries, case, desk.found)
            if now is None or now.number != body.audit:
                raise Stale("Another tab had a new audit drawn.")
            if body.item in now.given and now.given[body.item].seq != body.seen:
                raise Stale("Another tab has answered this one: here is what it said.")

        draft = Draft(Act.AUDIT_ANSWER, case.biopsy, slide.sha256, found.digest, item_target(item), None,
                      answer_payload(given, item, design.field_side_um))  # fmt: skip
        entry = desk.store.append(draft, desk.settings.reader, check)
        return {"item": item.number, "entry": entry.seq}

    @router.get("/result")
    def result(case_id: str, finding: Finding | None = None, width: Width = 0.0) -> dict[str, Any]:
        audit = _unsealed(desk, desk.case(case_id))
        design, answers = audit.design, audit.answers
        told = {"audit": audit.number, "result": to_dict(verify(design, answers)), "strata": _strata(audit)}
        if finding is not None:
            told["effort"] = to_dict(effort_for(design, answers, finding, width))
        return told

    @router.get("/record")
    def record(case_id: str) -> dict[str, Any]:
        case = desk.case(case_id)
        audit = _unsealed(desk, case)
        return {
            "schema": "histo.audit", "schema_version": "1.1", "biopsy": case.name, "audit": audit.number,
            "reader": desk.settings.reader, "reading_sha256": case.reading_sha256,
            "slides": {slide.name: slide.sha256 for slide in case.slides},
            "model": case.reading.document["model"],
            "design": design_payload(audit.design)["design"],
            "answers": [to_dict(one) for one in audit.answers],
            "result": to_dict(verify(audit.design, audit.answers)),
        }  # fmt: skip

    return router


def _standing(desk: Desk, case: Case) -> StandingAudit:
    audit = standing_audit(desk.entries(case), case, desk.found)
    if audit is None:
        raise NotThere
    return audit


def _unsealed(desk: Desk, case: Case) -> StandingAudit:
    if not sees_machine(desk.entries(case)):
        raise Sealed
    return _standing(desk, case)


def _document(desk: Desk, case: Case) -> dict[str, Any]:
    """What the page needs: where to look, and nothing of what the machine said there."""
    entries = desk.entries(case)
    audit = standing_audit(entries, case, desk.found)
    seen = entries[-1].seq if entries else 0
    if audit is None:
        return {"audit": None, "seen": seen, "plan": PlanBody().model_dump()}
    ids = {slide.name: slide.id for slide in case.slides}
    return {
        "audit": audit.number,
        "seen": seen,
        "plan": to_dict(audit.design.plan),
        "field_side_um": audit.design.field_side_um,
        "items": [_item(item, ids) for item in audit.design.items],
        "answers": {str(answer.item): _answer(answer, audit.given[answer.item].seq) for answer in audit.answers},
    }


def _item(item: Item, ids: dict[str, str]) -> dict[str, Any]:
    return {
        "number": item.number, "kind": item.kind.value, "slide": ids[item.slide], "x_um": item.x_um, "y_um": item.y_um,
    }  # fmt: skip


def _answer(answer: Answer, entry: int) -> dict[str, Any]:
    marks = [{"kind": mark.kind.value, "x_um": mark.x_um, "y_um": mark.y_um} for mark in answer.marks]
    return {"verdict": answer.verdict.value, "marks": marks, "entry": entry}


def _strata(audit: StandingAudit) -> list[dict[str, Any]]:
    read = Counter(audit.design.items[number].stratum for number in audit.given)
    return [
        {"name": one.name, "fibers": one.kind is ItemKind.FIBER, "population": one.population, "drawn": one.drawn,
         "read": read[index]}
        for index, one in enumerate(audit.design.strata)
    ]  # fmt: skip
