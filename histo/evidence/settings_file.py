"""Read files of settings: TOML with its digest, and sections in which each number has its source, strictly."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from histo.errors import UsageError

Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A TOML file as it was read.

    Attributes:
        tables: What it holds.
        sha256: Of its bytes, so that what decided a reading can be told from a file of the same name.
    """

    tables: dict[str, Any]
    sha256: str


def load_toml(path: Path) -> TomlFile:
    """The file's tables and its digest.

    Raises:
        UsageError: If it cannot be read or is not TOML.
    """
    try:
        content = path.read_bytes()
        return TomlFile(tomllib.loads(content.decode("utf-8")), hashlib.sha256(content).hexdigest())
    except OSError as error:
        raise UsageError(path, f"cannot be read ({error.strerror})", "name a readable file") from None
    except UnicodeDecodeError:
        raise UsageError(path, "is not UTF-8 text", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(path, f"is not valid TOML: {error}", "correct it there") from None


def read_numbers(
    section: type[Section], name: str, tables: Mapping[str, Any], path: Path
) -> tuple[Section, dict[str, str]]:
    """One section as a dataclass whose fields are all `float` or `int`, and the source of each number.

    Every field of the dataclass must be there as `field = {value = NUMBER, source = "TEXT"}`, and nothing else may be.

    Args:
        section: The dataclass to make.
        name: The table's name in the file.
        tables: The file's tables.
        path: Where they come from, for error messages.

    Returns:
        The section, and its sources by `name.field`.

    Raises:
        UsageError: On an unknown or missing key, a value that is not a finite number of at least 0 (or not whole where
            it counts something), or a number without a source.
    """
    table = tables.get(name)
    if not isinstance(table, Mapping):
        raise UsageError(path, f"has no table [{name}]", "copy it from the shipped conventions")
    known = {field.name: field.type for field in fields(section)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise UsageError(path, f"{name}.{key} is not a convention", f"use one of {', '.join(known)}")
    values: dict[str, float | int] = {}
    sources: dict[str, str] = {}
    for key, kind in known.items():
        subject = f"{name}.{key}"
        entry = table.get(key)
        if entry is None:
            raise UsageError(path, f"{subject} is missing", "copy it from the shipped conventions")
        if not isinstance(entry, Mapping) or set(entry) != {"value", "source"}:
            raise UsageError(
                path, f"{subject} is not a value with its source", f'write {key} = {{value = 1, source = "(C) why"}}'
            )
        values[key] = _number(entry["value"], str(kind) == "int", subject, path)
        source = entry["source"]
        if not isinstance(source, str) or not source.strip():
            raise UsageError(path, f"{subject} has no source", "give a DOI, or (C) for a convention")
        sources[subject] = source
    return section(**values), sources


def _number(value: object, whole: bool, subject: str, path: Path) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        kind = "a whole number" if whole else "a number"
        raise UsageError(path, f"{subject} is {value!r}, not {kind}", f"give {kind}")
    if not math.isfinite(value) or value < 0:
        raise UsageError(path, f"{subject} is {value}, which is not a finite number of at least 0", "correct it")
    return value if whole else float(value)
