"""pattern.json: a calibration's form on disk, read strictly and written the same way every time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NoReturn

from histo.errors import BundleError
from histo.evidence import from_dict, to_dict
from histo.pattern.calibration import Calibration

FILE = "pattern.json"
"""Its name in a bundle's folder."""

SCHEMA = "histo.pattern"
SCHEMA_VERSION = "1"

_LARGEST_BYTES = 4 << 20
_REMEDY = "fit it again with `python -m train pattern`, or remove it: then the criteria rank the candidates"


def calibration_to_json(calibration: Calibration) -> str:
    """The text of pattern.json: the same for equal calibrations, every number without loss."""
    content = to_dict(calibration)
    content.pop("sha256")
    document = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, **content}
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def load_calibration(path: Path) -> Calibration | None:
    """Read a bundle's calibration strictly: every entry there, none unknown, every value of its type.

    Args:
        path: Of the file.

    Returns:
        The calibration; None where there is no such file.

    Raises:
        BundleError: If it cannot be read or does not hold together, naming the entry.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BundleError(path, f"is larger than {_LARGEST_BYTES >> 20} MiB", "check where it comes from")
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleError(path, f"cannot be read ({error.strerror})", "check the path, and what may be read") from error
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(path, f"is not valid JSON ({error})", _REMEDY) from error
    if not isinstance(document, dict) or document.pop("schema", None) != SCHEMA:
        raise BundleError(path, "is not a calibration of the differential", _REMEDY)
    version = document.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise BundleError(path, f"has schema version {version!r}, and this histo reads {SCHEMA_VERSION}", _REMEDY)
    try:
        return from_dict(Calibration, {**document, "sha256": hashlib.sha256(content).hexdigest()})
    except ValueError as error:
        raise BundleError(path, str(error), _REMEDY) from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
