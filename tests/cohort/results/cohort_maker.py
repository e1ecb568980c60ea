"""A cohort that does not exist: phantom biopsies whose truth is read without a pixel, and stored as readings are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from example_case import FACTS
from example_findings import example_findings

from histo.appearance import Answers, Appearance, Colors, Texture
from histo.cohort.results import CohortBiopsy
from histo.evidence import Coverage, Recall, SlideObservation, weigh_evidence
from histo.findings import Findings
from histo.geometry import Mpp, Size
from histo.network.bundle import DEFAULT_BUNDLE
from histo.pattern import PatternLabel, Suitability, load_conventions, read_pattern
from histo.pattern.distribution import GROUPS, Distribution, from_unit, names_of
from histo.pattern.distribution_file import load_distribution
from histo.pattern.familiarity import judge_appearance
from histo.phantom import DISEASES
from histo.records import BiopsyReading, SlideResult, json_bytes, reading_document
from histo.slide import Scale, SlideInfo, StainGuess
from histo.tissue import TissueMap
from train.study.biopsies import Plan, draw_levels
from train.study.true_slide import true_slide


@cache
def familiar() -> Distribution:
    distribution = load_distribution(DEFAULT_BUNDLE)
    assert distribution is not None
    return distribution


def appearance(seed: int, spread: float = 0.7, **shift: float) -> Appearance:
    """How a slide may look; `colors_density=3` moves a number by three standard deviations."""
    rng, known = np.random.default_rng([seed, 1]), familiar()
    values = {}
    for group in GROUPS:
        names = names_of(group)
        drawn = rng.multivariate_normal(np.zeros(len(names)), known.reach[group].correlation)
        for name, deviation in zip(names, drawn, strict=True):
            moved = spread * deviation + shift.get(name.replace(".", "_"), 0.0)
            values[name] = from_unit(name, float(known.middle[name] + moved * known.spread[name]))
    parts = [
        kind(**{name: values[f"{group}.{name}"] for name in kind.__dataclass_fields__})
        for kind, group in ((Colors, "colors"), (Texture, "texture"), (Answers, "answers"))
    ]
    return Appearance(parts[0], parts[1], float(rng.normal(4.5, 0.2)), parts[2])


def slide_result(name: str, findings: Findings, coverage: Coverage, um_per_px: float = 0.5) -> SlideResult:
    """A slide as if it had been read."""
    tissue = findings.compartments.scored[::2, ::2]
    size = Size(*(int(2 * side / um_per_px * 4) for side in tissue.shape[::-1]))
    info = SlideInfo(
        path=Path("/home/someone/scans", f"{name}.svs"),
        name=name,
        size_px=size,
        level_sizes_px=(size,),
        scale=Scale(Mpp(um_per_px), f"aperio.MPP = {um_per_px:g}"),
        vendor="aperio",
        stain=StainGuess.HE,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
    )
    blank = TissueMap(tissue, np.zeros(tissue.shape, np.uint8), np.zeros(tissue.shape, bool))
    return SlideResult(info, blank, coverage, findings)


def phantom_reading(
    name: str, disease: str, seed: int, mm2: float = 1.3, levels: int = 1, look: Appearance | None = None,
    rejected: float = 0.03, out_of_focus: float = 0.01, unreadable: float = 0.0,
) -> BiopsyReading:  # fmt: skip
    """What a reader without any error would say of a phantom; shares of its tissue are taken as spoiled."""
    results, observations, suitability = [], [], []
    for level, (scene, prepared) in enumerate(draw_levels(Plan(seed, disease, levels, mm2))):
        true, own = true_slide(scene, prepared), name if levels == 1 else f"level-{level}"
        area = true.tissue_mm2
        coverage = Coverage.of(
            rejected_mm2=(rejected + out_of_focus) * area,
            unreadable_mm2=unreadable * area,
            assessable_mm2=(1 - rejected - out_of_focus - unreadable) * area,
            artefact_mm2={"fold": rejected * area, "out_of_focus": out_of_focus * area, "pen": 0.0, "debris": 0.0},
        )
        seen = look or appearance(100 * seed + level)
        findings = replace(true.findings, appearance=seen)
        results.append(slide_result(own, findings, coverage))
        observations.append(SlideObservation(own, findings, coverage))
        judged = judge_appearance(own, seen, familiar(), familiar().weights_sha256, load_conventions().familiarity)
        shares = (100 * (rejected + out_of_focus), 100 * unreadable)
        suitability.append(Suitability(own, True, "H&E", 0.5, *shares, judged))
    evidence = weigh_evidence(observations, recall=Recall(0.85))
    pattern = read_pattern(evidence, suitability, load_conventions())
    return BiopsyReading(name, tuple(results), (), evidence, pattern, FACTS)


def example_reading(name: str, seed: int = 0, fibers: int = 260, *, levels: int = 1, cells_assessed: bool = True,
                    look: Appearance | None = None) -> BiopsyReading:  # fmt: skip
    """Round fibers at random: no muscle, but a reading in every field, and quick."""
    results, observations, suitability = [], [], []
    for level in range(levels):
        own = name if levels == 1 else f"level-{level}"
        seen = look or appearance(100 * seed + level)
        findings = replace(example_findings(fibers, fibers, seed=seed + level), appearance=seen)
        coverage = Coverage.of(
            rejected_mm2=0.3, unreadable_mm2=0.05, assessable_mm2=1.9, artefact_mm2={"fold": 0.2, "out_of_focus": 0.1}
        )
        results.append(slide_result(own, findings, coverage, 0.5 if cells_assessed else 1.5))
        observations.append(SlideObservation(own, findings, coverage, cells_assessed=cells_assessed))
        judged = judge_appearance(own, seen, familiar(), familiar().weights_sha256, load_conventions().familiarity)
        suitability.append(Suitability(own, True, "H&E", 0.5, 13.3, 2.2, judged))
    evidence = weigh_evidence(observations, recall=Recall(0.85))
    pattern = read_pattern(evidence, suitability, load_conventions())
    return BiopsyReading(name, tuple(results), (), evidence, pattern, FACTS)


def store(out: Path, reading: BiopsyReading, folder: str | None = None) -> PurePosixPath:
    """Write reading.json as a reading has it, and return its folder in the cohort's."""
    place = PurePosixPath(folder or reading.name)
    (out / place).mkdir(parents=True, exist_ok=True)
    (out / place / "reading.json").write_bytes(json_bytes(reading_document(reading)))
    return place


