"""Every kind of sample a flat image may hold, made into 8-bit RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ColorModel:
    """What the samples of a pixel mean.

    Attributes:
        samples: 1 grey or palette, 2 the same with alpha, 3 RGB, 4 RGB with alpha.
        bits: 8 or 16; 16 bits are taken to use their whole range.
        inverted: Whether zero is white.
        palette: (N, 3) uint8, if the first sample is an index.
    """

    samples: int
    bits: int
    inverted: bool = False
    palette: NDArray[np.uint8] | None = None


def to_rgb(raw: NDArray[Any], model: ColorModel) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """RGB, and where there is data at all.

    Args:
        raw: (H, W, S) uint8 or uint16.
        model: What the samples mean.

    Returns:
        (H, W, 3) uint8, and (H, W) bool that is False where alpha is 0.
    """
    opaque = np.ones(raw.shape[:2], np.bool_)
    if model.samples in (2, 4):
        opaque = raw[..., -1] != 0
        raw = raw[..., :-1]
    if model.palette is not None:
        return model.palette[np.minimum(raw[..., 0], len(model.palette) - 1)], opaque
    eight: NDArray[np.uint8] = raw if raw.dtype == np.uint8 else ((raw.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if model.inverted:
        eight = ~eight
    if eight.shape[2] == 1:
        return np.asarray(cv2.cvtColor(eight[..., 0], cv2.COLOR_GRAY2RGB), np.uint8), opaque
    return np.ascontiguousarray(eight), opaque
