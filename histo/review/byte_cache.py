"""Encoded tiles that were asked for lately, in a bounded amount of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class ByteCache:
    """The least used goes first.

    Args:
        most_bytes: What all values together may hold.
    """

    def __init__(self, most_bytes: int) -> None:
        """Nothing is held yet."""
        self._most = most_bytes
        self._held = 0
        self._values: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The value of a key, made if it is not held. Two threads may make the same at once; one of the two is kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            if key not in self._values and len(value) <= self._most:
                self._values[key] = value
                self._held += len(value)
                while self._held > self._most:
                    self._held -= len(self._values.popitem(last=False)[1])
        return value
