"""The numbers that an audit rests on; their values and sources live in audit.toml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from histo.evidence.settings_file import load_toml, read_numbers

RULES_FILE = Path(str(files("histo.audit"))) / "audit.toml"


@dataclass(frozen=True, slots=True)
class AuditRules:
    """All are conventions (C).

    Attributes:
        field_side_um: Side of a field.
        most_doubtful_share: Of the fibers called healthy, those most like necrosis to the machine: the first stratum.
        doubtful_share: On to here the second.
        some_cells: From so many called cells on a field is not among those without.
        many_cells: From so many on it is among those with many.
        least_of_a_stratum: Units that are drawn of a stratum at least, if it has as many.
        most_unseen_cells: Cells that an unread field may hold at most, beyond those that the machine counts there.
        most_unseen_fibers: The same of necrotic fibers without an outline.
    """

    field_side_um: float
    most_doubtful_share: float
    doubtful_share: float
    some_cells: int
    many_cells: int
    least_of_a_stratum: int
    most_unseen_cells: int
    most_unseen_fibers: int


@cache
def standard_rules() -> AuditRules:
    """Those of the shipped file."""
    return read_numbers(AuditRules, "audit", load_toml(RULES_FILE).tables, RULES_FILE)[0]
