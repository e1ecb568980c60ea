"""Slides: pixels for anyone who reviews, findings for those who may see them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from histo.geometry import Mpp, Region
from histo.report import crop_frame
from histo.review.desk import Desk, NotThere
from histo.review.found import Found
from histo.review.ranking import ranked
from histo.review.targets import Target, TargetKind
from histo.review.tiles import jpeg, shown, tile_jpeg

FOREVER = {"Cache-Control": "private, max-age=86400, immutable"}
"""The address of a tile holds the slide's digest."""

CELL_CROP_PX = 260
CELL_CROP_MPP = Mpp(60.0 / CELL_CROP_PX)

Micrometers = Annotated[float, Query(ge=-1e7, le=1e7, allow_inf_nan=False)]


def slide_routes(desk: Desk) -> APIRouter:
    """`/api/slides/ID` and what lies under it, but for corrections."""
    router = APIRouter(prefix="/api/slides/{slide_id}")

    @router.get("/tiles/{level}/{column}/{row}")
    def tile(slide_id: str, level: int, column: int, row: int) -> Response:
        _, slide = desk.slide(slide_id)
        reader = desk.shelf.reader(slide)

        def make() -> bytes:
            data = tile_jpeg(reader, slide.mpp, level, column, row)
            if data is None:
                raise NotThere
            return data

        data = desk.tiles.get((slide.sha256, level, column, row), make)
        return Response(data, media_type="image/jpeg", headers=FOREVER)

    @router.get("/outlines/{level}/{column}/{row}")
    def outlines(slide_id: str, level: int, column: int, row: int) -> Response:
        _, _, found = desk.unsealed(slide_id)
        if not (0 <= level <= found.outlines.finest_level and 0 <= column < 1 << 20 and 0 <= row < 1 << 20):
            raise NotThere
        return Response(found.outlines.tile(level, column, row), media_type="application/octet-stream")

    @router.get("/strip")
    def strip(slide_id: str) -> dict[str, Any]:
        case, slide, found = desk.unsealed(slide_id)
        listed, left_out = ranked(found, slide.name, case.reading.document)
        return {
            "findings": [
                {
                    "target": str(one.target), "finding_class": one.finding_class, "probability": one.probability,
                    "center_um": one.center_um, "because": one.because,
                }
                for one in listed
            ],
            "left_out": left_out,
            "digest": found.digest,
        }  # fmt: skip

    @router.get("/at")
    def at(slide_id: str, x_um: Micrometers, y_um: Micrometers, all_nuclei: bool = False) -> list[dict[str, str]]:
        _, _, found = desk.unsealed(slide_id)
        return [
            {"target": str(target), "finding_class": found.class_of(target).name.lower()}
            for target in found.at(x_um, y_um, all_nuclei=all_nuclei)
        ]

    @router.get("/findings/{target}")
    def finding(slide_id: str, target: str) -> dict[str, Any]:
        case, slide, found = desk.unsealed(slide_id)
        known = known_target(found, target)
        reasons = [
            reason["sentence"]
            for reason in case.reading.document["pattern"]["reasons"]
            if any(_names(place, known) for place in reason["places"] if place["slide"] == slide.name)
        ]
        return {**found.facts(known), "reasons": reasons}

    @router.get("/crops/{target}")
    def crop(slide_id: str, target: str) -> Response:
        _, slide, found = desk.unsealed(slide_id)
        known = known_target(found, target)
        region, mpp = crop_region(found, known)
        reader = desk.shelf.reader(slide)
        data = desk.tiles.get((slide.sha256, found.digest, target), lambda: jpeg(shown(reader.read(region, mpp))))
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})

    return router


def known_target(found: Found, text: str) -> Target:
    """A fiber or cell of the machine.

    Raises:
        NotThere: If there is none.
    """
    try:
        target = Target.parse(text)
    except ValueError:
        raise NotThere from None
    if not found.has(target):
        raise NotThere
    return target


def crop_region(found: Found, target: Target) -> tuple[Region, Mpp]:
    """The field in which a finding is shown, and its scale."""
    if target.kind is TargetKind.FIBER:
        return crop_frame(found.findings.fibers.outline(target.number))
    x, y = (CELL_CROP_MPP.px(value) - CELL_CROP_PX // 2 for value in found.center_um(target))
    return Region(x, y, CELL_CROP_PX, CELL_CROP_PX), CELL_CROP_MPP


def _names(place: dict[str, Any], target: Target) -> bool:
    return target.number in place["fiber_ids" if target.kind is TargetKind.FIBER else "cell_ids"]
