from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_fields import ellipse_truths, perfect_maps, small_card
from scipy.special import expit, logit, softmax

from histo.network import OperatingPoints, decode_block, encode_targets
from histo.network.card_file import card_from_json, card_to_json
from histo.network.layout import ATTRIBUTES, CELLS, CLASSES
from histo.network.operating import ADDED
from histo.network.temperature import temper_odds, temper_shares, untemper_odds
from histo.phantom.truth import FieldTruth

temperatures = st.floats(0.3, 4)
seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=50)
@given(seeds, temperatures)
def test_shares_are_those_of_logits_divided_by_the_temperature(seed: int, temperature: float) -> None:
    logits = np.random.default_rng(seed).normal(0, 2, (20, 5))
    tempered = temper_shares(softmax(logits, axis=1), temperature)
    np.testing.assert_allclose(tempered, softmax(logits / temperature, axis=1), atol=1e-4)
    assert np.array_equal(tempered.argmax(axis=1), logits.argmax(axis=1))


@settings(deadline=None, max_examples=50)
@given(seeds, temperatures, st.floats(0.1, 0.9))
def test_odds_are_those_of_logits_divided_by_the_temperature_and_come_back(
    seed: int, temperature: float, even: float
) -> None:
    logits = np.random.default_rng(seed).uniform(-3, 3, (20, 4))
    tempered = temper_odds(expit(logits), temperature)
    np.testing.assert_allclose(tempered, expit(logits / temperature), atol=1e-5)
    shifted = temper_odds(expit(logits), temperature, even)
    np.testing.assert_allclose(shifted, expit((logits - logit(even)) / temperature), atol=1e-5)
    back = untemper_odds(shifted, temperature, even)
    inside = np.abs((logits - logit(even)) / temperature) < 10
    np.testing.assert_allclose(logit(back[inside]), logits[inside], atol=1e-2)
    assert temper_odds(np.array(even), temperature, even) == pytest.approx(0.5)


def test_a_temperature_of_one_changes_no_bit_and_zeros_stay() -> None:
    shares = np.array([[0.1, 0.9], [0.0, 0.0]])
    assert np.array_equal(temper_shares(shares, 1.0), shares)
    assert np.array_equal(temper_odds(shares, 1.0), shares)
    assert np.array_equal(temper_shares(shares, 2.0)[1], [0.0, 0.0])


@settings(deadline=None, max_examples=10)
@given(ellipse_truths(), st.floats(0.5, 3))
def test_decoding_with_a_temperature_is_decoding_and_tempering(truth: FieldTruth, temperature: float) -> None:
    maps = perfect_maps(encode_targets(truth))
    maps[CLASSES] = 0.02 + 0.9 * maps[CLASSES]
    maps[CLASSES] /= maps[CLASSES].sum(axis=0)
    maps[ATTRIBUTES] = 0.1 + 0.8 * maps[ATTRIBUTES]
    maps[CELLS] *= np.float32(0.9)
    plain = OperatingPoints(necrotic=0.5, cells=(0.5,) * 4)
    warm = replace(
        plain, class_temperature=temperature, attribute_temperature=temperature, cell_temperature=temperature
    )
    (fibers, cells), (warm_fibers, warm_cells) = (decode_block(maps, (0.0, 0.0), points) for points in (plain, warm))
    np.testing.assert_allclose(
        warm_fibers.class_probability, temper_shares(fibers.class_probability, temperature), atol=1e-5
    )
    np.testing.assert_allclose(
        warm_fibers.attribute_probability, temper_odds(fibers.attribute_probability, temperature), atol=1e-5
    )
    assert np.array_equal(warm_cells.center_um, cells.center_um)  # 0.5 is the one height that no temperature moves
    np.testing.assert_allclose(
        warm_cells.class_probability, temper_odds(cells.class_probability, temperature), atol=1e-4
    )


def test_thresholds_of_nuclei_are_compared_with_tempered_heights() -> None:
    maps = np.zeros((26, 40, 40), np.float32)
    maps[CELLS.start, 20, 20] = 0.8
    count = [
        len(decode_block(maps, (0.0, 0.0), OperatingPoints(cells=(0.7,) * 4, cell_temperature=t))[1]) for t in (1, 2)
    ]
    assert count == [1, 0]
    assert len(decode_block(maps, (0.0, 0.0), OperatingPoints(cells=(0.65,) * 4, cell_temperature=2))[1]) == 1
    maps[CELLS.start, 20, 20] = 0.45
    assert len(decode_block(maps, (0.0, 0.0), OperatingPoints(cells=(0.6,) * 4, cell_even_height=0.4))[1]) == 0
    assert len(decode_block(maps, (0.0, 0.0), OperatingPoints(cells=(0.54,) * 4, cell_even_height=0.4))[1]) == 1


def test_a_card_from_before_temperatures_means_one() -> None:
    card = replace(small_card(), operating_points=OperatingPoints(cell_temperature=1.5, cell_even_height=0.4))
    content = json.loads(card_to_json(card))
    for name in [name for name in content["operating_points"] if name in ADDED]:
        del content["operating_points"][name]
    old = card_from_json(json.dumps(content), Path("card.json"))
    assert old == replace(card, operating_points=OperatingPoints())
    assert card_from_json(card_to_json(card), Path("card.json")) == card
