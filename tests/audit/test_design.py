"""What is drawn: each unit with its stated chance, no unit twice, spread over the reading order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import make_cells, make_slide, random_slide
from simulated_reader import population

from histo.audit import (
    Call,
    Design,
    ItemKind,
    Plan,
    Population,
    draw_design,
    population_of,
    standard_rules,
    stratify,
)
from histo.evidence import from_dict, standard_measures, to_dict, weigh_evidence
from histo.findings import CellClass, FiberClass


@st.composite
def populations(draw: st.DrawFn) -> Population:
    fibers, fields = draw(st.integers(0, 400)), draw(st.integers(0, 120))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    called = np.where(rng.random(fibers) < 0.1, rng.integers(1, 5, fibers), 0)
    return population(called, rng.poisson(draw(st.sampled_from([0.0, 0.3, 4.0])), fields), rng.random(fibers))


plans = st.builds(Plan, called=st.integers(1, 40), healthy=st.integers(0, 90), fields=st.integers(0, 60))


@given(populations())
@settings(max_examples=50, deadline=None)
def test_every_unit_is_in_exactly_one_stratum(everything: Population) -> None:
    strata = stratify(everything, standard_rules())
    for kind, count in (
        (ItemKind.FIBER, len(everything.slides[0].fiber_class)),
        (ItemKind.FIELD, len(everything.slides[0].field_cells)),
    ):
        members = [tuple(row) for one in strata if one.kind is kind for row in one.members.tolist()]
        assert sorted(members) == [(0, row) for row in range(count)]


@given(populations(), plans)
@settings(max_examples=50, deadline=None)
def test_a_design_is_as_it_says(everything: Population, plan: Plan) -> None:
    if not stratify(everything, standard_rules()):
        with pytest.raises(ValueError, match="neither a fiber nor a field"):
            draw_design(everything, plan)
        return
    design = draw_design(everything, plan)
    assert [item.number for item in design.items] == list(range(len(design.items)))
    assert len({(item.kind, item.row) for item in design.items}) == len(design.items)
    drawn = Counter(item.stratum for item in design.items)
    for index, stratum in enumerate(design.strata):
        assert drawn[index] == stratum.drawn <= stratum.population
        assert stratum.inclusion_probability == stratum.drawn / stratum.population
        if stratum.call in (Call.NECROTIC, Call.MYOPHAGOCYTOSIS):
            assert stratum.drawn == min(plan.called, stratum.population)
    fields = sum(one.drawn for one in design.strata if one.kind is ItemKind.FIELD)
    assert fields <= max(plan.fields, 15)
    assert design == draw_design(everything, plan)
    assert design == from_dict(Design, to_dict(design))


@given(populations(), plans, st.integers(0, 50))
@settings(max_examples=50, deadline=None)
def test_a_larger_plan_keeps_what_a_smaller_one_drew(everything: Population, plan: Plan, more: int) -> None:
    if not stratify(everything, standard_rules()):
        return
    larger = replace(plan, called=plan.called + more, healthy=plan.healthy + more, fields=plan.fields + more)
    small, large = ({(item.kind, item.row) for item in draw_design(everything, one).items} for one in (plan, larger))
    assert small <= large


def test_chances_to_be_drawn_are_those_that_are_stated() -> None:
    everything = population(np.repeat([0, 2], [60, 4]), np.zeros(0, np.int64), np.arange(64.0))
    times: Counter[int] = Counter()
    runs = 800
    for seed in range(runs):
        design = draw_design(everything, Plan(called=2, healthy=20, fields=0, seed=seed))
        times.update(item.row for item in design.items)
        chance = {item.row: design.strata[item.stratum].inclusion_probability for item in design.items}
        for row, stated in chance.items():
            assert stated == next(
                one.inclusion_probability
                for one in design.strata
                if one.call is (Call.NECROTIC if row >= 60 else Call.HEALTHY) and one.inclusion_probability == stated
            )
    called = [times[row] / runs for row in range(60, 64)]
    assert called == pytest.approx([0.5] * 4, abs=0.08)
    rest = next(one for one in design.strata if one.name == "called healthy, the rest")
    assert [times[row] / runs for row in range(48)] == pytest.approx([rest.inclusion_probability] * 48, abs=0.08)


def test_who_stops_early_has_read_some_of_every_stratum() -> None:
    rng = np.random.default_rng(0)
    called = np.where(rng.random(3000) < 0.05, rng.integers(2, 5, 3000), 0)
    design = draw_design(population(called, rng.poisson(0.5, 300), rng.random(3000)), Plan())
    fibers = [item for item in design.items if item.kind is ItemKind.FIBER]
    half = Counter(item.stratum for item in fibers[: len(fibers) // 2])
    for index, stratum in enumerate(design.strata):
        if stratum.kind is ItemKind.FIBER:
            assert abs(half[index] - stratum.drawn / 2) <= 1.5


def test_the_most_doubtful_fibers_are_a_stratum_of_their_own() -> None:
    score = np.zeros(1000)
    score[::50] = 0.4
    strata = stratify(population(np.zeros(1000), np.zeros(0, np.int64), score), standard_rules())
    doubtful = next(one for one in strata if one.name == "called healthy, most doubtful")
    assert doubtful.members[:, 1].tolist() == list(range(0, 1000, 50))


def test_fields_hold_all_tissue_and_count_the_infiltrate_that_evidence_counts() -> None:
    observation = random_slide("a", 5)
    everything = population_of([observation], standard_measures())
    (slide,) = everything.slides
    evidence = weigh_evidence([observation], measures=replace(standard_measures(), permutations=19)).pooled
    assert evidence.infiltrate is not None
    assert slide.field_cells.sum() == evidence.infiltrate.total.cells
    scored = observation.findings.compartments.scored
    width_um, height_um = (side * 4.0 for side in scored.shape[::-1])
    assert len(slide.field_corner_um) == np.ceil(width_um / 250) * np.ceil(height_um / 250)
    assert slide.necrotic_score == pytest.approx(0.6)


def test_a_cell_lies_in_the_field_around_it() -> None:
    cells = make_cells(np.array([[10.0, 300.0], [12.0, 310.0], [600.0, 20.0]]), CellClass.LYMPHOCYTE)
    (slide,) = population_of([make_slide("a", cells=cells)], standard_measures()).slides
    where = {
        tuple(corner): int(count)
        for corner, count in zip(slide.field_corner_um.tolist(), slide.field_cells, strict=True)
    }
    assert {corner: count for corner, count in where.items() if count} == {(0.0, 250.0): 2, (500.0, 0.0): 1}


def test_slides_of_a_biopsy_are_drawn_together() -> None:
    kinds = np.full(400, FiberClass.INTACT, np.uint8)
    kinds[:3] = FiberClass.NECROTIC_PALE
    everything = population_of([make_slide("b", kinds=kinds), make_slide("a", kinds=kinds)], standard_measures())
    design = draw_design(everything, Plan(called=10, healthy=40, fields=10))
    called = [item for item in design.items if item.called == "necrotic_pale"]
    assert sorted((item.slide, item.row) for item in called) == [(name, row) for name in "ab" for row in range(3)]


@pytest.mark.parametrize("numbers", [{"called": -1}, {"called": 0, "healthy": 0, "fields": 0}])
def test_a_plan_to_read_nothing_is_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="reads some fibers or fields"):
        Plan(**numbers)


def test_a_design_keeps_the_numbers_that_it_was_drawn_by() -> None:
    called = np.repeat([0, 2], [200, 4])
    own = replace(standard_rules(), most_doubtful_share=0.5, least_of_a_stratum=9)
    design = draw_design(population(called, np.arange(8), np.linspace(0, 1, 204)), Plan(10, 20, 10), own)
    doubtful = next(one for one in design.strata if one.name == "called healthy, most doubtful")
    assert doubtful.population == 100
    assert min(one.drawn for one in design.strata if one.kind is ItemKind.FIBER and one.population > 9) >= 9
    kept = to_dict(design)
    assert from_dict(Design, kept).rules == own
    del kept["rules"]  # as in a history of before designs kept them
    assert from_dict(Design, kept, older=True).rules == standard_rules()
