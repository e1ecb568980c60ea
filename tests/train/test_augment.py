"""What training does to the light and the optics of a crop; geometry and stain are tested with the fields."""

from __future__ import annotations

import albumentations as A  # noqa: N812
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from train.augment import ColorShift, UnevenLight, train_look

seeds = st.integers(0, 2**31 - 1)


def done_to(image: np.ndarray, seed: int, *steps: A.ImageOnlyTransform) -> np.ndarray:
    look = A.Compose(list(steps))
    look.set_random_seed(seed)
    return look(image=image)["image"]


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@settings(deadline=None, max_examples=25)
@given(seeds)
def test_uneven_light_only_dims_and_by_no_more_than_its_depth(seed: int) -> None:
    image = picture(seed)
    dimmed = done_to(image, seed, UnevenLight(depth=0.2, p=1))
    assert np.all(dimmed <= image)
    assert np.all(dimmed >= 0.8 * image.astype(float) - 0.5)
    white = done_to(np.full((48, 64, 3), 255, np.uint8), seed, UnevenLight(depth=0.2, p=1)).astype(int)
    assert np.all(white == white[..., :1])  # light has no color here
    assert max(np.abs(np.diff(white[..., 0], axis=axis)).max() for axis in (0, 1)) <= 5  # and no edges


@settings(deadline=None, max_examples=25)
@given(seeds)
def test_a_color_shift_moves_red_and_blue_and_leaves_green(seed: int) -> None:
    image = np.full((48, 64, 3), 200, np.uint8)
    image[20:28, 30:38] = 40
    shifted = done_to(image, seed, ColorShift(reach_px=1.2, p=1))
    assert np.array_equal(shifted[..., 1], image[..., 1])
    rows, columns = np.indices(image.shape[:2])
    for color in (0, 2):
        dark = 200.0 - shifted[..., color]
        for axis, middle in ((rows, 23.5), (columns, 33.5)):
            assert abs((dark * axis).sum() / dark.sum() - middle) <= 1.25


@settings(deadline=None, max_examples=10)
@given(seeds)
def test_the_same_seed_gives_the_same_look(seed: int) -> None:
    image, look = picture(seed), train_look()
    looks = []
    for _ in range(2):
        look.set_random_seed(seed)
        looks.append(look(image=image)["image"])
    assert np.array_equal(*looks)
    assert looks[0].dtype == np.uint8
    assert looks[0].shape == image.shape
