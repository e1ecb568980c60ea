"""A server for a real browser to visit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from histo.review import Settings
from histo.review.serve import listening, server_of


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """The address of a server in a thread of this process."""
    with listening(0) as listener:
        port = listener.getsockname()[1]
        server = server_of(replace(settings, port=port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()
