"""A stream of text whose end does not end the program: for what is told during a long run."""

from __future__ import annotations

import contextlib
import os
from typing import IO, Any


class LastingStream:
    """Writes to another stream; when its reader is gone or its disk is full, the rest goes nowhere.

    Args:
        stream: Standard output or standard error, or what stands in for it.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Write nothing yet."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or lose it."""
        try:
            return self._stream.write(text)
        except OSError:
            self._close()
            return len(text)

    def flush(self) -> None:
        """Flush, or lose it."""
        try:
            self._stream.flush()
        except OSError:
            self._close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """All else is the stream's own."""
        return getattr(self._stream, name)

    def _close(self) -> None:
        """Turn the stream itself to nowhere: what it still holds would fail once more when the program ends."""
        with contextlib.suppress(OSError):  # a stream without a descriptor; then every write is lost by itself
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self._stream.fileno())
            finally:
                os.close(nowhere)
