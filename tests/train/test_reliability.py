from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.intervals import interval_of, resample
from train.reliability import bin_calls, expected_calibration_error
from train.torchvision_door import ensure_torchvision

seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 400))
def test_the_error_is_that_of_torchmetrics(seed: int, count: int) -> None:
    ensure_torchvision()
    import torch
    from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

    rng = np.random.default_rng(seed)
    stated = rng.random(count)
    true = rng.random(count) < stated**1.5
    # torchmetrics' binary form bins the probability itself, as here
    other = binary_calibration_error(torch.from_numpy(stated), torch.from_numpy(true.astype(np.int64)), n_bins=15)
    assert expected_calibration_error(bin_calls(stated, true)) == pytest.approx(float(other), abs=1e-6)
    shares = rng.dirichlet(np.ones(5), count)
    kinds = rng.integers(0, 5, count)
    other = multiclass_calibration_error(torch.from_numpy(shares), torch.from_numpy(kinds), num_classes=5, n_bins=15)
    top = bin_calls(shares.max(axis=1), shares.argmax(axis=1) == kinds)
    assert expected_calibration_error(top) == pytest.approx(float(other), abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_bins_of_parts_add_up_to_those_of_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stated, true = rng.random(200), rng.random(200) < 0.5
    stated[:3] = (0.0, 1.0, 1 / 15)
    parts = bin_calls(stated[:77], true[:77]) + bin_calls(stated[77:], true[77:])
    np.testing.assert_allclose(parts, bin_calls(stated, true))
    assert parts[:, 0].sum() == 200


def test_without_calls_there_is_no_error() -> None:
    assert np.isnan(expected_calibration_error(bin_calls(np.zeros(0), np.zeros(0, np.bool_))))


def test_patients_are_drawn_whole() -> None:
    share = resample(["b", "a", "b", "c"], seed=3, resamples=200)
    assert np.array_equal(share[0], np.ones(4))
    assert np.array_equal(share[:, 0], share[:, 2])
    assert np.all(share[:, 0] + share[:, 1] + share[:, 3] == 3)
    assert len(np.unique(share, axis=0)) > 5


def test_one_patient_has_no_interval_and_more_have_one_that_holds_the_estimate() -> None:
    assert interval_of(np.array([0.5, 0.4, 0.6]), 1).low is None
    two = interval_of(np.array([0.5, 0.6, 0.7, np.nan]), 2)
    assert two.low == 0.5
    assert two.high is not None
    assert 0.69 < two.high < 0.7
