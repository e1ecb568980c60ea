"""The web application: routes, what failures become, and the guard before all of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from histo.errors import HistoError, OutputError
from histo.review.desk import Desk, NotThere, Refused, Sealed, Settings, Stale, open_desk
from histo.review.guard import Guard
from histo.review.routes.about import about_routes
from histo.review.routes.audit import audit_routes
from histo.review.routes.cases import case_routes
from histo.review.routes.corrections import correction_routes
from histo.review.routes.opinions import opinion_routes
from histo.review.routes.pages import page_routes
from histo.review.routes.slides import slide_routes
from histo.review.shelf import SlideUnavailable

ROUTES = (page_routes, about_routes, case_routes, opinion_routes, slide_routes, correction_routes, audit_routes)


def make_app(settings: Settings) -> ASGIApp:
    """The application over a folder of readings.

    Raises:
        RecordError: If the folder holds no reading, or its history is damaged.
        OutputError: If the history cannot be written.
    """
    desk = open_desk(settings)
    return Guard(_inner(desk), settings.port, settings.token)


def _inner(desk: Desk) -> FastAPI:
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        for case in desk.library.cases()[0]:
            desk.look_for(case.slides)
        yield
        desk.close()

    app = FastAPI(title="histo review", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    for routes in ROUTES:
        app.include_router(routes(desk))
    _tell_failures(app)
    return app


def _tell_failures(app: FastAPI) -> None:
    """Every failure is a short sentence; none tells a path, and none repeats what was sent."""

    def answer(status: int, sentence: str, **more: Any) -> JSONResponse:  # noqa: ANN401
        return JSONResponse({"problem": sentence, **more}, status)

    @app.exception_handler(NotThere)
    async def not_there(_: Request, __: Exception) -> JSONResponse:
        return answer(404, "There is nothing here.")

    @app.exception_handler(Sealed)
    async def sealed(_: Request, __: Exception) -> JSONResponse:
        return answer(403, "Record your own reading first: the machine's is sealed until then.", sealed=True)

    @app.exception_handler(Stale)
    async def stale(_: Request, error: Exception) -> JSONResponse:
        return answer(409, f"{error} The page has been brought up to date; please look again.")

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        return answer(422, str(error))

    @app.exception_handler(SlideUnavailable)
    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, SlideUnavailable)
        return answer(404, error.standing.sentence, state=error.standing.state.value)

    @app.exception_handler(OutputError)
    async def not_saved(_: Request, error: Exception) -> JSONResponse:
        logging.getLogger(__name__).error("%s", error)
        return answer(507, "This could not be saved: the disk may be full. Nothing was written.")

    @app.exception_handler(HistoError)
    async def expected(_: Request, error: Exception) -> JSONResponse:
        logging.getLogger(__name__).error("%s", error)
        return answer(404, "This cannot be read; the terminal of the server says why.")

    @app.exception_handler(OSError)
    async def gone(_: Request, __: Exception) -> JSONResponse:
        return answer(404, "There is nothing here.")

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        if any(one["loc"][0] == "path" for one in error.errors()):
            return answer(404, "There is nothing here.")
        return answer(422, "The request is not one that this server understands.")

    @app.exception_handler(HTTPException)
    async def other(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return answer(error.status_code, "There is nothing here." if error.status_code == 404 else "Refused.")
