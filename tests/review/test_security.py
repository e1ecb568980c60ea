"""Safe against other sites, other users of the machine, and what files and people may be called."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from example_findings import example_findings
from review_folder import SIDE_UM, paint_slide, write_reading
from review_page import ORIGIN, PORT, Page

from histo.review import STORE_NAME, Settings
from histo.review.guard import MOST_BODY_BYTES
from histo.review.routes.pages import shipped_files

SECRETS = ("root:", "reading.json", "histo.reading", "SQLite format", "parquet", "[build-system]")

STEPS = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "..;/", ".%00./", "%252e%252e%252f", "..%c0%af")
GOALS = ("etc/passwd", STORE_NAME, "alpha/reading.json")
PLACES = ("/static/{}", "/api/slides/{}")
HOSTILE = [place.format(step * 6 + goal) for step in STEPS for goal in GOALS for place in PLACES]


def test_sixty_hostile_paths_lead_nowhere(page: Page) -> None:
    assert len(set(HOSTILE)) == 60
    case, slide = page.open("alpha")
    for path in HOSTILE:
        answer = page.get(path)
        assert answer.status_code == 404, path
        assert not [secret for secret in SECRETS if secret in answer.text], path
    odd = [
        f"/api/slides/{slide}/crops/..%2f..%2freading.json", f"/api/slides/{slide}/crops/fiber--1",
        f"/api/slides/{slide}/findings/%2fetc%2fpasswd", f"/api/slides/{slide}/tiles/11/0/../../../x",
        f"/api/slides/{slide}/tiles/-1/0/0", f"/api/slides/{slide}/tiles/11/-1/0", f"/api/slides/{slide}/tiles/99/0/0",
        f"/api/slides/{slide}/tiles/11/{10**30}/0", f"/api/slides/{slide}/tiles/a/b/c",
        f"/api/slides/{slide}/outlines/{10**30}/0/0", f"/api/slides/{slide}/outlines/11/0/{10**12}",
        "/api/slides/alpha/tiles/11/0/0", f"/cases/{slide}", f"/api/cases/{case}x", "/static/", "/static",
        "//etc/passwd", "/overview.png", "/alpha/report.html", "/docs", "/openapi.json", "/api/slides//tiles/1/1/1",
    ]  # fmt: skip
    for path in odd:
        assert page.get(path).status_code in (404, 307), path


NAMES = (
    "<script>alert(1)<", "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "javascript:alert(1)", "{{7*7}}",
    "<svg onload=alert(1)>", "${alert(1)}", "<iframe srcdoc=x>", "&lt;script&gt;", "\\u003cscript\\u003e",
    "<b onmouseover=alert(1)>x",
    "--><script>alert(1)", "]]><script>", "<base href=x>", "<meta http-equiv=refresh>", "<a href=javascript:alert(1)>",
    "%3Cscript%3E", "<style>@import x", "\u202etxt.exe", "<math><mtext><script>",
)  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_twenty_names_stay_text(settings: Settings, tmp_path: Path) -> None:
    """Pages are shipped files that hold no name at all; names travel as JSON. The browser's test looks at the rest."""
    assert len(set(NAMES)) == 20
    slide_file = paint_slide(tmp_path / "slide.png")
    findings = example_findings(20, 10, side_um=SIDE_UM)
    for name in NAMES:
        own = replace(settings, folder=tmp_path / "named" / str(NAMES.index(name)), reader=name)
        write_reading(own.folder, "folder", [(slide_file, findings)])
        path = own.folder / "folder/reading.json"
        document = json.loads(path.read_text())
        document["name"] = name
        path.write_text(json.dumps(document))
        with Page(own) as page:
            (case,) = page.get("/api/cases").json()["cases"]
            assert case["name"] == name
            for address in ("/", f"/cases/{case['id']}"):
                answer = page.get(address)
                assert name not in answer.text
                assert answer.headers["content-type"] == "text/html; charset=utf-8"
            for address in ("/api/cases", "/api/about"):
                answer = page.get(address)
                assert answer.headers["content-type"] == "application/json"
                assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_script_and_no_style_of_their_own(page: Page) -> None:
    for name, (data, _) in shipped_files().items():
        if name.endswith(".html"):
            tags = Tags()
            tags.feed(data.decode())
            for tag, attributes in tags.found:
                assert not [key for key in attributes if key.startswith("on") or key == "style"], (name, tag)
                assert tag != "style"
                assert tag != "script" or attributes.get("src", "").startswith("/static/"), name  # type: ignore[union-attr]
        if name.endswith(".js") and "vendor" not in name:
            text = data.decode()
            sinks = (
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "srcdoc",
            )
            assert not [sink for sink in sinks if sink in text], name
    policy = page.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_nothing_comes_from_elsewhere() -> None:
    for name, (data, _) in shipped_files().items():
        if "vendor" not in name and name != "icon.svg":
            assert b"://" not in data, name
    assert b"BSD" in shipped_files()["vendor/openseadragon.LICENSE.txt"][0] or (
        b"Redistribution and use" in shipped_files()["vendor/openseadragon.LICENSE.txt"][0]
    )


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "", "127.0.0.1:8765.evil.example"]
)
def test_only_our_own_name_is_answered(page: Page, host: str) -> None:
    assert page.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}"])
