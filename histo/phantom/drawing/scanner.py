"""From amounts of dye to an image: light, optics, camera, and the pieces that a scanner puts together.

Light and optics depend on absolute position alone, so that tiles of a phantom agree; the camera's noise and the JPEG
belong to the region that was drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from histo.geometry import Region
from histo.phantom.drawing.canvas import Canvas, Image, Plane
from histo.phantom.drawing.noise import PERIOD_WPX, camera_sheet, periodic
from histo.phantom.look import Look

_BORDER_MODE = cv2.BORDER_REPLICATE


def develop(look: Look, canvas: Canvas) -> Image:
    """Turn amounts of dye into what the scanner's lens shows.

    Args:
        look: Stain and scanner.
        canvas: Planes of dye; they are read only.

    Returns:
        (H, W, 3) uint8 RGB of the canvas's area, without the camera's noise.
    """
    light = None
    if look.shading:
        light = canvas.noise("drift")
        light *= np.float32(look.shading)
    if canvas.dirt.any():
        light = -canvas.dirt if light is None else np.subtract(light, canvas.dirt, out=light)
    bloody = bool(canvas.red_cell.any())
    planes = []
    for channel, shift in enumerate((1.0, 0.0, -1.0)):
        # log of the light that passes; the white point enters as an additive constant
        passed = cv2.addWeighted(
            canvas.hematoxylin, -look.hematoxylin[channel], canvas.eosin, -look.eosin[channel],
            float(np.log(max(1.0, look.glass[channel]))),
        )  # fmt: skip
        if bloody:
            cv2.scaleAdd(canvas.red_cell, -look.red_cell[channel], passed, dst=passed)
        for ink in canvas.inks:
            cv2.scaleAdd(ink.amount, -ink.density[channel], passed, dst=passed)
        if light is not None:
            cv2.add(passed, light, dst=passed)
        cv2.exp(passed, dst=passed)
        planes.append(_moved(np.asarray(passed, np.float32), shift * look.fringe_wpx[0], shift * look.fringe_wpx[1]))
    image = np.asarray(cv2.convertScaleAbs(cv2.merge(planes)), np.uint8)
    if look.resolution > 1.05:
        image = _resampled(image, look.resolution, canvas.area)
    shown: cv2.typing.MatLike = image
    if look.blur_wpx > 0.2:
        shown = cv2.GaussianBlur(shown, (0, 0), look.blur_wpx)
    for haze in canvas.hazes:
        soft = cv2.GaussianBlur(shown, (0, 0), haze.sigma_wpx)
        shown = cv2.blendLinear(soft, shown, haze.weight, np.float32(1) - haze.weight)
    if look.sharpen > 0:
        shown = cv2.addWeighted(shown, 1 + look.sharpen, cv2.GaussianBlur(shown, (0, 0), 1.2), -look.sharpen, 0)
    pixels: Image = np.asarray(shown, np.uint8)
    return pixels


def photograph(look: Look, image: Image, rng: np.random.Generator) -> Image:
    """Add a camera's noise and a file's JPEG to a finished image.

    Args:
        look: The scanner.
        image: (H, W, 3) uint8 RGB.
        rng: Of this image.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    if look.noise > 0:
        height, width = image.shape[:2]
        left, top = rng.integers(PERIOD_WPX, size=2)
        noise = periodic(camera_sheet(), int(left), int(top), width, height)
        noise *= np.float32(look.noise)
        image = np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)
    if look.jpeg_quality:
        _, packed = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])
        image = np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
    return image


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle of the finished image, and where in the scene it was taken.

    Attributes:
        shown: Where it lies in the image, in working pixels of the scene.
        taken: What it shows, in working pixels of the scene.
        gain: Its brightness.
    """

    shown: Region
    taken: Region
    gain: float


def pieces(look: Look, region: Region) -> Iterator[Piece]:
    """The pieces that a region is put together from; they fill it without overlap."""
    side = look.stitch_wpx
    if not side:
        yield Piece(region, region, 1.0)
        return
    for row in range(region.y // side, (region.bottom - 1) // side + 1):
        for column in range(region.x // side, (region.right - 1) // side + 1):
            rng = np.random.default_rng([look.offset, 5, row & 0xFFFFFFFF, column & 0xFFFFFFFF])
            dx, dy = rng.integers(-look.stitch_shift_wpx, look.stitch_shift_wpx + 1, 2)
            left, top = max(region.x, column * side), max(region.y, row * side)
            right, bottom = min(region.right, (column + 1) * side), min(region.bottom, (row + 1) * side)
            shown = Region(left, top, right - left, bottom - top)
            yield Piece(shown, shown.shifted(int(dx), int(dy)), float(1 + rng.normal(0, look.stitch_step)))


def _moved(plane: Plane, right: float, down: float) -> Plane:
    if not right and not down:
        return plane
    matrix = np.array([[1, 0, right], [0, 1, down]])
    size = (plane.shape[1], plane.shape[0])
    return np.asarray(cv2.warpAffine(plane, matrix, size, flags=cv2.INTER_LINEAR, borderMode=_BORDER_MODE), np.float32)


def _resampled(image: Image, factor: float, area: Region) -> Image:
    """Taken on a coarser grid, anchored at the scene's origin, and enlarged."""
    soft = cv2.GaussianBlur(image, (0, 0), 0.4 * factor)
    first_x, first_y = int(np.floor(area.x / factor)) - 1, int(np.floor(area.y / factor)) - 1
    width, height = int(area.width / factor) + 4, int(area.height / factor) + 4
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    to_fine = np.array(
        [
            [factor, 0, (first_x + 0.5) * factor - 0.5 - area.x],
            [0, factor, (first_y + 0.5) * factor - 0.5 - area.y],
        ]
    )
    coarse = cv2.warpAffine(soft, to_fine, (width, height), flags=flags, borderMode=_BORDER_MODE)
    to_coarse = np.array(
        [
            [1 / factor, 0, (area.x + 0.5) / factor - 0.5 - first_x],
            [0, 1 / factor, (area.y + 0.5) / factor - 0.5 - first_y],
        ]
    )
    fine = cv2.warpAffine(coarse, to_coarse, (area.width, area.height), flags=flags, borderMode=_BORDER_MODE)
    return np.asarray(fine, np.uint8)
