from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from histo.phantom import make_field
from train.augment import PoseRange
from train.datamodule import CropRange, batches_of
from train.dataset import CropDataset, Needs
from train.field_store import field_path, save_field


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 12), st.integers(0, 12))
def test_processes_share_the_crops_of_a_training_and_none_is_seen_twice(
    world: int, batch: int, steps: int, stopped: int
) -> None:
    stopped = min(stopped, steps)
    parts = [list(CropRange(0, steps, batch, rank, world)) for rank in range(world)]
    assert sorted(number for part in parts for number in part) == list(range(steps * batch * world))
    for rank, part in enumerate(parts):
        assert len(CropRange(stopped, steps, batch, rank, world)) == len(part)
        assert list(CropRange(stopped, steps, batch, rank, world)) == part[stopped * batch :]


def test_one_process_counts_on() -> None:
    assert list(CropRange(2, 4, 3)) == [6, 7, 8, 9, 10, 11]


def test_crops_made_beside_are_those_made_here_after_opencv_has_begun_its_threads(tmp_path: Path) -> None:
    save_field(field_path(tmp_path, 5), make_field(5, 256), "test")
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    cv2.GaussianBlur(np.zeros((4000, 4000, 3), np.uint8), (0, 0), 3)  # a fork could not end these threads
    beside, here = (
        list(batches_of(CropDataset(tmp_path, 128, 0, Needs(), PoseRange()), CropRange(0, 2, 2), 2, workers))
        for workers in (1, 0)
    )
    cv2.setNumThreads(before)
    assert len(here) == len(beside) == 2
    for one, other in zip(here, beside, strict=True):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in one)
