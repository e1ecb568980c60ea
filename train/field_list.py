"""Where each field that was cut from a slide comes from: `fields.csv`, beside the folders of the splits."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from histo.cohort import Split
from histo.records.atomic import write_atomically

FIELD_LIST = "fields.csv"


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """One stored field, and the place of a slide that it shows.

    Attributes:
        field: Its file, relative to the list's folder: `test/NAME-x00512-y01024.safetensors`.
        split: What it is for.
        biopsy: Name of the biopsy.
        patient: Pseudonym of the patient.
        slide: Name of the slide.
        site: Scanner or laboratory.
        label: The biopsy's pattern; empty if none was given.
        x_wpx: Left edge of the field in the slide, in working pixels.
        y_wpx: Top edge.
        cover: Whether the field belongs to the cover, in which no place of a slide occurs twice: only these may be
            counted. The others show again what is rare, for training.
        slide_sha256: Of the slide.
    """

    field: str
    split: Split
    biopsy: str
    patient: str
    slide: str
    site: str
    label: str
    x_wpx: int
    y_wpx: int
    cover: bool
    slide_sha256: str


_COLUMNS = tuple(field.name for field in fields(FieldOrigin))


def write_field_list(folder: Path, origins: Sequence[FieldOrigin]) -> Path:
    """Write the list, whole or not at all.

    Raises:
        OutputError: If it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**asdict(origin), "cover": int(origin.cover)} for origin in origins)
    return write_atomically(folder / FIELD_LIST, text.getvalue().encode())


def read_field_list(folder: Path) -> tuple[FieldOrigin, ...]:
    """Read the list of a folder that `python -m train prepare` made.

    Args:
        folder: Holds `fields.csv`.

    Raises:
        FileNotFoundError: If there is none.
    """
    path = folder / FIELD_LIST
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no list of fields; make one with `python -m train prepare`")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_origin(row) for row in csv.DictReader(file))


def _origin(row: dict[str, str]) -> FieldOrigin:
    return FieldOrigin(
        field=row["field"],
        split=Split(row["split"]),
        biopsy=row["biopsy"],
        patient=row["patient"],
        slide=row["slide"],
        site=row["site"],
        label=row["label"],
        x_wpx=int(row["x_wpx"]),
        y_wpx=int(row["y_wpx"]),
        cover=row["cover"] == "1",
        slide_sha256=row["slide_sha256"],
    )
