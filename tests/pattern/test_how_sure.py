"""How sure a number is, said where a reader meets it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from graded_evidence import SIDE, fit, mixed_necrosis
from section_makers import lattice, make_slide

from histo.evidence import BiopsyEvidence, Estimate, Recall, weigh_evidence
from histo.findings import FiberClass
from histo.pattern import Necrosis, PatternReading, Spread, load_conventions, read_pattern
from histo.pattern.grading import grade
from histo.report.rows import floor_sentence
from histo.report.uncertain import across_rows, fascicle_rows

CONVENTIONS = load_conventions()
FAST = replace(CONVENTIONS.measures, permutations=39)


def weigh(*kinds: np.ndarray, recall: Estimate | None = None, side: int = SIDE, fascicle: int = 8) -> BiopsyEvidence:
    slides = [make_slide("abc"[n], side, side, one, fascicle_fibers=fascicle) for n, one in enumerate(kinds)]
    return weigh_evidence(slides, measures=FAST, recall=Recall(recall))


def read(evidence: BiopsyEvidence) -> PatternReading:
    return read_pattern(evidence, [fit(slide.name) for slide in evidence.slides], CONVENTIONS)


def sentence(reading: PatternReading, finding: str) -> str:
    (reason,) = [reason for reason in reading.reasons if reason.finding == finding]
    return reason.sentence


def test_where_nothing_is_found_the_reading_says_what_may_be_hidden_and_what_that_assumes() -> None:
    evidence = weigh(np.zeros(SIDE**2, np.uint8), recall=Estimate(0.63, 0.6, 0.67))
    said = sentence(read(evidence), "necrosis")
    assert "With 95% confidence at most 8.65 of 1,000 fibers are necrotic" in said
    assert "assumes the simulator's sensitivity" in said
    assert "at least 60% of necrotic fibers found" in said
    assert "at most 8.65 of 1,000" in (floor_sentence(evidence.pooled) or "")


def test_candidates_are_bounded_and_graded_necrosis_is_not() -> None:
    kinds = np.zeros(SIDE**2, np.uint8)
    kinds[:2] = FiberClass.NECROTIC_PALE
    few = read(weigh(kinds, recall=Estimate(0.63, 0.6, 0.67)))
    assert few.grades.necrosis is Necrosis.CANDIDATES
    assert "With 95% confidence at most" in sentence(few, "necrosis")
    many = weigh(mixed_necrosis(0.08), recall=Estimate(0.63, 0.6, 0.67))
    assert "With 95% confidence" not in sentence(read(many), "necrosis") + (floor_sentence(many.pooled) or "")


def test_where_nobody_measured_the_recall_no_bound_is_claimed() -> None:
    assert "confidence" not in sentence(read(weigh(np.zeros(SIDE**2, np.uint8))), "necrosis")


def test_slides_are_compared_in_words_and_rows() -> None:
    evidence = weigh(mixed_necrosis(0.02), mixed_necrosis(0.3, 4), mixed_necrosis(0.02, 5))
    reading = read(evidence)
    said = sentence(reading, "necrosis")
    assert "Its 3 slides have" in said
    assert "with slides, and not fibers or cells, as what was sampled" in said
    assert "They differ by more than chance (p = 0.025, I2 9" in said
    assert any("take slides as what was sampled" in caveat for caveat in reading.caveats)
    first = across_rows(evidence.spread)[0]
    assert first.name == "Necrotic per 1,000 fibers"
    assert "p = 0.025" in first.beyond_chance
    alike = read(weigh(mixed_necrosis(0.05), mixed_necrosis(0.05, 4)))
    assert "Chance alone could make them differ as much" in sentence(alike, "necrosis")
    assert across_rows(weigh(mixed_necrosis(0.05)).spread) == ()


def test_many_fascicles_are_resampled_in_words_and_rows() -> None:
    side = 36
    kinds = np.where(np.random.default_rng(0).random(side**2) < 0.05, FiberClass.NECROTIC_PALE, 0).astype(np.uint8)
    evidence = weigh(kinds, side=side, fascicle=6)
    assert "Drawing whole fascicles again and again (36 of them) gives" in sentence(read(evidence), "necrosis")
    assert [row.name for row in fascicle_rows(evidence.pooled)] == ["Necrotic fibers, all kinds", "pale"]
    few = weigh(mixed_necrosis(0.05))
    assert "Drawing" not in sentence(read(few), "necrosis")
    assert fascicle_rows(few.pooled) == ()


def test_foci_whose_members_do_not_touch_are_not_scattered() -> None:
    """The nearest one is no nearer than at random, and yet there are too many pairs: Ripley's L decides."""
    column, row = (lattice(SIDE, SIDE) // 60).astype(int).T
    focus = (column < 14) & (row < 14) & (column % 3 == 0) & (row % 3 == 0)
    evidence = weigh(np.where(focus, FiberClass.NECROTIC_PALE, 0).astype(np.uint8))
    test = evidence.pooled.necrosis_spread
    assert test is not None
    assert test.p_clustered is not None
    assert test.p_clustered > 0.05
    assert grade(evidence.pooled, 1, CONVENTIONS).spread is Spread.SMALL_GROUPS
    assert "Ripley's L, global envelope" in sentence(read(evidence), "spread")


def test_stages_tell_the_myophagocytic_fraction_and_their_synchrony() -> None:
    said = sentence(read(weigh(mixed_necrosis(0.1))), "stages")
    assert "Of the necrotic ones 49% (95% interval 3" in said
    assert "Two of all these fibers are in one stage with a chance of" in said
