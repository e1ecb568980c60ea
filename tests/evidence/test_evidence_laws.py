"""Laws of evidence: it depends on what was found, not on how it was listed."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import lattice, make_cells, make_slide, random_slide, shuffled

from histo.errors import UsageError
from histo.evidence import (
    BiopsyEvidence,
    Burden,
    Coverage,
    Evidence,
    Infiltrate,
    Recall,
    SlideObservation,
    from_dict,
    standard_measures,
    to_dict,
    weigh_evidence,
)
from histo.findings import CellClass, Cells, Compartment, CompartmentMap, FiberClass, Fibers, Findings

SEEDS = st.integers(0, 10_000)
FAST = replace(standard_measures(), permutations=19)


def without_ids(numbers: Evidence) -> dict[str, object]:
    plain = to_dict(numbers)
    plain["infiltrate"]["clusters"] = [
        {key: value for key, value in cluster.items() if key != "cell_ids"}
        for cluster in plain["infiltrate"]["clusters"]
    ]
    if plain["sheet"] is not None:
        plain["sheet"].pop("fiber_ids")
    return plain


def counts(numbers: Evidence) -> dict[str, int]:
    found = {
        field.name: burden.fibers
        for field in fields(Evidence)
        if isinstance(burden := getattr(numbers, field.name), Burden)
    }
    found |= {
        field.name: getattr(numbers.infiltrate, field.name).cells
        for field in fields(Infiltrate)
        if hasattr(getattr(numbers.infiltrate, field.name), "per_mm2") and field.name != "worst_field"
    }
    return found | {"fibers": numbers.fibers.fibers, "clusters": numbers.infiltrate.clusters_count}


@given(SEEDS, SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_order_of_fibers_and_cells_does_not_matter(seed: int, order: int) -> None:
    slide = random_slide("a", seed)
    first = weigh_evidence([slide], measures=FAST)
    second = weigh_evidence([shuffled(slide, order)], measures=FAST)
    assert without_ids(first.pooled) == without_ids(second.pooled)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_ids_follow_their_fibers(seed: int) -> None:
    slide = random_slide("a", seed)
    moved = shuffled(slide, seed + 1)
    for one in (slide, moved):
        ids = weigh_evidence([one], measures=FAST).slides[0].ids
        fibers = one.findings.fibers
        assert ids.necrotic_hyaline == tuple(np.flatnonzero(fibers.fiber_class == FiberClass.NECROTIC_HYALINE))
        assert set(ids.necrotic_at_edge) <= set(ids.necrotic)
    centers = [
        {
            tuple(one.findings.fibers.center_um[row])
            for row in weigh_evidence([one], measures=FAST).slides[0].ids.atrophic
        }
        for one in (slide, moved)
    ]
    assert centers[0] == centers[1]


@given(st.lists(SEEDS, min_size=2, max_size=4, unique=True))
@settings(max_examples=10, deadline=None)
def test_slides_add_up_in_any_order(seeds: list[int]) -> None:
    slides = [random_slide(f"slide {seed}", seed) for seed in seeds]
    forward, backward = weigh_evidence(slides, measures=FAST), weigh_evidence(slides[::-1], measures=FAST)
    assert to_dict(forward.pooled) == to_dict(backward.pooled)
    each = [counts(slide.numbers) for slide in forward.slides]
    assert counts(forward.pooled) == {name: sum(one[name] for one in each) for name in each[0]}
    assert forward.pooled.coverage.assessable_mm2 == pytest.approx(
        sum(slide.numbers.coverage.assessable_mm2 for slide in forward.slides)
    )
    shares = [slide.numbers.necrotic.per_1000_fibers for slide in forward.slides]
    values = [share.value for share in shares if share is not None]
    spread = forward.spread.necrotic_per_1000_fibers
    assert spread is not None
    assert (spread.low, spread.high) == (min(values), max(values))


@given(SEEDS, SEEDS)
@settings(max_examples=10, deadline=None)
def test_necrosis_of_two_biopsies_is_the_sum_of_each(first: int, second: int) -> None:
    slides = [random_slide("a", first), random_slide("b", second)]
    alone = [counts(weigh_evidence([slide], measures=FAST).pooled) for slide in slides]
    both = counts(weigh_evidence(slides, measures=FAST).pooled)
    # What is small is decided over the whole biopsy, so atrophy is the one count that need not add.
    for name in set(both) - {"atrophic"}:
        assert both[name] == alone[0][name] + alone[1][name]


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_one_more_necrotic_fiber_never_lowers_the_burden(seed: int) -> None:
    slide = random_slide("a", seed)
    fibers = slide.findings.fibers
    kinds = fibers.fiber_class.copy()
    kinds[np.flatnonzero(kinds == FiberClass.INTACT)[seed % 20]] = FiberClass.MYOPHAGOCYTOSIS
    more = replace(slide, findings=replace(slide.findings, fibers=replace(fibers, fiber_class=kinds)))
    before, after = (weigh_evidence([one, make_slide("b")], measures=FAST, recall=Recall(0.8)) for one in (slide, more))
    assert after.pooled.necrotic.fibers == before.pooled.necrotic.fibers + 1
    for of in (
        lambda one: one.pooled.necrotic.per_1000_fibers,
        lambda one: one.pooled.necrotic.per_mm2,
        lambda one: one.pooled.myophagocytosis.per_1000_fibers,
    ):
        low, high = of(before), of(after)
        assert (high.low, high.value, high.high) > (low.low, low.value, low.high)
    assert after.spread.necrotic_per_1000_fibers.pooled.value > before.spread.necrotic_per_1000_fibers.pooled.value
    assert after.pooled.necrosis_bound.at_most_per_1000_fibers > before.pooled.necrosis_bound.at_most_per_1000_fibers


def test_the_same_findings_give_the_same_evidence() -> None:
    slide = random_slide("a", 7)
    assert to_dict(weigh_evidence([slide])) == to_dict(weigh_evidence([slide]))


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_evidence_is_plain_finite_json(seed: int) -> None:
    evidence = weigh_evidence([random_slide("a", seed, necrotic=(seed % 5) / 4)], measures=FAST)
    text = json.dumps(to_dict(evidence), allow_nan=False)
    assert json.loads(text)["pooled"]["fibers"]["fibers"] == 14 * 12


def test_arrays_are_not_plain() -> None:
    with pytest.raises(TypeError, match="ndarray is not a plain value"):
        to_dict({"a": np.zeros(2)})


def test_no_slide_at_all() -> None:
    evidence = weigh_evidence([])
    assert evidence.pooled.necrotic == Burden(fibers=0, per_1000_fibers=None, per_mm2=None)
    assert evidence.pooled.sizes is None
    assert evidence.pooled.floor is None
    assert evidence.spread.necrotic_per_1000_fibers is None


def test_a_slide_without_tissue_has_missing_numbers_not_zeros() -> None:
    nothing = SlideObservation(
        "empty",
        Findings(Fibers.empty(), Cells.empty(), CompartmentMap(np.zeros((5, 5), np.uint8), np.zeros((5, 5), np.bool_))),
        Coverage(0.0, 0.0, 0.0, 0.0),
    )
    pooled = weigh_evidence([nothing]).pooled
    assert pooled.necrotic.per_mm2 is None
    assert pooled.infiltrate.total.per_mm2 is None
    assert pooled.infiltrate.worst_field is None
    assert pooled.composition.fiber_percent is None
    assert pooled.stages.early_percent is None
    assert pooled.necrosis_position is None
    assert pooled.atrophic is None


def test_fibers_without_cells_and_cells_without_fibers() -> None:
    fibers_only = weigh_evidence([make_slide("a")]).pooled
    assert fibers_only.infiltrate.total.cells == 0
    assert fibers_only.infiltrate.total.per_mm2 is not None
    cells = make_cells(lattice(5, 5))
    area = CompartmentMap(np.full((75, 75), Compartment.ENDOMYSIUM, np.uint8), np.ones((75, 75), np.bool_))
    bare = SlideObservation("b", Findings(Fibers.empty(), cells, area), Coverage(0.09, 0, 0, 0.09))
    assert weigh_evidence([bare]).pooled.infiltrate.total.cells == 25


def test_two_slides_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        weigh_evidence([make_slide("a"), make_slide("a")])
    assert str(caught.value) == "a: two slides of the biopsy have this name; give each slide a name of its own"


@pytest.mark.parametrize("area", [-1.0, float("nan"), float("inf")])
def test_coverage_refuses_impossible_areas(area: float) -> None:
    with pytest.raises(ValueError, match="assessable_mm2 must be a finite area"):
        Coverage(1.0, 0.0, 0.0, area)


def test_sixty_thousand_fibers_take_less_than_five_seconds_of_one_core() -> None:
    random = np.random.default_rng(0)
    side = 245
    kinds = np.where(random.random(side**2) < 0.05, random.integers(1, 5, side**2), 0)
    cells = make_cells(
        random.uniform(0, side * 60, (300_000, 2)),
        np.where(random.random(300_000) < 0.2, random.integers(0, 2, 300_000), CellClass.MYONUCLEUS),
    )
    slide = make_slide("large", side, side, kinds, cells, random.normal(50, 10, side**2).clip(10), 12)
    began = time.process_time()
    evidence = weigh_evidence([slide])
    assert time.process_time() - began < 5
    assert evidence.pooled.fibers.fibers == side**2


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_evidence_comes_back_from_json_as_it_was(seed: int) -> None:
    evidence = weigh_evidence([random_slide("a", seed)], measures=FAST)
    assert from_dict(BiopsyEvidence, json.loads(json.dumps(to_dict(evidence)))) == evidence
