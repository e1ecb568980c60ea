"""A second look at fibers that may be necrotic: is the outline, too, that of a fiber?

Most false calls of necrosis are pieces: of a necrotic fiber that was cut up, or of collagen and infiltrate between
fibers. The class map says what the pixels look like; whether they make up a whole fiber is seen in the outline. No
scale enters: small fibers of children are no pieces.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from histo.findings import NECROTIC_CLASSES

SEEN = ("foreground", "boundary", "distance", "roundness")
"""What an outline is judged by: mean probability of fiber and of border and mean distance inside it, and its roundness
(4 pi area over the square of the perimeter; 1 is a circle)."""

NO_SECOND_LOOK = (0.0, 1.0, *(0.0 for _ in SEEN))
"""Weights that leave the class as it is: the constant, the log-odds of necrosis, and each of `SEEN`."""

_CERTAIN = 1e-4

_Floats = NDArray[np.float64]


def log_odds_of_necrosis(class_probability: NDArray[np.floating]) -> _Floats:
    """(N,) log-odds of all necrotic classes together, from (N, 5) over `FiberClass`."""
    share = np.clip(class_probability[:, list(NECROTIC_CLASSES)].sum(axis=1), _CERTAIN, 1 - _CERTAIN)
    odds: _Floats = np.log(share / (1 - share)).astype(np.float64)
    return odds


def look_again(class_probability: _Floats, seen: _Floats, weights: tuple[float, ...]) -> _Floats:
    """Class probabilities that know of the outline.

    Args:
        class_probability: (N, 5) over `FiberClass`, rows summing to 1.
        seen: (N, 4) over `SEEN`.
        weights: (6,) as `NO_SECOND_LOOK`.

    Returns:
        (N, 5): the necrotic classes together have the probability of a logistic model, and keep their shares of it; so
        do the others of the rest.
    """
    if weights == NO_SECOND_LOOK:
        return class_probability
    before = log_odds_of_necrosis(class_probability)
    after = weights[0] + weights[1] * before + seen @ np.array(weights[2:])
    old, new = 1 / (1 + np.exp(-before)), np.clip(1 / (1 + np.exp(-after)), _CERTAIN, 1 - _CERTAIN)
    necrotic = np.zeros(class_probability.shape[1], np.bool_)
    necrotic[list(NECROTIC_CLASSES)] = True
    scaled = class_probability * np.where(necrotic, (new / old)[:, None], ((1 - new) / (1 - old))[:, None])
    shares: _Floats = scaled / scaled.sum(axis=1, keepdims=True)
    return shares
