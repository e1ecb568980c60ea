"""Evidence and readings as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


def to_dict(value: Any) -> Any:  # noqa: ANN401
    """A frozen dataclass tree as dicts, lists and plain values, ready for `json.dumps`.

    Args:
        value: A dataclass, or anything that one may hold: mappings, tuples, enums, str, int, float, bool, None.

    Raises:
        TypeError: If something else is found, e.g. an array: results hold plain numbers only.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_dict(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_dict(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_dict(entry) for entry in value]
    if isinstance(value, Enum):
        return value.value
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise TypeError(f"{type(value).__name__} is not a plain value")
