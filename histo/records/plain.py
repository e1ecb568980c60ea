"""Values to JSON and JSON back to values, with one form for each value and no surprises in either direction."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, TypeVar

from histo.errors import RecordError
from histo.evidence import from_dict, to_dict

Kind = TypeVar("Kind")

SIGNIFICANT_DIGITS = 6
"""Of a float in a reading: more would only show the noise of floating point."""

MAX_JSON_BYTES = 64 << 20
"""A reading is some hundred kilobytes; whatever is larger than this is not one."""

REMEDY = "read the slide again with `histo read`"


def plain(value: object) -> Any:  # noqa: ANN401
    """A dataclass tree as JSON values; floats keep `SIGNIFICANT_DIGITS`, those that are not finite become null.

    Raises:
        TypeError: If a value has no JSON form, e.g. an array.
    """
    return _tidy(to_dict(value))


def as_stored(value: Kind) -> Kind:
    """A value as it will be when it is read back: the same, but for the digits that are not kept."""
    return from_dict(type(value), plain(value))


def _tidy(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    return value


_NUMBERS_ON_LINES = re.compile(r"\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s*\]")
_LINE_BREAK = re.compile(r"\n\s+")


def json_bytes(document: object) -> bytes:
    """A document as UTF-8 text, for people and programs: indented, in its own order, without NaN.

    Lists of numbers stand on one line. (Strings of JSON hold no raw line break, so that none of them is touched.)
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    text = _NUMBERS_ON_LINES.sub(lambda found: f"[{_LINE_BREAK.sub(' ', found[1])}]", text)
    return (text + "\n").encode("utf-8")


def read_json(path: Path, remedy: str = REMEDY) -> dict[str, Any]:
    """Read a JSON object that may come from anywhere.

    Args:
        path: The file.
        remedy: What makes it anew, or mends it.

    Raises:
        RecordError: If the file is missing, too large, not UTF-8 JSON, nested too deep, holds NaN or infinity, or is
            not an object.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise RecordError(path, f"is larger than {MAX_JSON_BYTES >> 20} MiB, too large for a record", remedy)
        document = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse_constant)
    except FileNotFoundError as error:
        raise RecordError(path, "there is no such file", remedy) from error
    except OSError as error:
        raise RecordError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(path, f"is not valid JSON ({error})", remedy) from error
    if not isinstance(document, dict):
        raise RecordError(path, "holds no JSON object", remedy)
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")
