"""Fitting the differential, against biopsies that were drawn from a model that is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from section_makers import random_slide
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from histo.errors import UsageError
from histo.evidence import standard_measures, weigh_evidence
from histo.pattern import FEATURES, Calibration, PatternLabel, digest_of, features_of, load_calibration
from histo.records import plain
from train.biopsies import Biopsies, gather_readings, read_biopsies, write_biopsies
from train.biopsy_labels import label, read_labels
from train.commands import application
from train.pattern_figures import areas, measure
from train.pattern_fit import Crossed, conformal_limits, fit_calibration, fit_temperature, softmax

LABELS = (PatternLabel.NECROTIZING, PatternLabel.DYSTROPHIC, PatternLabel.NORMAL)
INFORMATIVE = ("size_variation", "endomysium", "early")
SLOPES = np.array([[1.6, -0.8, -0.8], [-0.6, 1.4, -0.8], [0.9, 0.0, -0.9]])
WEIGHTS = "ef" * 32


def draw(count: int, seed: int) -> tuple[Biopsies, np.ndarray]:
    """Biopsies whose labels are drawn from a multinomial model on three features, and its probabilities.

    A fourth feature says nothing and is missing in every fifth; two biopsies in three have a patient of their own.
    """
    random = np.random.default_rng(seed)
    features = np.zeros((count, len(FEATURES)))
    names = [feature.name for feature in FEATURES]
    ratios = [at for at, feature in enumerate(FEATURES) if feature.axis == "ratio"]
    features[:, ratios] = 1.0
    known = random.normal(size=(count, 3))
    features[:, [names.index(name) for name in INFORMATIVE]] = known
    features[:, names.index("fat")] = np.where(np.arange(count) % 5, random.uniform(0, 20, count), np.nan)
    probabilities = softmax(known @ SLOPES)
    drawn = (random.random(count)[:, None] > np.cumsum(probabilities, axis=1)).sum(axis=1)
    biopsies = Biopsies(
        names=tuple(f"B{number:04d}" for number in range(count)),
        patients=tuple(f"P{number * 2 // 3:04d}" for number in range(count)),
        labels=tuple(LABELS[at] for at in drawn),
        features=features,
        weights_sha256=WEIGHTS,
        measures_sha256=digest_of(standard_measures()),
    )
    return biopsies, probabilities


@pytest.fixture(scope="module", autouse=True)
def few_penalties() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.pattern_fit.STRENGTHS", (0.1, 1.0))
        yield


@pytest.fixture(scope="module")
def fitted() -> tuple[Calibration, Crossed, Biopsies]:
    biopsies, _ = draw(420, seed=11)
    return *fit_calibration(biopsies, "example", "simulator"), biopsies


def test_probabilities_are_those_that_labels_were_drawn_from(fitted: tuple) -> None:
    calibration, _, _ = fitted
    biopsies, true = draw(2000, seed=12)
    found = calibration.probabilities(biopsies.features)
    assert np.abs(found - true).mean() < 0.04
    assert calibration.temperature == pytest.approx(1, abs=0.25)


def test_sets_cover_each_pattern_as_often_as_stated_on_biopsies_never_seen(fitted: tuple) -> None:
    """Within what chance gives, both of the biopsies that limits came from and of the new ones."""
    calibration, _, _ = fitted
    biopsies, _ = draw(3000, seed=13)
    in_set = calibration.sets(biopsies.features)
    for at, own in enumerate(LABELS):
        rows = np.array([found is own for found in biopsies.labels])
        trained = calibration.biopsies[at]
        deviation = np.sqrt(0.09 * (1 / rows.sum() + 1 / trained))
        assert abs(in_set[rows, at].mean() - 0.9) < 3.3 * deviation


def test_the_figures_are_those_of_an_independent_library(fitted: tuple) -> None:
    _, crossed, biopsies = fitted
    figures = {figure.name: figure for figure in measure(crossed, biopsies.patients, 90)}
    expected = roc_auc_score(crossed.truth, softmax(crossed.scores), multi_class="ovr")
    assert figures["macro_auc"].value == pytest.approx(expected, abs=1e-9)
    assert figures["macro_auc"].low < figures["macro_auc"].value < figures["macro_auc"].high
    assert figures["accuracy_of_first"].value == np.mean(crossed.scores.argmax(axis=1) == crossed.truth)
    assert figures["ece"].value < 0.08
    assert abs(figures["set_coverage"].value - 0.9) < 0.05
    assert 1 < figures["mean_set_size"].value < 2.2
    assert figures["ece"].n == len(set(biopsies.patients))


def test_a_pattern_of_few_biopsies_does_not_join_every_set() -> None:
    """Nine biopsies have a limit of all folds, 9 x 0.9 rounded up; any four folds of five have none."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], [9, 91])
    scores = rng.normal(size=(100, 2)) + 6 * np.eye(2)[truth]
    labels = (PatternLabel.PERIFASCICULAR_NECROSIS, PatternLabel.NECROTIZING)
    crossed = Crossed(labels, truth, scores, np.arange(100) % 5)
    figures = {figure.name: figure.value for figure in measure(crossed, tuple(map(str, range(100))), 90.0)}
    assert figures["mean_set_size"] < 1.3
    assert figures["set_coverage"] >= 0.85


