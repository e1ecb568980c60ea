"""Counts corrected for what the detector misses and invents, once a laboratory has measured both on its own patients.

A corrected count stands beside the raw one and is never graded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from histo.evidence.corrected_count import CorrectedCount, Finding
from histo.evidence.fiber_results import Estimate
from histo.evidence.intervals import TAIL
from histo.evidence.results import Evidence

MIN_PATIENTS = 10
"""(C) Fewer patients do not show how much recall and false calls differ between them. Not a laboratory's to lower."""

LEAST_RECALL = 0.2
"""(C) A detector that finds less than a fifth of what is there is not corrected but replaced."""

RESAMPLES = 2000
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PatientErrors:
    """What the detector made of one patient's annotated tissue.

    Attributes:
        mm2: Tissue in which everything of the kind was drawn; 0 where nobody looked.
        found: True findings that were called.
        missed: True findings that were not.
        false_calls: Calls where there was nothing.

    Raises:
        ValueError: If a number is negative or not finite, or something was counted where nobody looked.
    """

    mm2: float
    found: int
    missed: int
    false_calls: int

    def __post_init__(self) -> None:
        """Refuse impossible counts."""
        if not math.isfinite(self.mm2) or min(self.mm2, self.found, self.missed, self.false_calls) < 0:
            raise ValueError("areas and counts must be finite and at least 0")
        if self.mm2 == 0 and self.found + self.missed + self.false_calls:
            raise ValueError("something is counted in 0 mm2")


@dataclass(frozen=True, slots=True)
class DetectorErrors:
    """What a laboratory has measured of a bundle.

    Attributes:
        by_patient: One entry a patient, for each finding.
        simulated: Whether the patients are phantoms; then nothing is corrected.
    """

    by_patient: Mapping[Finding, tuple[PatientErrors, ...]]
    simulated: bool


def correct_counts(pooled: Evidence, errors: DetectorErrors | None, seed: int) -> tuple[CorrectedCount, ...]:
    """The counts of a biopsy, corrected, or why not.

    Args:
        pooled: The biopsy's numbers. They are not changed.
        errors: What the laboratory has measured of the weights that read it; None if nothing.
        seed: Of the resampling.

    Returns:
        One entry a `Finding`, in their order.
    """
    raw = {
        Finding.NECROTIC: pooled.necrotic.fibers,
        Finding.MYOPHAGOCYTOSIS: pooled.myophagocytosis.fibers,
        Finding.INFILTRATE: None if pooled.infiltrate is None else pooled.infiltrate.total.cells,
    }
    area_mm2 = pooled.coverage.assessable_mm2
    return tuple(_correct(finding, raw[finding], area_mm2, errors, seed) for finding in Finding)


def _correct(
    finding: Finding, raw: int | None, area_mm2: float, errors: DetectorErrors | None, seed: int
) -> CorrectedCount:
    def no(reason: str, patients: int = 0) -> CorrectedCount:
        return CorrectedCount(finding.value, f"not corrected: {reason}", raw, patients=patients)

    if raw is None or area_mm2 <= 0:
        return no("it is not assessed on this tissue")
    if errors is None:
        return no(
            "nobody has measured recall and false calls of this bundle on patients of the laboratory; "
            "the figures of a card do not stand for them"
        )
    if errors.simulated:
        return no("recall and false calls were measured on simulated slides, which say nothing about patients")
    patients = [one for one in errors.by_patient.get(finding, ()) if one.mm2 > 0]
    with_findings = sum(one.found + one.missed > 0 for one in patients)
    if with_findings < MIN_PATIENTS:
        return no(
            f"recall was measured on {with_findings} and false calls on {len(patients)} patients of the laboratory, "
            f"and {MIN_PATIENTS} are needed for each",
            with_findings,
        )
    recall = sum(one.found for one in patients) / sum(one.found + one.missed for one in patients)
    if recall < LEAST_RECALL:
        return no(f"the bundle finds only {100 * recall:.0f}% of what is there", with_findings)
    return corrected(finding, raw, area_mm2, patients, seed)


