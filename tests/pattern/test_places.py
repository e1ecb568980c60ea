"""The fibers and cells behind each reason are those that its sentence counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from graded_evidence import SIDE, fit
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import PITCH_UM, lattice, make_slide, random_slide

from histo.evidence import standard_measures, weigh_evidence
from histo.findings import FiberClass
from histo.pattern import Atrophy, PatternReading, Spread, load_conventions, read_pattern
from histo.pattern.places import find_places

CONVENTIONS = load_conventions()
FAST = replace(standard_measures(), permutations=19)


def ids(reading: PatternReading, finding: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    (reason,) = [reason for reason in reading.reasons if reason.finding == finding]
    places = reason.places[0] if reason.places else None
    return ((), ()) if places is None else (places.fiber_ids, places.cell_ids)


@given(st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_each_reason_holds_as_many_as_its_numbers_count(seed: int) -> None:
    evidence = weigh_evidence([random_slide("a", seed, 17, 17, 0.2)], measures=FAST)
    reading, numbers = read_pattern(evidence, [fit("a")], CONVENTIONS), evidence.pooled
    if reading.refusal is not None:
        return
    assert len(ids(reading, "necrosis")[0]) == numbers.necrotic.fibers
    assert len(ids(reading, "stages")[0]) == numbers.stages.fibers
    assert numbers.infiltrate is not None
    assert len(ids(reading, "stages")[1]) == numbers.infiltrate.inside_necrotic_cells
    assert len(ids(reading, "infiltration")[1]) == numbers.infiltrate.total.cells
    assert len(ids(reading, "chronicity")[0]) == numbers.fibers.internal_nuclei
    assert numbers.invasion_candidates is not None
    invaded, invading = ids(reading, "invasion")
    assert len(invaded) == numbers.invasion_candidates.fibers
    host = evidence.slides[0].ids
    assert set(invading) <= set(host.infiltrate), "cells inside fibers that are not necrotic are infiltrate"
    placed = (host.endomysial_cells, host.perimysial_cells, host.perivascular_cells, host.unplaced_cells)
    rows = numbers.infiltrate
    assert [len(cells) for cells in placed] == [
        row.cells for row in (rows.endomysial, rows.perimysial, rows.perivascular, rows.unplaced)
    ]


def test_what_is_clustered_is_shown_without_what_is_not_and_small_fibers_where_they_count() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    focus = (column < 4) & (row < 4)
    alone = (column == 20) & (row == 20)
    kinds = np.where(focus | alone, FiberClass.MYOPHAGOCYTOSIS, FiberClass.INTACT).astype(np.uint8)
    evidence = weigh_evidence([make_slide("a", SIDE, SIDE, kinds, fascicle_fibers=8)])
    reading = read_pattern(evidence, [fit("a")], CONVENTIONS)
    assert reading.grades.spread is Spread.CLUSTERED
    assert set(ids(reading, "spread")[0]) == set(np.flatnonzero(focus))
    ringed = replace(reading.grades, atrophy=Atrophy.PERIFASCICULAR)
    at_edge = evidence.slides[0].ids.atrophic_at_edge
    assert [place.fiber_ids for place in find_places("atrophy", ringed, evidence)] == ([at_edge] if at_edge else [])
