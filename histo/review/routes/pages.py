"""The pages and what they are made of: a fixed list of files, so that no path can lead anywhere else."""

from __future__ import annotations

import mimetypes
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from histo.review.desk import Desk, NotThere

_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


def shipped_files() -> dict[str, tuple[bytes, str]]:
    """Everything under `static`, by its name there, with its type."""

    def walk(folder: Traversable, prefix: str) -> dict[str, tuple[bytes, str]]:
        files: dict[str, tuple[bytes, str]] = {}
        for item in folder.iterdir():
            if item.is_dir():
                files |= walk(item, f"{prefix}{item.name}/")
            else:
                kind = _TYPES.get("." + item.name.rsplit(".", 1)[-1]) or mimetypes.guess_type(item.name)[0]
                files[prefix + item.name] = (item.read_bytes(), f"{kind or 'text/plain'}; charset=utf-8")
        return files

    return walk(resources.files("histo.review") / "static", "")


def page_routes(desk: Desk) -> APIRouter:
    """`/`, `/cases/ID`, `/cases/ID/audit` and `/static/NAME`."""
    router = APIRouter()
    files = shipped_files()

    def shipped(name: str, request: Request) -> Response:
        if name not in files:
            raise NotThere
        data, kind = files[name]
        return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})

    @router.get("/")
    def cases(request: Request) -> Response:
        return shipped("cases.html", request)

    @router.get("/cases/{case_id}")
    def case(case_id: str, request: Request) -> Response:
        desk.case(case_id)
        return shipped("case.html", request)

    @router.get("/cases/{case_id}/audit")
    def audit(case_id: str, request: Request) -> Response:
        desk.case(case_id)
        return shipped("audit.html", request)

    @router.get("/static/{name:path}")
    def static(name: Annotated[str, Path(max_length=200)], request: Request) -> Response:
        return shipped(name, request)

    return router