def corrected(
    finding: Finding, raw: int, area_mm2: float, patients: Sequence[PatientErrors], seed: int
) -> CorrectedCount:
    """(raw - false calls per mm2 x area) / recall, with the 95% interval of what is truly there in this patient.

    Patients are resampled with replacement (Efron 1979, 10.1214/aos/1176344552). In each draw this patient's own recall
    and rate of false calls are drawn around the draw's means, as far apart as the patients are beyond what counting
    alone explains (beta and gamma, by moments). Then the false calls among the raw count are drawn (Poisson, at most
    all of them), and what was missed beside the true ones (negative binomial): any true count being as likely before
    as another, that is exact. Its coverage is measured in `tests/evidence/test_correction.py`.

    Args:
        finding: What is counted.
        raw: The count.
        area_mm2: Assessable tissue, above 0.
        patients: With area, and at least one true finding among them that was found.
        seed: Of the draws.
    """
    mm2, found, missed, false = (
        np.array([getattr(one, name) for one in patients], np.float64)
        for name in ("mm2", "found", "missed", "false_calls")
    )
    rng = np.random.default_rng([seed, *finding.encode()])
    # One patient less in each draw: as many as there are would show too small a spread of the mean.
    times = rng.multinomial(len(patients) - 1, np.full(len(patients), 1 / len(patients)), RESAMPLES).astype(np.float64)
    recalls, own_recall = _draw_recall(times, found, found + missed, rng)
    rates, own_rate = _draw_rate(times, false, mm2, rng)
    truly_found = raw - _draw_false(raw, own_rate * area_mm2, rng)
    truth = truly_found + rng.negative_binomial(truly_found + 1, own_recall)
    recall, rate = float(found.sum() / (found + missed).sum()), float(false.sum() / mm2.sum())
    value = (raw - rate * area_mm2) / recall
    count = _estimate(max(value, 0.0), truth.astype(np.float64))
    return CorrectedCount(
        finding=finding.value,
        not_corrected=None,
        raw=raw,
        count=count,
        per_mm2=Estimate(count.value / area_mm2, count.low / area_mm2, count.high / area_mm2),
        clipped=value < 0,
        recall=_estimate(recall, recalls),
        false_per_mm2=_estimate(rate, rates),
        patients=int(np.count_nonzero(found + missed)),
    )


def _draw_recall(times: _Floats, found: _Floats, true: _Floats, rng: np.random.Generator) -> tuple[_Floats, _Floats]:
    """Mean recalls, and this patient's own: beta, its intraclass correlation by analysis of variance."""
    seen = true > 0
    times, found, true = times[:, seen], found[seen], true[seen]
    # Half a finding more on either side keeps means off 0 and 1, which no number of patients shows.
    mean = (times @ found + 0.5) / (times @ true + 1)
    own, people, total = found / true, len(true), float(true.sum())
    between = float(true @ (own - found.sum() / total) ** 2) * _doubt(people - 1, rng)
    within = float(true @ (own * (1 - own))) / max(total - people, 1.0)
    size = (total - float(true @ true) / total) / (people - 1)
    alike = np.clip((between - within) / np.maximum(between + (size - 1) * within, 1e-12), 1e-4, 0.9)
    strength = (1 - alike) / alike
    return mean, np.clip(rng.beta(mean * strength, (1 - mean) * strength), 1e-3, 1.0)


def _draw_rate(times: _Floats, false: _Floats, mm2: _Floats, rng: np.random.Generator) -> tuple[_Floats, _Floats]:
    """Mean rates of false calls, and this patient's own: gamma, with the variance that counting does not explain."""
    mean = (times @ false + 0.5) / np.maximum(times @ mm2, 1e-12)
    people, total = len(mm2), float(mm2.sum())
    rate = float(false.sum()) / total
    between = float(mm2 @ (false / mm2 - rate) ** 2) * _doubt(people - 1, rng)
    size = (total - float(mm2 @ mm2) / total) / (people - 1)
    variance = np.maximum((between - rate) / size, 1e-6 * mean**2)
    return mean, rng.gamma(mean**2 / variance, variance / mean)


def _doubt(freedom: int, rng: np.random.Generator) -> _Floats:
    """Over how many patients' worth a sum of squares is spread: a variance from few patients is itself unsure."""
    return 1 / rng.chisquare(freedom, RESAMPLES)


def _draw_false(raw: int, expected: _Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """How many of the calls are false: Poisson, given that they are at most all."""
    reach = poisson.cdf(raw, expected)
    drawn = np.where(reach > 0, poisson.ppf(rng.random(len(expected)) * reach, expected), raw)
    capped: NDArray[np.int64] = np.clip(np.nan_to_num(drawn, nan=raw), 0, raw).astype(np.int64)
    return capped


def _estimate(value: float, draws: _Floats) -> Estimate:
    low, high = np.quantile(draws, [TAIL, 1 - TAIL])
    return Estimate(value, min(float(low), value), max(float(high), value))
