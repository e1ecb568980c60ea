"""Slides of one biopsy are levels of one muscle: what several of them show may be one thing, seen again."""

from __future__ import annotations

from collections.abc import Sequence


def repeats(sizes: Sequence[float]) -> float:
    """How many times over the slides may count what they saw: 1 for one slide, the number of slides for equal ones.

    A pooled rate is the mean of the slides' rates, weighed by their sizes n. Its variance is largest where their errors
    go together wholly, as those of levels do that show the same fibers again; by the Cauchy-Schwarz inequality it is
    then that of N / repeats independent fibers, with N = sum(n) and repeats = sum(sqrt(n))^2 / N. So an interval of
    that size holds however much levels resemble each other, and any number of levels is worth no more than one.

    Args:
        sizes: Fibers, or mm2, of each slide.
    """
    total = sum(sizes)
    return float(sum(size**0.5 for size in sorted(sizes)) ** 2 / total) if total > 0 else 1.0
