"""Which stored fields may be counted, and whose they are, so that figures are grouped as patients are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from histo.errors import RecordError
from train.field_list import FIELD_LIST, read_field_list
from train.field_store import stored_fields


@dataclass(frozen=True)
class Origin:
    """Of one field.

    Attributes:
        field: Its file's name without the ending.
        slide: It was cut from; a phantom field is a slide, and a patient, of its own.
        patient: Whose slide that is.
        site: Scanner or laboratory; `phantom` for phantom fields.
    """

    field: str
    slide: str
    patient: str
    site: str


PHANTOM_SITE = "phantom"


def counted_fields(folder: Path) -> tuple[tuple[Path, Origin], ...]:
    """The fields of a folder in which no place of a slide occurs twice, and where each comes from.

    Args:
        folder: Of stored fields. A list of fields (`train.field_list`) in the folder above says which slide and patient
            each was cut from; without one they are phantoms, and all count.

    Raises:
        FileNotFoundError: If there are no fields.
        RecordError: If the list lacks a field.
    """
    paths = stored_fields(folder)
    if not (folder.parent / FIELD_LIST).is_file():
        return tuple((path, Origin(path.stem, path.stem, path.stem, PHANTOM_SITE)) for path in paths)
    listed = {Path(origin.field).name: origin for origin in read_field_list(folder.parent)}
    unknown = [path.name for path in paths if path.name not in listed]
    if unknown:
        raise RecordError(folder.parent / FIELD_LIST, f"has no row for {unknown[0]}", "prepare the fields again")
    rows = [(path, listed[path.name]) for path in paths if listed[path.name].cover]
    if not rows:
        raise FileNotFoundError(f"{folder}: no field may be counted; prepare the fields again")
    return tuple((path, Origin(path.stem, row.slide, row.patient, row.site)) for path, row in rows)
