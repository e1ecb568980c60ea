"""A client that behaves like the page."""

from __future__ import annotations

import time

from httpx2 import Response
from starlette.testclient import TestClient

from histo.review import Settings, make_app

PORT = 8765
ORIGIN = f"http://127.0.0.1:{PORT}"
WAIT_S = 60.0


class Page(TestClient):
    """A client that sends what a browser sends from the page itself."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(make_app(settings), base_url=ORIGIN, raise_server_exceptions=False)
        self.headers["origin"] = ORIGIN

    def ready(self, name: str) -> tuple[str, str]:
        """The ids of a case of one slide and of its slide, once its file has been looked for."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            (case,) = (one for one in self.get("/api/cases").json()["cases"] if one["name"] == name)
            if all(slide["state"] != "checking" for slide in case["slides"]):
                return case["id"], case["slides"][0]["id"]
            time.sleep(0.05)
        raise AssertionError(f"{name} is still being checked after {WAIT_S} s")

    def open(self, name: str) -> tuple[str, str]:
        """The same, with the machine's findings shown."""
        case, slide = self.ready(name)
        assert self.post(f"/api/cases/{case}/open", json={"seen": 0}).status_code == 200
        return case, slide

    def correct(self, slide: str, **body: object) -> Response:
        return self.post(f"/api/slides/{slide}/corrections", json=body)