def test_our_own_names_are_answered(page: Page, host: str) -> None:
    assert page.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:8765", ""])
def test_only_our_own_pages_may_write(page: Page, origin: str) -> None:
    case, _ = page.ready("alpha")
    assert page.post(f"/api/cases/{case}/open", json={"seen": 0}, headers={"origin": origin}).status_code == 403
    assert page.get(f"/api/cases/{case}/entries").json() == []


def test_a_write_without_an_origin_or_not_as_json_is_refused(page: Page) -> None:
    case, _ = page.ready("alpha")
    del page.headers["origin"]
    assert page.post(f"/api/cases/{case}/open", json={"seen": 0}).status_code == 403
    page.headers["origin"] = ORIGIN
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        sent = page.post(f"/api/cases/{case}/open", content=b'{"seen": 0}', headers={"content-type": kind})
        assert sent.status_code == 415, kind


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_even_embed(page: Page, site: str) -> None:
    _, slide = page.ready("alpha")
    asked = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert page.get(f"/api/slides/{slide}/tiles/11/0/0", headers=asked).status_code == 403
    assert page.get("/", headers={"sec-fetch-site": site, "sec-fetch-mode": "navigate"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD"])
def test_only_two_methods(page: Page, method: str) -> None:
    assert page.request(method, "/").status_code == 405


BODIES = [
    b"", b"{", b"[]", b"null", b'{"seen": NaN}', b'{"seen": 1e999}', b'{"seen": "0"}x', b"[" * 60_000,
    b'{"seen":' * 6000, b'{"seen": ' + b"9" * 6000 + b"}", b"\xff\xfe", b'{"seen": {"a": 1}}',
    b'{"pattern": "\\ud800"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_broken_bodies_are_refused(page: Page, body: bytes) -> None:
    case, slide = page.open("alpha")
    for path in (f"/api/cases/{case}/final", f"/api/cases/{case}/second-read", f"/api/slides/{slide}/corrections"):
        sent = page.post(path, content=body, headers={"content-type": "application/json"})
        assert sent.status_code in (400, 422), path
        assert "Traceback" not in sent.text


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_text_that_is_no_text_is_refused(page: Page, text: str) -> None:
    case, _ = page.open("alpha")
    body = json.dumps({"pattern": "normal", "reasons": text, "seen": 9}).encode()
    sent = page.post(f"/api/cases/{case}/final", content=body, headers={"content-type": "application/json"})
    assert sent.status_code == 422


def test_large_bodies_are_not_read(page: Page) -> None:
    case, _ = page.ready("alpha")
    body = json.dumps({"seen": 0, "pad": "x" * MOST_BODY_BYTES}).encode()
    headers = {"content-type": "application/json"}
    assert page.post(f"/api/cases/{case}/open", content=body, headers=headers).status_code == 413

    def pieces() -> object:
        for _ in range(80):
            yield b" " * 1024

    chunked = page.post(f"/api/cases/{case}/open", content=pieces(), headers=headers)  # tells no length beforehand
    assert chunked.status_code == 413
    lying = {**headers, "content-length": "-1"}
    assert page.post(f"/api/cases/{case}/open", content=b"{}", headers=lying).status_code == 413


def test_a_token_is_asked_for_everywhere(settings: Settings) -> None:
    with Page(replace(settings, token="sesame")) as page:
        for path in ("/", "/static/case.js", "/api/cases", "/?token=", "/?token=sesam", "/api/cases?token=sesame"):
            assert page.get(path, follow_redirects=False).status_code == 401, path
        assert page.get("/api/about", headers={"authorization": "Bearer sesame"}).status_code == 200
        entered = page.get("/?token=sesame", follow_redirects=False)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert page.get("/api/cases").status_code == 200  # the cookie is kept
        page.cookies.clear()
        page.cookies.set(f"histo_review_{PORT}", "guess")
        assert page.get("/api/cases").status_code == 401


def test_findings_that_vanish_are_not_found_and_no_path_is_told(settings: Settings, tmp_path: Path) -> None:
    own = replace(settings, folder=tmp_path / "gone")
    write_reading(
        own.folder, "alpha", [(paint_slide(tmp_path / "slide.png"), example_findings(20, 10, side_um=SIDE_UM))]
    )
    with Page(own) as page:
        _, slide = page.open("alpha")
        (own.folder / "alpha/fibers.parquet").unlink()
        for path in ("outlines/9/0/0", "strip", "findings/fiber-0", "corrections"):
            answer = page.get(f"/api/slides/{slide}/{path}")
            assert answer.status_code == 404, path
            assert str(tmp_path) not in answer.text


def test_headers_are_on_every_answer(page: Page) -> None:
    for answer in (
        page.get("/"),
        page.get("/nothing"),
        page.get("/", headers={"host": "evil"}),
        page.post("/", json={}),
    ):
        for header in ("content-security-policy", "x-content-type-options", "cross-origin-resource-policy"):
            assert header in answer.headers


def test_unusual_slide_ids_are_not_found(page: Page) -> None:
    for odd in ("0" * 16, "é", quote("..\\..\\x"), "%00", "a" * 5000):
        assert page.get(f"/api/slides/{odd}/corrections").status_code in (404, 414)
