"""The floor of false calls holds on negative sections that differ, whatever their size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import make_slide

from histo.evidence import BiopsyEvidence, Estimate, FalseCalls, from_dict, standard_measures, to_dict, weigh_evidence
from histo.evidence.false_calls import false_call_floor
from histo.evidence.fiber_results import FalseCallFloor
from histo.pattern import false_call_rate

MEASURES = standard_measures()


def floor_of(necrotic: int, fibers: list[int], measured: FalseCalls | None) -> FalseCallFloor:
    floor = false_call_floor(necrotic, fibers, measured, MEASURES)
    assert floor is not None
    return floor


def test_of_sections_that_do_not_differ_the_floor_is_the_95th_percentile_of_chance() -> None:
    measured = FalseCalls(3.0, variation=0.0)
    floor = floor_of(57, [19_000], measured)
    assert (floor.expected_fibers, floor.floor_fibers, floor.source) == (57, 70, "measured on phantoms")
    assert not floor.exceeded
    assert floor_of(71, [19_000], measured).exceeded


@pytest.mark.parametrize("most", [9000, 60_000])
@pytest.mark.parametrize("variation", [0.0, 0.5, 1.3, 2.0])
def test_negative_sections_that_differ_stay_below_the_floor_in_95_of_100(variation: float, most: int) -> None:
    """Sections of 1,000 fibers and more, each with a rate of its own, drawn from another library's gamma."""
    random, mean = np.random.default_rng(7), 0.8
    fibers = random.integers(1000, most, 4000)
    rates = mean * (random.gamma(variation**-2, variation**2, 4000) if variation else np.ones(4000))
    calls = random.poisson(rates * fibers / 1000)
    measured = FalseCalls(mean, variation)
    above = np.mean([floor_of(int(n), [int(of)], measured).exceeded for n, of in zip(calls, fibers, strict=True)])
    assert 0.02 <= above <= 0.058, "a floor that nothing exceeds would grade nothing"
    as_chance = FalseCalls(mean, variation=0.0)
    alike = np.mean([floor_of(int(n), [int(of)], as_chance).exceeded for n, of in zip(calls, fibers, strict=True)])
    assert variation < 1 or alike > 0.1, "one rate for all would grade one negative section in ten"


def test_an_uncertain_rate_counts_with_its_upper_end() -> None:
    assert floor_of(1, [1000], FalseCalls(Estimate(value=1.0, low=0.2, high=4.0))).false_necrotic_per_1000 == 4.0


def test_what_nobody_has_measured_is_assumed() -> None:
    missing = floor_of(1, [1000], None)
    assert missing.source == "assumed"
    assert missing.false_necrotic_per_1000 == MEASURES.assumed_false_necrotic_per_1000
    assert missing.variation == MEASURES.assumed_false_necrotic_variation
    half = floor_of(1, [1000], FalseCalls(0.5))
    assert (half.false_necrotic_per_1000, half.variation) == (0.5, MEASURES.assumed_false_necrotic_variation)
    assert half.source == "measured on phantoms, its variation assumed"


def test_what_is_assumed_comes_from_the_conventions() -> None:
    own = replace(MEASURES, assumed_false_necrotic_per_1000=1.0, assumed_false_necrotic_variation=0.0)
    floor = false_call_floor(0, [10_000], None, own)
    assert floor is not None
    assert floor.floor_fibers == 15


def test_levels_that_show_other_fibers_stay_below_the_floor_too() -> None:
    """Three levels of one stain, so small that false calls on a single one are rare."""
    random, measured = np.random.default_rng(8), FalseCalls(0.5, variation=1.0)
    calls = random.poisson(3 * 0.5 * 0.15 * random.gamma(1.0, 1.0, 4000))
    assert np.mean([floor_of(int(n), [150] * 3, measured).exceeded for n in calls]) <= 0.058


def test_with_what_is_assumed_each_grade_can_be_reached() -> None:
    """On a section of 1,000 to 60,000 fibers the floor lies below 1% of them, where moderate necrosis begins."""
    for fibers in (1000, 5000, 19_000, 60_000):
        assert floor_of(0, [fibers], None).floor_fibers < 0.01 * fibers


def test_without_fibers_there_is_no_floor() -> None:
    assert false_call_floor(0, [0], FalseCalls(1.0, 1.0), MEASURES) is None


@pytest.mark.parametrize(
    "values", [(-1.0, 0.5), (1001.0, 0.5), (float("nan"), 0.5), (1.0, -0.1), (1.0, float("nan")), (1.0, 130.0)]
)
def test_what_cannot_be_is_refused(values: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        FalseCalls(*values)


@given(st.integers(0, 2000), st.integers(1, 60_000), st.floats(0, 30), st.floats(0, 3))
@settings(max_examples=100, deadline=None)
def test_one_more_necrotic_fiber_never_falls_below_the_floor(
    necrotic: int, fibers: int, rate: float, variation: float
) -> None:
    measured = FalseCalls(rate, variation)
    before = floor_of(necrotic, [fibers], measured)
    for more in (0, 1):
        assert floor_of(necrotic + 1, [fibers + more], measured).exceeded >= before.exceeded


def test_evidence_of_readings_before_the_variation_says_that_there_was_none() -> None:
    evidence = weigh_evidence([make_slide("a")])
    document = to_dict(evidence)
    for numbers in (document["pooled"], *(slide["numbers"] for slide in document["slides"])):
        del numbers["floor"]["variation"]
    del document["measures"]["assumed_false_necrotic_variation"]
    older = from_dict(BiopsyEvidence, document, older=True)
    assert older.pooled.floor is not None
    assert (older.pooled.floor.variation, older.measures.assumed_false_necrotic_variation) == (0, 0)
    assert "standard deviation" not in false_call_rate(older.pooled.floor)
    assert "standard deviation 2 between sections" in false_call_rate(floor_of(0, [1000], None))
