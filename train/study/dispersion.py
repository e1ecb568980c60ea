"""How much more sections differ than chance alone lets them, and what a further section may be like.

Mistakes come in company: a section that is stained badly is read badly throughout. Mistakes drawn fiber by fiber would
hide that, and every slide would be read equally well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_CORRELATION, MOST_CORRELATION = 1e-4, 0.9
LEAST_SHAPE, MOST_SHAPE = 0.05, 1e4


def concentration(counts: Floats, share: Floats) -> Floats:
    """Concentration of the Dirichlet distribution that sections' shares come from, by moments.

    The Pearson statistic of a Dirichlet-multinomial is that of a multinomial times 1 + (n - 1) rho (Mosimann 1962, doi
    10.1093/biomet/49.1-2.65); rho is the correlation within a section, and the concentration is 1 / rho - 1.

    Args:
        counts: (S, R, J) by section, row and category.
        share: (R, J) of all sections together.

    Returns:
        (R,) float64, large where sections do not differ.
    """
    n = counts.sum(axis=2, keepdims=True).astype(np.float64)
    expected = n * share[None]
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = np.where(expected > 0, (counts - expected) ** 2 / expected, 0).sum(axis=(0, 2))
        categories = np.count_nonzero(share > 0, axis=1)
        seen = np.count_nonzero(n[:, :, 0], axis=0)
        pairs = np.maximum(n[:, :, 0] - 1, 0).sum(axis=0)
        rho = (excess / (categories - 1) - (seen - 1)) / pairs
    rho = np.clip(np.where(np.isfinite(rho), rho, LEAST_CORRELATION), LEAST_CORRELATION, MOST_CORRELATION)
    return 1 / rho - 1


def gamma_shape(counts: Floats, exposure: Floats, rate: Floats) -> Floats:
    """Shape of the gamma distribution that sections' rates come from, by moments.

    Args:
        counts: (S, R, J) by section, row and category.
        exposure: (S, R) what each is counted per.
        rate: (R, J) of all sections together, or (S, R, J) what each is expected to have.

    Returns:
        (R, J) float64, large where sections do not differ.
    """
    expected = exposure[:, :, None] * rate
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = np.where(expected > 0, (counts - expected) ** 2 / expected, 0).sum(axis=0)
        seen = np.count_nonzero(expected > 0, axis=0)
        inverse = (excess - np.maximum(seen - 1, 0)) / expected.sum(axis=0)
    inverse = np.where(np.isfinite(inverse), inverse, 0)
    return 1 / np.clip(inverse, 1 / MOST_SHAPE, 1 / LEAST_SHAPE)


def draw_shares(counts: Floats, share: Floats, firmness: Floats, rng: np.random.Generator) -> Floats:
    """(R, J) shares of a section like one that was measured: its own counts, leaning on those of all sections."""
    drawn = rng.standard_gamma(firmness[:, None] * share + counts)
    total = drawn.sum(axis=1, keepdims=True)
    return np.where(total > 0, drawn / np.where(total > 0, total, 1), share)


def draw_rates(counts: Floats, exposure: Floats, rate: Floats, shape: Floats, rng: np.random.Generator) -> Floats:
    """(R, J) rates of a section like one that was measured; 0 where nothing was ever counted."""
    possible = rate > 0
    inverse_scale = np.where(possible, shape / np.where(possible, rate, 1), 1) + exposure[:, None]
    return np.where(possible, rng.standard_gamma(shape + counts) / inverse_scale, 0)
