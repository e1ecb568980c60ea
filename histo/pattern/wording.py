"""Counts and figures in words."""

from __future__ import annotations

import math


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 fiber`, `1,204 fibers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def figure(value: float, digits: int = 3) -> str:
    """A figure with so many significant digits, thousands with commas and no exponent: `1,500`, `0.0065`."""
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded)))) if rounded else 0
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