def test_equal_scores_count_half() -> None:
    random = np.random.default_rng(2)
    score, positive = random.integers(0, 4, 60).astype(float), random.random(60) < 0.4
    weight = random.integers(0, 3, (1, 60)).astype(float)
    expected = roc_auc_score(positive, score, sample_weight=weight[0])
    assert areas(score, positive, weight)[0] == pytest.approx(expected)


def test_no_patient_is_scored_by_a_model_that_saw_him(fitted: tuple) -> None:
    _, crossed, biopsies = fitted
    for patient in set(biopsies.patients):
        folds = {int(fold) for fold, own in zip(crossed.fold, biopsies.patients, strict=True) if own == patient}
        assert len(folds) == 1


def test_scores_that_boast_are_cooled() -> None:
    random = np.random.default_rng(3)
    scores = random.normal(size=(4000, 3))
    truth = (random.random(4000)[:, None] > np.cumsum(softmax(scores), axis=1)).sum(axis=1)
    assert fit_temperature(3 * scores, truth) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("count", [9, 19, 40])
def test_limits_cover_one_more_biopsy_as_often_as_stated(count: int) -> None:
    """Of n + 1 exchangeable biopsies the last is covered with probability ceil(0.9 (n + 1)) / (n + 1)."""
    random, draws = np.random.default_rng(count), 4000
    covered = 0
    for _ in range(draws):
        own = random.random(count + 1)
        probabilities = np.stack([own[:-1], 1 - own[:-1]], axis=1)
        limit = conformal_limits(probabilities, np.zeros(count, np.int64), 90)[0]
        covered += 1 - own[-1] <= limit
    exact = np.ceil(0.9 * (count + 1)) / (count + 1)
    low, high = binom.interval(0.999, draws, exact)
    assert low <= covered <= high


def test_where_a_telling_feature_is_missing_sets_are_wider(fitted: tuple) -> None:
    calibration, _, _ = fitted
    biopsies, _ = draw(400, seed=14)
    without = biopsies.features.copy()
    without[:, [feature.name for feature in FEATURES].index("size_variation")] = np.nan
    assert calibration.sets(without).sum() > calibration.sets(biopsies.features).sum()


def test_two_patterns_are_enough() -> None:
    biopsies, _ = draw(120, seed=15)
    rows = [row for row, own in enumerate(biopsies.labels) if own is not PatternLabel.NORMAL]
    calibration, _ = fit_calibration(biopsies.select(rows), "two", "Basel")
    probabilities = calibration.probabilities(biopsies.features[rows])
    truth = np.array([own is PatternLabel.NECROTIZING for own in biopsies.select(rows).labels])
    assert roc_auc_score(truth, probabilities[:, 0]) > 0.8


def test_too_few_patients_of_a_pattern_are_refused() -> None:
    biopsies, _ = draw(60, seed=16)
    rows = [row for row, own in enumerate(biopsies.labels) if own is not PatternLabel.NORMAL]
    normal = [row for row, own in enumerate(biopsies.labels) if own is PatternLabel.NORMAL][:5]
    with pytest.raises(UsageError) as caught:
        fit_calibration(biopsies.select(rows + normal), "few", "Basel")
    patients = len({biopsies.patients[row] for row in normal})
    assert str(caught.value) == (
        f"labels: normal comes from {patients} patients, and 90% sets need 9; "
        "label more biopsies, or leave this pattern's out"
    )


