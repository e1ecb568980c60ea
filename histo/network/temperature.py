"""Probabilities made surer or less sure: one number for each head of the network (Guo 2017, arXiv 1706.04599)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-6
"""Smallest probability whose logarithm is taken."""


def temper_shares(shares: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Divide the logarithms of probabilities that exclude one another.

    The likeliest stays the likeliest.

    Args:
        shares: (..., K); rows sum to 1, or hold only zeros, and then stay so.
        temperature: Above 1 evens them out, below 1 sharpens them; 1 gives them back as they are.

    Returns:
        (..., K) float64.
    """
    exact = np.asarray(shares, np.float64)
    if temperature == 1:
        return exact
    raised = np.maximum(exact, FLOOR) ** (1 / temperature)
    tempered: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return np.where(exact.sum(axis=-1, keepdims=True) > 0, tempered, exact)


def temper_odds(probability: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Divide the log-odds of probabilities, each of its own question.

    Order is kept, and `temper_odds(temper_odds(p, t), 1 / t)` is p.

    Args:
        probability: Any shape.
        temperature: As for `temper_shares`.

    Returns:
        The same shape, float64.
    """
    exact = np.asarray(probability, np.float64)
    if temperature == 1:
        return exact
    inside = np.clip(exact, FLOOR, 1 - FLOOR)
    tempered: NDArray[np.float64] = 1 / (1 + ((1 - inside) / inside) ** (1 / temperature))
    return tempered
