"""A laboratory's labels: a CSV file that says which pattern a pathologist named in each biopsy, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from histo.csv_table import read_csv_table
from histo.errors import UsageError
from histo.pattern import PatternLabel
from train.biopsies import Biopsies, check_named


@dataclass(frozen=True, slots=True)
class Named:
    """What a row says of a biopsy; a patient that is left out is the biopsy itself."""

    label: PatternLabel
    patient: str


def read_labels(path: Path) -> dict[str, Named]:
    """Read the file, strictly.

    Args:
        path: CSV in UTF-8 with the columns `biopsy` and `label`, and `patient` where a patient has several biopsies.

    Returns:
        By biopsy.

    Raises:
        UsageError: Naming the row, if a column, a label or a name is missing, unknown, or comes twice.
    """
    table = read_csv_table(path, ("biopsy", "label"), ("biopsy", "label", "patient"), "a table of labels", UsageError)
    found: dict[str, Named] = {}
    for row in table.rows:
        name = row.values["biopsy"]
        if not name or name in found:
            problem = f"row {row.number} names no biopsy, or one that has a row"
            raise UsageError(path, problem, "give each biopsy one row")
        try:
            found[name] = Named(check_named(row.values["label"]), row.values.get("patient") or name)
        except ValueError as error:
            raise UsageError(path, f"row {row.number}: {error}", "correct the label") from None
    return found


def label(biopsies: Biopsies, path: Path) -> Biopsies:
    """The biopsies that a labels file names, with its labels and patients; the others are left out.

    Raises:
        UsageError: If the file is faulty, or names a biopsy that is not there.
    """
    named = read_labels(path)
    for name in named:
        if name not in biopsies.names:
            problem = f"names the biopsy {name}, of which there is no reading with a pattern"
            raise UsageError(path, problem, "correct the name, read the biopsy, or remove its row if it was refused")
    chosen = biopsies.select([row for row, name in enumerate(biopsies.names) if name in named])
    return replace(
        chosen,
        labels=tuple(named[name].label for name in chosen.names),
        patients=tuple(named[name].patient for name in chosen.names),
    )
