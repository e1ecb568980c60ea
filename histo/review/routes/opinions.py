"""Opinions: the second read, the reveal, the comparison, and the final word."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from histo.review.bodies import FinalBody, SecondReadBody, SeenBody
from histo.review.comparison import compare_grades, compare_pattern
from histo.review.desk import Desk, Refused, Sealed, Stale
from histo.review.entries import Act, Draft
from histo.review.library import Case
from histo.review.phases import Phase, is_blind, last, phase_of, sees_machine
from histo.review.routes.cases import case_document
from histo.review.store import Check


def opinion_routes(desk: Desk) -> APIRouter:
    """What is said about a case."""
    router = APIRouter(prefix="/api/cases/{case_id}")

    def write(case: Case, act: Act, seen: int, payload: dict[str, Any], phases: tuple[Phase, ...]) -> dict[str, Any]:
        draft = Draft(act, case.biopsy, payload={**payload, "reading_sha256": case.reading_sha256})
        desk.store.append(draft, desk.settings.reader, _check(seen, phases))
        return case_document(desk, case)

    @router.post("/second-read")
    def second_read(case_id: str, body: SecondReadBody) -> dict[str, Any]:
        payload = body.model_dump(mode="json", exclude={"seen"})
        return write(desk.case(case_id), Act.SECOND_READ, body.seen, payload, (Phase.SEALED, Phase.RECORDED))

    @router.post("/reveal")
    def reveal(case_id: str, body: SeenBody) -> dict[str, Any]:
        return write(desk.case(case_id), Act.REVEAL, body.seen, {}, (Phase.RECORDED,))

    @router.post("/open")
    def open_without(case_id: str, body: SeenBody) -> dict[str, Any]:
        if desk.settings.second_read_first:
            raise Refused("This review asks for a second read first.")
        return write(desk.case(case_id), Act.OPEN, body.seen, {}, (Phase.SEALED,))

    @router.post("/final")
    def final(case_id: str, body: FinalBody) -> dict[str, Any]:
        payload = body.model_dump(mode="json", exclude={"seen"})
        return write(desk.case(case_id), Act.FINAL, body.seen, payload, (Phase.REVEALED, Phase.OPENED))

    @router.get("/comparison")
    def comparison(case_id: str) -> dict[str, Any]:
        case = desk.case(case_id)
        entries = desk.entries(case)
        if not sees_machine(entries):
            raise Sealed
        read = last(entries, Act.SECOND_READ)
        yours = {} if read is None or read.payload is None else read.payload
        return {
            "pattern": asdict(compare_pattern(yours.get("pattern"), case.reading.document)),
            "grades": [asdict(row) for row in compare_grades(yours.get("grades", {}), case.reading.document)],
            "blind": is_blind(entries),
            "model": {key: case.reading.document["model"][key] for key in ("name", "version", "trained_on")},
        }

    return router


def _check(seen: int, phases: tuple[Phase, ...]) -> Check:
    def check(entries: Any) -> None:  # noqa: ANN401
        if phase_of(entries) not in phases:
            raise Stale("Another tab went on with this case.")
        about_case = [entry.seq for entry in entries if entry.target is None and entry.slide is None]
        if about_case and about_case[-1] > seen:
            raise Stale("Another tab went on with this case.")

    return check
