"""Make `import torchvision` work beside a CPU-only torch.

The torchvision wheel is a CUDA build. With a CPU-only torch its C++ operators do not load, and the import fails while
registering a shape rule for an operator that does not exist (pytorch/vision#9085); torchmetrics and Lightning then fail
too. On exactly that error the two missing operators are declared here, `nms` with a plain implementation, and the
import is tried again. With a matching build nothing happens.

Works afterwards: models, transforms, `ops.nms`. Does not: `roi_pool`, `deform_conv2d`, `io.decode_jpeg`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import torch

_MISSING = "operator torchvision::nms does not exist"
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_libraries: list[Any] = []
"""Declarations live as long as their library objects do."""


def ensure_torchvision() -> bool:
    """Import torchvision, declaring its missing operators first if that is what it takes.

    Returns:
        Whether the operators had to be declared.

    Raises:
        RuntimeError: If the import fails for any other reason.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if str(error) != _MISSING:
            raise
    else:
        return bool(_libraries)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    library.define("nms" + _SIGNATURE)
    library.define("qnms" + _SIGNATURE)
    library.impl("nms", non_maximum_suppression, "CPU")
    _libraries.append(library)
    importlib.import_module("torchvision")
    # Without this, `ops.nms` refuses before it looks at the operator; every other operator still fails, by its name.
    setattr(importlib.import_module("torchvision.extension"), "_has_ops", lambda: True)  # noqa: B010
    return True


def non_maximum_suppression(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Boxes that no better box overlaps by more than the threshold.

    Args:
        boxes: (N, 4) float; x1, y1, x2, y2.
        scores: (N,) float.
        iou_threshold: Largest allowed intersection over union.

    Returns:
        (K,) int64, the rows kept, best first.
    """
    order = torch.argsort(scores, descending=True, stable=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.numel():
        best, rest = order[0], order[1:]
        kept.append(int(best))
        low = torch.maximum(boxes[best, :2], boxes[rest, :2])
        high = torch.minimum(boxes[best, 2:], boxes[rest, 2:])
        overlap = (high - low).clamp(min=0).prod(dim=1)
        order = rest[overlap <= iou_threshold * (area[best] + area[rest] - overlap)]
    return torch.tensor(kept, dtype=torch.int64)
