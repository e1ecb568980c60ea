"""A reading with a calibrated differential: one order, a set, and a table that may be withheld but never replaced."""

from __future__ import annotations

import numpy as np
import pytest
from example_calibration import LABELS, WEIGHTS, example
from graded_evidence import fit, mixed_necrosis, weigh
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import random_slide

from histo.evidence import BiopsyEvidence, weigh_evidence
from histo.pattern import Calibration, PatternLabel, PatternReading, features_of, load_conventions, read_pattern

CONVENTIONS = load_conventions()
EXCLUDING = (0.0, 1.0, 1.0)
"""Limits of a set that never holds the first pattern, and always the other two."""


def read(evidence: BiopsyEvidence, calibration: Calibration | None, weights: str = WEIGHTS) -> PatternReading:
    fits = [fit(slide.name) for slide in evidence.slides]
    return read_pattern(evidence, fits, CONVENTIONS, calibration=calibration, weights_sha256=weights)


def test_the_calibration_orders_and_the_criteria_explain() -> None:
    evidence = weigh(mixed_necrosis(0.08))
    reading, plain = read(evidence, example()), read(evidence, None)
    found = example().differential(features_of(evidence.pooled))
    assert [candidate.label for candidate in reading.differential] == [one.label for one in found.ranked]
    assert [candidate.rank for candidate in reading.differential] == [1, 2, 3]
    explained = {candidate.label: candidate.met for candidate in plain.differential}
    assert all(candidate.met == explained[candidate.label] for candidate in reading.differential)
    assert reading.label is plain.label is PatternLabel.NECROTIZING
    assert plain.calibrated is None
    assert [rule.role for rule in reading.rules][-1] == "calibration"


def test_a_simulator_gives_ranks_and_sets_without_percentages() -> None:
    reading = read(weigh(mixed_necrosis(0.08)), example())
    assert reading.calibrated is not None
    assert all(candidate.probability is None for candidate in reading.differential)
    assert any(candidate.in_set for candidate in reading.differential)
    marked = "simulator-calibrated; coverage on biopsies unknown"
    assert marked in reading.summary
    assert any(marked in caveat for caveat in reading.caveats)
    assert "no probability is meant" not in " ".join(reading.caveats)


def test_a_laboratory_gives_percentages() -> None:
    reading = read(weigh(mixed_necrosis(0.08)), example("Basel"))
    assert sum(candidate.probability or 0 for candidate in reading.differential) == pytest.approx(1)
    assert "calibrated on 30 biopsies of Basel" in reading.summary
    assert any(caveat.startswith("The calibration knows no biopsy of: ") for caveat in reading.caveats)


def test_a_pattern_that_the_set_excludes_is_not_named() -> None:
    reading = read(weigh(mixed_necrosis(0.08)), example(farthest=EXCLUDING))
    assert (reading.label, reading.rule, reading.refusal) == (PatternLabel.INDETERMINATE, "conflict", None)
    assert reading.conflict is not None
    assert (reading.conflict.label, reading.conflict.rule) == (PatternLabel.NECROTIZING, "necrotizing")
    assert reading.conflict.sentence in reading.summary
    assert reading.rule_reason == reading.conflict.sentence
    assert reading.slides[0].label is PatternLabel.INDETERMINATE
    assert any(reason.decisive for reason in reading.reasons), "what the table looked at is still told"


EMPTY = (0.0, 0.0, 0.0)


def test_an_empty_set_does_not_contradict_its_likeliest_pattern() -> None:
    reading = read(weigh(mixed_necrosis(0.08)), example(farthest=EMPTY))
    assert reading.differential[0].label is PatternLabel.NECROTIZING
    assert reading.label is PatternLabel.NECROTIZING
    assert "set (simulator-calibrated; coverage on biopsies unknown) is empty" in reading.summary


def test_where_the_set_is_empty_the_likeliest_pattern_stands_for_it() -> None:
    reading = read(weigh(mixed_necrosis(0.002)), example(farthest=EMPTY))
    assert reading.differential[0].label is PatternLabel.NECROTIZING
    assert read(weigh(mixed_necrosis(0.002)), None).label is PatternLabel.NORMAL
    assert (reading.label, reading.rule) == (PatternLabel.INDETERMINATE, "conflict")
    assert reading.conflict is not None
    assert reading.conflict.sentence.endswith(f"It is least unlike the {PatternLabel.NECROTIZING.text}.")


@given(st.integers(0, 10**6), st.lists(st.sampled_from([0.0, 0.3, 0.9, 1.0]), min_size=3, max_size=3))
@settings(max_examples=8, deadline=None)
def test_a_calibration_can_withhold_a_label_but_never_give_one(seed: int, farthest: list[float]) -> None:
    evidence = weigh_evidence([random_slide("a", seed, 17, 17, necrotic=float(np.random.default_rng(seed).random()))])
    plain, reading = read(evidence, None), read(evidence, example(farthest=tuple(farthest)))
    assert reading.label in (plain.label, PatternLabel.INDETERMINATE)
    held = () if reading.calibrated is None else reading.calibrated.conformal_set or (reading.differential[0].label,)
    withheld = plain.label in LABELS and reading.calibrated is not None and plain.label not in held
    assert (reading.conflict is not None) is withheld
    assert reading.grades == plain.grades


def test_with_other_weights_the_criteria_speak() -> None:
    evidence = weigh(mixed_necrosis(0.08))
    reading, plain = read(evidence, example(farthest=EXCLUDING), weights="00"), read(evidence, None)
    assert reading.differential == plain.differential
    assert reading.calibrated is None
    assert reading.label is PatternLabel.NECROTIZING
    (said,) = set(reading.caveats) - set(plain.caveats)
    assert said == (
        "The bundle's calibration of the differential does not speak: it was fitted on the findings of other weights."
    )


def test_a_refusal_asks_no_calibration() -> None:
    reading = read(weigh_evidence([random_slide("a", 1, 5, 5)]), example())
    assert reading.label is PatternLabel.NOT_ASSESSABLE
    assert (reading.calibrated, reading.conflict, reading.differential) == (None, None, ())
