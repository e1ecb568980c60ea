"""Corrections: accept, reject, relabel, draw, undo, redo; each is saved before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from histo.review.bodies import CorrectionBody, UndoBody
from histo.review.desk import Desk, NotThere, Refused, Stale
from histo.review.drawn import drawn_outline
from histo.review.entries import Act, Draft, Entry, newest, target_of, to_redo, to_undo, verdicts
from histo.review.library import Case, SlideEntry
from histo.review.phases import sees_machine
from histo.review.routes.cases import entry_document
from histo.review.routes.slides import known_target
from histo.review.targets import CELL_CLASSES, FIBER_CLASSES, Target, TargetKind


def correction_routes(desk: Desk) -> APIRouter:
    """What a reader changes on a slide."""
    router = APIRouter(prefix="/api/slides/{slide_id}")

    @router.get("/corrections")
    def corrections(slide_id: str) -> dict[str, Any]:
        case, slide = desk.slide(slide_id)
        return corrections_document(desk, case, slide)

    @router.post("/corrections")
    def correct(slide_id: str, body: CorrectionBody) -> dict[str, Any]:
        case, slide = desk.slide(slide_id)
        digest, payload = desk.found.digest(slide), _payload(desk, slide_id, slide, body)

        def check(entries: Sequence[Entry]) -> None:
            mine = of_slide(entries, slide, digest)
            target = Target.parse(body.target) if body.target is not None else None
            if target is not None and target.kind is not TargetKind.DRAWN and not sees_machine(entries):
                raise NotThere
            if target is not None and target.kind is TargetKind.DRAWN:
                _check_drawn(mine, target, body)
            if body.target is not None and newest(mine, body.target) > body.seen:
                raise Stale("Another tab corrected this finding.")

        draft = Draft(Act(body.act), case.biopsy, slide.sha256, digest, body.target, None, payload)
        desk.store.append(draft, desk.settings.reader, check)
        return corrections_document(desk, case, slide)

    @router.post("/undo")
    def undo(slide_id: str, body: UndoBody) -> dict[str, Any]:
        return _take_back(desk, slide_id, body, redo=False)

    @router.post("/redo")
    def redo(slide_id: str, body: UndoBody) -> dict[str, Any]:
        return _take_back(desk, slide_id, body, redo=True)

    return router


def of_slide(entries: Sequence[Entry], slide: SlideEntry, digest: str) -> list[Entry]:
    """The entries about a slide whose rows are those of the findings at hand; drawings hold whatever was read since."""
    return [
        entry
        for entry in entries
        if entry.slide == slide.sha256 and (entry.findings == digest or _is_about_a_drawing(entry, entries))
    ]


def corrections_document(desk: Desk, case: Case, slide: SlideEntry) -> dict[str, Any]:
    """What stands of the reader's corrections of a slide."""
    digest = desk.found.digest(slide)
    everything = desk.entries(case)
    mine = of_slide(everything, slide, digest)
    standing = verdicts(mine)
    taken, back = to_undo(mine), to_redo(mine)
    others = [entry for entry in everything if entry.slide == slide.sha256 and entry not in mine]
    return {
        "slide": slide.id,
        "slide_sha256": slide.sha256,
        "findings": digest,
        "frame": "slide micrometers, origin top left",
        "reader": desk.settings.reader,
        "corrections": [
            {**entry_document(entry, case), "target": target, "newest": newest(mine, target), **_shape(target, mine)}
            for target, entry in standing.items()
        ],
        "touched": {target: newest(mine, target) for target in {target_of(entry) for entry in mine}},
        "undo": None if taken is None else taken.seq,
        "redo": None if back is None else back.seq,
        "of_earlier_readings": len(verdicts(others)),
        "seen": everything[-1].seq if everything else 0,
    }


def _shape(target: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """Outline or point of what was drawn, whatever was done with it since."""
    if not target.startswith("drawn-"):
        return {}
    drawing = next(entry for entry in entries if f"drawn-{entry.seq}" == target)
    return {"drawn": drawing.payload}


def _payload(desk: Desk, slide_id: str, slide: SlideEntry, body: CorrectionBody) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if body.finding_class is not None:
        payload["finding_class"] = body.finding_class
    if body.outline_um is not None:
        try:
            payload["outline_um"] = drawn_outline(body.outline_um, slide.mpp, slide.size_px)
        except ValueError as error:
            raise Refused(f"This cannot be a fiber: {error}.") from None
    if body.point_um is not None:
        size_um = [slide.mpp.to_um(float(side)) for side in (slide.size_px.width, slide.size_px.height)]
        if any(value >= most for value, most in zip(body.point_um, size_um, strict=True)):
            raise Refused("This cannot be a cell: the point lies outside the slide.")
        payload["point_um"] = [round(value, 2) for value in body.point_um]
    target = None if body.target is None else Target.parse(body.target)
    if target is not None and target.kind is not TargetKind.DRAWN:
        _, _, found = desk.unsealed(slide_id)
        known = known_target(found, str(target))
        # So that the correction can be understood without the tables.
        payload |= {"machine_class": found.class_of(known).name.lower(), "center_um": found.center_um(known)}
    return payload


def _check_drawn(entries: Sequence[Entry], target: Target, body: CorrectionBody) -> None:
    drawing = next((one for one in entries if one.seq == target.number and one.act is Act.DRAW), None)
    if drawing is None or str(target) not in verdicts(entries):
        raise NotThere
    if body.finding_class is not None:
        names = FIBER_CLASSES if "outline_um" in (drawing.payload or {}) else CELL_CLASSES
        if body.finding_class not in names:
            raise Refused("A fiber is no cell.")


def _take_back(desk: Desk, slide_id: str, body: UndoBody, *, redo: bool) -> dict[str, Any]:
    case, slide = desk.slide(slide_id)
    digest = desk.found.digest(slide)

    def check(entries: Sequence[Entry]) -> None:
        mine = of_slide(entries, slide, digest)
        taken = to_redo(mine) if redo else to_undo(mine)
        if taken is None or taken.seq != body.entry:
            raise Stale("Another tab did something since.")

    draft = Draft(Act.UNDO, case.biopsy, slide.sha256, digest, None, body.entry)
    desk.store.append(draft, desk.settings.reader, check)
    return corrections_document(desk, case, slide)


def _is_about_a_drawing(entry: Entry, entries: Sequence[Entry]) -> bool:
    if entry.act is Act.UNDO:
        taken = next((one for one in entries if one.seq == entry.undoes), None)
        return taken is not None and _is_about_a_drawing(taken, entries)
    return target_of(entry).startswith("drawn-")
