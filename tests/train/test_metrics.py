from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from answers import perfect_cells, perfect_fibers
from sklearn.metrics import f1_score
from stand_in import draw_field

from histo.findings import NECROTIC_CLASSES, Cells, Compartment, FiberAttribute, FiberClass, Fibers
from histo.phantom.truth import FieldTruth
from train.matching import draw_fibers
from train.metrics import FALSE_NECROTIC, ROWS, summarize, tally_field
from train.torchvision_door import ensure_torchvision


@pytest.fixture(scope="module")
def truths() -> list[FieldTruth]:
    return [draw_field(seed, 320).truth for seed in range(4)]


def test_a_perfect_reading_has_perfect_figures(truths: list[FieldTruth]) -> None:
    tallies = [tally_field(t, perfect_fibers(t), perfect_cells(t), t.compartments[::2, ::2]) for t in truths]
    figures = summarize(tallies)
    assert figures["fiber.pq"].value == pytest.approx(1.0)
    for name, metric in figures.items():
        worst = 0.0 if name in (FALSE_NECROTIC, "fiber.intact_called_necrotic") else 1.0
        assert metric.value == pytest.approx(worst), name
        assert metric.n == len(truths)


def test_missed_fibers_lower_recall_and_leave_precision(truths: list[FieldTruth]) -> None:
    tallies = [tally_field(t, perfect_fibers(t, drop=8), Cells.empty(), t.compartments[::2, ::2]) for t in truths]
    figures = summarize(tallies)
    assert figures["fiber.precision"].value == 1
    assert figures["fiber.recall"].value < 1
    low, value, high = (figures["fiber.recall"].low, figures["fiber.recall"].value, figures["fiber.recall"].high)
    assert low is not None
    assert high is not None
    assert low <= value <= high
    assert figures["cell.all.recall"].value == 0
    assert "cell.all.precision" not in figures


def test_class_figures_agree_with_scikit_learn(truths: list[FieldTruth]) -> None:
    rng = np.random.default_rng(5)
    tallies, true, called = [], [], []
    for truth in truths:
        fibers = perfect_fibers(truth)
        guess = np.where(rng.random(len(fibers)) < 0.4, rng.integers(0, 5, len(fibers)), fibers.fiber_class)
        keep = ~fibers.cut
        true.append(fibers.fiber_class[keep])
        called.append(guess[keep])
        guessed = {f: getattr(fibers, f) for f in fibers.__dataclass_fields__} | {"fiber_class": guess.astype(np.uint8)}
        tallies.append(tally_field(truth, Fibers(**guessed), Cells.empty(), truth.compartments[::2, ::2]))
    figures = summarize(tallies)
    true_all, called_all = np.concatenate(true), np.concatenate(called)
    for kind in FiberClass:
        expected = f1_score(true_all == kind, called_all == kind)
        assert figures[f"fiber.{kind.name.lower()}.f1"].value == pytest.approx(expected)
    is_true, is_called = np.isin(true_all, NECROTIC_CLASSES), np.isin(called_all, NECROTIC_CLASSES)
    assert figures["fiber.necrotic.f1"].value == pytest.approx(f1_score(is_true, is_called))
    expected_false = 1000 * np.count_nonzero(is_called & ~is_true) / np.count_nonzero(~is_true)
    assert figures[FALSE_NECROTIC].value == pytest.approx(expected_false)


def test_fibers_cut_by_the_edge_are_neither_missed_nor_false(truths: list[FieldTruth]) -> None:
    truth = truths[0]
    fibers = perfect_fibers(truth)
    counts = tally_field(truth, fibers.select(~fibers.cut), Cells.empty(), truth.compartments[::2, ::2]).counts
    only_cut = tally_field(truth, fibers.select(fibers.cut), Cells.empty(), truth.compartments[::2, ::2]).counts
    row = ROWS.index("fiber")
    assert counts[row].tolist() == [np.count_nonzero(~fibers.cut), 0, 0]
    assert only_cut[row].tolist() == [0, 0, np.count_nonzero(~fibers.cut)]


def test_every_row_is_named_once() -> None:
    assert len(set(ROWS)) == len(ROWS)
    assert sum(row.startswith("attribute.") for row in ROWS) == len(FiberAttribute)


def test_panoptic_quality_and_dice_agree_with_torchmetrics(truths: list[FieldTruth]) -> None:
    ensure_torchvision()
    import torch
    from torchmetrics.detection import PanopticQuality
    from torchmetrics.functional.classification import multiclass_f1_score

    rng = np.random.default_rng(2)
    quality = PanopticQuality(things={1}, stuffs={0}, allow_unknown_preds_category=True, return_per_class=True)
    tallies, true_codes, found_codes = [], [], []
    for truth in truths:
        fibers = perfect_fibers(truth)
        # keep the fibers that end inside, and truth without the others, so that both count the same fibers
        inner = fibers.select(~fibers.cut)
        labels = truth.fiber_labels.copy()
        edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
        labels[np.isin(labels, edge)] = 0
        shift = rng.uniform(-6, 6, (len(inner), 2)).astype(np.float32)
        moved = inner.outline_um + np.repeat(shift, np.diff(inner.outline_start), axis=0)
        keep = rng.random(len(inner)) < 0.8
        given = {f: getattr(inner, f) for f in inner.__dataclass_fields__} | {"outline_um": moved}
        found = Fibers(**given).select(keep)
        codes = rng.integers(0, 8, truth.compartments[::2, ::2].shape).astype(np.uint8)
        codes = np.where(rng.random(codes.shape) < 0.6, truth.compartments[::2, ::2], codes)
        known = replace(truth, fiber_labels=labels)
        tallies.append(tally_field(known, found, Cells.empty(), codes))
        true_codes.append(truth.compartments[::2, ::2].ravel())
        found_codes.append(codes.ravel())
        drawn = draw_fibers(found, (labels.shape[0], labels.shape[1]), truth.mpp)
        pair = [
            torch.from_numpy(np.stack([array > 0, array], axis=-1).astype(np.int64))[None] for array in (drawn, labels)
        ]
        quality.update(*pair)
    figures = summarize(tallies)
    assert 0.2 < figures["fiber.pq"].value < 0.9
    assert figures["fiber.pq"].value == pytest.approx(float(quality.compute()[0, 0]), abs=1e-6)
    true, found_all = (torch.from_numpy(np.concatenate(codes).astype(np.int64)) for codes in (true_codes, found_codes))
    dice = multiclass_f1_score(found_all, true, num_classes=len(Compartment), average="none")
    for kind in Compartment:
        assert figures[f"compartment.{kind.name.lower()}.dice"].value == pytest.approx(float(dice[kind]), abs=1e-6)


def test_two_fields_of_one_patient_are_drawn_together(truths: list[FieldTruth]) -> None:
    tallies = [tally_field(t, perfect_fibers(t, drop=n), Cells.empty(), t.compartments[::2, ::2]) for n, t in
               zip((0, 8, 0, 8), truths, strict=True)]  # fmt: skip
    alike = summarize(tallies, ["a", "a", "b", "b"])["fiber.recall"]
    apart = summarize(tallies, ["a", "b", "a", "b"])["fiber.recall"]
    assert alike.value == apart.value
    assert (alike.n, apart.n) == (2, 2)
    assert alike.high is not None
    assert alike.low is not None
    assert apart.high is not None
    assert apart.low is not None
    assert alike.high - alike.low < apart.high - apart.low
    assert summarize(tallies, ["a"] * 4)["fiber.recall"].low is None
