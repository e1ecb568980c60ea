from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score
from stand_in import draw_field

from histo.findings import NECROTIC_CLASSES, Cells, FiberAttribute, FiberClass, Fibers
from histo.phantom.truth import FieldTruth
from train.metrics import FALSE_NECROTIC, ROWS, summarize, tally_field


def perfect_fibers(truth: FieldTruth, drop: int = 0) -> Fibers:
    """Squares around every true fiber's box would not do: these outlines are the fibers' own pixels, row by row."""
    parts = []
    for number in range(1, len(truth.fiber_class)):
        row, column = np.nonzero(truth.fiber_labels == number)
        if number <= drop or len(row) < 50:
            continue
        left = {r: column[row == r].min() for r in np.unique(row)}
        right = {r: column[row == r].max() + 1 for r in np.unique(row)}
        ring = [point for r, c in left.items() for point in ((c, r), (c, r + 1))]
        ring += [point for r, c in reversed(right.items()) for point in ((c, r + 1), (c, r))]
        outline = np.array(ring, np.float32) * np.float32(truth.mpp.um_per_px)
        probability = np.eye(len(FiberClass), dtype=np.float32)[truth.fiber_class[number]]
        edge = row.min() == 0 or column.min() == 0 or max(row.max(), column.max()) == len(truth.fiber_labels) - 1
        parts.append(
            Fibers(
                center_um=outline.mean(axis=0)[None],
                area_um2=np.array([len(row) / 4], np.float32),
                min_feret_um=np.ones(1, np.float32),
                fiber_class=truth.fiber_class[number : number + 1],
                class_probability=probability[None],
                attribute_probability=truth.fiber_attributes[number][None].astype(np.float32),
                attributes=truth.fiber_attributes[number][None],
                cut=np.array([edge]),
                outline_um=outline,
                outline_start=np.array([0, len(outline)], np.int64),
            )
        )
    return Fibers.concatenate(parts)


def perfect_cells(truth: FieldTruth) -> Cells:
    count = len(truth.cell_class)
    return Cells(
        center_um=truth.cell_center_px * np.float32(0.5),
        cell_class=truth.cell_class,
        class_probability=np.ones((count, 4), np.float32),
        compartment=np.zeros(count, np.uint8),
        fiber=np.full(count, -1, np.int32),
    )


@pytest.fixture(scope="module")
def truths() -> list[FieldTruth]:
    return [draw_field(seed, 320).truth for seed in range(4)]


def test_a_perfect_reading_has_perfect_figures(truths: list[FieldTruth]) -> None:
    tallies = [tally_field(t, perfect_fibers(t), perfect_cells(t), t.compartments[::2, ::2]) for t in truths]
    figures = summarize(tallies)
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
