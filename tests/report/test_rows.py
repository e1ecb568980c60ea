"""Numbers in words: nothing missing is shown as zero, and intervals stand beside their values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import make_slide

from histo.evidence import Coverage, Estimate, SlideObservation, standard_measures, weigh_evidence
from histo.findings import Cells, Compartment, CompartmentMap, Fibers, Findings
from histo.report.facts import fiber_facts, spatial_facts
from histo.report.rows import (
    cell_rows,
    estimate,
    fiber_rows,
    finding_rows,
    floor_sentence,
    number,
    typeset,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (0.0512, "0.05"), (3.14159, "3.14"), (31.4159, "31.4"), (31415.9, "31,416")],
)
def test_numbers_keep_what_is_known(value: float | None, text: str) -> None:
    assert number(value) == text


@given(value=st.floats(0.01, 1e6))
@settings(deadline=None)
def test_a_number_as_text_is_the_number(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.005, abs=0.0051)


def test_an_estimate_stands_with_its_interval() -> None:
    assert estimate(Estimate(12.345, 8.1, 17.9)) == "12.3 (8.10 to 17.9)"
    assert estimate(None) == "-"


def test_a_slide_without_anything_gives_rows_without_invented_zeros() -> None:
    nothing = Findings(
        Fibers.empty(),
        Cells.empty(),
        CompartmentMap(codes=np.full((4, 4), Compartment.GLASS, np.uint8), scored=np.zeros((4, 4), np.bool_)),
    )
    pooled = weigh_evidence([SlideObservation("glass", nothing, Coverage(0, 0, 0, 0))]).pooled
    for row in (*fiber_rows(pooled), *cell_rows(pooled)):
        assert row.count == "not assessed"
        assert row.per_mm2 == "-"
        assert row.per_1000_fibers == "-"
    assert floor_sentence(pooled) is None
    assert {fact.name for fact in spatial_facts(pooled, standard_measures())} >= {"Spread of necrosis", "Fascicles"}
    assert "no whole intact transverse fiber was found" in [fact.text for fact in fiber_facts(pooled)]


def test_units_get_their_signs_and_words_stay() -> None:
    assert typeset("0.95 mm2 within 50 um of a sum of umm2") == "0.95 mm² within 50 µm of a sum of umm2"


def test_on_a_refusal_only_what_was_found_is_listed() -> None:
    pooled = weigh_evidence([make_slide("a", 5, 5, kinds=np.repeat([0, 2], [24, 1]).astype(np.uint8))]).pooled
    every = finding_rows(pooled, refused=False)
    assert every == (*fiber_rows(pooled), *cell_rows(pooled))
    assert [row.name for row in finding_rows(pooled, refused=True)] == [
        "All fibers", "Necrotic fibers, all kinds", "pale",
    ]  # fmt: skip


def test_cells_that_cannot_be_told_are_not_assessed() -> None:
    coarse = replace(make_slide("a"), cells_assessed=False)
    evidence = weigh_evidence([coarse])
    (row,) = cell_rows(evidence.pooled)
    assert (row.count, row.per_mm2) == ("not assessed", "-")
    facts = {fact.name: fact.text for fact in spatial_facts(evidence.pooled, evidence.measures)}
    assert facts["Inflammatory cells"].startswith("not assessed")
    assert facts["Macrophage-type nuclei in a fiber called myophagocytosis"].startswith("not assessed")
    assert "Densest field" not in facts