def test_a_table_gives_back_exactly_what_was_written(tmp_path: Path) -> None:
    biopsies = replace(draw(30, seed=17)[0], labels=(None, *draw(30, seed=17)[0].labels[1:]))
    write_biopsies(tmp_path / "table.parquet", biopsies)
    back = read_biopsies(tmp_path / "table.parquet")
    assert np.array_equal(back.features, biopsies.features, equal_nan=True)
    for name in ("names", "patients", "labels", "weights_sha256", "measures_sha256"):
        assert getattr(back, name) == getattr(biopsies, name)


def test_labels_replace_those_of_the_table_and_bring_patients(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("biopsy,label,patient\nB0002,normal,Q1\nB0001,dystrophic,\n", encoding="utf-8")
    named = label(draw(10, seed=18)[0], path)
    assert (named.names, named.patients) == (("B0001", "B0002"), ("B0001", "Q1"))
    assert named.labels == (PatternLabel.DYSTROPHIC, PatternLabel.NORMAL)


def write_reading(
    folder: Path, name: str, seed: int, weights_sha256: str = WEIGHTS, refusal: object = None
) -> np.ndarray:
    """A reading as `histo read` writes it, as far as a fit looks; gives its features."""
    evidence = weigh_evidence([random_slide(name, seed)])
    document = {
        "schema": "histo.reading",
        "schema_version": "1.2",
        "name": name,
        "pattern": {"label": "indeterminate", "refusal": refusal, "differential": []},
        "evidence": plain(evidence),
        "coverage": plain(evidence.pooled.coverage),
        "scale": {"um_per_px": 0.5, "source": "test"},
        "model": {"weights_sha256": weights_sha256},
    }
    (folder / name).mkdir(parents=True)
    (folder / name / "reading.json").write_text(json.dumps(document), encoding="utf-8")
    return features_of(evidence.pooled)


def test_readings_give_the_features_that_they_were_written_from(tmp_path: Path) -> None:
    expected = [write_reading(tmp_path, "A", 1), write_reading(tmp_path, "B", 2)]
    write_reading(tmp_path, "C", 3, refusal={"code": "wrong_stain"})
    found, refused = gather_readings([tmp_path])
    assert (found.names, refused) == (("A", "B"), 1)
    assert found.features == pytest.approx(np.stack(expected), rel=1e-4, nan_ok=True)
    assert found.measures_sha256 == digest_of(standard_measures())


def test_readings_by_other_weights_are_refused(tmp_path: Path) -> None:
    write_reading(tmp_path, "A", 1)
    write_reading(tmp_path, "B", 2, weights_sha256="00")
    with pytest.raises(UsageError, match="B: was read with other weights than A; read all with the same weights"):
        gather_readings([tmp_path])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("biopsy,pattern\nB1,normal\n", "row 1: the header lacks label; it has unknown columns 'pattern'; use biopsy"),
        ("biopsy,label\nB1,indeterminate\n", "row 2: 'indeterminate' is no named pattern; use one of necrotizing"),
        ("biopsy,label\nB1,normal\nB1,normal\n", "row 3 names no biopsy, or one that has a row; give each"),
        ("biopsy,label\nB1\n", "row 2: '' is no named pattern; use one of necrotizing"),
        ("", "row 1: the header lacks biopsy, label; use biopsy, label, patient"),
    ],
)
def test_faulty_labels_are_refused_by_row(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_labels(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_the_command_writes_a_calibration_into_the_bundle(tmp_path: Path) -> None:
    from example_model import save_random_bundle

    bundle = save_random_bundle(tmp_path / "bundle")
    weights_sha256 = json.loads((bundle / "card.json").read_text(encoding="utf-8"))["weights_sha256"]
    biopsies = replace(draw(90, seed=19)[0], weights_sha256=weights_sha256)
    table = tmp_path / "table.parquet"
    write_biopsies(table, biopsies)
    asked = ["pattern", "--biopsies", str(table), "--bundle", str(bundle), "--population", "Basel"]
    done = CliRunner().invoke(application, asked)
    assert done.exit_code == 0, done.output
    assert "macro_auc" in done.output
    written = load_calibration(bundle / "pattern.json")
    assert written is not None
    assert (written.population, written.patients) == ("Basel", 60)
    assert {"macro_auc", "ece", "set_coverage", "mean_set_size"} <= {figure.name for figure in written.figures}
    write_biopsies(table, replace(biopsies, weights_sha256="00"))
    refused = CliRunner().invoke(application, asked)
    assert refused.exit_code == 2
    assert "was read with other weights than the bundle's; read the biopsies with it" in refused.output
