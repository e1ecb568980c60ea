"""What a study reports is what its biopsies show, checked against other libraries, by hand, and by simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo.errors import UsageError
from histo.pattern import NAMED_PATTERNS, PatternLabel
from histo.pattern.features import FEATURES
from train.study.error_model import ErrorModel
from train.study.normal_sections import NormalSection
from train.study.predictions import Predictions
from train.study.prevalence import Prevalence, read_prevalence
from train.study.ranking_measures import calibration_error, macro_auc, weighted_auc
from train.study.records import Record
from train.study.results import COLUMNS, ROWS, final_labels, summarize_study
from train.study.scenarios import AS_MEASURED, SCENARIOS
from train.study.section_errors import SHAPES, SectionErrors
from train.study.study_page import study_document, write_study
from train.study.study_run import Study, feature_shift

N, I = PatternLabel.NECROTIZING, PatternLabel.INDETERMINATE  # noqa: E741
NORMAL, REFUSED = PatternLabel.NORMAL, PatternLabel.NOT_ASSESSABLE
EVEN = Prevalence("even", "(C)", {"imnm_srp": 0.25, "normal": 0.75})


def record(
    number: int, disease: str, pattern: PatternLabel, label: PatternLabel, levels: tuple[PatternLabel, ...] = ()
) -> Record:
    rng = np.random.default_rng(number)
    return Record(
        number=number,
        seed=number,
        disease=disease,
        pattern=pattern,
        mm2=4.0,
        fibers=900,
        label=label,
        refusal="too_few_fibers" if label is REFUSED else "",
        levels=levels or (label,),
        features=rng.uniform(0.5, 2, len(FEATURES)),
    )


RECORDS = (
    record(1, "imnm_srp", N, N, (N, N)),
    record(2, "imnm_srp", N, N, (N, I)),
    record(3, "imnm_srp", N, NORMAL),
    record(4, "imnm_srp", I, I),
    record(5, "normal", NORMAL, NORMAL),
    record(6, "normal", NORMAL, NORMAL),
    record(7, "normal", NORMAL, N),
    record(8, "normal", NORMAL, REFUSED),
)


def predictions(sets: list[tuple[bool, bool]]) -> Predictions:
    share = np.linspace(0.9, 0.2, len(sets))
    probability = np.stack([share, 1 - share], axis=1)
    return Predictions((N, NORMAL), probability, probability, np.array(sets), 90.0, "simulator")


def test_labels_are_counted_against_the_truth() -> None:
    found = summarize_study(RECORDS, None, EVEN)
    assert found.confusion.sum() == len(RECORDS)
    assert found.confusion[ROWS.index(N), COLUMNS.index(N)] == 2
    assert found.metrics["label.right"].value == pytest.approx(4 / 7)
    assert found.metrics["label.right_where_named"].value == pytest.approx(4 / 6)
    assert found.metrics["refused"].value == pytest.approx(1 / 8)
    assert found.metrics["levels.disagree"].value == pytest.approx(1 / 2)
    assert found.metrics["necrotizing.sensitivity"].value == pytest.approx(2 / 3)
    assert found.metrics["necrotizing.specificity"].value == pytest.approx(3 / 4)
    assert found.refusals == {"too_few_fibers": 1}
    assert "auc.macro" not in found.metrics


def test_predictive_values_hold_for_the_stated_mix() -> None:
    """By Bayes' rule: sensitivity 2/4 and false alarms 1/4 of all, 1/3 of the assessed normal ones being wrong."""
    found = summarize_study(RECORDS, None, EVEN).metrics
    assert found["ppv.imnm"].value == pytest.approx(0.25 * 0.5 / (0.25 * 0.5 + 0.75 * 0.25))
    assert found["npv.imnm"].value == pytest.approx(0.75 * 0.5 / (0.75 * 0.5 + 0.25 * 0.5))
    assert found["prevalence.imnm"].value == pytest.approx(0.25)
    rare = Prevalence("rare", "(C)", {"imnm_srp": 0.01, "normal": 0.99})
    assert summarize_study(RECORDS, None, rare).metrics["ppv.imnm"].value < found["ppv.imnm"].value


def test_a_set_that_contradicts_the_table_makes_a_biopsy_indeterminate() -> None:
    against = predictions([(False, True), (False, False), (False, False), (True, True)] + 4 * [(True, True)])
    labels = final_labels(RECORDS, against)
    assert labels[0] is I
    assert labels[1:3] == (N, I), "where it is empty the likeliest stands for it"
    assert labels[4] is NORMAL, "a set that agrees changes nothing"
    found = summarize_study(RECORDS, against, EVEN)
    assert found.metrics["sets.coverage"].value == pytest.approx(3 / 6), "of those that are not refused"
    assert found.metrics["sets.size"].value == pytest.approx((1 + 0 + 0 + 2 + 2 + 2) / 6)


