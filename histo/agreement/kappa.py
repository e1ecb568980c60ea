"""Agreement beyond chance, from weighted tables; many resampled tables at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def observed_agreement(tables: Floats) -> Floats:
    """(...,) share of units on the diagonal of (..., K, K) tables; NaN for an empty one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-2, -1))
    return found


def cohen_kappa(tables: Floats, *, ordered: bool = False) -> Floats:
    """Cohen's kappa (1960, doi 10.1177/001316446002000104) of two readers.

    Args:
        tables: (..., K, K), units by what the first and what the second reader said; need not be whole numbers.
        ordered: Whether the categories have an order; then a disagreement counts by how many steps it spans (linear
            weights, Cohen 1968, doi 10.1037/h0026256).

    Returns:
        (...,) at most 1; NaN where both readers said one and the same of all units, so that chance explains all.
    """
    kinds = tables.shape[-1]
    steps = np.abs(np.subtract.outer(np.arange(kinds), np.arange(kinds))).astype(np.float64)
    cost = steps if ordered else (steps > 0).astype(np.float64)
    total = tables.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance = tables.sum(axis=-1)[..., :, None] * tables.sum(axis=-2)[..., None, :] / total[..., None, None]
        expected = (by_chance * cost).sum(axis=(-2, -1))
        kappa = 1 - (tables * cost).sum(axis=(-2, -1)) / expected
    found: Floats = np.where(expected > 1e-12 * total, kappa, np.nan)
    return found


def fleiss_terms(counts: Floats, weights: Floats) -> Floats:
    """(U, K + 2) what each unit adds to Fleiss's kappa: weight times agreement, weight, and weight times each count.

    Args:
        counts: (U, K) how many readers said what; at least two readers a unit, not the same number everywhere.
        weights: (U,) how many units each stands for.
    """
    readers = counts.sum(axis=1)
    agree = (counts * (counts - 1)).sum(axis=1) / (readers * (readers - 1))
    return np.column_stack([weights * agree, weights, weights[:, None] * counts])


def fleiss_kappa(sums: Floats) -> Floats:
    """Fleiss's kappa (1971, doi 10.1037/h0031619) of any number of readers.

    Args:
        sums: (..., K + 2) sums of `fleiss_terms` over units.

    Returns:
        (...,) at most 1; NaN where all readers said one and the same of all units.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = sums[..., 0] / sums[..., 1]
        shares = sums[..., 2:] / sums[..., 2:].sum(axis=-1, keepdims=True)
        chance = (shares**2).sum(axis=-1)
        kappa = (observed - chance) / (1 - chance)
    found: Floats = np.where(1 - chance > 1e-12, kappa, np.nan)
    return found
