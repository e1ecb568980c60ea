"""How criteria stand: met, not met, unknown; and that what is unknown never counts against anything."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from histo.clinical import (
    ClinicalContext,
    ClinicalFacts,
    CriterionState,
    DayZero,
    Measurement,
    Result,
    SubtypeState,
    assess,
    load_rules,
)
from histo.clinical.rules import SHIPPED
from histo.errors import UsageError
from histo.evidence import from_dict
from histo.pattern import PatternLabel
from histo.records import plain

SERONEGATIVE = ClinicalFacts(
    biopsy="B1",
    proximal_weakness=True,
    anti_srp=Result.NEGATIVE,
    anti_hmgcr=Result.NEGATIVE,
    other_myositis_antibodies=Result.NEGATIVE,
    ck_upper_limit_u_per_l=190,
    day_zero=DayZero.BIOPSY,
    measurements=(Measurement(0, 4000.0),),
)

ck = st.floats(5, 1e6).map(round).map(float)
measurements = st.lists(st.builds(Measurement, st.none(), ck | st.none()), max_size=3).map(tuple)
results, answers = st.sampled_from([*Result, None]), st.sampled_from([True, False, None])
some_facts = st.builds(
    ClinicalFacts,
    biopsy=st.just("B1"),
    age_years=st.integers(0, 90) | st.none(),
    proximal_weakness=answers,
    statin_exposure=answers,
    earlier_treatment=answers,
    anti_srp=results,
    anti_hmgcr=results,
    other_myositis_antibodies=results,
    ck_upper_limit_u_per_l=st.sampled_from([None, 190.0, 320.0]),
    measurements=measurements,
)
labels = st.sampled_from(list(PatternLabel))


def states(context: ClinicalContext) -> list[SubtypeState]:
    return [subtype.state for subtype in context.subtypes]


def test_nothing_known_leaves_all_open() -> None:
    context = assess(ClinicalFacts("B1"), PatternLabel.NECROTIZING)
    assert states(context) == [SubtypeState.OPEN] * 3
    judged = [one.state for subtype in context.subtypes for one in subtype.criteria]
    assert judged.count(CriterionState.MET) == 1, "of a patient of whom nothing is known only the pattern is"
    assert CriterionState.NOT_MET not in judged
    assert context.notes == ()


def test_the_biopsy_counts_for_the_seronegative_subtype_alone() -> None:
    by_label = {label: states(assess(SERONEGATIVE, label)) for label in PatternLabel}
    assert {tuple(found[:2]) for found in by_label.values()} == {(SubtypeState.NOT_MET, SubtypeState.NOT_MET)}
    third = {label: found[2] for label, found in by_label.items()}
    assert third.pop(PatternLabel.NECROTIZING) is SubtypeState.ALL_MET
    assert third.pop(PatternLabel.INDETERMINATE) is SubtypeState.OPEN
    assert third.pop(PatternLabel.NOT_ASSESSABLE) is SubtypeState.OPEN
    assert set(third.values()) == {SubtypeState.NOT_MET}
    (*_, seronegative) = assess(SERONEGATIVE, PatternLabel.NECROTIZING).subtypes
    for mimic in ("dysferlin", "hypothyroid", "toxic", "checkpoint", "antisynthetase", "dermatomyositis"):
        assert any(mimic in one.text for one in seronegative.to_exclude), mimic
    assert "must still be excluded" in seronegative.sentence
    assert "no diagnosis" in seronegative.sentence


@pytest.mark.parametrize(
    ("highest", "limit", "treated", "state"),
    [
        (191.0, 190.0, None, CriterionState.MET),
        (190.0, 190.0, None, CriterionState.NOT_MET),
        (190.0, 190.0, True, CriterionState.UNKNOWN),
        (999.0, None, False, CriterionState.UNKNOWN),
        (1000.0, None, False, CriterionState.MET),
        (None, 190.0, False, CriterionState.UNKNOWN),
    ],
)
def test_ck_is_raised_above_the_laboratorys_own_limit(
    highest: float | None, limit: float | None, treated: bool | None, state: CriterionState
) -> None:
    values = () if highest is None else (Measurement(None, 20.0), Measurement(None, highest))
    facts = ClinicalFacts("B1", earlier_treatment=treated, ck_upper_limit_u_per_l=limit, measurements=values)
    assert assess(facts, PatternLabel.NORMAL).subtypes[0].criteria[0].state is state


@given(some_facts, labels, st.sampled_from([f.name for f in fields(ClinicalFacts) if f.name != "biopsy"]))
def test_what_is_forgotten_only_makes_more_unknown(facts: ClinicalFacts, label: PatternLabel, name: str) -> None:
    """Leaving a fact out never meets a criterion, and unmeets none, but where treatment excused a normal CK."""
    empty = () if name == "measurements" else None
    before, after = assess(facts, label), assess(replace(facts, **{name: empty}), label)
    for one, other in zip(before.subtypes, after.subtypes, strict=True):
        for was, now in zip(one.criteria, other.criteria, strict=True):
            excused = name == "earlier_treatment" and facts.earlier_treatment
            assert now.state in (was.state, CriterionState.UNKNOWN) or excused


@given(some_facts, labels)
def test_the_states_of_a_subtype_follow_from_its_criteria(facts: ClinicalFacts, label: PatternLabel) -> None:
    for subtype in assess(facts, label).subtypes:
        judged = {one.state for one in subtype.criteria}
        assert (subtype.state is SubtypeState.ALL_MET) == (judged == {CriterionState.MET})
        assert (subtype.state is SubtypeState.NOT_MET) == (CriterionState.NOT_MET in judged)
        assert all(one.source for one in (subtype, *subtype.criteria, *subtype.to_exclude))


@given(some_facts, labels)
def test_a_section_comes_back_from_its_document(facts: ClinicalFacts, label: PatternLabel) -> None:
    context = assess(facts, label)
    assert from_dict(ClinicalContext, plain(context)) == context


def test_rules_are_read_strictly(tmp_path: Path) -> None:
    shipped = SHIPPED.read_text(encoding="utf-8")
    for old, new, problem in (
        ('item = "anti_srp"', 'item = "anti_jo1"', "asks for 'anti_jo1'"),
        ('source = "10.1016/j.nmd.2017.09.016"\nbiopsy', 'source = " "\nbiopsy', "' ' is no text"),
        ("to_exclude = []", "", "lacks or has besides: to_exclude"),
        ("wanted = true", 'wanted = "yes"', "is compared with 'yes'"),
        ("[measures]", "other = 1\n[measures]", "lacks or has besides: other"),
    ):
        path = tmp_path / "rules.toml"
        path.write_text(shipped.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(UsageError) as caught:
            load_rules(path)
        assert problem in str(caught.value)
