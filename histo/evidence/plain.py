"""Evidence and readings as plain JSON values, and back."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


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


def from_dict(kind: type[Kind], value: object, *, older: bool = False) -> Kind:
    """What `to_dict` gave, as the frozen dataclass that it was: strictly, with every field there and none unknown.

    Args:
        kind: The dataclass; its fields may hold whatever `to_dict` takes.
        value: Plain values, e.g. of `json.loads`.
        older: Whether fields that have a default may be missing, as in files of an older minor version.

    Raises:
        ValueError: Naming the entry, if it is missing, unknown, of another type, or refused by its class.
    """
    made: Kind = _made(kind, value, "", older)
    return made


def _made(kind: Any, value: Any, place: str, older: bool) -> Any:  # noqa: ANN401
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        (kind,) = (one for one in inner if one is not type(None))
        return _made(kind, value, place, older)
    if is_dataclass(kind):
        return _dataclass(kind, value, place, older)
    if origin is tuple and isinstance(value, list):
        kinds = [inner[0]] * len(value) if inner[-1] is ... else inner
        if len(kinds) != len(value):
            raise ValueError(f"{place} must hold {len(kinds)} values, not {len(value)}")
        return tuple(
            _made(one, entry, f"{place}[{at}]", older) for at, (one, entry) in enumerate(zip(kinds, value, strict=True))
        )
    if origin is Mapping and isinstance(value, dict):
        return {key: _made(inner[1], entry, f"{place}.{key}", older) for key, entry in value.items()}
    if origin is Literal:
        if value not in inner:
            raise ValueError(f"{place} must be one of {', '.join(map(str, inner))}, not {value!r:.60}")
        return value
    if isinstance(kind, type) and issubclass(kind, Enum):
        if value not in [member.value for member in kind]:
            raise ValueError(
                f"{place} must be one of {', '.join(str(member.value) for member in kind)}, not {value!r:.60}"
            )
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if kind not in (str, int, float, bool) or type(value) is not kind:
        raise ValueError(f"{place or 'it'} must be {getattr(kind, '__name__', kind)}, not {value!r:.60}")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _dataclass(kind: Any, value: Any, place: str, older: bool) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        raise ValueError(f"{place or 'it'} must be an object, not {value!r:.60}")
    hints, dot = _hints(kind), f"{place}." if place else ""
    names = [field.name for field in fields(kind)]
    for field in fields(kind):
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        if field.name not in value and not (older and has_default):
            raise ValueError(f"has no entry {dot}{field.name}")
    for name in value:
        if name not in names:
            raise ValueError(f"has an unknown entry {dot}{name}")
    parts = {name: _made(hints[name], value[name], f"{dot}{name}", older) for name in names if name in value}
    try:
        return kind(**parts)
    except ValueError as error:
        raise ValueError(f"{place}: {error}" if place else str(error)) from None
