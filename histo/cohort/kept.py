"""A slide that was read, kept whole on disk: what the conclusion of its biopsy needs, to the last bit.

The files of a reading round their numbers, and hold no pictures to draw a report of several slides from. This one
holds every array and number as it was: a NumPy archive, with the rest as JSON. It is histo's own, and no output.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from histo.errors import OutputError, RecordError
from histo.records import SlideResult
from histo.records.atomic import WRITE_REMEDY
from histo.report import SlidePictures

KEPT_NAME = "kept.npz"
_TREE = "tree"


def keep_slide(path: Path, result: SlideResult, pictures: SlidePictures) -> None:
    """Write a slide's result and its pictures.

    Args:
        path: The file.
        result: What was found.
        pictures: What a report shows.

    Raises:
        OutputError: If it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {}
    tree = [_apart(result, arrays), _apart(pictures, arrays)]
    arrays[_TREE] = np.array(json.dumps(tree))
    try:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise OutputError(path, f"cannot write ({error.strerror or error})", WRITE_REMEDY) from error


def kept_slide(path: Path) -> tuple[SlideResult, SlidePictures]:
    """Read both back.

    Raises:
        RecordError: If the file is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            result, pictures = json.loads(str(archive[_TREE]))
            return _together(SlideResult, result, archive), _together(SlidePictures, pictures, archive)
    except (OSError, ValueError, LookupError, TypeError, BadZipFile) as error:
        problem = f"does not give back what was kept ({type(error).__name__})"
        raise RecordError(path, problem, "remove the folder that holds it, and run again") from error


def _apart(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:  # noqa: ANN401
    """A value as JSON, its arrays put aside under names."""
    if isinstance(value, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = value
        return name
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _apart(getattr(value, field.name), arrays) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _apart(item, arrays) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_apart(item, arrays) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _together(kind: Any, value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:  # noqa: ANN401
    """What `_apart` took apart, by the types that the classes declare."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (kind,) = (one for one in inner if one is not type(None))
        return _together(kind, value, arrays)
    if origin is np.ndarray:
        return arrays[value]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _together(hints[name], item, arrays) for name, item in value.items()})  # type: ignore[operator]
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_together(one, item, arrays) for one, item in zip(kinds, value, strict=True))
    if origin is Mapping:
        return {key: _together(inner[1], item, arrays) for key, item in value.items()}
    return kind(value)
