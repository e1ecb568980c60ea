"""How numbers are drawn by lot."""

from __future__ import annotations

import numpy as np


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two positive bounds, even on the log scale: as likely to be half of something as twice it."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
