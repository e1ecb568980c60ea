from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from train.torchvision_door import ensure_torchvision, non_maximum_suppression


def test_torchvision_imports_and_a_second_call_changes_nothing() -> None:
    first = ensure_torchvision()
    assert ensure_torchvision() == first

    import torchvision

    assert torchvision.models.resnet18(weights=None).fc.out_features == 1000


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 30), st.floats(0.1, 0.9), st.integers(0, 2**32 - 1))
def test_suppression_keeps_a_maximal_set_of_boxes_that_do_not_overlap(count: int, threshold: float, seed: int) -> None:
    from torchvision.ops import box_iou

    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 1, (count, 2))
    boxes = torch.tensor(np.concatenate([corner, corner + rng.uniform(0.1, 1, (count, 2))], axis=1))
    scores = torch.tensor(rng.permutation(count).astype(np.float64))
    kept = non_maximum_suppression(boxes, scores, threshold)
    assert scores[kept].tolist() == sorted(scores[kept].tolist(), reverse=True)
    if count:
        overlap = box_iou(boxes, boxes[kept])
        better = scores[kept][None, :] > scores[:, None]
        suppressed = ((overlap > threshold) & better).any(dim=1)
        assert set(kept.tolist()) == set(torch.nonzero(~suppressed).flatten().tolist())


def test_torchvision_reaches_the_operator() -> None:
    ensure_torchvision()
    from torchvision.ops import nms

    boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1.9], [3, 3, 4, 4]])
    assert nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5).tolist() == [1, 2]
