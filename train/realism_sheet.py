"""Contact sheets of real and phantom crops at one scale: labelled, or blinded for a reader who tries to tell them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from histo.geometry import WORKING_MPP
from train.realism_fields import Crop

Picture = NDArray[np.uint8]
"""(H, W, 3) RGB."""

BAR_UM = 50.0

_GAP, _MARGIN, _MIDDLE, _CAPTION, _HEAD, _FOOT = 6, 28, 36, 22, 44, 56
_INK, _QUIET = (34, 34, 34), (110, 110, 110)


def labelled_sheet(real: Sequence[Crop], phantom: Sequence[Crop], columns: int = 3) -> Picture:
    """Real crops in the left half, phantom crops in the right half of each row, every pixel one working pixel.

    Args:
        real: As many as `phantom`, a multiple of `columns`, all of one size.
        phantom: See there.
        columns: Crops of each kind in a row.
    """
    side = len(real[0].rgb)
    half = columns * (side + _GAP) - _GAP
    rows = len(real) // columns
    width, height = 2 * _MARGIN + 2 * half + _MIDDLE, _HEAD + rows * (side + _CAPTION + _GAP) + _FOOT
    page, pen = _blank(width, height)
    for kind, crops, left in (("Real", real, _MARGIN), ("Phantom", phantom, _MARGIN + half + _MIDDLE)):
        pen.text((left, 10), kind, _INK, _font(22))
        for number, crop in enumerate(crops):
            x = left + number % columns * (side + _GAP)
            y = _HEAD + number // columns * (side + _CAPTION + _GAP)
            page.paste(Image.fromarray(crop.rgb), (x, y))
            pen.text((x, y + side + 3), crop.specimen, _QUIET, _font(13))
    _scale_bar(pen, _MARGIN, height - _FOOT + 14)
    return np.asarray(page)


def blind_sheet(
    real: Sequence[Crop], phantom: Sequence[Crop], seed: int, columns: int = 6
) -> tuple[Picture, list[tuple[int, str, str]]]:
    """The crops shuffled and numbered, and the key.

    Args:
        real: All of one size.
        phantom: Of the same size.
        seed: Of the order.
        columns: Crops in a row.

    Returns:
        The sheet, and for each number on it `real` or `phantom` and the name of the specimen.
    """
    crops = [("real", crop) for crop in real] + [("phantom", crop) for crop in phantom]
    shuffled = [crops[place] for place in np.random.default_rng(seed).permutation(len(crops))]
    side = len(real[0].rgb)
    rows = -(-len(crops) // columns)
    width = 2 * _MARGIN + columns * (side + _GAP) - _GAP
    height = _HEAD + rows * (side + _CAPTION + _GAP) + _FOOT
    page, pen = _blank(width, height)
    pen.text((_MARGIN, 10), "Which of these are real? Write down the numbers, then open the key.", _INK, _font(20))
    for place, (_, crop) in enumerate(shuffled):
        x, y = _MARGIN + place % columns * (side + _GAP), _HEAD + place // columns * (side + _CAPTION + _GAP)
        page.paste(Image.fromarray(crop.rgb), (x, y))
        pen.text((x, y + side + 3), str(place + 1), _INK, _font(14))
    _scale_bar(pen, _MARGIN, height - _FOOT + 14)
    key = [(place + 1, kind, crop.specimen) for place, (kind, crop) in enumerate(shuffled)]
    return np.asarray(page), key


def spread_over(crops: Sequence[Sequence[Crop]], count: int) -> list[Crop]:
    """`count` crops in turns from several specimens: the first of each, then the second of each, and so on.

    Args:
        crops: By specimen.
        count: How many; fewer come back if there are no more.
    """
    turns = [(turn, place) for place, several in enumerate(crops) for turn in range(len(several))]
    chosen = sorted(sorted(turns)[:count], key=lambda pair: (pair[1], pair[0]))
    return [crops[place][turn] for turn, place in chosen]


def _blank(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (width, height), "white")
    return page, ImageDraw.Draw(page)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _scale_bar(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    length = WORKING_MPP.px(BAR_UM)
    pen.rectangle((x, y, x + length - 1, y + 5), fill=_INK)
    pen.text((x, y + 10), f"{BAR_UM:g} um", _INK, _font(14))
