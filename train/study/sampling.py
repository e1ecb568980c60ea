"""Biopsies from scene to evidence without a pixel: their truth is misread as the bundle's error model says."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from histo.biopsy import read_biopsy
from histo.conclude import suitability_of
from histo.errors import RecordError
from histo.evidence import FalseCalls, SlideObservation, to_dict, weigh_evidence
from histo.geometry import WORKING_MPP
from histo.model import false_calls_of
from histo.network import Card, load_bundle
from histo.pattern import Conventions, Suitability, load_conventions
from histo.phantom.fingerprint import source_fingerprint
from histo.records.plain import plain
from train.study.biopsies import Plan, draw_levels, plan_biopsy
from train.study.error_file import read_errors, reader_digest
from train.study.error_model import ErrorModel
from train.study.misread import misread
from train.study.pool import in_processes
from train.study.reading import draw_slide, model_of
from train.study.records import Record, read_records, record_of, write_records
from train.study.scenarios import Scenario
from train.study.shift import Shift, headline, low_recall, many_false
from train.study.true_slide import true_slide

PART = 10
"""Biopsies a part: what is lost at most, for each process, when a study is broken off."""

SMALLEST_MM2, LARGEST_MM2 = 2.0, 5.0
"""Areas of sampled sections: far less than the 20 to 100 mm2 of a specimen, for the sake of time (C)."""

RENDERED_MM2 = 4.0


@dataclass(frozen=True, slots=True)
class Job:
    """A part of a study.

    Attributes:
        path: Gets its table.
        seeds: By number of the biopsy.
        scenario: Under what they are sampled; None if they are rendered and read.
        errors: The error model's file.
        bundle: The bundle's folder, to read rendered ones.
        false_calls: How often the bundle calls healthy fibers necrotic, by its card.
        facts: What the part depends on.
    """

    path: Path
    seeds: Mapping[int, int]
    scenario: Scenario | None
    errors: Path
    bundle: Path
    false_calls: FalseCalls | None
    facts: Mapping[str, str]


@cache
def _errors(path: Path) -> ErrorModel:
    return read_errors(path)


@cache
def _shift(path: Path, scenario: str, low: bool, false: bool) -> tuple[Shift, ...]:
    rates = headline(_errors(path))
    return (*([low_recall(rates)] if low else []), *([many_false(rates)] if false else []))


def sample_biopsy(
    number: int,
    plan: Plan,
    errors: ErrorModel,
    false_calls: FalseCalls | None,
    scenario: Scenario,
    shifts: Sequence[Shift],
    conventions: Conventions,
) -> Record:
    """One biopsy, from a disease to what the decision table says of it.

    Args:
        number: Its place in the study.
        plan: What it is.
        errors: The bundle's mistakes. All levels share one draw of their rates: they are stained together.
        false_calls: How often the bundle calls healthy fibers necrotic, by its card, as in a reading.
        scenario: Under what.
        shifts: What the scenario does to the rates.
        conventions: Of the evidence and its grades.
    """
    rng = np.random.default_rng([plan.seed, 45])
    rates = errors.draw(rng, plan.disease)
    for shift in shifts:
        rates = shift.of(rates)
    observed: list[SlideObservation] = []
    pattern = ""
    for level, (scene, look) in enumerate(draw_levels(plan, scenario.change), start=1):
        pattern = scene.spec.pattern
        own = np.random.default_rng([plan.seed, 46, level, zlib.crc32(scenario.name.encode())])
        observed.append(misread(true_slide(scene, look), rates, f"{plan.name}-{level}", own))
    evidence = weigh_evidence(observed, false_calls, conventions.measures)
    fit = [_suitability(one) for one in observed]
    return record_of(number, plan, pattern, evidence, fit, conventions)


def _suitability(slide: SlideObservation) -> Suitability:
    coverage = slide.coverage
    return Suitability(
        slide=slide.name,
        stain_ok=True,
        stain_guess="H&E",
        finest_um_per_px=WORKING_MPP.um_per_px,
        artefact_percent=100 * coverage.rejected_mm2 / coverage.found_mm2 if coverage.found_mm2 else None,
        unreadable_percent=0.0,
    )


def read_rendered(number: int, plan: Plan, bundle: Path, conventions: Conventions) -> Record:
    """One biopsy, drawn and read end to end; its refusal is that of the whole reading."""
    slides, pattern = [], ""
    for level, (scene, look) in enumerate(draw_levels(plan), start=1):
        pattern = scene.spec.pattern
        slides.append(draw_slide(scene, look, f"{plan.name}-{level}"))
    reading = read_biopsy(slides, name=plan.name, model=model_of(bundle), conventions=conventions)
    fit = [suitability_of(slide) for slide in reading.slides]
    record = record_of(number, plan, pattern, reading.evidence, fit, conventions)
    refusal = reading.pattern.refusal
    if refusal is None:
        return record
    return replace(record, label=reading.pattern.label, refusal=refusal.code)


def facts_of(card: Card, errors: Path | None = None, scenario: Scenario | None = None) -> dict[str, str]:
    """What records depend on: others are made anew.

    Args:
        card: Of the bundle that reads.
        errors: The error model's file, if biopsies are sampled by it.
        scenario: Under which they are.
    """
    asked = {
        "measures": to_dict(load_conventions().measures),
        "false_calls": plain(false_calls_of(card)),
        "scenario": None if scenario is None else asdict(scenario),
    }
    return {
        "weights_sha256": card.weights_sha256,
        "reader_sha256": reader_digest(card),
        "phantoms_sha256": source_fingerprint(),
        "errors_sha256": "" if errors is None else hashlib.sha256(errors.read_bytes()).hexdigest(),
        "asked_sha256": hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest(),
    }


def collect(
    folder: Path, seeds: Sequence[int], scenario: Scenario | None, errors: Path, bundle: Path, processes: int
) -> tuple[Record, ...]:
    """All biopsies of one table, in parts of ten; parts that are there and depend on the same are kept.

    Args:
        folder: Gets the parts, as `part-00000.parquet`.
        seeds: Of the biopsies, by number.
        scenario: Under what they are sampled; None draws and reads them.
        errors: The error model's file.
        bundle: The bundle's folder.
        processes: How many to work in; 0 is this one.

    Returns:
        The records, by number.

    Raises:
        BundleError: If the bundle is missing or damaged.
        RecordError: If the error model is damaged.
        OutputError: If a part cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    card = load_bundle(bundle).card
    facts = facts_of(card) if scenario is None else facts_of(card, errors, scenario)
    size = PART if scenario is not None else 1
    records: list[Record] = []
    jobs = []
    for begin in range(0, len(seeds), size):
        own = {number: seeds[number] for number in range(begin, min(begin + size, len(seeds)))}
        path = folder / f"part-{begin:05d}.parquet"
        kept = _kept(path, own, facts)
        if kept is None:
            jobs.append(Job(path, own, scenario, errors, bundle, false_calls_of(card), facts))
        else:
            records += kept
    label = "Reading rendered biopsies" if scenario is None else f"Sampling biopsies: {scenario.text}"
    for _, made in in_processes(run_job, jobs, processes, label, weigh=lambda job: len(job.seeds)):
        records += made
    return tuple(sorted(records, key=lambda record: record.number))


def _kept(path: Path, seeds: Mapping[int, int], facts: Mapping[str, str]) -> tuple[Record, ...] | None:
    if not path.is_file():
        return None
    try:
        records, found = read_records(path)
    except RecordError:
        return None
    same = {record.number: record.seed for record in records} == dict(seeds)
    return records if same and found == dict(facts) else None


def run_job(job: Job) -> tuple[Record, ...]:
    """Make one part and write it."""
    conventions = load_conventions()
    made = []
    for number, seed in job.seeds.items():
        if job.scenario is None:
            plan = plan_biopsy(seed, number, RENDERED_MM2, RENDERED_MM2)
            made.append(read_rendered(number, plan, job.bundle, conventions))
        else:
            plan = plan_biopsy(seed, number, SMALLEST_MM2, LARGEST_MM2)
            shifts = _shift(job.errors, job.scenario.name, job.scenario.low_recall, job.scenario.many_false)
            model = _errors(job.errors)
            made.append(sample_biopsy(number, plan, model, job.false_calls, job.scenario, shifts, conventions))
    write_records(job.path, made, job.facts)
    return tuple(made)
