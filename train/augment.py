"""Making a field look as if it came from another lab: geometry for pixels and truth together, then optics and stain.

The one door of albumentations. Geometry is drawn before targets are encoded, so that borders and bumps keep their
width; `train_look` and `eval_look` stand side by side below, so that what training adds can be read in one place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import hed_from_rgb, rgb_from_hed

from histo.phantom.truth import Field, FieldTruth

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it asks the network for its newest version when imported

import albumentations as A  # noqa: N812

Image = NDArray[np.uint8]

_DENSITY_OF_BYTE = -np.log((np.arange(256, dtype=np.float32) + 1) / 256)


@dataclass(frozen=True)
class PoseRange:
    """How far the geometry of a crop may go; mirrorings and quarter turns are always drawn.

    Attributes:
        scale_low: Smallest magnification.
        scale_high: Largest magnification.
        tilt_degrees: Largest rotation beyond quarter turns.
        still: Share of crops with neither, whose pixels are not interpolated at all.
    """

    scale_low: float = 0.75
    scale_high: float = 1.33
    tilt_degrees: float = 10.0
    still: float = 0.3


@dataclass(frozen=True, eq=False)
class Pose:
    """Where a crop lies in its field. Frame: the field's pixels, continuous, pixel i spanning i to i + 1.

    Attributes:
        matrix: (2, 2), from an offset in the crop to an offset in the field.
        center_px: (2,) x and y of the crop's middle.
    """

    matrix: NDArray[np.float64]
    center_px: NDArray[np.float64]

    def take(self, field: Field, size_wpx: int, truth_margin_wpx: int) -> Field:
        """The crop of pixels and the truth around it.

        Args:
            field: What to crop.
            size_wpx: Width and height of the pixels.
            truth_margin_wpx: How much wider the truth is on every side, so that a fiber at the crop's edge is known
                whole; beyond the field the truth's last row and column are repeated.

        Returns:
            A field whose truth is larger than its pixels.
        """
        truth, wide = field.truth, size_wpx + 2 * truth_margin_wpx
        labels = self._warp(truth.fiber_labels.astype(np.uint16), wide, cv2.INTER_NEAREST)
        offset = (truth.cell_center_px - self.center_px) @ np.linalg.inv(self.matrix).T + wide / 2
        inside = np.all((offset >= 0) & (offset < wide), axis=1)
        known = {
            name: None if mask is None else self._warp(mask.astype(np.uint8), wide, cv2.INTER_NEAREST) > 0
            for name, mask in (("fibers_known", truth.fibers_known), ("cells_known", truth.cells_known))
        }
        cropped = FieldTruth(
            fiber_labels=labels.astype(np.int32),
            fiber_class=truth.fiber_class,
            fiber_attributes=truth.fiber_attributes,
            cell_center_px=offset[inside].astype(np.float32),
            cell_class=truth.cell_class[inside],
            compartments=self._warp(truth.compartments, wide, cv2.INTER_NEAREST),
            mpp=truth.mpp,
            attributes_known=truth.attributes_known,
            cell_classes_known=truth.cell_classes_known,
            **known,
        )
        return Field(rgb=self._warp(field.rgb, size_wpx, cv2.INTER_LINEAR), truth=cropped)

    def _warp(self, array: NDArray[Any], size: int, interpolation: int) -> NDArray[Any]:
        # warpAffine counts from pixel centers: both frames shift by half a pixel
        shift = self.center_px + self.matrix @ np.full(2, 0.5 - size / 2) - 0.5
        to_field = np.column_stack([self.matrix, shift])
        flags = interpolation | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(array, to_field, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def draw_pose(
    rng: np.random.Generator, reach: PoseRange, size_wpx: int, field_wpx: tuple[int, int], wish_px: NDArray[np.floating]
) -> Pose:
    """Draw where a crop lies, wholly inside its field.

    Args:
        rng: Source of chance.
        reach: How far the geometry may go.
        size_wpx: Width and height of the crop.
        field_wpx: Height and width of the field.
        wish_px: (2,) x and y that should lie in the middle, as far as the field's borders allow.

    Returns:
        A pose.

    Raises:
        ValueError: If such a crop does not fit into the field.
    """
    moved = rng.random() >= reach.still
    scale = float(np.exp(rng.uniform(np.log(reach.scale_low), np.log(reach.scale_high)))) if moved else 1.0
    tilt = np.deg2rad(rng.uniform(-reach.tilt_degrees, reach.tilt_degrees)) if moved else 0.0
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    quarter = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), int(rng.integers(4)))
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    matrix = turn @ quarter @ mirror / scale
    half = np.abs(matrix).sum(axis=1).max() * size_wpx / 2
    extent = np.array(field_wpx[::-1], np.float64)
    if np.any(2 * half > extent):
        raise ValueError(f"a crop of {size_wpx} at scale {scale:.2f} does not fit into a field of {field_wpx}")
    center = np.clip(np.round(wish_px), np.ceil(half), extent - np.ceil(half))
    return Pose(matrix, center if 2 * np.ceil(half) <= extent.min() else extent / 2)


class StainJitter(A.ImageOnlyTransform):  # type: ignore[misc]
    """Another lab's stain: amounts of hematoxylin and eosin, their hues, section thickness, and the color of the light.

    Works on optical density, where stains add up; stain vectors of Ruifrok and Johnston 2001 as in scikit-image.

    Args:
        amount: Largest change of each stain's amount, as a natural logarithm.
        hue: Standard deviation of each stain vector's components.
        thickness: Largest change of all density, as a natural logarithm.
        light: Standard deviation of each color's offset in optical density.
        p: Probability.
    """

    def __init__(
        self,
        amount: float = 0.5,
        hue: float = 0.04,
        thickness: float = 0.25,
        light: float = 0.03,
        p: float = 0.9,
    ) -> None:
        """Keep the ranges."""
        super().__init__(p=p)
        self.amount, self.hue, self.thickness, self.light = amount, hue, thickness, light

    def get_params(self) -> dict[str, Any]:
        """Draw one stain: a (3, 4) map from optical density to optical density."""
        rng = self.random_generator
        amounts = np.exp(rng.uniform(-self.amount, self.amount, 3) * [1, 1, 0.5])
        vectors = rgb_from_hed + rng.normal(0, self.hue, (3, 3)) * np.abs(rgb_from_hed).max()
        thickness = np.exp(rng.uniform(-self.thickness, self.thickness))
        mixing = (hed_from_rgb * amounts) @ vectors * thickness
        return {"stain": np.column_stack([mixing.T, rng.normal(0, self.light, 3)]).astype(np.float32)}

    def apply(self, img: Image, stain: NDArray[np.float32], **_: object) -> Image:
        """Stain anew."""
        density = cv2.transform(cv2.LUT(img, _DENSITY_OF_BYTE), stain)
        stained: Image = np.clip(cv2.exp(-density) * np.float32(256) - np.float32(0.5), 0, 255).astype(np.uint8)
        return stained


class Grain(A.ImageOnlyTransform):  # type: ignore[misc]
    """Camera noise, equal in all colors; a tenth of the time that the library's own noise takes.

    Args:
        sd: Range of the standard deviation, in gray levels.
        p: Probability.
    """

    def __init__(self, sd: tuple[float, float] = (1.0, 8.0), p: float = 0.4) -> None:
        """Keep the range."""
        super().__init__(p=p)
        self.sd = sd

    def apply(self, img: Image, **_: object) -> Image:
        """Add noise."""
        rng = self.random_generator
        grain = rng.standard_normal(img.shape[:2], dtype=np.float32) * np.float32(rng.uniform(*self.sd))
        noisy = cv2.add(img, cv2.cvtColor(grain, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_8U)
        return noisy.astype(np.uint8, copy=False)


class UnevenLight(A.ImageOnlyTransform):  # type: ignore[misc]
    """Light that falls off across the picture, as toward the rim of a lens or between the strips of a scanner.

    Args:
        depth: Largest loss of light at the darkest place, as a share.
        p: Probability.
    """

    def __init__(self, depth: float = 0.15, p: float = 0.25) -> None:
        """Keep the range."""
        super().__init__(p=p)
        self.depth = depth

    def apply(self, img: Image, **_: object) -> Image:
        """Dim by a smooth bowl whose middle lies anywhere within the picture or a little beyond it."""
        rng = self.random_generator
        height, width = img.shape[:2]
        y, x = (
            (np.arange(count, dtype=np.float32) / count - np.float32(rng.uniform(-0.25, 1.25))) ** 2
            for count in (height, width)
        )
        distance = y[:, None] + x[None, :]
        light = 1 - np.float32(rng.uniform(0, self.depth)) * distance / distance.max()
        return cv2.multiply(img, cv2.cvtColor(light, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_8U).astype(np.uint8, copy=False)


class ColorShift(A.ImageOnlyTransform):  # type: ignore[misc]
    """Red and blue moved against green, as by a lens that bends colors differently or a camera that takes them in turn.

    Args:
        reach_px: Largest shift of each color, in both directions.
        p: Probability.
    """

    def __init__(self, reach_px: float = 1.2, p: float = 0.2) -> None:
        """Keep the range."""
        super().__init__(p=p)
        self.reach_px = reach_px

    def apply(self, img: Image, **_: object) -> Image:
        """Shift."""
        shifted = img.copy()
        size = (img.shape[1], img.shape[0])
        for color in (0, 2):
            dx, dy = self.random_generator.uniform(-self.reach_px, self.reach_px, 2)
            move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            shifted[..., color] = cv2.warpAffine(
                np.ascontiguousarray(img[..., color]), move, size, borderMode=cv2.BORDER_REPLICATE
            )
        return shifted


def train_look() -> A.Compose:
    """What training does to the pixels of a crop: stain, light, optics, focus, exposure, noise, compression."""
    return A.Compose(
        [
            StainJitter(),
            UnevenLight(),
            ColorShift(),
            A.OneOf(
                [
                    A.GaussianBlur(blur_limit=0, sigma_limit=(0.3, 1.6)),
                    A.MotionBlur(blur_limit=(3, 5)),
                    A.Downscale(scale_range=(0.45, 0.9)),
                    A.Sharpen(alpha=(0.1, 0.4)),
                ],
                p=0.5,
            ),
            A.RandomBrightnessContrast(brightness_limit=0.12, contrast_limit=0.2, p=0.5),
            A.RandomGamma(gamma_limit=(75, 130), p=0.4),
            Grain(),
            A.ImageCompression(quality_range=(35, 95), p=0.4),
        ]
    )


def eval_look() -> A.Compose:
    """What evaluation does to the pixels: nothing. Stain is handled inside the network."""
    return A.Compose([])
