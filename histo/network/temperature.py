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


def temper_odds(probability: NDArray[np.floating], temperature: float, even: float = 0.5) -> NDArray[np.float64]:
    """Divide the log-odds of probabilities, each of its own question.

    Order is kept.

    Args:
        probability: Any shape.
        temperature: As for `temper_shares`.
        even: What is given for a thing that is as likely as not (Platt 1999): 0.5 for a probability; the height of a
            network's heat map is none before this is known.

    Returns:
        The same shape, float64.
    """
    exact = np.asarray(probability, np.float64)
    return exact if temperature == 1 and even == 0.5 else _sigmoid((_log_odds(exact) - _log_odds(even)) / temperature)


def untemper_odds(probability: NDArray[np.floating], temperature: float, even: float = 0.5) -> NDArray[np.float64]:
    """What `temper_odds` made these probabilities of."""
    exact = np.asarray(probability, np.float64)
    return exact if temperature == 1 and even == 0.5 else _sigmoid(_log_odds(exact) * temperature + _log_odds(even))


def _log_odds(probability: NDArray[np.float64] | float) -> NDArray[np.float64]:
    inside = np.clip(probability, FLOOR, 1 - FLOOR)
    odds: NDArray[np.float64] = np.log(inside / (1 - inside))
    return odds


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))
