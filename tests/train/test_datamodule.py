from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from train.datamodule import CropRange


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