def phantom_cohort(out: Path, count: int, mm2: float = 1.3) -> tuple[CohortBiopsy, ...]:
    """Biopsies of all diseases in turn, from three laboratories; most have a label, a few a wrong one."""
    names, rng = list(DISEASES), np.random.default_rng(count)
    made = []
    for number in range(count):
        disease = names[number % len(names)]
        spoiled = rng.beta(0.6, 18, 3)
        site = ("north", "south", "west")[int(rng.integers(3))]
        shift = {"south": {"colors_density": 0.8}, "west": {"colors_red_middle": -0.7}}.get(site, {})
        if number % 23 == 11:
            shift = {"colors_density": -3.5, "texture_finest": -2.0}
        reading = phantom_reading(
            f"B{number + 1:04d}", disease, 1_000 + number, float(mm2 * rng.uniform(0.8, 2.2)),
            1 + int(rng.integers(4) == 0), appearance(number, **shift),
            rejected=float(spoiled[0]), out_of_focus=float(spoiled[1]),
            unreadable=float(spoiled[2]) if number % 9 == 4 else 0.0,
        )  # fmt: skip
        pattern = next(iter(DISEASES[disease].faces)).pattern
        label = PatternLabel(pattern) if rng.uniform() < 0.85 else None
        made.append(CohortBiopsy(reading.name, store(out, reading), f"P{number // 2 + 1:03d}", site, label))
    return tuple(made)
