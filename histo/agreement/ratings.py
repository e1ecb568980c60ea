"""What one reader, or the machine, said of one thing."""

from __future__ import annotations

from dataclasses import dataclass

MACHINE = "machine"
"""Name of the reader that is none."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One label or count.

    Attributes:
        reader: Who said it; `MACHINE` for the software.
        biopsy: What it was said of.
        item: The fiber, cell or field within it; empty for the biopsy as a whole.
        finding: What was looked for, e.g. `pattern`.
        value: The label, or a number as text.
        weight: How many things of the kind it stands for: 1 / inclusion probability where items were drawn.
    """

    reader: str
    biopsy: str
    item: str
    finding: str
    value: str
    weight: float = 1.0
