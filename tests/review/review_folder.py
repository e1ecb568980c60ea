"""A folder of readings with the slides they are of, made up: what `histo read --out` leaves, without the network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
from example_findings import example_findings, example_rgb, example_tissue

from histo.evidence import Coverage, SlideObservation, weigh_evidence
from histo.findings import Findings
from histo.pattern import Suitability, load_conventions, read_pattern
from histo.records import (
    BiopsyReading,
    ModelFacts,
    SlideResult,
    Staged,
    json_bytes,
    make_folder,
    reading_document,
    run_document,
    write_findings,
)
from histo.slide import open_slide

SIDE_UM = 600.0
UM_PER_PX = 0.5

MODEL = ModelFacts(
    "bundle", "1", "ab", "openvino", "cpu", "f32", "Digital phantoms.", "train", "research", ("none",), "MIT", "cd"
)


def paint_slide(path: Path, shade: int = 0) -> Path:
    """A flat slide of pink noise; another shade gives another digest."""
    rgb = example_rgb(side_um=SIDE_UM, um_per_px=UM_PER_PX).copy()
    rgb[:8, :8] = shade
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


def write_reading(out: Path, name: str, slides: Sequence[tuple[Path, Findings]], *, as_biopsy: bool = False) -> Path:
    """What `histo read` writes of a biopsy: the slides' folders, and where it has a name of its own, one above them."""
    results = []
    for path, findings in slides:
        with open_slide(path, UM_PER_PX) as reader:
            results.append(
                SlideResult(reader.info, example_tissue(side_um=SIDE_UM), Coverage(0.36, 0, 0, 0.36, {}), findings)
            )
    if not as_biopsy:
        (alone,) = results
        return _write(out / name, _conclude(name, [alone]), findings_of=alone)
    for result in results:
        _write(out / name / result.info.name, _conclude(result.info.name, [result]), findings_of=result)
    return _write(out / name, _conclude(name, results), findings_of=None)


def example_folder(out: Path, slides: Path, *names: str, fibers: int = 150, cells: int = 80) -> Path:
    """A folder with one reading a name, each of one slide."""
    make_folder(slides)
    for number, name in enumerate(names):
        path = paint_slide(slides / f"{name}.png", number)
        write_reading(out, name, [(path, example_findings(fibers, cells, seed=number, side_um=SIDE_UM))])
    return out


def _conclude(name: str, results: Sequence[SlideResult]) -> BiopsyReading:
    evidence = weigh_evidence([SlideObservation(one.info.name, one.findings, one.coverage) for one in results])
    fit = [Suitability(one.info.name, True, "H&E", UM_PER_PX) for one in results]
    pattern = read_pattern(evidence, fit, load_conventions())
    return BiopsyReading(name, tuple(results), (), evidence, pattern, MODEL)


def _write(folder: Path, reading: BiopsyReading, *, findings_of: SlideResult | None) -> Path:
    make_folder(folder)
    paths = {one.info.name: one.info.path for one in reading.slides}
    run = run_document(datetime(2026, 1, 1, tzinfo=UTC), {"detect": 1.0}, 0.36, paths)
    with Staged(folder) as staged:
        if findings_of is not None:
            write_findings(staged, findings_of)
        staged.add("run.json", lambda path: path.write_bytes(json_bytes(run)))
        staged.add("reading.json", lambda path: path.write_bytes(json_bytes(reading_document(reading))))
    return folder
