"""Macrophage-type nuclei inside fibers, and what a slide that is too coarse leaves unsaid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import lattice, make_cells, make_slide, random_slide, shuffled

from histo.evidence import macrophages_inside, standard_measures, to_dict, weigh_evidence
from histo.findings import CellClass, FiberClass

FAST = replace(standard_measures(), permutations=19)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_calls_are_counted_by_the_nuclei_inside(held: list[int]) -> None:
    """Three or more, two, fewer: by macrophage-type nuclei alone, and in fibers called myophagocytosis alone."""
    kinds = np.zeros(400, np.uint8)
    kinds[: len(held)] = FiberClass.MYOPHAGOCYTOSIS
    kinds[len(held)] = FiberClass.NECROTIC_PALE
    fiber = np.repeat(np.arange(len(held) + 1), [*held, 5]).astype(np.int32)
    classes = np.full(len(fiber), CellClass.MACROPHAGE, np.uint8)
    fiber = np.append(fiber, np.zeros(4, np.int32)).astype(np.int32)  # four lymphocytes in the first call
    classes = np.append(classes, np.full(4, CellClass.LYMPHOCYTE, np.uint8))
    cells = make_cells(lattice(20, 20)[fiber], classes, fiber=fiber)
    slide = make_slide("a", kinds=kinds, cells=cells)
    np.testing.assert_array_equal(
        macrophages_inside(slide.findings.fibers, cells)[: len(held) + 1], np.array([*held, 5], np.int32)
    )
    support = weigh_evidence([slide], measures=FAST).pooled.phagocytes
    assert support is not None
    assert (support.fibers, support.enough_fibers) == (len(held), sum(count >= 3 for count in held))
    assert (support.possible_fibers, support.fewer_fibers) == (held.count(2), sum(count < 2 for count in held))


def test_macrophages_in_a_fiber_that_is_not_called_are_no_infiltrate() -> None:
    """From three on, and if they outnumber the lymphocytes beside them; fewer are cells inside a fiber like others."""
    host = np.repeat([0, 1, 2, 3], [3, 2, 6, 1]).astype(np.int32)
    classes = np.full(len(host), CellClass.MACROPHAGE, np.uint8)
    classes[5:8] = CellClass.LYMPHOCYTE  # fiber 2: three of each
    kinds = np.zeros(400, np.uint8)
    kinds[0] = FiberClass.REGENERATING
    cells = make_cells(lattice(20, 20)[host], classes, fiber=host)
    evidence = weigh_evidence([make_slide("a", kinds=kinds, cells=cells)], measures=FAST)
    numbers, ids = evidence.pooled, evidence.slides[0].ids
    assert numbers.phagocytes is not None and numbers.infiltrate is not None
    assert (numbers.phagocytes.uncalled_fibers, ids.uncalled_phagocytosis) == (1, (0,))
    assert (numbers.infiltrate.inside_necrotic_cells, numbers.infiltrate.total.cells) == (3, 9)
    assert numbers.necrotic.fibers == 0
    assert ids.invasion_candidates == (1, 2)


def test_a_fiber_full_of_macrophages_is_no_candidate_for_invasion() -> None:
    host = np.zeros(4, np.int32)
    cells = make_cells(lattice(20, 20)[host], np.full(4, CellClass.MACROPHAGE, np.uint8), fiber=host)
    evidence = weigh_evidence([make_slide("a", cells=cells)], measures=FAST)
    assert evidence.slides[0].ids.invasion_candidates == ()
    assert evidence.slides[0].ids.uncalled_phagocytosis == (0,)


@given(st.integers(0, 500), st.integers(0, 500))
@settings(max_examples=10, deadline=None)
def test_calls_add_up_over_slides_in_any_order(first: int, second: int) -> None:
    slides = [random_slide("a", first, necrotic=0.5), random_slide("b", second, necrotic=0.5)]
    evidence = weigh_evidence(slides, measures=FAST)
    parts = [slide.numbers.phagocytes for slide in evidence.slides]
    pooled = evidence.pooled.phagocytes
    assert pooled is not None
    assert to_dict(pooled) == {name: sum(getattr(part, name) for part in parts) for name in to_dict(pooled)}
    assert pooled.fibers == evidence.pooled.myophagocytosis.fibers
    assert pooled.fibers == pooled.enough_fibers + pooled.possible_fibers + pooled.fewer_fibers
    again = weigh_evidence([shuffled(slides[1], 3), shuffled(slides[0], 4)], measures=FAST)
    assert again.pooled.phagocytes == pooled


def test_what_a_coarse_slide_does_not_show_is_missing_and_not_zero() -> None:
    fine = make_slide("fine", cells=make_cells(lattice(5, 5) + 30))
    coarse = replace(make_slide("coarse", cells=make_cells(lattice(4, 4) + 30)), cells_assessed=False)
    evidence = weigh_evidence([coarse, fine], measures=FAST)
    for numbers in (evidence.slides[0].numbers, evidence.pooled):
        assert (numbers.infiltrate, numbers.invasion_candidates, numbers.phagocytes) == (None, None, None)
    assert evidence.slides[1].numbers.infiltrate is not None
    assert evidence.slides[1].numbers.infiltrate.total.cells == 25
    assert evidence.spread.infiltrate_per_mm2 is None
    assert evidence.pooled.fibers.fibers == 800, "fibers are still counted"
