"""Levels may show the same fibers again: any number of them proves no more than one does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import make_slide, random_slide

from histo.evidence import Estimate, Recall, SlideObservation, standard_measures, to_dict, weigh_evidence
from histo.evidence.false_calls import FalseCalls, false_call_floor
from histo.evidence.intervals import density, quantile, share
from histo.evidence.levels import across_slides
from histo.evidence.repeats import repeats
from histo.evidence.section import section_of
from histo.evidence.spread import sample_spread, summarize_spread
from histo.findings import FiberClass

MEASURES = standard_measures()
FAST = replace(MEASURES, permutations=19)
SIZES = st.lists(st.integers(1, 20_000), min_size=1, max_size=6)


@given(SIZES)
def test_slides_are_worth_between_one_and_all_of_them(sizes: list[int]) -> None:
    assert repeats(sizes) * (1 + 1e-12) >= 1
    assert repeats(sizes) <= len(sizes) * (1 + 1e-12)
    assert repeats([sizes[0]] * 4) == pytest.approx(4)
    assert repeats([*sizes, 0]) == pytest.approx(repeats(sizes))
    assert repeats([]) == repeats([0.0]) == 1


@given(st.integers(0, 40), st.integers(41, 5000), st.integers(1, 5))
def test_levels_that_repeat_each_other_have_the_interval_of_one(count: int, total: int, levels: int) -> None:
    for one, many in (
        (share(count, total, 1000), share(count * levels, total * levels, 1000, levels)),
        (density(count, total / 100), density(count * levels, levels * total / 100, levels)),
    ):
        assert one is not None
        assert many is not None
        assert (many.value, many.low, many.high) == pytest.approx((one.value, one.low, one.high))


def test_percentiles_of_values_seen_again_have_the_interval_of_one_level() -> None:
    values = np.sort(np.random.default_rng(0).normal(50, 10, 400))
    for percent in (5, 50, 95):
        one, many = quantile(values, percent), quantile(np.repeat(values, 3), percent, 3)
        assert (many.low, many.high) == (one.low, one.high)


def biopsy(slide: SlideObservation, levels: int) -> list[SlideObservation]:
    """The same findings, as so many slides."""
    return [replace(slide, name=f"level {level}") for level in range(levels)]


@given(st.integers(0, 1000))
@settings(max_examples=6, deadline=None)
def test_no_estimate_of_a_biopsy_is_surer_for_seeing_its_fibers_again(seed: int) -> None:
    slide = random_slide("a", seed)
    one, three = (weigh_evidence(biopsy(slide, levels), measures=FAST, recall=Recall(0.8)).pooled for levels in (1, 3))
    assert three.necrosis_bound is not None
    assert one.necrosis_bound is not None
    assert three.necrosis_bound.at_most_per_1000_fibers == pytest.approx(one.necrosis_bound.at_most_per_1000_fibers)
    compared = 0
    for name, (single, repeated) in _estimates(to_dict(one), to_dict(three)).items():
        # What is small is a percentile between two fibers, and may pass one of them when all come three times: then the
        # figure moves, and its interval with it. It must be as wide.
        moved = repeated["value"] - single["value"] if "small" in name or "atroph" in name else 0.0
        slack = 1e-9 if moved == 0 else 0.02 * (single["high"] - single["low"])
        assert repeated["low"] - moved <= single["low"] + 1e-9 * abs(single["low"]) + slack, name
        assert repeated["high"] - moved >= single["high"] - 1e-9 * abs(single["high"]) - slack, name
        compared += 1
    assert compared > 30


def _estimates(one: object, three: object, name: str = "") -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Every estimate that stands in both, by its path."""
    found: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    if isinstance(one, dict) and isinstance(three, dict):
        if set(one) == {"value", "low", "high"}:
            # Draws of the posterior differ by chance from those of another size.
            return {} if name.endswith("synchrony") else {name: (one, three)}
        for key in one:
            found |= _estimates(one[key], three[key], f"{name}.{key}")
    return found


def test_false_calls_that_come_again_on_every_level_are_no_necrosis() -> None:
    """A detector that is wrong of a fiber is wrong of it on every level: 2,000 biopsies of three such levels."""
    random, rate, fibers = np.random.default_rng(3), 1.0, 6000
    measured = FalseCalls(rate, variation=0.0)
    floor = false_call_floor(0, [fibers] * 3, measured, MEASURES)
    as_one = false_call_floor(0, [3 * fibers], measured, MEASURES)
    assert floor is not None
    assert as_one is not None
    false = 3 * random.poisson(rate * fibers / 1000, 2000)
    assert np.mean(false > floor.floor_fibers) <= 0.06
    assert np.mean(false > as_one.floor_fibers) > 0.09, "as one large section they would be graded too often"


def test_slides_that_agree_wholly_are_one_slide() -> None:
    known = across_slides([(30, 1000.0)] * 6, MEASURES, of_fibers=True)
    alone = share(30, 1000, 1000)
    assert known is not None
    assert alone is not None
    assert known.pooled.low <= alone.low * (1 + 1e-9)
    assert known.pooled.high >= alone.high * (1 - 1e-9)


def test_random_necrosis_seen_on_three_levels_is_called_clustered_no_more_often_than_on_one() -> None:
    side, clustered, odd, biopsies = 16, 0, 0, 60
    sections = [section_of(make_slide(name, side, side)) for name in "abc"]
    everyone, random = np.ones(side**2, np.bool_), np.random.default_rng(1)
    measures = replace(MEASURES, permutations=99)
    for number in range(biopsies):
        chosen = random.permutation(side**2) < 20
        samples = [sample_spread(one, chosen, everyone, 50.0, measures, str(number)) for one in sections]
        test = summarize_spread(samples, 50.0, measures)
        assert test is not None
        assert test.p_clustered is not None
        assert test.ripley is not None
        clustered += test.p_clustered <= 0.05
        odd += test.ripley.p <= 0.05
    # 60 tests at 5%: more than 8 has a probability below 0.5%. Paired at random, Ripley's test called 45% odd.
    assert clustered <= 8
    assert odd <= 8


def test_small_fibers_are_sought_among_the_measured_ones() -> None:
    """Necrosis lines the edge; small fibers lie at random among the rest, and do not shun the edge."""
    side, fascicle = 24, 8
    column, row = np.arange(side**2) % side, np.arange(side**2) // side
    rim = np.isin(column % fascicle, (0, fascicle - 1)) | np.isin(row % fascicle, (0, fascicle - 1))
    random = np.random.default_rng(5)
    kinds = np.where(rim & (random.random(side**2) < 0.6), FiberClass.MYOPHAGOCYTOSIS, FiberClass.INTACT)
    diameter_um = np.where(random.random(side**2) < 0.25, 20.0, 50.0)
    slide = make_slide("a", side, side, kinds.astype(np.uint8), diameter_um=diameter_um, fascicle_fibers=fascicle)
    position = weigh_evidence([slide]).pooled.atrophy_position
    assert position is not None
    assert position.edge_index is not None
    assert position.random_low is not None
    assert position.random_high is not None
    assert position.random_low <= position.edge_index <= position.random_high
    assert position.share_of_edge == Estimate(
        pytest.approx(position.percent_of_edge), position.share_of_edge.low, position.share_of_edge.high
    )
    assert position.share_of_edge.value == pytest.approx(25, abs=8), "of the fibers at an edge that were measured"
