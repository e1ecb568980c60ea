"""The list of a laboratory's biopsies: one CSV file, one row a slide, read strictly, all faults told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from histo.csv_table import CsvRow, read_csv_table
from histo.errors import ManifestError
from histo.pattern.labels import PatternLabel
from histo.slide.scale import COARSEST_UM, FINEST_UM

_SHOWN_FAULTS = 20

Value = TypeVar("Value")


class Split(StrEnum):
    """What a slide, or a phantom, is for."""

    TRAIN = "train"
    """Weights are fitted to these."""
    VALIDATION = "validation"
    """Operating points are chosen on these, and progress is watched."""
    TEST = "test"
    """Figures are reported from these; nothing is chosen on them."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One slide.

    Attributes:
        biopsy: Name of the biopsy; several slides may share one.
        patient: Pseudonym of the patient; several biopsies may share one.
        slide: The slide file, or the folder of a DICOM slide.
        annotation: What was drawn on it; None if nothing was.
        mpp: Scale in um per level-0 pixel that overrides the file's own.
        split: What the slide is for; None leaves it to chance.
        site: Scanner or laboratory; `unknown` where the manifest says nothing.
        label: The biopsy's pattern as a pathologist named it, a `PatternLabel`.
        number: The row's line number in the file, the header being 1.
    """

    biopsy: str
    patient: str
    slide: Path
    annotation: Path | None
    mpp: float | None
    split: Split | None
    site: str
    label: str | None
    number: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """All slides of a laboratory, in the order of the file.

    Attributes:
        path: The CSV file.
        rows: At least one.
    """

    path: Path
    rows: tuple[ManifestRow, ...]


NO_SITE = "unknown"
_REQUIRED = ("biopsy", "patient", "slide")
COLUMNS = (*_REQUIRED, "annotation", "mpp", "split", "site", "label")
"""Of the header, in any order; those beyond the first three may be left out."""

_REMEDY = "correct these rows; docs/file-formats.md describes the columns"


def load_manifest(path: Path) -> Manifest:
    """Read a manifest and check every row.

    Args:
        path: A CSV file, UTF-8 with or without a byte-order mark, separated by commas, semicolons or tabs. Paths in it
            are relative to the file's folder.

    Returns:
        Its rows, with paths made absolute.

    Raises:
        ManifestError: If the file is no such table, or any row has a fault; all faults are named with their rows.
    """
    table = read_csv_table(path, _REQUIRED, COLUMNS, "a manifest", ManifestError)
    faults: list[str] = []
    rows = []
    seen: dict[Path, int] = {}
    patients: dict[str, ManifestRow] = {}
    for line in table.rows:
        number, found = line.number, list[str]()
        row = _row(line, len(table.columns), path.parent, found)
        if row is not None:
            first = seen.setdefault(row.slide.resolve(), number)
            if first != number:
                found.append(f"slide {line.values['slide']} is already in row {first}")
            earlier = patients.setdefault(row.biopsy, row)
            if earlier.patient != row.patient:
                found.append(f"biopsy {row.biopsy} belongs to patient {earlier.patient} in row {earlier.number}")
            if earlier.label != row.label and earlier.label is not None and row.label is not None:
                found.append(f"biopsy {row.biopsy} is labelled {earlier.label} in row {earlier.number}")
            rows.append(row)
        faults += [f"row {number}: {fault}" for fault in found]
    if faults:
        more = [f"and {len(faults) - _SHOWN_FAULTS} more"] if len(faults) > _SHOWN_FAULTS else []
        raise ManifestError(path, "; ".join([*faults[:_SHOWN_FAULTS], *more]), _REMEDY)
    if not rows:
        raise ManifestError(path, "has no rows", "give each slide a row below the header")
    return Manifest(path, tuple(rows))


def _row(line: CsvRow, columns: int, folder: Path, faults: list[str]) -> ManifestRow | None:
    """One row; None, with what is wrong appended to `faults`, where it cannot be understood."""
    if line.cells > columns:
        faults.append(f"has {line.cells} cells, the header {columns}")
        return None
    values = line.values
    faults += [f"{name} is empty" for name in _REQUIRED if not values[name]]

    def understood(name: str, read: Callable[[str], Value]) -> Value | None:
        text = values.get(name, "")
        try:
            return read(text) if text else None
        except ValueError as error:
            faults.append(f"{name} {text} {error}")
            return None

    row = ManifestRow(
        biopsy=values["biopsy"],
        patient=values["patient"],
        slide=understood("slide", lambda text: _existing(folder, text)) or Path(),
        annotation=understood("annotation", lambda text: _existing(folder, text)),
        mpp=understood("mpp", _mpp),
        split=understood("split", _split),
        site=values.get("site") or NO_SITE,
        label=understood("label", _label),
        number=line.number,
    )
    return None if faults else row


def _existing(folder: Path, text: str) -> Path:
    path = (folder / text).absolute()
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of a name that no file can have
        raise ValueError("does not exist") from None
    except OSError as error:
        raise ValueError(f"cannot be looked at ({error.strerror})") from None
    return path


def _mpp(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("is not a number with a decimal point") from None
    if not FINEST_UM <= value <= COARSEST_UM:  # nor is NaN
        raise ValueError(f"is not between {FINEST_UM:g} and {COARSEST_UM:g} um per pixel")
    return value


def _split(text: str) -> Split:
    try:
        return Split(text.lower())
    except ValueError:
        raise ValueError(f"is none of {', '.join(Split)}") from None


def _label(text: str) -> str:
    known = [label.value for label in PatternLabel]
    if text.lower() not in known:
        raise ValueError(f"is none of {', '.join(known)}")
    return text.lower()
