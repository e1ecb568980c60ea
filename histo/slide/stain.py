"""What stain a thumbnail's colors look like: enough to warn, never enough to diagnose.

Works on the direction of each stained pixel's optical density, after Ruifrok & Johnston 2001 (Anal Quant Cytol Histol
23:291-9): eosin and hematoxylin both absorb green most, DAB absorbs blue most, blue and green dyes absorb red most.
"""

from __future__ import annotations

import numpy as np

from histo.slide.reader import Pixels, StainGuess

_DARK_FIELD = 60
"""Brightfield glass is bright: a slide whose median pixel is darker than this in every channel is fluorescence."""
_LIGHT_MIN = 180.0
"""Background is at least this bright, so that a field without any glass is not normalized to white."""
_STAINED_OD = 0.25
_BLANK_SHARE = 0.001
"""Stained share of the thumbnail below which nothing is there."""
_GREY_SHARE = 0.05
"""The same for colorless marks: dust, bubbles, the cover slip's edge."""
_HE_SHARE = 0.4
_BROWN_SHARE = 0.2


def guess_stain(thumbnail: Pixels) -> StainGuess:
    """Guess the stain from a thumbnail of a whole slide.

    Args:
        thumbnail: Any size; pixels that are not valid are left out.

    Returns:
        The guess; `BLANK` when there is nothing stained to judge by.
    """
    colors = thumbnail.rgb[thumbnail.valid].astype(np.float32)
    if len(colors) == 0:
        return StainGuess.BLANK
    brightest = colors.max(axis=1)
    if np.median(brightest) < _DARK_FIELD:
        return StainGuess.FLUORESCENCE if np.percentile(brightest, 99.9) >= _DARK_FIELD else StainGuess.BLANK
    light = np.maximum(np.percentile(colors, 95, axis=0), _LIGHT_MIN).astype(np.float32)
    density = np.maximum(-np.log10(np.maximum(colors, 1.0) / light), 0.0)
    stained = density.sum(axis=1) > _STAINED_OD
    share = float(stained.mean())
    if share < _BLANK_SHARE:
        return StainGuess.BLANK
    red, green, blue = (density[stained] / np.linalg.norm(density[stained], axis=1, keepdims=True)).T
    typical = [float(np.median(channel)) for channel in (red, green, blue)]
    if max(typical) - min(typical) < 0.06:
        return StainGuess.BLANK if share < _GREY_SHARE else StainGuess.OTHER_BRIGHTFIELD
    brown = float(((blue > green) & (green > red)).mean())
    purple_or_pink = float(((green > red) & (green >= blue)).mean())
    is_he = purple_or_pink >= _HE_SHARE and brown < _BROWN_SHARE
    return StainGuess.HE if is_he else StainGuess.OTHER_BRIGHTFIELD
