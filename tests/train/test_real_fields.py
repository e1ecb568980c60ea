from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from histo.findings import FiberClass
from histo.network import OperatingPoints
from histo.network.layout import BOUNDARY, CHANNELS, CLASSES, DISTANCE, FOREGROUND
from histo.network.targets import encode_targets
from train.real_fields import REAL_FIELDS, evaluate_real, load_real_field


class MaskEngine:
    """Answers with the masks themselves, every fiber intact: an upper bound that needs no network."""

    name, device, precision = "masks", "cpu", "f32"

    def __init__(self, folder: Path) -> None:
        self.fields = [load_real_field(folder / "muscle", name) for name in REAL_FIELDS]

    def rest(self) -> None:
        pass

    def run(self, rgb: np.ndarray) -> np.ndarray:
        field = next(field for field in self.fields if np.array_equal(rgb[:400, :400], field.rgb[:400, :400]))
        targets = encode_targets(field.truth)
        maps = np.zeros((CHANNELS, rgb.shape[0] // 2, rgb.shape[1] // 2), np.float32)
        height, width = targets.distance.shape
        maps[FOREGROUND, :height, :width] = targets.foreground
        maps[DISTANCE, :height, :width] = targets.distance
        maps[BOUNDARY, :height, :width] = targets.boundary
        maps[CLASSES.start + FiberClass.INTACT] = 1
        return maps


@pytest.mark.parametrize("name", REAL_FIELDS)
def test_the_masks_miss_what_the_labels_say_they_miss(real_data: Path, name: str) -> None:
    field = load_real_field(real_data / "muscle", name)
    column, row = field.missed_wpx.astype(int).T
    assert field.rgb.shape == (556, 556, 3)
    assert field.truth.fiber_labels.shape == (556, 556)
    assert len(field.missed_wpx) == 2
    assert np.all(field.truth.fiber_labels[row, column] == 0)


def test_masks_read_as_themselves_reach_a_high_f1_and_no_necrosis(real_data: Path) -> None:
    figures = evaluate_real(MaskEngine(real_data), OperatingPoints(), real_data)
    for name in REAL_FIELDS:
        assert figures[f"{name}.fiber_f1"].value > 0.95
        assert figures[f"{name}.fiber_f1"].value >= figures[f"{name}.fiber_f1_every_mask_taken_as_truth"].value
        assert figures[f"{name}.fiber_mean_iou"].value > 0.85
        assert figures[f"{name}.called_necrotic"].value == 0
        assert figures[f"{name}.intact_called_necrotic"].value == 0
        assert figures[f"{name}.fiber_f1"].n > 20
