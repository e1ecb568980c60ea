"""What speaks for the first candidate and what for the second, as bars."""

from __future__ import annotations

from dataclasses import dataclass

from histo.pattern import Contrast
from histo.report.rows import NOT_ASSESSED, number

LONGEST = 100
"""Length of the longest bar, in units of the picture."""

SHOWN = 8
"""Features that are drawn: the rest weighs less than any of these."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One feature.

    Attributes:
        text: What it is.
        value: With its unit; or that it is not assessed.
        left: Where the bar begins: 0 is the middle.
        length: Of the bar.
        side: `first` or `second`: for which candidate it speaks.
    """

    text: str
    value: str
    left: float
    length: float
    side: str


def contrast_bars(contrast: Contrast) -> tuple[Bar, ...]:
    """The features that weigh most, the heaviest first; those for the second candidate point left.

    Lengths compare features of one biopsy. They carry no number, for they are no percentages.
    """
    heaviest = [one for one in contrast.contributions[:SHOWN] if one.log_odds != 0]
    most = max((abs(one.log_odds) for one in heaviest), default=1.0)
    bars = []
    for one in heaviest:
        length = round(LONGEST * abs(one.log_odds) / most, 1)
        value = NOT_ASSESSED if one.value is None else f"{number(one.value)} {one.unit}".strip()
        first = one.log_odds > 0
        bars.append(Bar(one.text, value, 0.0 if first else -length, length, "first" if first else "second"))
    return tuple(bars)
