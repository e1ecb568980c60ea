"""The scales on which a model looks at features."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Axis(StrEnum):
    """On which scale the model looks at a feature."""

    LINEAR = "linear"
    LOG = "log"
    """log(1 + x), and its mirror image below 0: for densities, where ten times as many is one step."""
    RATIO = "ratio"
    """log(x): for ratios, where twice and half are equally far from one."""


def along_axes(values: NDArray[np.float64], axes: Sequence[Axis]) -> NDArray[np.float64]:
    """Features as the model looks at them.

    Args:
        values: (..., F) in their units; NaN stays NaN.
        axes: The scale of each.
    """
    shown = np.array(values, np.float64)
    log = np.array([axis is Axis.LOG for axis in axes])
    ratio = np.array([axis is Axis.RATIO for axis in axes])
    shown[..., log] = np.sign(shown[..., log]) * np.log1p(np.abs(shown[..., log]))
    shown[..., ratio] = np.log(shown[..., ratio])
    return shown
