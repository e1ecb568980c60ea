from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

from train.curves import RankedCalls, average_precision, gather, sensitivity_at, trace
from train.intervals import resample
from train.torchvision_door import ensure_torchvision

seeds = st.integers(0, 2**32 - 1)
ONCE = np.ones((1, 5))


def some_calls(seed: int, steps: int = 20) -> RankedCalls:
    """Five fields; scores in coarse steps, so that many are tied; some objects without any call."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(5):
        hit = rng.random(rng.integers(0, 40)) < 0.4
        score = np.round(np.clip(0.3 * hit + rng.random(len(hit)) * 0.7, 0, 1) * steps) / steps
        parts.append((score, hit, int(hit.sum() + rng.integers(0, 4)), float(rng.uniform(0.1, 1))))
    return gather(parts)


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_average_precision_is_that_of_scikit_learn_times_what_was_called_at_all(seed: int) -> None:
    calls = some_calls(seed)
    if not calls.hit.any():
        return
    expected = average_precision_score(calls.hit, calls.score) * calls.hit.sum() / calls.positives.sum()
    assert average_precision(calls, ONCE)[0] == pytest.approx(expected)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_the_curve_is_that_of_scikit_learn(seed: int) -> None:
    calls = some_calls(seed)
    curve = trace(calls)
    if not calls.hit.any():
        return
    assert curve is not None
    precision, recall, threshold = precision_recall_curve(calls.hit, calls.score)
    np.testing.assert_allclose(curve.threshold[::-1], threshold)
    np.testing.assert_allclose(curve.precision[::-1], precision[:-1])
    np.testing.assert_allclose(curve.recall[::-1] * calls.positives.sum(), recall[:-1] * calls.hit.sum())


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_average_precision_agrees_with_torchmetrics(seed: int) -> None:
    ensure_torchvision()
    import torch
    from torchmetrics.functional.classification import binary_average_precision

    calls = some_calls(seed)
    if not calls.hit.any():
        return
    other = float(binary_average_precision(torch.from_numpy(calls.score), torch.from_numpy(calls.hit.astype(np.int64))))
    assert average_precision(calls, ONCE)[0] == pytest.approx(other * calls.hit.sum() / calls.positives.sum(), abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_a_draw_counts_fields_as_if_they_were_there_so_many_times(seed: int) -> None:
    calls = some_calls(seed)
    share = resample([str(place) for place in range(5)], seed % 1000, 120)
    times = share[7].astype(int)
    repeated = gather(
        [
            (calls.score[calls.field == place], calls.hit[calls.field == place], int(positives), float(mm2))
            for place, (positives, mm2) in enumerate(zip(calls.positives, calls.mm2, strict=True))
            for _ in range(times[place])
        ]
    )
    once = np.ones((1, len(repeated.positives)))
    np.testing.assert_allclose(average_precision(calls, share)[7], average_precision(repeated, once)[0])
    rates = (0.5, 5.0, 50.0)
    np.testing.assert_allclose(sensitivity_at(calls, rates, share)[7], sensitivity_at(repeated, rates, once)[0])


@settings(deadline=None, max_examples=30)
@given(seeds, st.floats(0, 100))
def test_sensitivity_at_a_rate_is_the_best_of_all_thresholds_that_keep_to_it(seed: int, rate: float) -> None:
    calls = some_calls(seed)
    if not calls.positives.sum():
        return
    best = 0.0
    for threshold in np.unique(calls.score):
        called = calls.score >= threshold
        if np.count_nonzero(called & ~calls.hit) <= rate * calls.mm2.sum():
            best = max(best, np.count_nonzero(called & calls.hit) / calls.positives.sum())
    assert sensitivity_at(calls, (rate,), ONCE)[0, 0] == pytest.approx(best)


def test_where_there_is_nothing_to_find_there_is_no_curve() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = gather([(np.zeros(0), np.zeros(0, np.bool_), 0, 1.0)])
        assert trace(empty) is None
        assert np.isnan(average_precision(empty, np.ones((1, 1)))).all()
        missed = gather([(np.zeros(0), np.zeros(0, np.bool_), 3, 1.0)])
        assert average_precision(missed, np.ones((1, 1))) == 0
        assert sensitivity_at(missed, (1.0,), np.ones((1, 1))) == 0
