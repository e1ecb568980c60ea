"""How often intervals hold the truth, by simulation: over networks whose errors are of any kind, and none at all.

The figures in the comments are those of a longer run (docs/agreement.md tells them); here fewer samples are drawn, and
the floors leave room for chance.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from histo.audit import Sampled, total

SIZES = (120, 300, 2700, 12000)
READ = (60, 75, 100, 150)


def missed_ends(
    strata: list[NDArray[np.float64]], read: tuple[int, ...], least: float, most: float, runs: int, seed: int = 0
) -> tuple[float, float, float]:
    """Share of samples whose interval holds the truth; of those that lie above it; and below it."""
    rng = np.random.default_rng(seed)
    truth = sum(one.sum() for one in strata)
    above = below = 0
    for run in range(runs):
        found = total(
            [
                Sampled.of(len(one), rng.choice(one, size, replace=False).tolist(), least, max(most, one.max()))
                for one, size in zip(strata, read, strict=True)
            ],
            seed=run,
            draws=400,
        )
        above += found.low > truth + 1e-9
        below += found.high < truth - 1e-9
    return 1 - (above + below) / runs, above / runs, below / runs


def yes_and_no(hits: tuple[int, ...]) -> list[NDArray[np.float64]]:
    return [(np.arange(size) < count).astype(np.float64) for size, count in zip(SIZES, hits, strict=True)]


@pytest.mark.parametrize(
    "hits",
    [
        (90, 0, 0, 0),  # nothing is missed
        (0, 0, 0, 0),  # every call is false, and nothing is there
        (0, 0, 0, 100),  # every call is false, and what is there was called healthy without a doubt
        (90, 3, 5, 10),  # misses without regard to the score
        (60, 100, 300, 600),  # most of it is missed
        (90, 60, 1350, 6000),  # no better than chance
    ],
)
def test_counts_of_fibers(hits: tuple[int, ...]) -> None:
    held, above, below = missed_ends(yes_and_no(hits), READ, 0, 1, runs=150)
    assert held >= 0.91
    assert max(above, below) <= 0.07


def cells_of_fields(rng: np.random.Generator, fields: int, mean: float, clumping: float) -> NDArray[np.int64]:
    """Cells by field: Poisson, or in clumps (negative binomial)."""
    means = rng.gamma(clumping, mean / clumping, fields) if clumping else np.full(fields, mean)
    return rng.poisson(means)


@pytest.mark.parametrize(
    ("mean", "clumping", "recall", "false_calls"),
    [
        (0.2, 0.0, 0.7, 0.1),  # sparse cells
        (0.5, 0.3, 0.6, 0.05),  # sparse, in clumps
        (4.0, 1.0, 0.6, 1.0),  # inflamed
        (1.0, 0.5, 0.0, 2.0),  # a network that finds none of them, and calls others
        (0.0, 0.0, 0.7, 0.0),  # none there
    ],
)
def test_counts_of_cells(mean: float, clumping: float, recall: float, false_calls: float) -> None:
    rng = np.random.default_rng(3)
    true = cells_of_fields(rng, 1000, mean, clumping)
    called = rng.binomial(true, recall) + rng.poisson(false_calls, 1000)
    strata = [where for where in (called == 0, (called > 0) & (called < 4), called >= 4) if where.any()]
    surplus = [(true - called)[where].astype(np.float64) for where in strata]
    read = tuple(min(len(one), 40) for one in surplus)
    held, above, below = missed_ends(surplus, read, -float(called.max()), 10, runs=150)
    assert held >= 0.90
    assert max(above, below) <= 0.09
