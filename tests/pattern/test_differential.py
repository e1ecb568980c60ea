"""The ranking of candidates, and the tests that would separate them."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from graded_evidence import ANY_GRADES
from hypothesis import given, settings

from histo.errors import UsageError
from histo.pattern import NAMED_PATTERNS, NOTHING_ASSESSED, Grades, PatternLabel, shipped_table
from histo.pattern import differential as differential_module
from histo.pattern.differential import ESSENTIAL, load_criteria, rank_candidates, shipped_criteria
from histo.pattern.further_tests import load_tests, shipped_tests


@given(ANY_GRADES)
@settings(max_examples=100, deadline=None)
def test_every_pattern_is_ranked_once_and_every_criterion_judged_once(grades: Grades) -> None:
    candidates = rank_candidates(grades)
    assert {candidate.label for candidate in candidates} == set(NAMED_PATTERNS)
    ranks = [candidate.rank for candidate in candidates]
    assert ranks == sorted(ranks)
    assert ranks[0] == 1
    for candidate in candidates:
        judged = candidate.met + candidate.unmet + candidate.not_assessed
        assert sorted(judged) == sorted(criterion.text for criterion in shipped_criteria().of[candidate.label])


@given(ANY_GRADES)
@settings(max_examples=150, deadline=None)
def test_the_table_never_names_a_pattern_whose_own_criteria_are_contradicted(grades: Grades) -> None:
    label = shipped_table().decide(grades).label
    for criterion in shipped_criteria().of.get(label, ()):
        if criterion.weight >= ESSENTIAL:
            assert criterion.judge(grades) is not False


def test_what_was_not_assessed_counts_for_nothing() -> None:
    candidates = rank_candidates(NOTHING_ASSESSED)
    assert {candidate.rank for candidate in candidates} == {1}
    assert all(not candidate.met and not candidate.unmet for candidate in candidates)


@pytest.mark.parametrize("pair", list(combinations(NAMED_PATTERNS, 2)), ids=lambda pair: " and ".join(pair))
def test_some_test_separates_any_two_patterns(pair: tuple[PatternLabel, PatternLabel]) -> None:
    advice = shipped_tests().separating(*pair)
    assert advice
    for stain in advice:
        assert tuple(label for label, _ in stain.expected) == pair
        assert stain.expected[0][1] != stain.expected[1][1]


def test_every_criterion_has_a_doi_or_is_marked_a_convention() -> None:
    for label, criteria in shipped_criteria().of.items():
        for criterion in criteria:
            assert re.match(r"\(C\) \w|10\.\d{4,}/\S+", criterion.source), (label, criterion.finding)


def test_a_candidate_names_the_sources_of_its_criteria_once() -> None:
    for candidate in rank_candidates(NOTHING_ASSESSED):
        asked = shipped_criteria().of[candidate.label]
        assert set(candidate.sources) == {criterion.source for criterion in asked}
        assert len(candidate.sources) == len(set(candidate.sources))


def test_serology_names_the_antibodies_of_imnm() -> None:
    assert shipped_tests().serology[:2] == ("anti-SRP", "anti-HMGCR")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('label = "normal"', 'label = "healthy"', "the pattern healthy is unknown, comes twice, or has no criteria"),
        ('label = "normal"', 'label = "dystrophic"', "the pattern dystrophic is unknown, comes twice, or has no"),
        ("weight = 1", "weight = 0", "necrotizing: the weight of invasion is 0; give a whole number of at least 1"),
        ('finding = "stages"', 'finding = "age"', "a criterion of necrotizing asks for age; use one of necrosis"),
        ('"phagocytic"', '"eaten"', "necrotizing names an unknown grade of stages; use some of mixed"),
        (
            'met = ["mixed"',
            'with = ["mixed"',
            "a criterion of necrotizing is incomplete; give it finding, met, weight, text and source",
        ),
        (
            'source = "(C) a sheet is not scattered"',
            'source = " "',
            "necrotizing: zone has no source; give a DOI, or (C)",
        ),
    ],
)
def test_faulty_criteria_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = differential_module.SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "criteria.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_criteria(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_missing_pattern_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "criteria.toml"
    path.write_text(differential_module.SHIPPED.read_text("utf-8").split('[[pattern]]\nlabel = "normal"')[0], "utf-8")
    with pytest.raises(UsageError, match="has no criteria for normal; describe every pattern"):
        load_criteria(path)


def test_faulty_stains_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tests.toml"
    path.write_text(
        'name = "x"\nserology = []\n[[stain]]\nname = "X"\nsource = "(C)"\nexpects.healthy = "none"\n', "utf-8"
    )
    with pytest.raises(UsageError, match="X: 'healthy' is not a valid PatternLabel"):
        load_tests(path)
