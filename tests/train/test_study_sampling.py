"""A study's biopsies repeat, survive being broken off, and depend on nothing but what they say they depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_model import save_random_bundle

import train.study.normal_sections
import train.study.sampling
from histo.errors import RecordError, UsageError
from histo.model import FALSE_CALLS_METRIC
from histo.network import Metric, load_bundle, save_bundle
from histo.pattern import Necrosis
from histo.phantom import DISEASES
from train.study.biopsies import Change, Plan, draw_levels, plan_biopsy
from train.study.error_file import reader_digest, write_errors
from train.study.error_model import ErrorModel, Rates
from train.study.misread import misread
from train.study.normal_sections import NormalSection, read_normal_sections
from train.study.prevalence import Prevalence
from train.study.records import Record, read_records, write_records
from train.study.sampling import Job, collect
from train.study.scenarios import AS_MEASURED, SCENARIOS, Scenario
from train.study.section_errors import compare
from train.study.study_run import run_study
from train.study.true_slide import true_slide


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ((scene, look),) = draw_levels(Plan(5, "imnm_srp", 1, 0.5))
    true = true_slide(scene, look)
    seen = misread(true, Rates.perfect(), "a", np.random.default_rng(0))
    section = compare(true, seen.findings, seen.coverage)
    bundle = save_random_bundle(tmp_path_factory.mktemp("lab") / "bundle")
    reader = reader_digest(load_bundle(bundle).card)
    model = ErrorModel("b 1", "w", reader, "p", (1,), ("imnm_srp",), (section,))
    return write_errors(bundle / "error_model.json", model)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Small sections, two a part; tells which biopsies were made."""
    made: list[tuple[int, ...]] = []
    original = train.study.sampling.run_job

    def run(job: Job) -> tuple[Record, ...]:
        made.append(tuple(job.seeds))
        return original(job)

    for name, value in {"SMALLEST_MM2": 0.3, "LARGEST_MM2": 0.4, "PART": 2, "run_job": run}.items():
        monkeypatch.setattr(train.study.sampling, name, value)
    return made


def sampled(folder: Path, errors: Path, seeds: list[int], scenario: Scenario = AS_MEASURED) -> tuple[Record, ...]:
    return collect(folder, seeds, scenario, errors, errors.parent, processes=0)


def same(first: tuple[Record, ...], second: tuple[Record, ...]) -> bool:
    return all(
        (a.name, a.label, a.levels, a.fibers) == (b.name, b.label, b.levels, b.fibers)
        and np.array_equal(a.features, b.features, equal_nan=True)
        for a, b in zip(first, second, strict=True)
    )


def test_a_study_goes_on_where_it_was_broken_off(tmp_path: Path, errors: Path, quick: list[tuple[int, ...]]) -> None:
    seeds = [31, 32, 33]
    whole = sampled(tmp_path, errors, seeds)
    assert quick == [(0, 1), (2,)]
    assert [record.disease for record in whole] == list(DISEASES)[:3]
    (tmp_path / "part-00000.parquet").write_bytes(b"broken off")
    again = sampled(tmp_path, errors, seeds)
    assert quick[2:] == [(0, 1)]
    assert same(whole, again)
    assert same(whole, sampled(tmp_path, errors, seeds))
    assert len(quick) == 3, "all parts were there"
    sampled(tmp_path, errors, [31, 99, 33])
    assert quick[3:] == [(0, 1)], "other seeds are other biopsies"


def test_biopsies_are_sampled_anew_when_the_card_tells_another_rate_of_false_calls(
    tmp_path: Path, errors: Path, quick: list[tuple[int, ...]]
) -> None:
    bundle = load_bundle(errors.parent)
    for rate in (0.5, 0.5, 2.0):
        figures = {FALSE_CALLS_METRIC: Metric(rate, None, None, 9)}
        save_bundle(errors.parent, bundle.weights, replace(bundle.card, phantom_metrics=figures))
        sampled(tmp_path, errors, [31])
    save_bundle(errors.parent, bundle.weights, bundle.card)
    assert quick == 2 * [(0,)], "once for each rate"


def test_records_read_back_and_others_are_refused(tmp_path: Path, errors: Path, quick: list[tuple[int, ...]]) -> None:
    (record,) = sampled(tmp_path, errors, [41])
    write_records(tmp_path / "table.parquet", [record], {"weights_sha256": "w"})
    (back,), facts = read_records(tmp_path / "table.parquet")
    assert same((back,), (record,))
    assert facts == {"weights_sha256": "w"}
    (tmp_path / "table.parquet").write_text("no table")
    with pytest.raises(RecordError, match="cannot be read as Parquet"):
        read_records(tmp_path / "table.parquet")


def test_levels_share_the_patient_and_nothing_else() -> None:
    levels = list(draw_levels(Plan(7, "dermatomyositis", 2, 0.4)))
    (first, look), (second, other) = levels
    assert first.spec == second.spec
    assert look == other
    assert first.section.equals(second.section)
    assert len(first.fibers) != len(second.fibers) or not first.fibers[0].equals(second.fibers[0])


def test_a_change_reaches_the_scene() -> None:
    plan = Plan(7, "imnm_srp", 3, 0.4)
    ((scene, _),) = draw_levels(plan, Change(times={"pale": 0.5}, fixed={"oblique": 0.5}, tissue_mm2=0.3, levels=1))
    ((usual, _), *_) = draw_levels(plan)
    assert scene.spec.pale == usual.spec.pale / 2
    assert scene.spec.oblique == 0.5
    assert scene.section.area == pytest.approx(0.3e6)
    for scenario in SCENARIOS:
        scenario.change.of_spec(usual.spec)
        scenario.change.of_plan(plan)


def test_diseases_take_turns() -> None:
    plans = [plan_biopsy(seed, seed, 2.0, 5.0) for seed in range(2 * len(DISEASES))]
    assert [plan.disease for plan in plans] == 2 * list(DISEASES)
    assert {plan.levels for plan in plans} == {1, 2, 3}
    assert all(2.0 <= plan.tissue_mm2 <= 5.0 for plan in plans)


def test_normal_sections_are_read_once_and_a_damaged_file_is_made_anew(
    tmp_path: Path, errors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.study.normal_sections, "RENDERED_MM2", 0.3)

    def read(*seeds: int, rate: str = "1") -> tuple[NormalSection, ...]:
        return read_normal_sections(tmp_path / "normal", seeds, errors.parent, processes=0, facts={"rate": rate})

    (first,) = read(51)
    assert first.seed == 51
    assert first.necrosis in {grade.value for grade in Necrosis}
    file = tmp_path / "normal/section-51.json"
    written = file.stat().st_mtime_ns
    assert read(51) == (first,)
    assert file.stat().st_mtime_ns == written, "it was there"
    assert read(51, rate="2") == (first,)
    assert file.stat().st_mtime_ns != written, "another rate of false calls may grade otherwise"
    file.write_text(file.read_text()[:40])
    assert read(52, 51)[1] == first


def test_a_study_may_leave_out_all_but_what_is_sampled(
    tmp_path: Path, errors: Path, quick: list[tuple[int, ...]]
) -> None:
    even = Prevalence("even", "(C)", {"normal": 1.0})
    study = run_study(errors.parent, None, 2, 0, 0, 0, even, 0, tmp_path, lambda records: None)
    assert quick == [(0, 1)]
    assert (study.rendered, study.normal, dict(study.worst)) == (None, (), {})
    with pytest.raises(UsageError, match="0 sampled"):
        run_study(errors.parent, None, 0, 0, 0, 0, even, 0, tmp_path, lambda records: None)
