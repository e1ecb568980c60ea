from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from histo.findings import NECROTIC_CLASSES
from histo.network.second_look import NO_SECOND_LOOK, SEEN, log_odds_of_necrosis, look_again

NECROTIC = list(NECROTIC_CLASSES)
SHARES = arrays(np.float64, (4, 5), elements=st.floats(0.01, 1)).map(lambda a: a / a.sum(axis=1, keepdims=True))
LOOKS = arrays(np.float64, (4, len(SEEN)), elements=st.floats(0, 1))
WEIGHTS = st.tuples(*[st.floats(-8, 8)] * len(NO_SECOND_LOOK))


def test_without_weights_nothing_changes() -> None:
    shares = np.full((2, 5), 0.2)
    assert look_again(shares, np.ones((2, len(SEEN))), NO_SECOND_LOOK) is shares


@given(SHARES, LOOKS, WEIGHTS)
def test_probabilities_stay_probabilities_and_each_family_keeps_its_shares(
    shares: np.ndarray, seen: np.ndarray, weights: tuple[float, ...]
) -> None:
    again = look_again(shares, seen, weights)
    assert (again >= 0).all()
    assert again.sum(axis=1) == pytest.approx(1)
    within = again[:, NECROTIC] / again[:, NECROTIC].sum(axis=1, keepdims=True)
    assert within == pytest.approx(shares[:, NECROTIC] / shares[:, NECROTIC].sum(axis=1, keepdims=True))


@given(SHARES, LOOKS)
def test_necrosis_has_the_probability_of_the_logistic_model(shares: np.ndarray, seen: np.ndarray) -> None:
    weights = (-0.5, 0.8, 1.0, -0.7, 0.3, 1.2)
    expected = weights[0] + weights[1] * log_odds_of_necrosis(shares) + seen @ np.array(weights[2:])
    assert log_odds_of_necrosis(look_again(shares, seen, weights)) == pytest.approx(expected, abs=1e-3)
