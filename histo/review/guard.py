"""What stands before every request: only this machine's own pages may ask, and only small bodies may come.

A page of another site that the reader visits can send requests to 127.0.0.1 too. It is stopped by three things: the
Host header must be ours (a name that was rebound to 127.0.0.1 is not), what browsers tell of where a request comes from
must be this page, and a write must carry our own Origin.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 << 10
"""An outline of a thousand vertices is 20 KB."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def own_hosts(port: int) -> tuple[str, ...]:
    """The Host headers of a server on this machine."""
    return tuple(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


class Guard:
    """ASGI middleware.

    Args:
        app: What to guard.
        port: Where the server listens.
        token: What a reader must show on a host that others use too; None where nobody else can reach it.
    """

    def __init__(self, app: ASGIApp, port: int, token: str | None) -> None:
        """Keep what requests are held against."""
        self._app = app
        self._hosts = own_hosts(port)
        self._token = token
        self._cookie = f"histo_review_{port}"  # cookies of one host are shared by all its ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        guarded = _with_headers(send)
        answer = self._refusal(scope)
        if answer is None:
            body = await _body(scope, receive)
            if body is None:
                answer = PlainTextResponse("The request is too large.", 413)
            else:
                await self._app(scope, _replay(body), guarded)
                return
        await answer(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts or len(headers.getlist("host")) != 1:
            return PlainTextResponse("This server answers only to its own name.", 421)
        if scope["method"] not in ("GET", "POST"):
            return PlainTextResponse("Only GET and POST.", 405)
        site, mode = headers.get("sec-fetch-site", "same-origin"), headers.get("sec-fetch-mode", "")
        if site not in ("same-origin", "none") and not (mode == "navigate" and scope["method"] == "GET"):
            return PlainTextResponse("Only this server's own pages may ask.", 403)
        if scope["method"] == "POST":
            if headers.get("origin") != f"http://{host}":
                return PlainTextResponse("Only this server's own pages may write.", 403)
            if headers.get("content-type", "").split(";")[0].strip() != "application/json":
                return PlainTextResponse("Only JSON.", 415)
        return None if self._token is None else self._without_token(scope, headers, self._token)

    def _without_token(self, scope: Scope, headers: Headers, token: str) -> Response | None:
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        if scope["path"] == "/" and scope["method"] == "GET" and _same(shown[0], token):
            entered = RedirectResponse("/", 303)  # so that the token does not stay in the address bar
            entered.set_cookie(self._cookie, token, httponly=True, samesite="strict", path="/")
            return entered
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if _same(bearer, token) or any(_same(value, token) for value in _cookies(headers, self._cookie)):
            return None
        return PlainTextResponse("Open the address that `histo review` printed: it holds the token.", 401)


def _cookies(headers: Headers, name: str) -> Iterable[str]:
    for line in headers.getlist("cookie"):
        try:
            jar = SimpleCookie(line)
        except CookieError:
            continue
        if name in jar:
            yield jar[name].value


def _same(shown: str, token: str) -> bool:
    return hmac.compare_digest(shown.encode("utf-8", "replace"), token.encode("utf-8"))


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None if it is too large; it is read no further than the limit."""
    told = Headers(scope=scope).get("content-length", "0")
    if not told.isdecimal() or int(told[:12]) > MOST_BODY_BYTES:
        return None
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return guarded
