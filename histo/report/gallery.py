"""The fibers that decide, as pictures inside a page: pixels as JPEG, the outline as SVG, nothing to download."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from histo.findings import FiberClass
from histo.report.choice import SHOWN_CLASSES
from histo.report.pictures import FiberCrop
from histo.report.style import FIBER_STYLES

JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """One fiber as the page shows it.

    Attributes:
        image: Data URI of the pixels.
        side_px: Width and height of the picture.
        points: The outline as SVG points, in pixels of the picture.
        color: Of the outline, as CSS.
        caption: Slide, fiber and probability.
        place: Where it lies on the slide.
    """

    image: str
    side_px: int
    points: str
    color: str
    caption: str
    place: str


@dataclass(frozen=True, slots=True)
class GalleryGroup:
    """The shown fibers of one class."""

    title: str
    items: tuple[GalleryItem, ...]


def css_color(kind: FiberClass) -> str:
    """The color of a class, as CSS."""
    red, green, blue = (round(255 * part) for part in FIBER_STYLES[kind].color)
    return f"#{red:02x}{green:02x}{blue:02x}"


def jpeg_uri(rgb: NDArray[np.uint8]) -> str:
    """Pixels as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def gallery(crops: list[tuple[str, FiberCrop]]) -> tuple[GalleryGroup, ...]:
    """The crops of all slides, grouped by class.

    Args:
        crops: Name of the slide, and a crop taken from it.
    """
    groups = []
    for kind in SHOWN_CLASSES:
        items = [_item(slide, crop) for slide, crop in crops if crop.fiber_class is kind]
        if items:
            plural = FIBER_STYLES[kind].plural
            groups.append(GalleryGroup(plural[0].upper() + plural[1:], tuple(items)))
    return tuple(groups)


def _item(slide: str, crop: FiberCrop) -> GalleryItem:
    picture = crop.picture
    rgb = np.where(picture.valid[..., None], picture.rgb, np.uint8(176)).astype(np.uint8)
    outline = picture.mpp.to_px(crop.outline_um.astype(np.float64) - np.array(picture.origin_um))
    x_um, y_um = crop.center_um
    return GalleryItem(
        image=jpeg_uri(rgb),
        side_px=rgb.shape[0],
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in outline.tolist()),
        color=css_color(crop.fiber_class),
        caption=f"Fiber {crop.fiber}, probability {crop.probability:.2f}, {crop.min_feret_um:.0f} µm wide",
        place=f"{slide}, x {x_um / 1000:.2f} mm, y {y_um / 1000:.2f} mm",
    )
