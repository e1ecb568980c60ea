"""Runs the application on this machine alone."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from histo.errors import UsageError
from histo.review.app import make_app
from histo.review.desk import Settings

ADDRESS = "127.0.0.1"
TOKEN_BYTES = 24


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def page_address(settings: Settings) -> str:
    """What a reader opens."""
    token = "" if settings.token is None else f"?token={settings.token}"
    return f"http://{ADDRESS}:{settings.port}/{token}"


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket on this machine's own address alone.

    Args:
        port: Which; 0 takes one that is free.

    Raises:
        UsageError: If it is taken.
    """
    # With the protocol left out asyncio does not know TCP when it sees it, and leaves Nagle's algorithm on: head and
    # body of an answer are sent one after the other, and each small tile then waited 40 ms for an acknowledgment.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
        except OSError as error:
            raise UsageError(
                f"port {port}", f"cannot be used ({error.strerror})", "choose another with --port"
            ) from error
        yield listener


def server_of(settings: Settings) -> uvicorn.Server:
    """The server, not yet running.

    Raises:
        RecordError: If the folder holds no reading, or its history is damaged.
        OutputError: If the history cannot be written.
    """
    return uvicorn.Server(
        uvicorn.Config(
            make_app(settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=30,
            limit_concurrency=200,
        )
    )


def serve(settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C.

    Args:
        settings: What, to whom and where.
        ready: Called when nothing stands in the way any more, to tell the reader.

    Raises:
        UsageError: If the port is taken.
        RecordError: If the folder holds no reading, or its history is damaged.
        OutputError: If the history cannot be written.
    """
    with listening(settings.port) as listener:
        server = server_of(settings)
        ready()
        server.run(sockets=[listener])
