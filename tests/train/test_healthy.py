"""False calls on healthy sections: the rate that they come from is found again, and how much it differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_model import save_random_bundle

import train.study.normal_sections
from histo.errors import BundleError, UsageError
from histo.evidence import FalseCalls, standard_measures
from histo.evidence.false_calls import false_call_floor
from histo.model import FALSE_CALLS_METRIC, FALSE_CALLS_VARIATION_METRIC, false_calls_of, load_model
from histo.network import Metric, load_bundle
from train.evaluation_run import Measured, card_with, read_normal
from train.healthy import false_necroses_on_normal
from train.study.normal_sections import NormalSection


def simulated(random: np.random.Generator, rate: float, variation: float, count: int) -> list[NormalSection]:
    fibers = random.integers(800, 8000, count)
    own = rate * (random.gamma(variation**-2, variation**2, count) if variation else np.ones(count))
    calls = random.poisson(own * fibers / 1000)
    return [NormalSection(n, 4.0, int(of), int(k), "none") for n, (of, k) in enumerate(zip(fibers, calls, strict=True))]


@pytest.mark.parametrize("variation", [0.0, 0.6, 1.3])
def test_rate_and_variation_are_those_that_sections_were_drawn_with(variation: float) -> None:
    found = false_necroses_on_normal(simulated(np.random.default_rng(2), 0.8, variation, 2000))
    assert found[FALSE_CALLS_METRIC].value == pytest.approx(0.8, rel=0.1)
    assert found[FALSE_CALLS_VARIATION_METRIC].value == pytest.approx(variation, abs=0.15)
    assert found[FALSE_CALLS_METRIC].n == 2000


def test_a_floor_measured_on_100_sections_holds_on_others() -> None:
    """In 20 of 20 such measurements at least 93 of 100 further sections stay below it, and 96 on average."""
    random, below = np.random.default_rng(5), []
    for _ in range(20):
        figures = false_necroses_on_normal(simulated(random, 0.8, 1.2, 100))
        card = card_with(Measured(None, figures), load_bundle().card)
        measured = false_calls_of(card)
        assert measured is not None
        assert measured.most_variation == figures[FALSE_CALLS_VARIATION_METRIC].high
        below.append(np.mean([not above(section, measured) for section in simulated(random, 0.8, 1.2, 1000)]))
    assert min(below) >= 0.93
    assert 0.96 <= np.mean(below) <= 0.99


def above(section: NormalSection, measured: FalseCalls) -> bool:
    floor = false_call_floor(section.necrotic, [section.fibers], measured, standard_measures())
    assert floor is not None
    return floor.exceeded


def test_sections_without_a_false_call_do_not_prove_that_there_is_none() -> None:
    none = [NormalSection(number, 4.0, 1000, 0, "none") for number in range(10)]
    rate = false_necroses_on_normal(none)[FALSE_CALLS_METRIC]
    assert (rate.value, rate.low) == (0, 0)
    assert rate.high == pytest.approx(3.689 / 10, rel=1e-3)
    assert false_necroses_on_normal([NormalSection(1, 4.0, 0, 0, "not_assessed")] * 2) == {}


def test_few_sections_show_a_rate_but_not_how_sections_differ() -> None:
    random = np.random.default_rng(4)
    assert set(false_necroses_on_normal(simulated(random, 0.8, 1.2, 9))) == {FALSE_CALLS_METRIC}
    assert set(false_necroses_on_normal(simulated(random, 0.0001, 1.2, 60))) == {FALSE_CALLS_METRIC}
    assert len(false_necroses_on_normal(simulated(random, 0.8, 1.2, 10))) == 2


def test_a_detector_that_is_always_wrong_has_a_rate_that_can_be() -> None:
    always = false_necroses_on_normal([NormalSection(number, 4.0, 50, 50, "mild") for number in range(40)])
    card = card_with(Measured(None, always), load_bundle().card)
    measured = false_calls_of(card)
    assert measured is not None
    assert measured.most_per_1000 == 1000
    damaged = replace(card, phantom_metrics={FALSE_CALLS_METRIC: Metric(-1.0, None, None, 3)})
    with pytest.raises(BundleError, match="must lie between 0 and 1000"):
        load_model(replace(load_bundle(), card=damaged))


def test_sections_are_read_once_and_kept_when_the_card_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.study.normal_sections, "RENDERED_MM2", 0.3)
    bundle = load_bundle(save_random_bundle(tmp_path / "bundle"))
    read = read_normal(bundle, 2, tmp_path / "normal", processes=0)
    assert len(read) == 2
    monkeypatch.setattr(train.study.normal_sections, "_read", None)
    measured = card_with(Measured(None, false_necroses_on_normal(read)), bundle.card)
    filled = replace(bundle, card=measured)
    assert read_normal(filled, 2, tmp_path / "normal", processes=0) == read
    with pytest.raises(UsageError, match="from 1 normal section"):
        read_normal(bundle, 1, tmp_path / "normal", processes=0)
