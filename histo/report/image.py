"""Encoded pictures, the same bytes for the same picture, and without any tag that a program adds on its own."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image as Pillow

JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class Image:
    """An encoded picture.

    Attributes:
        data: The file's bytes.
        kind: `png` or `jpeg`.
        width_px: Of the picture.
        height_px: Of the picture.
    """

    data: bytes
    kind: str
    width_px: int
    height_px: int

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/{self.kind};base64,{base64.b64encode(self.data).decode('ascii')}"


def jpeg_image(rgb: NDArray[np.uint8]) -> Image:
    """Pixels, (H, W, 3), as a JPEG: for tissue."""
    buffer = io.BytesIO()
    Pillow.fromarray(rgb).save(buffer, format="JPEG", quality=JPEG_QUALITY)
    return Image(buffer.getvalue(), "jpeg", rgb.shape[1], rgb.shape[0])


def png_of(figure: Figure) -> Image:
    """A figure as a PNG: for drawings."""
    buffer = io.BytesIO()
    canvas = FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Image(buffer.getvalue(), "png", *canvas.get_width_height())


def jpeg_of(figure: Figure) -> Image:
    """A figure that holds tissue as a JPEG."""
    buffer = io.BytesIO()
    canvas = FigureCanvasAgg(figure)
    figure.savefig(buffer, format="jpeg", pil_kwargs={"quality": JPEG_QUALITY})
    return Image(buffer.getvalue(), "jpeg", *canvas.get_width_height())
