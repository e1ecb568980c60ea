"""Values to JSON and JSON back to values, with one form for each value and no surprises in either direction."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from histo.errors import RecordError
from histo.geometry import Mpp

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

SIGNIFICANT_DIGITS = 6
"""Of a float in a reading: more would only show the noise of floating point."""

MAX_JSON_BYTES = 64 << 20
"""A reading is some hundred kilobytes; whatever is larger than this is not one."""

REMEDY = "read the slide again with `histo read`"


def plain(value: object) -> Json:
    """A dataclass tree as JSON values.

    Enums become their lower-case names (string enums their values), scales their um/px, numbers that are not finite
    become null, and other floats keep `SIGNIFICANT_DIGITS`.

    Raises:
        TypeError: If a value has no JSON form.
    """
    if value is None or isinstance(value, bool | str) and not isinstance(value, Enum):
        return value  # type: ignore[return-value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mpp):
        return value.um_per_px
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _key(key: object) -> str:
    name = plain(key)
    return name if isinstance(name, str) else str(name)


def json_bytes(document: Json) -> bytes:
    """A document as UTF-8 text, for people and programs: indented, in its own order, without NaN."""
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that may come from anywhere.

    Raises:
        RecordError: If the file is missing, too large, not UTF-8 JSON, nested too deep, holds NaN or infinity, or is not an
            object.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise RecordError(path, f"is larger than {MAX_JSON_BYTES >> 20} MiB, too large for a reading", REMEDY)
        document = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse_constant)
    except FileNotFoundError as error:
        raise RecordError(path, "there is no such file", REMEDY) from error
    except OSError as error:
        raise RecordError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(path, f"is not valid JSON ({error})", REMEDY) from error
    if not isinstance(document, dict):
        raise RecordError(path, "holds no JSON object", REMEDY)
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")
