from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from answers import UnsureEngine, perfect_cells

from histo.errors import ScaleMissing, SlideUnreadable
from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from histo.geometry import WORKING_MPP
from histo.model import load_model
from histo.network import Metric
from histo.phantom.truth import FieldTruth
from histo.slide import MemorySlide
from train import sections, wrong_inputs
from train.floors import FLOORS, standings
from train.infiltrated import DENSE_FROM_CELLS, amid_infiltrate, covered_by_necrosis, infiltrated_view
from train.real_section import bare_cells, bare_pixels
from train.wrong_inputs import read_wrong_input, wrong_input_figures


def metric(value: float, n: int = 10) -> Metric:
    return Metric(value, None, None, n)


def test_floors_hold_to_the_bound_itself_and_sums_need_every_part() -> None:
    figures = {
        "fibers_01.fiber_f1": metric(0.94),
        "sections.fiber.f1": metric(0.929),
        "false_necrotic_per_1000_fibers": metric(1.0),
        "sections.fiber.necrotic.recall": metric(0.8),
        "fibers_01.missed_found": metric(2, 2),
    }
    found = {standing.floor.metric: standing for standing in standings(figures)}
    assert found["fibers_01.fiber_f1"].reached
    assert not found["sections.fiber.f1"].reached
    assert found["false_necrotic_per_1000_fibers"].reached
    assert found["false_necrotic_per_1000_fibers"].beside == metric(0.8)
    assert len(found) == 3
    both = "fibers_01.missed_found+fibers_04.missed_found"
    found = {s.floor.metric: s for s in standings({**figures, "fibers_04.missed_found": metric(1, 2)})}
    assert (found[both].metric.value, found[both].metric.n, found[both].reached) == (3, 4, True)
    assert len({floor.metric for floor in FLOORS}) == len(FLOORS)


def test_sections_are_pooled_and_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    from answers import FIELDS

    monkeypatch.setattr(sections, "section_view", lambda pattern, seed: FIELDS[seed])
    found = sections.evaluate_sections(UnsureEngine(), load_model().bundle.card.operating_points, (300, 301))
    assert 0 < found["sections.fiber.intact.average_precision"].value <= 1
    assert found["sections.fiber.f1"].n == 2


def around(cells: int, kind: CellClass = CellClass.LYMPHOCYTE) -> FieldTruth:
    """Two fibers of 40 px; `cells` nuclei stand in a row 8 um above the first, 62 um from the other."""
    labels = np.zeros((200, 200), np.int32)
    labels[60:100, 20:60], labels[60:100, 150:190] = 1, 2
    return FieldTruth(
        fiber_labels=labels,
        fiber_class=np.zeros(3, np.uint8),
        fiber_attributes=np.zeros((3, len(FiberAttribute)), np.bool_),
        cell_center_px=np.array([(25 + 3 * number, 44) for number in range(cells)], np.float32).reshape(-1, 2),
        cell_class=np.full(cells, kind, np.uint8),
        compartments=np.zeros(labels.shape, np.uint8),
    )


def test_a_fiber_is_amid_infiltrate_if_enough_inflammatory_nuclei_lie_at_it() -> None:
    assert amid_infiltrate(around(DENSE_FROM_CELLS)).tolist() == [False, True, False]
    assert not amid_infiltrate(around(DENSE_FROM_CELLS - 1)).any()
    assert not amid_infiltrate(around(DENSE_FROM_CELLS, CellClass.MYONUCLEUS)).any()


def test_a_fiber_is_called_necrotic_if_half_of_it_is_however_the_outline_runs() -> None:
    truth = around(0)
    necrotic = np.zeros(truth.fiber_labels.shape, np.bool_)
    necrotic[50:80, 10:190] = True  # half of both
    assert covered_by_necrosis(truth, necrotic).tolist() == [False, True, True]
    necrotic[79] = False
    assert not covered_by_necrosis(truth, necrotic).any()


def test_infiltrated_views_hold_healthy_fibers_alone_many_of_them_amid_cells() -> None:
    truth = infiltrated_view(41).truth
    assert set(truth.fiber_class[1:].tolist()) == {FiberClass.INTACT}
    assert not truth.fiber_attributes[:, FiberAttribute.INVASION_CANDIDATE].any()
    assert amid_infiltrate(truth).sum() >= 10


def test_debris_and_glass_are_told_by_their_color() -> None:
    rgb = np.full((60, 60, 3), (238, 247, 228), np.uint8)
    rgb[20:40], rgb[40:50], rgb[50:] = (215, 100, 160), (30, 25, 30), (120, 10, 40)
    bare = bare_pixels(rgb)
    assert bare[:20].all()
    assert not bare[20:40].any()
    assert bare[40:50].all()
    assert not bare[50:].any()  # folded muscle is dark, but red
    cells = perfect_cells(around(1))  # at (12.5, 22) um
    assert not bare_cells(cells, bare).any()
    assert bare_cells(cells, np.roll(bare, 4, axis=0)).all()


class Failing:
    def __init__(self, *errors: Exception) -> None:
        self.errors, self.scales = list(errors), list[float | None]()

    def __call__(self, slide: object, *, model: object, mpp: float | None = None) -> None:
        self.scales.append(mpp)
        raise self.errors.pop(0)


def test_a_file_without_a_scale_is_read_again_at_the_working_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = Failing(ScaleMissing("x", "no tag", "give it"), SlideUnreadable("x", "pixels gone", "copy it"))
    monkeypatch.setattr(wrong_inputs, "read_biopsy", twice)
    first, second = read_wrong_input(load_model(), Path("x"))
    assert twice.scales == [None, WORKING_MPP.um_per_px]
    assert (first.came, first.exit_code, first.forced_mpp) == ("no tag; give it", 4, None)
    assert (second.came, second.forced_mpp, second.fibers) == ("pixels gone; copy it", 0.5, None)
    once = Failing(SlideUnreadable("x", "pixels gone", "copy it"))
    monkeypatch.setattr(wrong_inputs, "read_biopsy", once)
    assert len(list(read_wrong_input(load_model(), Path("x")))) == 1


def test_a_blank_slide_gets_no_pattern() -> None:

    blank = MemorySlide(np.full((256, 256, 3), 240, np.uint8), WORKING_MPP, "blank")
    (found,) = read_wrong_input(load_model(), blank)
    assert not found.confident
    assert found.came.startswith("not_assessable: ")
    figures = wrong_input_figures([found])
    assert figures["wrong_inputs.confident"] == Metric(0, None, None, 1)
    assert figures["wrong_inputs.blank.fibers"].value == 0


def test_healthy_views_show_the_middle_and_the_rim_in_turn() -> None:
    middle, rim = sections.healthy_views((1_000_300, 1_000_301))
    glass = [np.mean(field.truth.compartments == Compartment.GLASS) for field in (middle, rim)]
    assert glass[0] < 0.05
    assert 0.2 < glass[1] < 0.8
