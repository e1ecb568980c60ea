"""What nobody drew neither teaches nor counts: the laws of truth that is known in part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from answers import perfect_cells, perfect_fibers
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import draw_field
from torch import Tensor
from torch.nn import functional

from histo.findings import CellClass, FiberAttribute
from histo.network import IGNORE, layout
from histo.phantom.truth import UNKNOWN_COMPARTMENT, Field, FieldTruth
from train.augment import Pose
from train.dataset import sample_of
from train.field_store import load_field, save_field
from train.losses import Batch, LossWeights, loss_terms
from train.metrics import ROWS, count_cells, tally_field

SIZE = 128
seeds = st.integers(0, 2**32 - 1)
_DRAWN = draw_field(1, SIZE)


def rectangle(rng: np.random.Generator, size: int = SIZE) -> np.ndarray:
    (left, right), (top, bottom) = np.sort(rng.integers(0, size + 1, (2, 2)), axis=1)
    mask = np.zeros((size, size), bool)
    mask[top:bottom, left:right] = True
    return mask


def known_in_part(field: Field, rng: np.random.Generator) -> Field:
    fibers, cells, compartments = (rectangle(rng, len(field.rgb)) for _ in range(3))
    truth = replace(
        field.truth,
        fibers_known=fibers,
        cells_known=cells,
        attributes_known=rng.random(len(FiberAttribute)) < 0.5,
        cell_classes_known=rng.random(len(CellClass)) < 0.5,
        compartments=np.where(compartments, field.truth.compartments, UNKNOWN_COMPARTMENT).astype(np.uint8),
    )
    return replace(field, truth=truth)


def batch_of(*fields: Field) -> Batch:
    samples = [sample_of(field.rgb, field.truth) for field in fields]
    return {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in samples[0]}


def random_logits(rng: np.random.Generator, count: int = 1) -> Tensor:
    shape = (count, layout.CHANNELS, SIZE // 2, SIZE // 2)
    return torch.from_numpy(rng.normal(0, 2, shape).astype(np.float32))


def losses_before_masks(logits: Tensor, batch: Batch) -> dict[str, Tensor]:
    """The terms as they are written for truth that is known everywhere."""
    weights = LossWeights()
    inside = (batch["fiber_class"] != IGNORE).float()
    codes, fiber_weight = batch["fiber_class"].long(), batch["fiber_weight"]
    probability = torch.sigmoid(logits[:, layout.FOREGROUND])
    dice = 1 - (2 * (probability * inside).sum() + 1) / (probability.sum() + inside.sum() + 1)
    necrotic = ((codes >= 2) & (codes <= 4)).float()
    heavier = 1 + (weights.necrotic - 1) * necrotic
    error = functional.binary_cross_entropy_with_logits(logits[:, layout.FOREGROUND], inside, reduction="none")
    away = functional.smooth_l1_loss(
        torch.sigmoid(logits[:, layout.DISTANCE]), batch["distance"], reduction="none", beta=0.1
    )
    border = functional.binary_cross_entropy_with_logits(
        logits[:, layout.BOUNDARY], batch["boundary"], reduction="none"
    )
    border_weight = heavier * (1 + (weights.boundary_positive - 1) * batch["boundary"])
    class_weight = fiber_weight * torch.tensor(weights.classes)[codes.clamp(max=4)]
    class_error = functional.cross_entropy(logits[:, layout.CLASSES], codes, ignore_index=IGNORE, reduction="none")
    attribute_error = functional.binary_cross_entropy_with_logits(
        logits[:, layout.ATTRIBUTES],
        batch["attributes"].float(),
        reduction="none",
        pos_weight=torch.tensor(weights.attribute_positive),
    )
    cells = batch["cells"]
    cell_error = functional.binary_cross_entropy_with_logits(logits[:, layout.CELLS], cells, reduction="none")
    focus = (torch.sigmoid(logits[:, layout.CELLS]) - cells).abs() ** 2
    return {
        "foreground": (error * heavier).sum() / heavier.sum() + dice,
        "distance": weights.distance * (away * inside * heavier).sum() / (inside * heavier).sum(),
        "boundary": (border * border_weight).sum() / border_weight.sum(),
        "fiber_class": (class_error * class_weight).sum() / class_weight.sum(),
        "attributes": weights.attributes * (attribute_error * fiber_weight[:, None]).sum() / (6 * fiber_weight.sum()),
        "cells": (focus * cell_error).sum() / (cells > 0.8).sum(),
        "compartments": weights.compartments
        * functional.cross_entropy(
            logits[:, layout.COMPARTMENTS],
            batch["compartments"].long(),
            weight=torch.tensor(weights.compartment_classes),
        ),
    }


def close(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, term in one.items():
        assert term.item() == pytest.approx(other[name].item(), rel=2e-6, abs=1e-7), name


@settings(deadline=None, max_examples=10)
@given(seeds)
def test_truth_that_is_known_everywhere_costs_what_it_always_did(seed: int) -> None:
    logits, batch = random_logits(np.random.default_rng(seed)), batch_of(_DRAWN)
    close(loss_terms(logits, batch, LossWeights()), losses_before_masks(logits, batch))


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_answers_where_nothing_is_known_cost_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = known_in_part(_DRAWN, rng)
    batch, logits = batch_of(field), random_logits(rng)
    drawn = batch["fiber_class"] != IGNORE
    unknown = torch.ones_like(logits, dtype=torch.bool)
    unknown[:, layout.FOREGROUND] = unknown[:, layout.BOUNDARY] = ~batch["fibers_known"]
    unknown[:, layout.DISTANCE] = ~(batch["fibers_known"] & drawn)
    unknown[:, layout.CLASSES] = ~drawn[:, None]
    unknown[:, layout.ATTRIBUTES] = ~(drawn[:, None] & batch["attributes_known"][:, :, None, None])
    unknown[:, layout.CELLS] = ~batch["cells_known"]
    unknown[:, layout.COMPARTMENTS] = (batch["compartments"] == UNKNOWN_COMPARTMENT)[:, None]
    disturbed = torch.where(unknown, random_logits(rng), logits)
    close(loss_terms(disturbed, batch, LossWeights()), loss_terms(logits, batch, LossWeights()))


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_a_known_part_costs_the_same_whatever_lies_around_it(seed: int) -> None:
    """Half of the field is unknown: nuclei, compartments and pixels there may be anything."""
    rng = np.random.default_rng(seed)
    half = np.zeros((SIZE, SIZE), bool)
    half[:, : SIZE // 2] = True
    truth = replace(_DRAWN.truth, fibers_known=half, cells_known=half)
    codes = np.where(half, truth.compartments, UNKNOWN_COMPARTMENT).astype(np.uint8)
    one = replace(_DRAWN, truth=replace(truth, compartments=codes))
    far = truth.cell_center_px[:, 0] > SIZE // 2 + 12  # a bump reaches 6.4 um, which is 13 working pixels
    moved = truth.cell_center_px.copy()
    moved[far] = rng.uniform(SIZE // 2 + 14, SIZE - 1, (int(far.sum()), 2))
    other = replace(one, truth=replace(one.truth, cell_center_px=moved))
    logits = random_logits(rng)
    close(loss_terms(logits, batch_of(one), LossWeights()), loss_terms(logits, batch_of(other), LossWeights()))


def test_each_term_is_a_mean_over_what_is_known() -> None:
    """A blank field that nobody drew, beside one that is known, changes nothing but how the classes are shared."""
    nothing = np.zeros((SIZE, SIZE), bool)
    blank = FieldTruth(
        fiber_labels=np.zeros((SIZE, SIZE), np.int32),
        fiber_class=np.zeros(1, np.uint8),
        fiber_attributes=np.zeros((1, 6), bool),
        cell_center_px=np.zeros((0, 2), np.float32),
        cell_class=np.zeros(0, np.uint8),
        compartments=np.full((SIZE, SIZE), UNKNOWN_COMPARTMENT, np.uint8),
        fibers_known=nothing,
        cells_known=nothing,
        attributes_known=np.zeros(6, bool),
    )
    logits = random_logits(np.random.default_rng(4), 2)
    both = loss_terms(logits, batch_of(_DRAWN, Field(_DRAWN.rgb, blank)), LossWeights())
    close(both, loss_terms(logits[:1], batch_of(_DRAWN), LossWeights()))


def test_a_batch_of_which_nothing_is_known_costs_nothing_and_teaches_nothing() -> None:
    unknown = np.zeros((SIZE, SIZE), bool)
    truth = replace(
        draw_field(2, SIZE).truth,
        fiber_labels=np.zeros((SIZE, SIZE), np.int32),
        fibers_known=unknown,
        cells_known=unknown,
        compartments=np.full((SIZE, SIZE), UNKNOWN_COMPARTMENT, np.uint8),
    )
    logits = random_logits(np.random.default_rng(0)).requires_grad_()
    terms = loss_terms(logits, batch_of(Field(_DRAWN.rgb, truth)), LossWeights())
    torch.stack(list(terms.values())).sum().backward()
    assert {name: term.item() for name, term in terms.items()} == dict.fromkeys(terms, 0.0)
    assert logits.grad is not None
    assert torch.count_nonzero(logits.grad) == 0


def test_what_is_known_is_stored_and_of_a_phantom_nothing_more_than_before(tmp_path: Path) -> None:
    field = known_in_part(_DRAWN, np.random.default_rng(3))
    save_field(tmp_path / "part.safetensors", field, "drawn")
    stored = load_field(tmp_path / "part.safetensors").truth
    for name in ("fibers_known", "cells_known", "attributes_known", "cell_classes_known"):
        assert np.array_equal(getattr(stored, name), getattr(field.truth, name)), name
    save_field(tmp_path / "all.safetensors", _DRAWN, "drawn")
    whole = load_field(tmp_path / "all.safetensors").truth
    assert whole.fibers_known is None
    assert whole.cells_known is None
    assert whole.attributes_known.all()


@settings(deadline=None, max_examples=15)
@given(seeds)
def test_a_pose_moves_what_is_known_with_the_truth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rectangle(rng, SIZE)
    truth = replace(_DRAWN.truth, fibers_known=mask, cells_known=~mask, compartments=mask.astype(np.uint8))
    turn = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), int(rng.integers(4))) / rng.uniform(0.9, 1.3)
    crop = Pose(turn, np.array([64.0, 64.0])).take(Field(_DRAWN.rgb, truth), 64, 8).truth
    assert crop.fibers_known is not None
    assert crop.cells_known is not None
    assert np.array_equal(crop.fibers_known, crop.compartments == 1)
    assert np.array_equal(crop.cells_known, ~crop.fibers_known)


def test_nuclei_outside_what_is_known_are_neither_missed_nor_false() -> None:
    known = np.zeros((SIZE, SIZE), bool)
    known[:, :64] = True
    at = np.array([[20, 20], [60, 60], [100, 100]], np.float32)
    truth = replace(_DRAWN.truth, cell_center_px=at, cell_class=np.zeros(3, np.uint8), cells_known=known)
    found_um = np.array([[10, 10], [33, 30], [45, 20]], np.float32)  # hit; hit from beyond the border; unknown
    assert count_cells(truth, (CellClass.LYMPHOCYTE,), found_um) == (2, 0, 0)
    assert count_cells(replace(truth, cells_known=None), (CellClass.LYMPHOCYTE,), found_um) == (2, 1, 1)
    assert count_cells(replace(truth, cells_known=~known), (CellClass.LYMPHOCYTE,), found_um) == (0, 1, 1)
    marked = replace(truth, cell_classes_known=np.array([True, True, False, False]))
    assert count_cells(marked, (CellClass.LYMPHOCYTE, CellClass.MACROPHAGE), found_um) == (2, 0, 0)
    assert count_cells(marked, tuple(CellClass), found_um) == (0, 0, 0)


def test_what_is_found_outside_what_is_known_is_neither_missed_nor_false() -> None:
    field = draw_field(3, 320)
    known = np.zeros((320, 320), bool)
    known[:, :190] = True
    codes = np.where(known, field.truth.compartments, UNKNOWN_COMPARTMENT).astype(np.uint8)
    nothing_looked_for = np.zeros(6, bool)
    truth = replace(field.truth, fibers_known=known, compartments=codes, attributes_known=nothing_looked_for)
    fibers, cells = perfect_fibers(field.truth), perfect_cells(field.truth)
    compartments = field.truth.compartments[::2, ::2]
    whole = tally_field(truth, fibers, cells, compartments).counts
    left = fibers.select(fibers.center_um[:, 0] < 90)
    row = ROWS.index("fiber")
    assert 0 < whole[row, 0] < len(fibers)
    assert whole[row, 1:].tolist() == [0, 0]
    # the fibers beyond are drawn in the truth, found or not: nothing changes
    assert np.array_equal(tally_field(truth, left, cells, compartments).counts[row], whole[row])
    no_truth = replace(truth, fiber_labels=np.where(known, truth.fiber_labels, 0).astype(np.int32))
    assert tally_field(no_truth, fibers, cells, compartments).counts[row, 1] == 0
    for place, name in enumerate(ROWS):
        if name.startswith("attribute."):
            assert not whole[place].any()
    changed = np.where(known[::2, ::2], compartments, 7 - compartments).astype(np.uint8)
    assert np.array_equal(tally_field(truth, fibers, cells, changed).counts, whole)
