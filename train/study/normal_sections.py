"""Healthy sections drawn and read end to end: how often is necrosis graded where there is none?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from histo.biopsy import read_biopsy
from histo.pattern import Necrosis, load_conventions
from histo.records.atomic import write_atomically
from train.study.biopsies import Plan, draw_levels
from train.study.pool import in_processes
from train.study.reading import draw_slide, model_of
from train.study.sampling import RENDERED_MM2

UNGRADED = (Necrosis.NONE, Necrosis.CANDIDATES)
"""Nothing found; or no more than the weights' own false calls would give, which a pathologist may look at."""


@dataclass(frozen=True, slots=True)
class NormalSection:
    """What was made of one healthy section.

    Attributes:
        seed: Reproduces it.
        mm2: Assessable area.
        fibers: That were found.
        necrotic: That were called necrotic, each of them wrongly.
        necrosis: The grade, by its value; `not_assessed` where the reading was refused.
    """

    seed: int
    mm2: float
    fibers: int
    necrotic: int
    necrosis: str


@dataclass(frozen=True, slots=True)
class _Job:
    path: Path
    seed: int
    bundle: Path
    facts: Mapping[str, str]


def read_normal_sections(
    folder: Path, seeds: Sequence[int], bundle: Path, processes: int, facts: Mapping[str, str]
) -> tuple[NormalSection, ...]:
    """Draw and read one healthy section a seed; those that are there and depend on the same are kept.

    Args:
        folder: Gets a file for each, as `section-SEED.json`.
        seeds: Of the sections.
        bundle: The bundle's folder.
        processes: How many to work in; 0 is this one.
        facts: What they depend on.

    Returns:
        The sections, in the order of their seeds.

    Raises:
        BundleError: If the bundle is missing or damaged.
        OutputError: If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [_Job(folder / f"section-{seed}.json", seed, bundle, facts) for seed in seeds]
    found = {job.seed: section for job in jobs if (section := _kept(job)) is not None}
    missing = [job for job in jobs if job.seed not in found]
    for job, section in in_processes(_read, missing, processes, "Reading normal sections"):
        found[job.seed] = section
    return tuple(found[seed] for seed in seeds)


def _read(job: _Job) -> NormalSection:
    plan = Plan(job.seed, "normal", 1, RENDERED_MM2)
    ((scene, look),) = draw_levels(plan)
    conventions = load_conventions()
    slide = draw_slide(scene, look, plan.name)
    reading = read_biopsy([slide], name=plan.name, model=model_of(job.bundle), conventions=conventions)
    counts = reading.evidence.pooled
    section = NormalSection(
        seed=job.seed,
        mm2=counts.coverage.assessable_mm2,
        fibers=counts.fibers.fibers,
        necrotic=counts.necrotic.fibers,
        necrosis=reading.pattern.grades.necrosis.value,
    )
    write_atomically(job.path, (json.dumps({"facts": dict(job.facts), **asdict(section)}) + "\n").encode())
    return section


def _kept(job: _Job) -> NormalSection | None:
    try:
        values = json.loads(job.path.read_text(encoding="utf-8"))
        return NormalSection(**values) if values.pop("facts") == dict(job.facts) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
