"""Counts corrected for the detector: the interval's coverage by simulation, and when nothing is corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from section_makers import random_slide

from histo.evidence import Evidence, correct_counts, standard_measures, weigh_evidence
from histo.evidence.corrected_count import Finding
from histo.evidence.correction import MIN_PATIENTS, DetectorErrors, PatientErrors, corrected

AREA_MM2 = 8.0


@pytest.fixture(scope="module")
def pooled() -> Evidence:
    return weigh_evidence([random_slide("a", 3)], measures=replace(standard_measures(), permutations=19)).pooled


def lab(count: int, patient: PatientErrors, *, simulated: bool = False) -> DetectorErrors:
    return DetectorErrors(dict.fromkeys(Finding, (patient,) * count), simulated)


GOOD = PatientErrors(mm2=2.0, found=16, missed=4, false_calls=1)


def own_recall(rng: np.random.Generator, mean: float, spread: float) -> float:
    if spread == 0:
        return mean
    strength = mean * (1 - mean) / spread**2 - 1
    return float(rng.beta(mean * strength, (1 - mean) * strength))


def own_rate(rng: np.random.Generator, mean: float, variation: float) -> float:
    return mean if variation == 0 else float(rng.gamma(1 / variation**2, mean * variation**2))


@pytest.mark.parametrize(
    ("patients", "recall_spread", "rate_variation", "true_mean", "least"),
    [
        (10, 0.0, 0.0, 60, 0.93),  # patients alike: 0.98 of 150 were covered
        (12, 0.12, 0.8, 60, 0.89),  # patients very unlike: 0.95 of 150
        (12, 0.12, 0.8, 0, 0.83),  # nothing there, and false calls vary much: 0.90 of 150
    ],
)
def test_the_interval_holds_the_truth(
    patients: int, recall_spread: float, rate_variation: float, true_mean: float, least: float
) -> None:
    """Against a simulation that knows the truth: recall 0.75, 2 false calls per mm2, about 25 findings a patient."""
    rng, covered, runs = np.random.default_rng(0), 0, 150
    for _ in range(runs):
        measured = []
        for _ in range(patients):
            area, true = rng.uniform(0.5, 4), 1 + rng.poisson(rng.gamma(2, 12.5))
            found = rng.binomial(true, own_recall(rng, 0.75, recall_spread))
            false = rng.poisson(own_rate(rng, 2.0, rate_variation) * area)
            measured.append(PatientErrors(float(area), int(found), int(true - found), int(false)))
        truth = rng.poisson(true_mean)
        raw = rng.binomial(truth, own_recall(rng, 0.75, recall_spread))
        raw += rng.poisson(own_rate(rng, 2.0, rate_variation) * AREA_MM2)
        count = corrected(Finding.NECROTIC, int(raw), AREA_MM2, measured, seed=1).count
        assert count is not None
        covered += count.low <= truth <= count.high
    assert covered / runs >= least


def test_the_formula_is_the_stated_one() -> None:
    patients = [GOOD] * 5 + [PatientErrors(1.0, 8, 2, 2)] * 5
    result = corrected(Finding.NECROTIC, 100, AREA_MM2, patients, seed=1)
    recall, rate = (5 * 16 + 5 * 8) / (5 * 20 + 5 * 10), (5 * 1 + 5 * 2) / (5 * 2 + 5 * 1)
    assert result.count is not None
    assert result.count.value == pytest.approx((100 - rate * AREA_MM2) / recall)
    assert result.count.low < result.count.value < result.count.high
    assert result.per_mm2 is not None
    assert result.per_mm2.value == pytest.approx(result.count.value / AREA_MM2)
    assert (result.recall.value, result.false_per_mm2.value) == pytest.approx((recall, rate))  # type: ignore[union-attr]
    assert result == corrected(Finding.NECROTIC, 100, AREA_MM2, patients, seed=1)
    assert not result.clipped


def test_a_negative_count_is_0_and_said_so() -> None:
    noisy = [PatientErrors(mm2=1.0, found=8, missed=2, false_calls=5)] * 12
    result = corrected(Finding.NECROTIC, 10, AREA_MM2, noisy, seed=1)
    assert result.clipped
    assert result.count is not None
    assert (result.count.value, result.count.low) == (0.0, 0.0)
    assert result.count.high > 0, "what is truly there may still have been missed"
    none = corrected(Finding.NECROTIC, 0, AREA_MM2, [GOOD] * 12, seed=1)
    assert none.count is not None
    assert none.count.high >= 1, "finding nothing does not show that there is nothing"


def test_nine_patients_are_too_few(pooled: Evidence) -> None:
    ten, nine = (correct_counts(pooled, lab(count, GOOD), 1) for count in (MIN_PATIENTS, MIN_PATIENTS - 1))
    assert [one.finding for one in ten] == ["necrotic", "myophagocytosis", "infiltrate"]
    assert all(one.not_corrected is None and one.count is not None for one in ten)
    for one in nine:
        assert one.count is None
        assert one.not_corrected is not None
        assert one.not_corrected.startswith("not corrected: recall was measured on 9 and false calls on 9 patients")
        assert "10 are needed" in one.not_corrected


def test_false_calls_alone_do_not_make_a_correction(pooled: Evidence) -> None:
    """Twenty patients were looked at, but only one of them had anything to find."""
    clean = PatientErrors(mm2=2.0, found=0, missed=0, false_calls=1)
    patients = {finding: (GOOD, *([clean] * 19)) for finding in Finding}
    (necrotic, *_) = correct_counts(pooled, DetectorErrors(patients, simulated=False), 1)
    assert necrotic.not_corrected is not None
    assert "recall was measured on 1 and false calls on 20 patients" in necrotic.not_corrected


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (None, "not corrected: nobody has measured recall and false calls of this bundle on patients"),
        (lab(20, GOOD, simulated=True), "not corrected: recall and false calls were measured on simulated slides"),
        (lab(20, PatientErrors(2.0, 1, 19, 0)), "not corrected: the bundle finds only 5% of what is there"),
        (lab(20, PatientErrors(0.0, 0, 0, 0)), "not corrected: recall was measured on 0 and false calls on 0 patients"),
    ],
)
def test_why_a_count_is_not_corrected_is_said(pooled: Evidence, errors: DetectorErrors | None, reason: str) -> None:
    for one in correct_counts(pooled, errors, 1):
        assert one.count is None
        assert one.not_corrected is not None
        assert one.not_corrected.startswith(reason)


def test_what_is_not_assessed_is_not_corrected(pooled: Evidence) -> None:
    (*_, infiltrate) = correct_counts(replace(pooled, infiltrate=None), lab(12, GOOD), 1)
    assert (infiltrate.raw, infiltrate.count) == (None, None)
    assert infiltrate.not_corrected == "not corrected: it is not assessed on this tissue"


def test_impossible_numbers_are_refused() -> None:
    for numbers in ((-1.0, 0, 0, 0), (float("nan"), 0, 0, 0), (1.0, -1, 0, 0), (0.0, 1, 0, 0)):
        with pytest.raises(ValueError, match=r"must be finite|in 0 mm2"):
            PatientErrors(*numbers)
