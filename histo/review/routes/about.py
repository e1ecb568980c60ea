"""What every page needs to know: who reads, and the names, colors and marks of what is shown."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from histo.findings import INFLAMMATORY_CLASSES, CellClass, FiberClass
from histo.pattern import DISCLAIMER
from histo.records import CELL_NAMES, COLORS
from histo.report.style import CELL_STYLES, FIBER_STYLES, INK
from histo.review.desk import Desk
from histo.review.opinions import choices


def classes() -> dict[str, Any]:
    """Fiber and cell classes by code, as the report draws them."""
    fibers = [
        {
            "code": int(kind), "name": kind.name.lower(), "label": style.label, "plural": style.plural,
            "color": _hex(style.color), "mark": style.marker, "dashed": style.dash == "dashed",
        }
        for kind, style in sorted(FIBER_STYLES.items())
    ]  # fmt: skip
    cells = []
    for kind in CellClass:
        style = CELL_STYLES.get(kind)
        label = style.label if style else CELL_NAMES[kind].lower()
        red, green, blue = COLORS[CELL_NAMES[kind]]
        color = f"#{red:02x}{green:02x}{blue:02x}"
        inflammatory = kind in INFLAMMATORY_CLASSES
        cells.append(
            {"code": int(kind), "name": kind.name.lower(), "label": label, "color": color, "inflammatory": inflammatory}
        )
    return {"fibers": fibers, "cells": cells, "intact": int(FiberClass.INTACT), "ink": INK}


def _hex(color: tuple[float, float, float]) -> str:
    red, green, blue = (round(255 * part) for part in color)
    return f"#{red:02x}{green:02x}{blue:02x}"


def about_routes(desk: Desk) -> APIRouter:
    """`/api/about`."""
    router = APIRouter(prefix="/api/about")
    told = {
        "reader": desk.settings.reader,
        "notice": DISCLAIMER,
        "second_read_first": desk.settings.second_read_first,
        "classes": classes(),
        "choices": choices(),
    }

    @router.get("")
    def about() -> dict[str, Any]:
        return told

    return router
