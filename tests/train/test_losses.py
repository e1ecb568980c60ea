from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import draw_field

from histo.network import IGNORE, layout
from train.dataset import sample_of
from train.losses import Batch, LossWeights, loss_terms


@pytest.fixture(scope="module")
def batch() -> Batch:
    samples = [sample_of(field.rgb, field.truth) for field in (draw_field(1, 128), draw_field(2, 128))]
    return {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in samples[0]}


def answer(batch: Batch, certainty: float) -> torch.Tensor:
    """Logits of the truth itself, more or less decided."""
    count, height, width = batch["distance"].shape
    logits = torch.zeros(count, layout.CHANNELS, height, width)
    fiber_class, inside = batch["fiber_class"].long(), batch["fiber_class"] != IGNORE
    logits[:, layout.FOREGROUND] = certainty * (2.0 * inside - 1)
    logits[:, layout.DISTANCE] = torch.logit(batch["distance"].clamp(1e-4, 1 - 1e-4))
    logits[:, layout.BOUNDARY] = torch.logit(batch["boundary"].clamp(1e-4, 1 - 1e-4))
    for channel in range(5):
        logits[:, layout.CLASSES.start + channel] = certainty * (fiber_class == channel)
    logits[:, layout.ATTRIBUTES] = certainty * (2.0 * batch["attributes"] - 1)
    logits[:, layout.CELLS] = torch.logit(batch["cells"].clamp(1e-4, 1 - 1e-4))
    for channel in range(8):
        logits[:, layout.COMPARTMENTS.start + channel] = certainty * (batch["compartments"] == channel)
    return logits


def test_the_truth_costs_little_and_a_blank_answer_costs_more_in_every_term(batch: Batch) -> None:
    weights = LossWeights()
    right = loss_terms(answer(batch, 12.0), batch, weights)
    blank = loss_terms(torch.zeros_like(answer(batch, 0.0)), batch, weights)
    assert set(right) == set(blank)
    for name in right:
        assert 0 <= right[name] < blank[name], name
    for name in ("foreground", "fiber_class", "attributes", "cells", "compartments", "distance"):
        assert right[name] < 0.02, name


@settings(deadline=None, max_examples=15)
@given(st.floats(0.5, 3.0), st.sampled_from(["foreground", "distance", "boundary", "cells", "compartments"]))
def test_a_terms_weight_scales_it_and_nothing_else(factor: float, name: str) -> None:
    field = draw_field(1, 128)
    batch = {key: torch.from_numpy(np.asarray(value)[None]) for key, value in sample_of(field.rgb, field.truth).items()}
    logits = torch.zeros(1, layout.CHANNELS, 64, 64)
    plain = loss_terms(logits, batch, LossWeights())
    scaled = loss_terms(logits, batch, LossWeights(**{name: factor * getattr(LossWeights(), name)}))
    for key, value in plain.items():
        assert scaled[key].item() == pytest.approx(value.item() * (factor if key == name else 1), rel=1e-5)


def test_what_lies_outside_fibers_does_not_teach_class_attributes_or_distance(batch: Batch) -> None:
    outside = (batch["fiber_class"] == IGNORE)[:, None]
    logits = answer(batch, 3.0)
    channels = torch.zeros(layout.CHANNELS, dtype=torch.bool)
    channels[layout.CLASSES] = channels[layout.ATTRIBUTES] = channels[layout.DISTANCE] = True
    disturbed = torch.where(outside & channels[None, :, None, None], logits + 5, logits)
    before, after = loss_terms(logits, batch, LossWeights()), loss_terms(disturbed, batch, LossWeights())
    for name in before:
        assert after[name].item() == pytest.approx(before[name].item(), rel=1e-5)


def test_a_field_without_fibers_or_nuclei_has_finite_terms_and_gradients() -> None:
    shape = (1, 16, 16)
    batch = {
        "distance": torch.zeros(shape),
        "boundary": torch.zeros(shape),
        "fiber_class": torch.full(shape, IGNORE, dtype=torch.uint8),
        "fiber_weight": torch.zeros(shape),
        "attributes": torch.zeros((1, 6, 16, 16), dtype=torch.bool),
        "cells": torch.zeros((1, 4, 16, 16)),
        "compartments": torch.zeros(shape, dtype=torch.uint8),
        "fibers_known": torch.ones(shape, dtype=torch.bool),
        "cells_known": torch.ones((1, 4, 16, 16), dtype=torch.bool),
        "attributes_known": torch.ones((1, 6), dtype=torch.bool),
    }
    logits = torch.zeros(1, layout.CHANNELS, 16, 16, requires_grad=True)
    total = torch.stack(list(loss_terms(logits, batch, LossWeights()).values())).sum()
    total.backward()
    assert torch.isfinite(total)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
