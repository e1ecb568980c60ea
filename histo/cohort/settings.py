"""What decides a reading besides the slide: weights, settings, code and libraries; and one digest of all of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from histo.cohort.digests import file_digest
from histo.cohort.jobs import Reader
from histo.network import Bundle
from histo.pattern.conventions import SHIPPED
from histo.records import provenance

ABOVE_A_READING = ("bench.py", "cli", "cohort", "doctor.py", "recover.py", "review")
"""Rooms that stand above `biopsy`, so that it cannot import them (lint-imports): nothing in them alters a reading."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What reads, and its identity.

    Attributes:
        reader: As it is loaded.
        card_sha256: Of the bundle's card, as readings tell it.
        digest: Of all that can alter a reading besides the slide, its scale, and what is known of the patient.
    """

    reader: Reader
    card_sha256: str
    digest: str


def settings_of(reader: Reader, bundle: Bundle) -> Settings:
    """The identity of what reads.

    Args:
        reader: As it is loaded; its files must exist.
        bundle: Its weights.
    """
    conventions = SHIPPED if reader.conventions is None else Path(reader.conventions)
    digest = digest_of(
        folder_digest(bundle.folder),
        reader.device,
        reader.precision,
        file_digest(conventions),
        None if reader.detector_errors is None else file_digest(Path(reader.detector_errors)),
        reader.recover,
        code_digest(),
        provenance(),
    )
    return Settings(reader, bundle.sha256, digest)


def digest_of(*parts: object) -> str:
    """SHA-256 of JSON values in this order."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


@cache
def code_digest() -> str:
    """Of the package's files that can alter a reading: all but those that stand above one."""
    package = Path(__file__).resolve().parents[1]
    files = [
        path
        for path in package.rglob("*")
        if path.suffix in {".py", ".toml", ".css", ".html"}
        and path.relative_to(package).parts[0] not in ABOVE_A_READING
    ]
    return digest_of([[path.relative_to(package).as_posix(), file_digest(path)] for path in sorted(files)])


def folder_digest(folder: Path) -> str:
    """Of the names and contents of a folder's files."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return digest_of([[path.name, file_digest(path)] for path in files])
