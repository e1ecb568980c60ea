"""A whole study: biopsies sampled, biopsies rendered and read, worst cases; and what they show together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from histo.cohort import Split
from histo.errors import UsageError
from histo.network import load_bundle
from histo.pattern.axes import along_axes
from histo.pattern.features import FEATURES
from train.seeds import take_seeds
from train.study.error_file import ERROR_FILE, read_errors, reader_digest
from train.study.error_model import ErrorModel
from train.study.normal_sections import NormalSection, read_normal_sections
from train.study.predictions import Predictions
from train.study.prevalence import Prevalence
from train.study.records import Record, write_records
from train.study.results import Results, summarize_study
from train.study.sampling import collect, facts_of
from train.study.scenarios import AS_MEASURED, SCENARIOS, Scenario

FIRST_SAMPLED, FIRST_RENDERED, FIRST_NORMAL = 100_000, 200_000, 500_000
"""Of the test split's seeds: others than those that `evaluate` reads (see `train.evaluation_run`)."""

Predict = Callable[[Sequence[Record]], Predictions | None]


@dataclass(frozen=True, eq=False)
class Study:
    """All that was found.

    Attributes:
        errors: The error model that biopsies were sampled through.
        prevalence: What predictive values hold for.
        calibration: What the differential calls itself; None where the bundle has none.
        sampled: Biopsies sampled as measured.
        rendered: Biopsies drawn and read end to end; None if there are none.
        worst: Further sampled ones, by scenario; the first is a part of `sampled`, for comparison.
        normal: Healthy sections, each drawn and read; none if not asked for.
        shift: By feature, how far rendered biopsies lie from sampled ones, in standard deviations of the sampled, with
            the diseases evenly mixed; empty if none were rendered.
    """

    errors: ErrorModel
    prevalence: Prevalence
    calibration: str | None
    sampled: Results
    rendered: Results | None
    worst: Mapping[str, tuple[Scenario, Results]]
    normal: tuple[NormalSection, ...]
    shift: Mapping[str, float]


def run_study(
    bundle: Path,
    errors: Path | None,
    sampled: int,
    rendered: int,
    worst: int,
    normal: int,
    prevalence: Prevalence,
    processes: int,
    out: Path,
    predict: Predict,
) -> Study:
    """Run a study, or go on with one that was broken off.

    Args:
        bundle: Its folder.
        errors: The error model; None takes the one beside the weights.
        sampled: Biopsies to sample.
        rendered: Biopsies to draw and read.
        worst: Biopsies to sample in each scenario; 0 leaves them out.
        normal: Healthy sections to draw and read, to see how often necrosis is graded there.
        prevalence: What predictive values hold for.
        processes: How many to work in; 0 is this one.
        out: Gets the parts and tables.
        predict: Asks the bundle's differential.

    Returns:
        What was found.

    Raises:
        UsageError: If there is nothing to sample, or the error model is of another reader.
        RecordError: If the error model cannot be read.
        OutputError: If something cannot be written.
    """
    if sampled < 1:
        raise UsageError("study", f"cannot be made of {sampled} sampled biopsies", "sample at least 1")
    file = errors or bundle / ERROR_FILE
    model = read_errors(file)
    card = load_bundle(bundle).card
    if model.reader_sha256 != reader_digest(card):
        raise UsageError(file, "was measured of other weights or thresholds", "measure it: python -m train error-model")
    seeds = take_seeds(Split.TEST, sampled, FIRST_SAMPLED)

    def sample(name: str, count: int, scenario: Scenario) -> tuple[Record, ...]:
        return collect(out / name, seeds[:count], scenario, file, bundle, processes)

    as_measured = sample("sampled", sampled, AS_MEASURED)
    write_records(out / "sampled.parquet", as_measured, facts_of(card, file, AS_MEASURED))
    drawn: tuple[Record, ...] = ()
    if rendered:
        drawn_seeds = take_seeds(Split.TEST, rendered, FIRST_RENDERED)
        drawn = collect(out / "rendered", drawn_seeds, None, file, bundle, processes)
        write_records(out / "rendered.parquet", drawn, facts_of(card))
    cases = {}
    count = min(worst, sampled)
    if count:
        cases[AS_MEASURED.name] = (AS_MEASURED, as_measured[:count])
        for scenario in SCENARIOS:
            cases[scenario.name] = (scenario, sample(f"worst/{scenario.name}", count, scenario))

    healthy: tuple[NormalSection, ...] = ()
    if normal:
        normal_seeds = take_seeds(Split.TEST, normal, FIRST_NORMAL)
        healthy = read_normal_sections(out / "normal", normal_seeds, bundle, processes, facts_of(card))

    def results(records: Sequence[Record]) -> Results:
        return summarize_study(records, predict(records), prevalence)

    told = predict(as_measured)
    return Study(
        errors=model,
        prevalence=prevalence,
        calibration=None if told is None else told.name,
        sampled=results(as_measured),
        rendered=results(drawn) if drawn else None,
        worst={name: (scenario, results(records)) for name, (scenario, records) in cases.items()},
        normal=healthy,
        shift=feature_shift(as_measured, drawn) if drawn else {},
    )


def feature_shift(sampled: Sequence[Record], rendered: Sequence[Record]) -> dict[str, float]:
    """By feature, the mean over diseases of rendered less sampled, in standard deviations of all sampled.

    It tells how faithfully biopsies are sampled: 0 throughout if the error model knew all that reading does.
    """
    axes = [feature.axis for feature in FEATURES]
    first, second = (
        along_axes(np.array([record.features for record in records]), axes) for records in (sampled, rendered)
    )
    spread = np.nanstd(first, axis=0)
    found: list[NDArray[np.float64]] = []
    for disease in sorted({record.disease for record in rendered} & {record.disease for record in sampled}):
        own, other = (
            values[[record.disease == disease for record in records]]
            for records, values in ((sampled, first), (rendered, second))
        )
        found.append(_means(other) - _means(own))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = _means(np.array(found).reshape(-1, len(FEATURES))) / spread
    return {feature.name: float(value) for feature, value in zip(FEATURES, apart, strict=True) if np.isfinite(value)}


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F,) means of what is there, NaN where nothing is."""
    there = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: NDArray[np.float64] = np.where(there, values, 0).sum(axis=0) / there.sum(axis=0)
    return mean
