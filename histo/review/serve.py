"""Runs the application on this machine alone."""

from __future__ import annotations

import secrets
import socket

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


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C.

    Raises:
        UsageError: If the port is taken.
        RecordError: If the folder holds no reading, or its history is damaged.
        OutputError: If the history cannot be written.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, settings.port))
        except OSError as error:
            raise UsageError(f"port {settings.port}", f"cannot be used ({error.strerror})", "choose another") from error
        config = uvicorn.Config(
            make_app(settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=30,
            limit_concurrency=200,
        )
        uvicorn.Server(config).run(sockets=[listener])
