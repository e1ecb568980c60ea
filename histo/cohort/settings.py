"""What decides a reading besides the slide: weights, settings, code and libraries; and one digest of all of it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from histo.cohort.digests import file_digest
from histo.cohort.jobs import Reader
from histo.errors import EngineError
from histo.network import Bundle
from histo.network.bundle import DEFAULT_BUNDLE
from histo.pattern.conventions import SHIPPED
from histo.records import plain, provenance

if TYPE_CHECKING:
    from histo.clinical import ClinicalFacts

AGAIN = "start again; several machines need the same histo, libraries and files"
"""What to do when something is not what it was when the run began."""

ABOVE_A_READING = ("bench.py", "cli", "cohort", "doctor.py", "recover.py", "review")
"""Rooms that stand above `biopsy`, so that it cannot import them (lint-imports): nothing in them alters a reading."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What reads, and its identity.

    Attributes:
        reader: As it is loaded.
        card_sha256: Of the bundle's card, as readings tell it.
        parts: Digests of what can alter a reading besides the slide, its scale, and what is known of the patient.
        digest: Of the reader and the parts.
    """

    reader: Reader
    card_sha256: str
    parts: Mapping[str, str]
    digest: str


def settings_of(reader: Reader, bundle: Bundle) -> Settings:
    """The identity of what reads.

    Args:
        reader: As it is loaded; its files must exist.
        bundle: Its weights.
    """
    parts = _parts_of(reader)
    return Settings(reader, bundle.sha256, parts, digest_of(reader.device, reader.precision, reader.recover, parts))


def refuse_changes(reader: Reader, parts: Mapping[str, str]) -> None:
    """Refuse to read with anything but what the run began with: results would stand under an identity not theirs.

    It takes some hundredths of a second.

    Args:
        reader: What reads.
        parts: Its `Settings.parts` as they were when the run began, perhaps on another machine.

    Raises:
        EngineError: If one is another now, or cannot be read any more.
    """
    try:
        here = _parts_of(reader)
    except OSError as error:
        problem = f"cannot be read any more on {platform.node()} ({error.strerror or error})"
        raise EngineError(str(error.filename), problem, AGAIN) from error
    if here != parts:
        changed = sorted(name for name in here.keys() | parts.keys() if here.get(name) != parts.get(name))
        raise changed_since(", ".join(changed))


def changed_since(what: str) -> EngineError:
    """The error that something is not what it was when the run began."""
    return EngineError(what, f"not the same on {platform.node()} as when the run began", AGAIN)


def known_digest(facts: ClinicalFacts | None) -> str:
    """Of what is known of a patient; empty if nothing is."""
    return "" if facts is None else digest_of(plain(facts))


def digest_of(*parts: object) -> str:
    """SHA-256 of JSON values in this order."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


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


def _parts_of(reader: Reader) -> dict[str, str]:
    parts = {
        "weights": folder_digest(DEFAULT_BUNDLE if reader.bundle is None else Path(reader.bundle)),
        "conventions": file_digest(SHIPPED if reader.conventions is None else Path(reader.conventions)),
        "code of histo": code_digest(),
        "libraries": digest_of(provenance()),
    }
    if reader.detector_errors is not None:
        parts["detector errors"] = file_digest(Path(reader.detector_errors))
    return parts
