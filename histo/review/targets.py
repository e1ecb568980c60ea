"""What a correction is about: a fiber or a cell of the machine, or one that the reader drew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from histo.findings import CellClass, FiberClass

FIBER_CLASSES = {kind.name.lower(): kind for kind in FiberClass}
CELL_CLASSES = {kind.name.lower(): kind for kind in CellClass}


class TargetKind(StrEnum):
    """What kind of thing it is."""

    FIBER = "fiber"
    CELL = "cell"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Target:
    """One finding.

    Attributes:
        kind: Whose number it is.
        number: The row in fibers.parquet or cells.parquet, or the number of the entry that drew it.
    """

    kind: TargetKind
    number: int

    def __str__(self) -> str:
        """As in `fiber-12`: what URLs and the history hold."""
        return f"{self.kind.value}-{self.number}"

    @staticmethod
    def parse(text: str) -> Target:
        """From its text.

        Raises:
            ValueError: If it is none.
        """
        parts = re.fullmatch(r"(fiber|cell|drawn)-(0|[1-9][0-9]{0,8})", text, re.ASCII)
        if parts is None:
            raise ValueError("no fiber and no cell")
        return Target(TargetKind(parts[1]), int(parts[2]))
