"""Cases: the list, one case, and its history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from histo.review.desk import Desk
from histo.review.entries import Act, Entry, verdicts
from histo.review.library import Case, SlideEntry
from histo.review.phases import is_blind, last, phase_of
from histo.review.tiles import TILE_PX, top_level


def case_routes(desk: Desk) -> APIRouter:
    """`/api/cases` and what lies under it, but for opinions."""
    router = APIRouter(prefix="/api/cases")

    @router.get("")
    def cases() -> dict[str, Any]:
        found, unusable = desk.library.cases()
        for case in found:
            desk.look_for(case.slides)
        return {
            "cases": [_summary(desk, case) for case in found],
            "unusable": [{"name": one.name, "problem": one.problem} for one in unusable],
        }

    @router.get("/{case_id}")
    def case(case_id: str) -> dict[str, Any]:
        found = desk.case(case_id)
        desk.look_for(found.slides)
        return case_document(desk, found)

    @router.get("/{case_id}/entries")
    def entries(case_id: str, after: Annotated[int, Query(ge=0, lt=2**53)] = 0) -> list[dict[str, Any]]:
        found = desk.case(case_id)
        written = desk.store.entries(found.biopsy, desk.settings.reader, after)
        return [entry_document(entry, found) for entry in written]

    return router


def case_document(desk: Desk, case: Case) -> dict[str, Any]:
    """A case as its page needs it: nothing of the machine's."""
    entries = desk.entries(case)
    read, final = last(entries, Act.SECOND_READ), last(entries, Act.FINAL)
    return {
        **_summary(desk, case),
        "slides": [_slide(desk, slide) for slide in case.slides],
        "blind": is_blind(entries),
        "second_read": None if read is None else {**(read.payload or {}), "at": read.at},
        "final": None if final is None else {**(final.payload or {}), "at": final.at},
        "seen": entries[-1].seq if entries else 0,
    }


def entry_document(entry: Entry, case: Case) -> dict[str, Any]:
    """An entry of the history; its slide is named by id."""
    slide = next((slide.id for slide in case.slides if slide.sha256 == entry.slide), None)
    # The design of an audit says what the machine called each item, which its reader must not know.
    payload = {"plan": (entry.payload or {}).get("plan")} if entry.act is Act.AUDIT_DRAW else entry.payload
    return {
        "seq": entry.seq, "at": entry.at, "author": entry.author, "act": entry.act.value, "slide": slide,
        "findings": entry.findings, "target": entry.target, "undoes": entry.undoes, "payload": payload,
    }  # fmt: skip


def _summary(desk: Desk, case: Case) -> dict[str, Any]:
    entries = desk.entries(case)
    return {
        "id": case.id,
        "name": case.name,
        "phase": phase_of(entries).value,
        "decided": last(entries, Act.FINAL) is not None,
        "corrections": len(verdicts(entries)),
        "slides": [{"id": slide.id, "name": slide.name, **_standing(desk, slide)} for slide in case.slides],
    }


def _standing(desk: Desk, slide: SlideEntry) -> dict[str, str]:
    standing = desk.shelf.standing(slide)
    return {"state": standing.state.value, "sentence": standing.sentence}


def _slide(desk: Desk, slide: SlideEntry) -> dict[str, Any]:
    return {
        "id": slide.id,
        "name": slide.name,
        **_standing(desk, slide),
        "width_px": slide.size_px.width,
        "height_px": slide.size_px.height,
        "um_per_px": slide.mpp.um_per_px,
        "scale_source": slide.scale_source,
        "tile_px": TILE_PX,
        "top_level": top_level(slide.size_px),
        "version": slide.sha256[:12],
        "cells_assessed": slide.cells_assessed,
    }
