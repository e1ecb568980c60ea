"""From evidence to a reading: labels, reasons, refusals, honesty."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graded_evidence import SIDE, fit, mixed_necrosis, weigh
from hypothesis import given, settings
from hypothesis import strategies as st
from section_makers import PITCH_UM, lattice, make_slide, random_slide

from histo.evidence import BiopsyEvidence, to_dict, weigh_evidence
from histo.findings import FiberAttribute, FiberClass
from histo.pattern import (
    NOTHING_ASSESSED,
    Infiltration,
    Invasion,
    Necrosis,
    PatternLabel,
    PatternReading,
    RecoveryVerdict,
    Spread,
    Suitability,
    Zone,
    differential,
    further_tests,
    load_conventions,
    read_pattern,
    table,
)
from histo.pattern import conventions as conventions_module
from histo.pattern.grading import grade

CONVENTIONS = load_conventions()
FAST = replace(CONVENTIONS.measures, permutations=19)
SEVERITY = [kind for kind in Necrosis if kind is not Necrosis.NOT_ASSESSED]


def read(evidence: BiopsyEvidence, *suitability: Suitability) -> PatternReading:
    return read_pattern(evidence, suitability or [fit(slide.name) for slide in evidence.slides], CONVENTIONS)


def test_scattered_necrosis_of_mixed_age_without_inflammation_is_necrotizing() -> None:
    reading = read(weigh(mixed_necrosis(0.08)))
    assert reading.label is PatternLabel.NECROTIZING
    assert reading.label_text == "necrotizing pattern, compatible with IMNM"
    assert reading.differential[0].label is PatternLabel.NECROTIZING
    assert reading.refusal is None
    assert "IMNM is a clinical, serological and histologic diagnosis" in reading.caveats[0]
    assert "anti-HMGCR" in reading.serology
    assert reading.stains[0].expected[0][0] is PatternLabel.NECROTIZING


@pytest.mark.parametrize("per_mm2", [20.0, 60.0])
@pytest.mark.parametrize("share", [0.03, 0.08, 0.3, 0.6])
def test_necrosis_in_an_infiltrate_is_never_necrotizing_nor_normal(share: float, per_mm2: float) -> None:
    """As in a muscle injured by a toxin: necrosis, and inflammatory cells between the fibers."""
    reading = read(weigh(mixed_necrosis(share), per_mm2))
    assert reading.grades.infiltration in (Infiltration.PRESENT, Infiltration.DENSE)
    assert reading.label not in (PatternLabel.NECROTIZING, PatternLabel.NORMAL)


@pytest.mark.parametrize("share", [0.4, 0.6, 0.9])
def test_where_most_fibers_are_necrotic_nothing_is_scattered(share: float) -> None:
    """Even if every inflammatory cell was missed."""
    reading = read(weigh(mixed_necrosis(share)))
    assert reading.grades.spread is Spread.CLUSTERED or reading.grades.necrosis is Necrosis.EXTENSIVE
    assert reading.label not in (PatternLabel.NECROTIZING, PatternLabel.NORMAL)


def test_an_early_sheet_across_fascicles_is_zonal() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    kinds = np.where((column > 3) & (column < 15) & (row > 3) & (row < 15), FiberClass.NECROTIC_PALE, 0)
    reading = read(weigh(kinds))
    assert reading.label is PatternLabel.ZONAL_NECROSIS
    assert reading.grades.zone is Zone.ACROSS_FASCICLES
    (zone,) = [reason for reason in reading.reasons if reason.finding == "zone"]
    assert set(zone.places[0].fiber_ids) <= set(np.flatnonzero(kinds))


def test_a_healthy_section_is_normal() -> None:
    reading = read(weigh())
    assert reading.label is PatternLabel.NORMAL
    assert reading.grades.necrosis is Necrosis.NONE


def test_calls_of_myophagocytosis_with_few_macrophages_inside_are_to_be_looked_at() -> None:
    """The convention is told beside the call and changes neither the call nor the label."""
    kinds = mixed_necrosis(0.08)
    reading = read(weigh(kinds))
    calls = int(np.count_nonzero(kinds == FiberClass.MYOPHAGOCYTOSIS))
    (caveat,) = [caveat for caveat in reading.caveats if "called myophagocytosis" in caveat]
    assert caveat == (
        f"Of {calls} fibers called myophagocytosis 0 hold at least 3 macrophage-type nuclei, the number of the "
        f"conventions; 0 hold 2 (possible) and {calls} fewer: look at those."
    )
    (necrosis,) = [reason for reason in reading.reasons if reason.finding == "necrosis"]
    assert f"{calls} with myophagocytosis, of which 0 hold 3 or more macrophage-type nuclei)" in necrosis.sentence
    assert reading.label is PatternLabel.NECROTIZING


def test_uncalled_fibers_with_macrophages_inside_are_to_be_looked_at() -> None:
    evidence = weigh(mixed_necrosis(0.08))
    support = replace(evidence.pooled.phagocytes, uncalled_fibers=2)
    reading = read(replace(evidence, pooled=replace(evidence.pooled, phagocytes=support)))
    assert (
        "2 fibers not called necrotic hold at least 3 macrophage-type nuclei: possible myophagocytosis, counted "
        "neither as necrotic nor as infiltrate: look at those."
    ) in reading.caveats
    assert not any("not called necrotic hold" in caveat for caveat in read(evidence).caveats)


def test_of_one_the_sentences_speak_in_the_singular() -> None:
    kinds = np.zeros(SIDE**2, np.uint8)
    kinds[100] = FiberClass.NECROTIC_PALE
    reading = read(weigh(kinds))
    text = " ".join([*reading.caveats, *(reason.sentence for reason in reading.reasons)])
    assert "1 necrotic fibers" not in text
    assert "1 fibers" not in text
    assert "1 fiber called necrotic is no more than false calls would give: look at it." in reading.caveats


def test_few_necrotic_fibers_are_candidates_for_review() -> None:
    kinds = np.zeros(SIDE**2, np.uint8)
    kinds[:2] = FiberClass.NECROTIC_HYALINE
    reading = read(weigh(kinds))
    assert reading.grades.necrosis is Necrosis.CANDIDATES
    assert reading.label is PatternLabel.NORMAL
    assert "2 fibers called necrotic are no more than false calls would give: look at them." in reading.caveats
    (necrosis,) = [reason for reason in reading.reasons if reason.finding == "necrosis"]
    assert necrosis.sentence.endswith(
        "That is no more than the 4 that false calls alone may give at 1.5 per 1,000 healthy fibers, standard "
        "deviation 2 between sections (assumed): candidates for review."
    )
    assert necrosis.places[0].fiber_ids == (0, 1)


def test_where_moderate_necrosis_could_hide_among_false_calls_it_is_not_graded_and_that_is_said() -> None:
    kinds = np.zeros(SIDE**2, np.uint8)
    kinds[:2] = FiberClass.NECROTIC_HYALINE
    few = replace(CONVENTIONS.necrosis, moderate_from_percent=0.01, normal_fibers_per_section=1)
    conventions = replace(CONVENTIONS, necrosis=few)
    evidence = weigh(kinds)
    reading = read_pattern(evidence, [fit(slide.name) for slide in evidence.slides], conventions)
    assert reading.grades.necrosis is Necrosis.NOT_ASSESSED
    (necrosis,) = [reason for reason in reading.reasons if reason.finding == "necrosis"]
    assert necrosis.sentence.startswith("2 fibers of ")
    assert necrosis.sentence.endswith("moderate necrosis could hide among them, so it is not graded.")


def test_candidates_for_invasion_speak_against_a_necrotizing_pattern() -> None:
    evidence = weigh(mixed_necrosis(0.08))
    grades = replace(read(evidence).grades, invasion=Invasion.CANDIDATES)
    row = table.shipped_table().decide(grades)
    assert (row.id, row.label) == ("necrotic with invasion", PatternLabel.INDETERMINATE)
    (necrotizing,) = [one for one in differential.rank_candidates(grades) if one.label is PatternLabel.NECROTIZING]
    assert "no candidates for fiber invasion" in necrotizing.unmet


def test_small_fibers_along_fascicle_edges_are_perifascicular_atrophy() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    rim = (column % 8 % 7 == 0) | (row % 8 % 7 == 0)
    reading = read(weigh(diameter_um=np.where(rim & (np.arange(SIDE**2) % 2 == 0), 20.0, 50.0)))
    assert reading.label is PatternLabel.PERIFASCICULAR_ATROPHY


def test_necrosis_along_fascicle_edges_is_perifascicular_necrosis() -> None:
    column, row = (lattice(SIDE, SIDE) // PITCH_UM).astype(int).T
    rim = (column % 8 % 7 == 0) | (row % 8 % 7 == 0)
    kinds = np.where(rim & (np.arange(SIDE**2) % 5 == 0), FiberClass.MYOPHAGOCYTOSIS, 0)
    assert read(weigh(kinds)).label is PatternLabel.PERIFASCICULAR_NECROSIS


def test_marked_chronic_change_is_dystrophic() -> None:
    diameter_um = np.random.default_rng(0).uniform(15, 60, SIDE**2)
    internal = np.random.default_rng(1).random(SIDE**2) < 0.3
    evidence = weigh(diameter_um=diameter_um, attributes={FiberAttribute.INTERNAL_NUCLEUS: internal})
    assert read(evidence).label is PatternLabel.DYSTROPHIC


@given(st.integers(0, 400), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_one_more_necrotic_fiber_never_lowers_the_grade(count: int, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(441)
    grades = []
    for necrotic in (count, count + 1):
        kinds = np.zeros(441, np.uint8)
        kinds[order[:necrotic]] = FiberClass.NECROTIC_PALE
        evidence = weigh_evidence([make_slide("a", 21, 21, kinds)], measures=FAST)
        grades.append(SEVERITY.index(grade(evidence.pooled, 1, CONVENTIONS).necrosis))
    assert grades[1] >= grades[0]


UNFIT = [
    (
        {"stain_ok": False, "stain_guess": "fluorescence"},
        "wrong_stain",
        "a does not look like H&E but like this: fluorescence.",
        "read an H&E section, or leave this slide out",
    ),
    (
        {"finest_um_per_px": 1.6},
        "scale_too_coarse",
        "The finest level of a has 1.6 um per pixel; above 1 inflammatory cells cannot be told.",
        "scan the slide at x20 or finer",
    ),
    (
        {"artefact_percent": 81.0},
        "too_many_artefacts",
        "81% of the tissue of a is artefact; at most 60% may be.",
        "cut or scan another section",
    ),
    (
        {"unreadable_percent": 33.0},
        "unreadable_tissue",
        "33% of the tissue of a cannot be read from the file; at most 20% may be missing.",
        "copy the file again, or scan again",
    ),
]


@pytest.mark.parametrize(("changes", "code", "sentence", "remedy"), UNFIT, ids=[case[1] for case in UNFIT])
def test_an_unfit_slide_is_refused(changes: dict[str, object], code: str, sentence: str, remedy: str) -> None:
    reading = read(weigh(mixed_necrosis(0.08)), fit(**changes))
    assert reading.label is PatternLabel.NOT_ASSESSABLE
    assert reading.refusal is not None
    assert (reading.refusal.code, reading.refusal.sentence, reading.refusal.remedy) == (code, sentence, remedy)
    assert reading.refusal.slide == "a"
    assert reading.summary == f"No pattern is named. {sentence} Remedy: {remedy}."


def test_too_little_tissue_and_too_few_fibers_are_refused_together() -> None:
    reading = read(weigh_evidence([make_slide("a", 9, 11)]))
    assert reading.refusal is not None
    assert reading.refusal.sentence == "0.36 mm2 of tissue can be assessed; a pattern needs 1 mm2."
    assert [refusal.code for refusal in reading.further_refusals] == ["too_few_fibers"]
    assert reading.further_refusals[0].sentence == "99 muscle fibers were found; a pattern needs 100."


def test_lengthwise_cuts_are_refused() -> None:
    oblique = np.arange(SIDE**2) % 5 > 0
    reading = read(weigh(attributes={FiberAttribute.OBLIQUE: oblique}))
    assert reading.refusal is not None
    assert reading.refusal.sentence == "20% of the fibers were cut transversely; a pattern needs 30%."


def test_muscle_that_could_not_be_outlined_is_refused() -> None:
    """Tissue that reads as muscle, with a small fiber here and there: their counts do not speak for it."""
    reading = read(weigh(diameter_um=np.full(SIDE**2, 28.0)))
    assert reading.refusal is not None
    assert reading.refusal.code == "few_outlines"
    assert reading.refusal.sentence == "Fibers could be outlined on 18% of what reads as muscle; a pattern needs 25%."


@pytest.mark.parametrize(("diameter_um", "refused"), [(11.0, True), (13.0, False), (151.0, True), (149.0, False)])
def test_fibers_that_no_muscle_has_are_refused(diameter_um: float, refused: bool) -> None:
    reading = read(weigh(diameter_um=np.full(SIDE**2, diameter_um)))
    found = [] if reading.refusal is None else [reading.refusal, *reading.further_refusals]
    assert ("implausible_fibers" in {refusal.code for refusal in found}) is refused


@pytest.mark.parametrize(("large_um", "refused"), [(80.0, False), (150.0, True)])
def test_sizes_that_vary_as_no_muscle_does_are_refused(large_um: float, refused: bool) -> None:
    """One fiber in ten is far larger than the others: with 150 um the diameters vary by 1.2 of their mean."""
    diameter_um = np.where(np.arange(SIDE**2) % 10 == 0, large_um, 18.0)
    reading = read(weigh(diameter_um=diameter_um))
    found = [] if reading.refusal is None else [reading.refusal, *reading.further_refusals]
    assert ("implausible_variation" in {refusal.code for refusal in found}) is refused


def test_nothing_at_all_is_refused_not_normal() -> None:
    reading = read(weigh_evidence([]))
    assert reading.label is PatternLabel.NOT_ASSESSABLE
    assert reading.differential == ()


@given(st.integers(0, 1000), st.sampled_from(UNFIT))
@settings(max_examples=10, deadline=None)
def test_refusal_wins_over_any_evidence(seed: int, unfit: tuple[dict[str, object], str, str, str]) -> None:
    evidence = weigh_evidence(
        [random_slide("a", seed, 24, 24, necrotic=0.1), make_slide("b", SIDE, SIDE)], measures=FAST
    )
    reading = read(evidence, fit("a", **unfit[0]), fit("b"))
    assert reading.label is PatternLabel.NOT_ASSESSABLE
    assert reading.grades == NOTHING_ASSESSED
    assert reading.reasons == ()
    # The other slide, on its own, is fit: that is still told.
    assert [slide.label for slide in reading.slides] == [PatternLabel.NOT_ASSESSABLE, PatternLabel.NORMAL]


def test_slides_that_disagree_are_told() -> None:
    slides = [make_slide("a", SIDE, SIDE, mixed_necrosis(0.12), fascicle_fibers=8), make_slide("b", SIDE, SIDE)]
    reading = read(weigh_evidence(slides))
    assert [slide.label for slide in reading.slides] == [PatternLabel.NECROTIZING, PatternLabel.NORMAL]
    assert reading.label is PatternLabel.NECROTIZING
    assert "Read alone, some slides would say otherwise: b: normal or minimal change." in reading.caveats


@given(st.integers(0, 1000), st.floats(0, 0.5))
@settings(max_examples=10, deadline=None)
def test_a_reading_is_plain_json_explains_every_finding_and_says_what_it_is(seed: int, necrotic: float) -> None:
    reading = read(weigh_evidence([random_slide("a", seed, 24, 24, necrotic)], measures=FAST))
    plain = json.loads(json.dumps(to_dict(reading), allow_nan=False))
    assert plain["label"] == reading.label.value
    assert {reason.finding for reason in reading.reasons} == set(plain["grades"])
    assert all(reason.sentence.endswith(".") for reason in reading.reasons)
    assert [reason.decisive for reason in reading.reasons] == sorted(
        (r.decisive for r in reading.reasons), reverse=True
    )
    assert reading.disclaimer.startswith("Research use only. A histologic pattern, not a diagnosis;")
    assert "uncalibrated" in reading.summary
    assert "%" not in "".join(candidate.text for candidate in reading.differential)
    assert reading.conventions == "histo conventions 1"


@pytest.mark.parametrize("share", [0.08, 0.0])
def test_a_reading_names_every_file_that_decided_it_with_its_digest(share: float) -> None:
    """Also on a refusal: two files of one name need not be the same file."""
    reading = read(weigh(mixed_necrosis(share)), fit(stain_ok=share > 0))
    shipped = {
        "conventions": conventions_module.SHIPPED,
        "decision_table": table.SHIPPED,
        "criteria": differential.SHIPPED,
        "further_tests": further_tests.SHIPPED,
    }
    assert [rule.role for rule in reading.rules] == list(shipped)
    for rule in reading.rules:
        assert rule.sha256 == hashlib.sha256(shipped[rule.role].read_bytes()).hexdigest()
        assert f'name = "{rule.name}"' in shipped[rule.role].read_text(encoding="utf-8")
    assert reading.conventions == reading.rules[0].name


def test_another_table_is_told_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_text(table.SHIPPED.read_text(encoding="utf-8") + "\n# ours\n", encoding="utf-8")
    own = read_pattern(weigh(), [fit("a")], CONVENTIONS, table.load_table(path))
    assert own.rules[1].name == read(weigh()).rules[1].name
    assert own.rules[1].sha256 != read(weigh()).rules[1].sha256


@pytest.mark.parametrize(("necrosis", "refuse"), [("seen", False), ("cannot tell", False), ("poor", True)])
def test_what_implants_say_is_told_and_only_poor_sight_refuses(necrosis: str, refuse: bool) -> None:
    sentence = "7 of 120 necrotic fibers that were drawn in came back."
    verdict = RecoveryVerdict(necrosis, "seen", refuse, (sentence,))
    evidence = weigh(mixed_necrosis(0.08))
    reading = read(evidence, fit(recovery=verdict))
    if refuse:
        assert reading.refusal is not None
        assert (reading.refusal.code, reading.label) == ("implants_not_seen", PatternLabel.NOT_ASSESSABLE)
        assert sentence in reading.refusal.sentence
    else:
        plain = read(evidence)
        (told,) = set(reading.caveats) - set(plain.caveats)
        assert sentence in told
        assert replace(reading, caveats=plain.caveats) == plain
