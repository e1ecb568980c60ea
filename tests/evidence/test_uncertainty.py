"""Bounds and intervals against their promise, by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm
from section_makers import make_cells, make_slide

from histo.evidence import Estimate, FascicleBootstrap, Recall, standard_measures, weigh_evidence
from histo.evidence.bound import necrosis_bound
from histo.evidence.composition import FIELD_UM, compose, measure_areas
from histo.evidence.fascicle_bootstrap import resample_fascicles
from histo.evidence.fascicles import map_fascicles
from histo.evidence.fibers import mix_stages
from histo.evidence.intervals import quantile, variation
from histo.evidence.section import section_of
from histo.findings import Compartment, CompartmentMap, FiberClass, Findings

MEASURES = standard_measures()
PALE = FiberClass.NECROTIC_PALE
FAST = replace(MEASURES, permutations=1)
SIDE, FASCICLE = 36, 6
UNITS = (SIDE // FASCICLE) ** 2
SECTION = section_of(make_slide("a", SIDE, SIDE, fascicle_fibers=FASCICLE))
GEOMETRY = map_fascicles(SECTION, 50.0, MEASURES)
UNIT_OF = np.unique(GEOMETRY.fascicle, return_inverse=True)[1]


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n // 3), st.just(n))), st.floats(0.4, 1))
@settings(max_examples=60, deadline=None)
def test_at_the_bound_so_few_are_found_in_5_percent(count_and_total: tuple[int, int], recall: float) -> None:
    found, fibers = count_and_total
    bound = necrosis_bound({PALE: found}, [fibers], 2.0, Recall(recall))
    assert bound is not None
    if bound.at_most_per_1000_fibers < 1000:
        shown = recall * bound.at_most_per_1000_fibers / 1000
        assert binom.cdf(found, fibers, shown) == pytest.approx(0.05, rel=1e-6)
    assert bound.at_most_per_mm2 == pytest.approx(bound.at_most_per_1000_fibers * fibers / 1000 / 2.0)
    more = necrosis_bound({PALE: found + 1}, [fibers + 1], 2.0, Recall(recall))
    assert more is not None
    assert more.at_most_per_1000_fibers >= bound.at_most_per_1000_fibers


def test_nothing_found_bounds_necrosis_at_three_over_n_over_the_recall() -> None:
    bound = necrosis_bound({PALE: 0}, [10_000], 0.0, Recall(Estimate(0.8, 0.6, 0.9)))
    assert bound is not None
    assert bound.at_most_per_1000_fibers == pytest.approx(0.3 / 0.6, rel=0.01)
    assert (bound.recall, bound.at_most_per_mm2) == (0.6, None)
    blind = necrosis_bound({PALE: 0}, [10_000], 1.0, Recall(0.0))
    assert blind is not None
    assert blind.at_most_per_1000_fibers == 1000
    assert necrosis_bound({PALE: 0}, [10_000], 1.0, Recall()) is None
    assert necrosis_bound({PALE: 0}, [0], 1.0, Recall(0.5)) is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        necrosis_bound({PALE: 0}, [10], 1.0, Recall(60.0))


def test_each_kind_has_a_bound_of_its_own_and_a_detector_that_misses_one_says_so() -> None:
    kinds = {PALE: 0.9, FiberClass.MYOPHAGOCYTOSIS: Estimate(0.5, 0.3, 0.7)}
    bound = necrosis_bound(
        {PALE: 0, FiberClass.NECROTIC_HYALINE: 0, FiberClass.MYOPHAGOCYTOSIS: 2}, [10_000], 25.0, Recall(0.8, kinds)
    )
    assert bound is not None
    pale, phagocytic = bound.kinds
    assert (pale.kind, phagocytic.kind) == ("necrotic_pale", "myophagocytosis"), "unmeasured kinds are left out"
    assert (pale.found, phagocytic.found, phagocytic.recall) == (0, 2, 0.3)
    assert binom.cdf(2, 10_000, 0.3 * phagocytic.at_most_per_1000_fibers / 1000) == pytest.approx(0.05, rel=1e-6)
    assert phagocytic.at_most_per_1000_fibers > bound.at_most_per_1000_fibers > pale.at_most_per_1000_fibers
    assert pale.at_most_per_mm2 == pytest.approx(pale.at_most_per_1000_fibers * 10 / 25)


def bootstrap(necrotic: np.ndarray) -> FascicleBootstrap | None:
    kinds = np.where(necrotic, FiberClass.NECROTIC_PALE, FiberClass.INTACT).astype(np.uint8)
    return resample_fascicles(replace(SECTION, fiber_class=kinds), GEOMETRY, np.zeros((0, 2)), MEASURES)


@pytest.mark.parametrize("variability", [0.0, 1.0])
def test_resampled_fascicles_cover_the_mean_rate(variability: float) -> None:
    random, rate, slides = np.random.default_rng(4), 0.05, 120
    covered = 0
    for _ in range(slides):
        rates = rate * (random.gamma(variability**-2, variability**2, UNITS) if variability else np.ones(UNITS))
        drawn = bootstrap(random.random(SIDE**2) < rates[UNIT_OF])
        assert drawn is not None
        interval = drawn.necrotic.per_1000_fibers
        assert interval is not None
        covered += interval.low <= 1000 * rate <= interval.high
    # 95% meant, and about 93% simulated: below 85% of 120 would have a probability below 0.5%.
    assert covered >= 0.85 * slides


def test_necrosis_of_whole_fascicles_is_less_sure_than_its_exact_interval_says() -> None:
    kinds = np.where(np.isin(UNIT_OF, (3, 17, 20)), FiberClass.MYOPHAGOCYTOSIS, FiberClass.INTACT)
    cells = make_cells(SECTION.center_um[UNIT_OF == 5] + 30)
    slide = make_slide("a", SIDE, SIDE, kinds[np.argsort(SECTION.fiber_row)], cells, fascicle_fibers=FASCICLE)
    pooled = weigh_evidence([slide], measures=FAST).pooled
    drawn, exact = pooled.fascicle_bootstrap, pooled.myophagocytosis
    assert drawn is not None
    assert drawn.fascicles == UNITS
    assert drawn.effective_fascicles == pytest.approx(UNITS, rel=0.01)
    for resampled, counted in (
        (drawn.myophagocytosis.per_1000_fibers, exact.per_1000_fibers),
        (drawn.myophagocytosis.per_mm2, exact.per_mm2),
        (drawn.infiltrate_per_mm2, pooled.infiltrate and pooled.infiltrate.total.per_mm2),
    ):
        assert resampled is not None
        assert counted is not None
        assert resampled.value == pytest.approx(counted.value)
        assert resampled.high - resampled.low > 2 * (counted.high - counted.low)
    assert drawn.regenerating.per_1000_fibers is None, "of what is not there nothing can be drawn"


def test_few_fascicles_or_one_among_crumbs_are_not_resampled() -> None:
    few = weigh_evidence([make_slide("a", 24, 24, fascicle_fibers=8)], measures=FAST).pooled
    assert few.fascicles.count < MEASURES.bootstrap_min_fascicles
    assert few.fascicle_bootstrap is None
    crumbs = replace(GEOMETRY, fascicle=np.where(np.arange(SIDE**2) < 30, np.arange(SIDE**2) + 2, 1))
    assert resample_fascicles(SECTION, crumbs, np.zeros((0, 2)), MEASURES) is None


def test_levels_show_the_same_fascicles_again_so_none_are_resampled_over_slides() -> None:
    slides = [make_slide(name, SIDE, SIDE, fascicle_fibers=FASCICLE) for name in "ab"]
    evidence = weigh_evidence(slides, measures=FAST)
    assert evidence.pooled.fascicle_bootstrap is None
    assert all(slide.numbers.fascicle_bootstrap is not None for slide in evidence.slides)


def test_patchy_fat_is_covered_by_drawing_fields() -> None:
    random, covered, side = np.random.default_rng(7), 0, 7
    field_px = round(FIELD_UM / 4)
    for _ in range(60):
        share = random.beta(0.5, 2, (side, side))
        fat = random.random((side * field_px, side * field_px)) < np.kron(share, np.ones((field_px, field_px)))
        codes = np.where(fat, Compartment.FAT, Compartment.FIBER).astype(np.uint8)
        area = CompartmentMap(codes, np.ones(codes.shape, np.bool_))
        findings = Findings(SECTION.findings.fibers, SECTION.findings.cells, area)
        section = replace(SECTION, observation=replace(SECTION.observation, findings=findings))
        composition = compose([measure_areas(section, MEASURES)], 0.0)
        assert composition.intervals is not None
        found = composition.intervals.fat_percent
        assert found is not None
        assert found.value == pytest.approx(composition.fat_percent)
        assert composition.intervals.fields == side**2
        covered += found.low <= 100 * 0.5 / 2.5 <= found.high
    assert covered >= 51  # fewer has a probability below 1% at 95%


def test_a_small_section_has_too_few_fields_to_draw_from() -> None:
    assert weigh_evidence([make_slide("a")], measures=FAST).pooled.composition.intervals is None


def test_percentiles_and_the_variation_are_covered() -> None:
    random, sigma, covered = np.random.default_rng(5), 0.4, np.zeros(3)
    for _ in range(300):
        values = np.sort(random.lognormal(4, sigma, 150))
        middle, low, varying = quantile(values, 50), quantile(values, 5), variation(values)
        assert varying is not None
        covered += (
            middle.low <= np.exp(4) <= middle.high,
            low.low <= np.exp(4 + sigma * norm.ppf(0.05)) <= low.high,
            varying.low <= np.sqrt(np.exp(sigma**2) - 1) <= varying.high,
        )
    assert np.all(covered >= 0.88 * 300)
    assert variation(np.ones(1)) is None


def test_synchrony_is_one_for_one_stage_and_a_third_for_an_even_mix() -> None:
    one, even = mix_stages([(40, 0, 0)], MEASURES), mix_stages([(400, 400, 400)], MEASURES)
    assert one.synchrony is not None
    assert (one.synchrony.value, one.synchrony.high) == (1, 1)
    assert 0.8 < one.synchrony.low < 1
    assert even.synchrony is not None
    assert even.synchrony.value == pytest.approx(1 / 3, abs=0.001)
    assert mix_stages([(1, 0, 0)], MEASURES).synchrony is None
    random = np.random.default_rng(6)
    for shares in (np.array([0.6, 0.3, 0.1]), np.full(3, 1 / 3)):
        covered = 0
        for _ in range(60):
            early, phagocytic, regenerating = (int(count) for count in random.multinomial(60, shares))
            found = mix_stages([(early, phagocytic, regenerating)], MEASURES).synchrony
            assert found is not None
            covered += found.low <= np.sum(shares**2) <= found.high
        assert covered >= 52  # fewer has a probability below 2% at 95%


def test_the_myophagocytic_fraction_is_a_share_of_the_necrotic() -> None:
    mix = mix_stages([(30, 10, 60)], MEASURES)
    assert mix.phagocytic_percent is not None
    assert mix.phagocytic_percent_of_necrotic is not None
    assert (mix.phagocytic_percent.value, mix.phagocytic_percent_of_necrotic.value) == (10, 25)
    assert mix_stages([(0, 0, 5)], MEASURES).phagocytic_percent_of_necrotic is None
