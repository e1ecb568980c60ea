"""From facts to standings: every item is answered with yes, no or unknown, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from histo.clinical.context import (
    NOTICE,
    ClinicalContext,
    CriterionStanding,
    CriterionState,
    Note,
    SubtypeStanding,
    SubtypeState,
)
from histo.clinical.facts import OLDEST_YEARS, ClinicalFacts, Result
from histo.clinical.rules import ClinicalMeasures, ClinicalRules, Criterion, Item, Subtype, shipped_rules
from histo.pattern.labels import PatternLabel

NOT_GIVEN = "not given"


@dataclass(frozen=True, slots=True)
class Answer:
    """To one item: yes, no, or None for unknown; and what it was told from."""

    value: bool | None
    because: str


def assess(facts: ClinicalFacts, label: PatternLabel, rules: ClinicalRules | None = None) -> ClinicalContext:
    """How the criteria stand.

    Args:
        facts: What was given.
        label: The reading's histologic pattern, which stays what it is.
        rules: The shipped ones if left out.

    Returns:
        The clinical section of the reading. What was not given is unknown, and never counts as unmet.
    """
    chosen = shipped_rules() if rules is None else rules
    answers = answer_items(facts, label, chosen.measures)
    return ClinicalContext(
        notice=NOTICE,
        facts=facts,
        subtypes=tuple(_stand(subtype, answers) for subtype in chosen.subtypes),
        notes=tuple(Note(one.text, one.source) for one in chosen.notes if answers[one.item].value is one.wanted),
        rules=chosen.name,
        rules_sha256=chosen.sha256,
        wording=chosen.wording,
    )


def answer_items(facts: ClinicalFacts, label: PatternLabel, measures: ClinicalMeasures) -> Mapping[Item, Answer]:
    """Every item, answered."""
    positive = [result is Result.POSITIVE for result in (facts.anti_srp, facts.anti_hmgcr)]
    return {
        Item.CK_RAISED: _ck_raised(facts, measures),
        Item.PROXIMAL_WEAKNESS: _yes_no(facts.proximal_weakness),
        Item.ANTI_SRP: _result(facts.anti_srp),
        Item.ANTI_HMGCR: _result(facts.anti_hmgcr),
        Item.OTHER_MYOSITIS_ANTIBODIES: _result(facts.other_myositis_antibodies),
        Item.NECROTIZING_PATTERN: _necrotizing(label),
        Item.STATIN_EXPOSURE: _yes_no(facts.statin_exposure),
        Item.EARLIER_TREATMENT: _yes_no(facts.earlier_treatment),
        Item.CHILD: Answer(
            None if facts.age_years is None else facts.age_years < measures.child_below_years, age_text(facts)
        ),
        Item.BOTH_ANTIBODIES: Answer(all(positive), NOT_GIVEN),
    }


def age_text(facts: ClinicalFacts) -> str:
    """The age in words."""
    if facts.age_years is None:
        return NOT_GIVEN
    return f"{facts.age_years} years" if facts.age_years <= OLDEST_YEARS else f"{OLDEST_YEARS + 1} years or older"


def _ck_raised(facts: ClinicalFacts, measures: ClinicalMeasures) -> Answer:
    highest, limit = facts.highest_ck_u_per_l, facts.ck_upper_limit_u_per_l
    if highest is None:
        return Answer(None, NOT_GIVEN)
    told = f"the highest given is {highest:,.0f} U/L"
    if limit is None:
        if highest >= measures.ck_raised_without_limit_u_per_l:
            return Answer(True, f"{told}, above any laboratory's upper limit (C)")
        return Answer(None, f"{told}, and the laboratory's upper limit is not given")
    told += f", the laboratory's upper limit {limit:,.0f} U/L"
    if highest > limit:
        return Answer(True, told)
    if facts.earlier_treatment:
        return Answer(None, f"{told}, but treatment was given before the biopsy")
    return Answer(False, told)


def _yes_no(value: bool | None) -> Answer:
    return Answer(value, NOT_GIVEN if value is None else f"given: {'yes' if value else 'no'}")


def _result(result: Result | None) -> Answer:
    return Answer(
        None if result is None else result is Result.POSITIVE, NOT_GIVEN if result is None else f"given: {result}"
    )


def _necrotizing(label: PatternLabel) -> Answer:
    told = f"this reading: {label.text}"
    if label in (PatternLabel.INDETERMINATE, PatternLabel.NOT_ASSESSABLE):
        return Answer(None, told)
    return Answer(label is PatternLabel.NECROTIZING, told)


def _stand(subtype: Subtype, answers: Mapping[Item, Answer]) -> SubtypeStanding:
    criteria = tuple(_judge(criterion, answers[criterion.item]) for criterion in subtype.criteria)
    by_state = {state: [one.text for one in criteria if one.state is state] for state in CriterionState}
    unmet, unknown = by_state[CriterionState.NOT_MET], by_state[CriterionState.UNKNOWN]
    if unmet:
        state, sentence = SubtypeState.NOT_MET, f"Not met: {', '.join(unmet)}."
        if unknown:
            sentence += f" Unknown: {', '.join(unknown)}."
    elif unknown:
        state, sentence = SubtypeState.OPEN, f"Open. Still needed: {', '.join(unknown)}."
    else:
        state = SubtypeState.ALL_MET
        proviso = "; everything listed as to be excluded must still be excluded" if subtype.to_exclude else ""
        sentence = f"All criteria, as restated here, are met by what was given{proviso}. This is no diagnosis."
    return SubtypeStanding(
        subtype.name, state, sentence, subtype.biopsy, criteria, subtype.to_exclude, subtype.source
    )  # fmt: skip


def _judge(criterion: Criterion, answer: Answer) -> CriterionStanding:
    if answer.value is None:
        state = CriterionState.UNKNOWN
    else:
        state = CriterionState.MET if answer.value is criterion.wanted else CriterionState.NOT_MET
    return CriterionStanding(criterion.text, state, answer.because, criterion.source)
