from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from answers import perfect_fibers

from histo.findings import NECROTIC_CLASSES, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP
from histo.network import OperatingPoints
from histo.network.layout import BOUNDARY, CHANNELS, CLASSES, DISTANCE, FOREGROUND
from histo.network.targets import encode_targets
from histo.phantom.truth import FieldTruth
from train.real_fields import (
    REAL_FIELDS,
    MissedFiber,
    RealField,
    RealReading,
    compare,
    load_real_field,
    read_real_fields,
    real_figures,
)
from train.real_pictures import draw_real_reading, real_mistakes


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
    column, row = np.array([miss.at_wpx for miss in field.missed]).astype(int).T
    assert field.rgb.shape == (556, 556, 3)
    assert field.truth.fiber_labels.shape == (556, 556)
    assert len(field.missed) == 2
    assert np.all(field.truth.fiber_labels[row, column] == 0)


def test_masks_read_as_themselves_reach_a_high_f1_and_no_necrosis(real_data: Path) -> None:
    figures = real_figures(read_real_fields(MaskEngine(real_data), OperatingPoints(), real_data))
    for name in REAL_FIELDS:
        assert figures[f"{name}.fiber_f1"].value > 0.95
        assert figures[f"{name}.fiber_f1"].value >= figures[f"{name}.fiber_f1_every_mask_taken_as_truth"].value
        assert figures[f"{name}.fiber_mean_iou"].value > 0.85
        assert figures[f"{name}.called_necrotic"].value == 0
        assert figures[f"{name}.intact_called_necrotic"].value == 0
        assert figures[f"{name}.fiber_f1"].n > 20
        assert figures[f"{name}.missed_found"].value == 0
        assert figures[f"{name}.missed_found"].n == 2


@pytest.fixture(scope="module")
def drawn() -> RealReading:
    """Masks 1 (whole), 2 (whole) and 3 (cut); found are 1, what lies on 3, two at missed places, and a false one."""
    truth = squares([(20, 20), (20, 60), (90, 0)])
    found = squares([(20, 20), (90, 0), (60, 60), (60, 20), (84, 84)], [0, 0, 1, 1, 0])
    truth.fiber_class[1:] = FiberClass.INTACT
    missed = (
        MissedFiber((70.0, 70.0), "regenerating fiber", (FiberClass.REGENERATING,)),
        MissedFiber((30.0, 70.0), "remnant packed with nuclei", NECROTIC_CLASSES),
    )
    field = RealField("drawn", WORKING_MPP, np.full((120, 120, 3), 200, np.uint8), truth, missed)
    return compare(field, perfect_fibers(found))


def test_what_the_border_cuts_and_what_the_masks_miss_counts_for_nothing(drawn: RealReading) -> None:
    figures = real_figures([drawn])
    assert figures["drawn.fiber_f1"].value == pytest.approx(2 / (1 + 1 + 2))  # one hit, one false, one of two missed
    assert figures["drawn.fiber_f1_every_mask_taken_as_truth"].value == pytest.approx(2 / (4 + 2))
    assert figures["drawn.fiber_f1_border_included"].value == pytest.approx(4 / (5 + 3))
    assert drawn.false_rows.tolist() == [3]
    assert drawn.missed_masks.tolist() == [2]


def test_a_missed_fiber_is_found_by_its_outline_and_right_by_its_class(drawn: RealReading) -> None:
    figures = real_figures([drawn])
    assert (figures["drawn.missed_found"].value, figures["drawn.missed_found"].n) == (2, 2)
    assert figures["drawn.missed_right_family"].value == 1


def test_an_intact_fiber_is_called_necrotic_however_the_call_is_outlined(drawn: RealReading) -> None:
    split = squares([(20, 20), (20, 60), (20, 70)], [0, 3, 3])
    split.fiber_labels[20:40, 60:80] = np.repeat([2, 3], 10)
    figures = real_figures([compare(drawn.field, perfect_fibers(split))])
    assert (figures["drawn.intact_called_necrotic_fibers"].value, figures["drawn.intact_called_necrotic_fibers"].n) == (
        1,
        2,
    )
    nothing = real_figures([compare(drawn.field, perfect_fibers(squares([(90, 90)], [3])))])
    assert nothing["drawn.fiber_mean_iou"].value == 0
    assert nothing["drawn.intact_called_necrotic_fibers"].value == 0


def test_every_mistake_is_listed_with_its_place_and_drawn(drawn: RealReading) -> None:
    kinds = [(mistake.kind, mistake.x_px, mistake.y_px) for mistake in real_mistakes(drawn)]
    assert kinds == [("false", 94, 94), ("missed", 70, 30), ("missed place", 30, 70)]
    image = cv2.imdecode(np.frombuffer(draw_real_reading(drawn), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert image.shape[1] == 240
    assert image.shape[0] > 240
    for color, place in (((213, 94, 0), (168, 188)), ((0, 158, 115), (40, 60)), ((30, 60, 230), (40, 140))):
        near = image[place[0] - 3 : place[0] + 4, place[1] - 3 : place[1] + 4].astype(int)
        assert np.abs(near - color).sum(axis=2).min() < 30, color


def squares(corners: list[tuple[int, int]], kinds: list[int] | None = None) -> FieldTruth:
    """Squares of 20 px at rows and columns; intact, unless told otherwise."""
    labels = np.zeros((120, 120), np.int32)
    for number, (row, column) in enumerate(corners, start=1):
        labels[row : row + 20, column : column + 20] = number
    return FieldTruth(
        fiber_labels=labels,
        fiber_class=np.array([0, *(kinds or [0] * len(corners))], np.uint8),
        fiber_attributes=np.zeros((len(corners) + 1, len(FiberAttribute)), np.bool_),
        cell_center_px=np.zeros((0, 2), np.float32),
        cell_class=np.zeros(0, np.uint8),
        compartments=np.zeros(labels.shape, np.uint8),
    )
