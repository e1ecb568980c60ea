"""Measures a bundle's mistakes: phantom sections of all diseases are drawn, read, and held against their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from histo.cohort import Split
from histo.errors import RecordError, UsageError
from histo.network.bundle import DEFAULT_BUNDLE
from histo.phantom import DISEASES
from histo.phantom.fingerprint import source_fingerprint
from histo.phantom.slide import phantom_biopsy
from train.seeds import take_seeds
from train.study.error_file import ERROR_FILE, read_errors, reader_digest, write_errors
from train.study.error_model import ErrorModel
from train.study.pool import in_processes
from train.study.reading import model_of, read_section
from train.study.section_errors import SectionErrors, compare
from train.study.true_slide import true_slide

FIRST_SEED = 10_000
"""Of the validation split: those before it are what operating points were chosen on."""


@dataclass(frozen=True, slots=True)
class _Section:
    seed: int
    disease: str
    mm2: float
    bundle: Path


def measure_errors(
    bundle: Path, sections: int, section_mm2: float, processes: int, out: Path | None = None
) -> tuple[Path, ErrorModel]:
    """Measure a bundle, or go on measuring: what is measured of the same weights and phantoms already is kept.

    Args:
        bundle: Its folder.
        sections: How many; the diseases take turns.
        section_mm2: Area of each.
        processes: How many to work in; 0 is this one.
        out: The file; None puts it beside the weights.

    Returns:
        The file and what it holds.

    Raises:
        UsageError: If there is nothing to measure.
        BundleError: If the bundle is missing or damaged.
        OutputError: If the file cannot be written.
    """
    if sections < 1:
        raise UsageError("error-model", f"cannot measure on {sections} sections", "give at least 1")
    if out is None and bundle.resolve() == DEFAULT_BUNDLE.resolve():
        raise UsageError(bundle, "is the bundle inside the package", "say where to write with --out")
    model = model_of(bundle)
    path = out or bundle / ERROR_FILE
    names = list(DISEASES)
    seeds = take_seeds(Split.VALIDATION, sections, FIRST_SEED)
    wanted = {seed: names[number % len(names)] for number, seed in enumerate(seeds)}
    card = model.bundle.card
    measured = _kept(path, reader_digest(card))
    measured = {seed: one for seed, one in measured.items() if seed in wanted}
    tasks = [_Section(seed, disease, section_mm2, bundle) for seed, disease in wanted.items() if seed not in measured]

    def so_far() -> ErrorModel:
        done = [seed for seed in wanted if seed in measured]
        return ErrorModel(
            bundle=f"{card.name} {card.version}",
            weights_sha256=card.weights_sha256,
            reader_sha256=reader_digest(card),
            phantoms_sha256=source_fingerprint(),
            seeds=tuple(done),
            diseases=tuple(wanted[seed] for seed in done),
            sections=tuple(measured[seed] for seed in done),
        )

    for task, errors in in_processes(_measure, tasks, processes, "Reading phantom sections"):
        measured[task.seed] = errors
        write_errors(path, so_far())
    return write_errors(path, so_far()), so_far()


def _kept(path: Path, reader_sha256: str) -> dict[int, SectionErrors]:
    """Sections of an earlier measurement of the same reader on the same phantoms; none of any other."""
    if not path.is_file():
        return {}
    try:
        earlier = read_errors(path)
    except RecordError:
        return {}
    same = earlier.reader_sha256 == reader_sha256 and earlier.phantoms_sha256 == source_fingerprint()
    return dict(zip(earlier.seeds, earlier.sections, strict=True)) if same else {}


def _measure(section: _Section) -> SectionErrors:
    scene, look = phantom_biopsy(None, section.seed, section.mm2, section.disease)
    result = read_section(scene, look, str(section.seed), model_of(section.bundle))
    return compare(true_slide(scene, look), result.findings, result.coverage)
