"""From a design and answers to the count that is signed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from section_makers import lattice, make_fibers
from simulated_reader import answers_to, population

from histo.audit import (
    Answer,
    AuditResult,
    Design,
    Finding,
    Mark,
    MarkKind,
    Plan,
    Sampled,
    Verdict,
    VerifiedCount,
    draw_design,
    effort_for,
    holding_fibers,
    standard_rules,
    total,
    verify,
)
from histo.findings import FiberClass

PALE, EATEN = FiberClass.NECROTIC_PALE, FiberClass.MYOPHAGOCYTOSIS
ALL = Plan(called=10_000, healthy=10_000, fields=10_000)


def biopsy(seed: int = 0, fibers: int = 2000, fields: int = 200) -> tuple[np.ndarray, ...]:
    """What is called, with a score, and what is true: a tenth of the calls is false, and some necrosis is missed."""
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 1, PALE, EATEN], fibers, p=[0.93, 0.02, 0.03, 0.02]).astype(np.uint8)
    called = truth.copy()
    called[rng.random(fibers) < 0.005] = PALE
    called[(truth >= PALE) & (rng.random(fibers) < 0.15)] = 0
    score = np.where(truth >= PALE, rng.beta(2, 3, fibers), rng.beta(1, 30, fibers))
    cells = rng.poisson(rng.gamma(0.5, 1.0, fields))
    return called, score, truth, rng.binomial(cells, 0.6) + rng.poisson(0.1, fields), cells, rng.poisson(0.02, fields)


def counted(result: AuditResult, finding: Finding) -> VerifiedCount:
    return next(one for one in result.counts if one.finding is finding)


def test_a_full_census_gives_the_exact_counts_with_no_width() -> None:
    called, score, truth, field_cells, cells, unoutlined = biopsy()
    design = draw_design(population(called, field_cells, score), ALL)
    result = verify(design, list(answers_to(design, truth, cells, unoutlined)))
    for finding, true in (
        (Finding.NECROTIC, np.count_nonzero(truth >= PALE) + unoutlined.sum()),
        (Finding.MYOPHAGOCYTOSIS, np.count_nonzero(truth == EATEN)),
        (Finding.INFILTRATE, cells.sum()),
    ):
        count = counted(result, finding).count
        assert count is not None
        assert (count.value, count.low, count.high) == pytest.approx((true, true, true))
    necrotic = counted(result, Finding.NECROTIC)
    assert necrotic.machine == np.count_nonzero(called >= PALE)
    assert necrotic.confirmed is not None and necrotic.missed is not None and necrotic.without_outline is not None
    assert necrotic.confirmed.value == np.count_nonzero((called >= PALE) & (truth >= PALE))
    assert necrotic.missed.value == np.count_nonzero((called < PALE) & (truth >= PALE))
    assert necrotic.without_outline.value == unoutlined.sum()
    assert result.drawn == result.read == len(truth) + len(cells)


def test_a_sample_gives_an_interval_that_holds_the_truth_in_most_of_thirty_biopsies() -> None:
    held = dict.fromkeys(Finding, 0)
    for seed in range(30):
        called, score, truth, field_cells, cells, unoutlined = biopsy(seed)
        design = draw_design(population(called, field_cells, score), Plan(seed=seed))
        result = verify(design, list(answers_to(design, truth, cells, unoutlined)), draws=400)
        for finding, true in (
            (Finding.NECROTIC, np.count_nonzero(truth >= PALE) + unoutlined.sum()),
            (Finding.MYOPHAGOCYTOSIS, np.count_nonzero(truth == EATEN)),
            (Finding.INFILTRATE, cells.sum()),
        ):
            count = counted(result, finding).count
            assert count is not None and count.value is not None
            assert count.low <= count.value <= count.high
            assert count.high > count.low
            held[finding] += count.low <= true <= count.high
    assert min(held.values()) >= 26


def test_no_misses_in_300_bound_the_share_missed_below_one_percent_and_no_lower() -> None:
    """The rule of three, for a sample in which each fiber had the same chance."""
    bounds = [
        100 * total([Sampled.of(10**6, [0.0] * read, 0, 1)], tail=0.05, draws=100_000).high / 10**6
        for read in (200, 300)
    ]
    assert bounds == pytest.approx([100 * (1 - 0.05 ** (1 / read)) for read in (200, 300)], rel=0.02)
    assert 0.9 < bounds[1] < 1.01


def test_the_limit_of_a_design_is_that_of_its_thinnest_stratum() -> None:
    truth = np.zeros(16_000, np.uint8)
    design = draw_design(population(truth, np.zeros(0, np.int64)), Plan(1, 300, 0))
    limit = verify(design, list(answers_to(design, truth, truth[:0]))).miss_limit
    assert limit is not None
    assert (limit.read, limit.missed, limit.population) == (sum(one.drawn for one in design.strata), 0, 16_000)
    rest = design.strata[-1]
    worst = rest.population * (1 - 0.05 ** (1 / rest.drawn)) / limit.population
    assert limit.at_most_percent == pytest.approx(100 * worst, rel=0.03)
    census = draw_design(population(truth, np.zeros(0, np.int64)), Plan(1, 16_000, 0))
    none_left = verify(census, list(answers_to(census, truth, truth[:0]))).miss_limit
    assert none_left is not None and none_left.at_most_percent == 0


def test_calls_alone_bound_nothing_of_what_was_missed() -> None:
    called, score, truth, field_cells, cells, _ = biopsy()
    design = draw_design(population(called, field_cells, score), Plan(called=500, healthy=0, fields=0))
    result = verify(design, list(answers_to(design, truth, cells)))
    necrotic = counted(result, Finding.NECROTIC)
    assert necrotic.count is not None and necrotic.count.value is None
    assert necrotic.count.high >= np.count_nonzero(called < PALE)
    assert "called healthy, the rest" in necrotic.unread
    assert result.miss_limit is not None and result.miss_limit.at_most_percent == 100


def test_answers_are_counted_as_they_come_and_the_last_one_stands() -> None:
    called, score, truth, field_cells, cells, _ = biopsy()
    design = draw_design(population(called, field_cells, score), Plan())
    all_answers = list(answers_to(design, truth, cells))
    assert verify(design, []).counts[0].count.value is None  # type: ignore[union-attr]
    half = verify(design, all_answers[: len(all_answers) // 3])
    assert half.read == len(all_answers) // 3
    full, again = verify(design, all_answers), verify(design, [Answer(0, Verdict.CANNOT_TELL), *all_answers])
    assert full == again
    width = [counted(one, Finding.NECROTIC).count for one in (half, full)]
    assert width[0].high - width[0].low > width[1].high - width[1].low  # type: ignore[union-attr]


def test_what_cannot_be_told_widens_the_interval_to_both_sides() -> None:
    called, score, truth, field_cells, cells, _ = biopsy()
    design = draw_design(population(called, field_cells, score), Plan())
    told = list(answers_to(design, truth, cells))
    doubted = [Answer(one.item, Verdict.CANNOT_TELL) if one.item % 20 == 0 else one for one in told]
    for before, after in zip(verify(design, told).counts, verify(design, doubted).counts, strict=True):
        assert before.count is not None and after.count is not None and after.count.value is not None
        assert after.cannot_tell > 0
        assert after.count.low <= after.count.value <= after.count.high
        assert after.count.high - after.count.low > before.count.high - before.count.low


def test_only_marks_outside_of_outlines_add_to_necrosis_and_only_cells_to_infiltrate() -> None:
    design = draw_design(population(np.zeros(0), np.array([2, 0])), ALL)
    first, second = design.items
    marks = (
        Mark(MarkKind.MYOPHAGOCYTOSIS, first.x_um, first.y_um, fiber=7),
        Mark(MarkKind.MYOPHAGOCYTOSIS, first.x_um + 9, first.y_um),
        Mark(MarkKind.NECROTIC_HYALINE, first.x_um, first.y_um + 9),
        Mark(MarkKind.MACROPHAGE, first.x_um, first.y_um + 99),
    )
    result = verify(design, [Answer(first.number, Verdict.READ, marks), Answer(second.number, Verdict.READ)])
    assert [one.count.value for one in result.counts if one.count] == [2, 1, 1]
    assert result.miss_limit is None


def test_infiltrate_is_not_counted_where_cells_cannot_be_told() -> None:
    design = draw_design(population(np.zeros(9), np.zeros(4), cells_assessed=False), ALL)
    infiltrate = counted(verify(design, []), Finding.INFILTRATE)
    assert infiltrate.machine is None and infiltrate.count is None
    assert infiltrate.not_counted == "the scale is too coarse to tell what kind a nucleus is"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(99, Verdict.INTACT), "item 99 is not in the design, which has 4"),
        (Answer(0, Verdict.READ), "read is no answer to a fiber"),
        (Answer(2, Verdict.INTACT), "intact is no answer to a field"),
        (Answer(2, Verdict.CANNOT_TELL, (Mark(MarkKind.LYMPHOCYTE, 1, 1),)), "has marks though it was not read"),
        (Answer(2, Verdict.READ, (Mark(MarkKind.LYMPHOCYTE, -1, 1),)), "lies outside of field 2"),
    ],
)
def test_answers_that_do_not_fit_are_refused(answer: Answer, said: str) -> None:
    design = draw_design(population(np.zeros(2), np.zeros(2)), ALL)
    with pytest.raises(ValueError, match=said):
        verify(design, [answer])


def test_a_mark_is_held_by_the_outline_around_it() -> None:
    fibers = make_fibers(lattice(3, 2))
    points = np.array([[30.0, 30.0], [60.0, 60.0], [150.0, 92.0]])
    assert holding_fibers(fibers, points).tolist() == [0, -1, 5]
    assert holding_fibers(make_fibers(lattice(0, 0)), points).tolist() == [-1, -1, -1]


class TestEffort:
    """How much more is to be read."""

    @pytest.fixture
    def read(self) -> tuple[Design, list[Answer]]:
        called, score, truth, field_cells, cells, _ = biopsy()
        design = draw_design(population(called, field_cells, score), Plan(called=30, healthy=100, fields=40))
        return design, list(answers_to(design, truth, cells))

    def test_a_narrower_interval_takes_more(self, read: tuple[Design, list[Answer]]) -> None:
        wide, narrow, none = (effort_for(*read, Finding.NECROTIC, width) for width in (90, 40, 10_000))
        assert (none.fibers, none.fields) == (0, 0)
        assert 0 < wide.fibers < narrow.fibers
        assert wide.high - wide.low <= 90
        assert narrow.high - narrow.low <= 40

    def test_no_width_takes_nearly_all_that_there_is(self, read: tuple[Design, list[Answer]]) -> None:
        design, answers = read
        effort = effort_for(design, answers, Finding.NECROTIC, 0)
        units = sum(one.population for one in design.strata)
        # Once more than 97.5% of a stratum is read, one fiber that is left is beyond the interval.
        assert 0.975 * units - len(answers) <= effort.fibers + effort.fields <= units - len(answers)
        assert effort.high == effort.low

    def test_it_can_be_asked_before_anything_is_read(self, read: tuple[Design, list[Answer]]) -> None:
        effort = effort_for(read[0], [], Finding.INFILTRATE, 400)
        assert effort.fibers == 0 and effort.fields > 0

    def test_a_negative_width_is_refused(self, read: tuple[Design, list[Answer]]) -> None:
        with pytest.raises(ValueError, match="at least 0"):
            effort_for(*read, Finding.NECROTIC, -1)


def test_what_is_supposed_of_unread_fields_widens_the_interval() -> None:
    cells = np.zeros(200, np.int64)
    everything = population(np.zeros(0, np.uint8), cells)
    highs = []
    for most in (5, 10, 40):
        design = draw_design(everything, Plan(1, 0, 40), replace(standard_rules(), most_unseen_cells=most))
        answers = list(answers_to(design, np.zeros(0, np.uint8), cells))
        (count,) = (one.count for one in verify(design, answers).counts if one.finding is Finding.INFILTRATE)
        assert count is not None
        highs.append(count.high)
    assert highs[0] < highs[1] < highs[2]
