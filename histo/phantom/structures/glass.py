"""What counts as glass: one rule, wherever the white comes from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.findings import Compartment

GLASS_WIDTH_UM = 12.0
"""White without tissue that is wider than this is glass; a narrower crack belongs to what it runs through."""

_RADIUS_WPX = GLASS_WIDTH_UM  # half the width, at two working pixels to the micrometer


def glass_where_wide(white: NDArray[np.bool_], compartments: NDArray[np.uint8]) -> None:
    """Call wide white places of the interstitium glass, in place.

    Args:
        white: (H, W) bool at 0.5 um/px, where there is no tissue.
        compartments: (H, W) uint8, a `Compartment`; only endomysium and perimysium become glass, so that the lumen of
            a vessel or a fat cell stays what it is.
    """
    between = (compartments == Compartment.ENDOMYSIUM) | (compartments == Compartment.PERIMYSIUM)
    open_space = white | (compartments == Compartment.GLASS)
    inscribed = np.ones((17, 17), np.uint8)  # a square that fits into a disc of that width: quick to rule out
    if not cv2.erode(open_space.astype(np.uint8), inscribed).any():
        return
    core = cv2.distanceTransform(open_space.astype(np.uint8), cv2.DIST_L2, 5) > _RADIUS_WPX
    if not core.any():
        return
    wide = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) <= _RADIUS_WPX
    compartments[wide & white & between] = Compartment.GLASS
