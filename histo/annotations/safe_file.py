"""Files that come from anywhere: looked at before they are read, with a limit for their size."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from histo.annotations.drawn import Damaged
from histo.errors import AnnotationUnsafe, NotAnAnnotation

MAX_BYTES = 512 << 20
"""Largest file that is read. A QuPath export of 100,000 cells is about 100 MB."""

EXPORT_AGAIN = "export it again from the drawing tool"
SPLIT = "export the slide's objects alone, in several files if need be"


def read_bytes(path: Path) -> bytes:
    """All bytes of a regular file.

    Raises:
        NotAnAnnotation: If there is no such file, it is empty, or no regular file.
        AnnotationUnsafe: If it is too large.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise NotAnAnnotation(path, "is not a file", "name the exported annotation file")
        if facts.st_size == 0:
            raise NotAnAnnotation(path, "is empty", EXPORT_AGAIN)
        if facts.st_size > MAX_BYTES:
            raise AnnotationUnsafe(path, f"is {facts.st_size >> 20} MiB, more than {MAX_BYTES >> 20} MiB", SPLIT)
        return path.read_bytes()
    except FileNotFoundError:
        raise NotAnAnnotation(path, "there is no such file", "check the path") from None
    except OSError as error:
        raise NotAnAnnotation(path, f"cannot be read ({error.strerror or error})", "check the path") from None


def parse_json(data: bytes, path: Path) -> Any:  # noqa: ANN401
    """A JSON document without NaN or infinity.

    Raises:
        Damaged: If it is not valid JSON.
        AnnotationUnsafe: If it is nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except RecursionError:
        raise AnnotationUnsafe(path, "is nested too deeply", EXPORT_AGAIN) from None
    except UnicodeDecodeError:
        raise Damaged("the text is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Damaged(f"it is not valid JSON ({error})") from None
    except ValueError as error:  # a constant that is no number, or a number of thousands of digits
        raise Damaged(f"it is not valid JSON ({str(error)[:80]})") from None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number of JSON")
