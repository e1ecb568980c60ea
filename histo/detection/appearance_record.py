"""How a slide looks, gathered while it is read: nothing is read or computed by the network twice for it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from histo.appearance import Appearance
from histo.detection.answer_record import AnswerRecord
from histo.detection.color_record import ColorRecord
from histo.detection.nucleus_record import NucleusRecord
from histo.detection.texture_record import TextureRecord
from histo.network import layout


class AppearanceRecord:
    """Colors, texture and the network's answers over all that was seen. Its size does not grow with the slide."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._colors, self._texture = ColorRecord(), TextureRecord()
        self._nuclei, self._answers = NucleusRecord(), AnswerRecord()

    def add(
        self, rgb: NDArray[np.uint8], maps: NDArray[np.float32], seen: NDArray[np.bool_], halo_wpx: int = 0
    ) -> None:
        """Add a tile.

        Args:
            rgb: (H, W, 3) uint8 at 0.5 um/px, core and halo.
            maps: (26, h, w) float32 at 1 um/px, of the core.
            seen: (h, w) bool, where of the core there is assessable tissue.
            halo_wpx: Width of the halo.
        """
        stride = layout.STRIDE
        height, width = (stride * side for side in seen.shape)
        core = rgb[halo_wpx : halo_wpx + height, halo_wpx : halo_wpx + width]
        small = cv2.resize(core, seen.shape[::-1], interpolation=cv2.INTER_AREA)
        self._colors.add(np.asarray(small, np.uint8), seen)
        self._texture.add(rgb, halo_wpx, seen)
        self._nuclei.add(rgb, halo_wpx, seen)
        self._answers.add(maps, seen)

    def finished(self) -> Appearance | None:
        """How the slide looks; None where there is nothing to look at."""
        colors, texture = self._colors.finished(), self._texture.finished()
        nucleus_um, answers = self._nuclei.finished(), self._answers.finished()
        if colors is None or texture is None or answers is None:
            return None
        return Appearance(colors, texture, nucleus_um, answers)