def test_near_misses_that_read_necrotizing_are_named() -> None:
    wrong = record(9, "lipid_storage", I, N)
    found = summarize_study((*RECORDS, wrong), None, EVEN)
    assert found.misread == (wrong.name,)
    assert found.near_misses == {"lipid_storage": {"necrotizing": 1}}


def test_areas_under_the_curve_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    score = np.round(rng.random(200), 1)
    true = rng.random(200) < 0.3 + 0.4 * score
    times = rng.integers(0, 4, (3, 200)).astype(float)
    found = weighted_auc(score, true, times)
    for one, weight in zip(found, times, strict=True):
        assert one == pytest.approx(roc_auc_score(true, score, sample_weight=weight))
    probability, truth = rng.dirichlet([1, 1, 1], 300), rng.integers(0, 3, 300)
    mean, _ = macro_auc(probability, truth, np.ones((1, 300)))
    assert mean[0] == pytest.approx(roc_auc_score(truth, probability, multi_class="ovr"))


def test_calibrated_probabilities_have_no_error_and_bold_ones_have() -> None:
    rng = np.random.default_rng(1)
    probability = rng.dirichlet([1, 1, 1], 8000)
    truth = np.array([rng.choice(3, p=row) for row in probability])
    bold = probability**3 / (probability**3).sum(axis=1, keepdims=True)
    once = np.ones((1, len(truth)))
    assert calibration_error(probability, truth, once)[0] < 0.025
    assert calibration_error(bold, truth, once)[0] > 0.1


def test_the_shipped_mix_and_faulty_ones(tmp_path: Path) -> None:
    mix = read_prevalence()
    assert sum(mix.shares.values()) == pytest.approx(1)
    assert sum(mix.weights(list(mix.shares))) == pytest.approx(1)
    path = tmp_path / "mix.toml"
    for text, problem in (
        ('name = "a"\nsource = "b"\n[shares]\nflu = 1.0\n', "unknown disease flu"),
        ('name = "a"\nsource = "b"\n[shares]\nnormal = -1.0\n', "share -1.0"),
        ('name = "a"\nsource = "b"\n[shares]\nnormal = 0\n', "no share above 0"),
        ('name = "a"\nsource = " "\n[shares]\nnormal = 1\n', "no source"),
        ("[shares]\nnormal = 1\n", "is no mix"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError, match=problem):
            read_prevalence(path)


NORMAL_SECTIONS = tuple(
    NormalSection(number, 4.0, 900, number, grade)
    for number, grade in enumerate(("candidates", "none", "mild", "not_assessed"))
)


def test_the_files_of_a_study_say_what_it_measures(tmp_path: Path) -> None:
    sets = predictions(len(RECORDS) * [(True, True)])
    results = summarize_study(RECORDS, sets, EVEN)
    section = SectionErrors(**{name: np.ones(shape) for name, shape in SHAPES.items()})
    errors = ErrorModel("phantom 1", "a" * 64, "r", "p", (1, 2), ("normal", "normal"), (section, section))
    worst = {one.name: (one, results) for one in (AS_MEASURED, SCENARIOS[0])}
    study = Study(errors, EVEN, "simulator", results, results, worst, NORMAL_SECTIONS, feature_shift(RECORDS, RECORDS))
    document = json.loads(json.dumps(study_document(study)))
    assert document["worst_case"]["worst"]["auc.macro"][0] in worst
    assert next(floor["figure"] for floor in document["floors"]).startswith("macro AUC")
    assert document["floors"][-1]["value"]["value"] == 0.5
    assert document["floors"][-1]["reached"] is False
    assert document["normal_sections"]["grades"] == {"none": 1, "candidates": 1, "mild": 1, "not_assessed": 1}
    assert all(shift == pytest.approx(0) for shift in document["rendered_less_sampled"].values())
    for file in write_study(study, tmp_path):
        text = file.read_text(encoding="utf-8")
        assert "This measures the simulator" in text
        assert "http" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
            "http://creativecommons.org", ""
        )
    assert (tmp_path / "study.html").read_text(encoding="utf-8").count("<svg") == 6
    assert len(NAMED_PATTERNS) == len(COLUMNS) - 2
