"""A reading made up, its report, and every word that stands in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from example_findings import example_findings, example_rgb, example_tissue
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject
from reportlab.platypus import Paragraph

from histo.evidence import Coverage, Recall, SlideObservation, weigh_evidence
from histo.findings import Findings
from histo.geometry import Mpp
from histo.pattern import Suitability, load_conventions, read_pattern
from histo.records import BiopsyReading, ModelFacts, SlideResult, reading_document, reading_facts
from histo.report import CaseReport, case_report, take_pictures
from histo.report.case import SlideSights
from histo.report.case.sights import see_slide
from histo.report.crops import SlidePictures
from histo.slide import MemorySlide

FACTS = ModelFacts(
    name="bundle",
    version="3",
    sha256="ab" * 32,
    engine="openvino 1",
    device="cpu",
    precision="f32",
    trained_on="Digital phantoms.",
    recipe="python -m train fit",
    intended_use="Research.",
    limits=("Never seen a patient.",),
    license="Apache-2.0",
    weights_sha256="0" * 64,
)

COVERAGE = Coverage(2.25, 0.1, 0.05, 2.1, {"fold": 0.1})

Pictures = dict[str, SlidePictures]


def draw_coarsely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw at a fraction of the resolution: the same figures, quicker."""
    monkeypatch.setattr("histo.report.overview.DPI", 50)
    monkeypatch.setattr("histo.report.case.sights.DPI", 40)
    monkeypatch.setattr("histo.report.maps.DPI", 40)


def read_example(fibers: int, cells: int, *names: str, diseased: bool = True) -> tuple[BiopsyReading, Pictures]:
    """A biopsy of slides with such names (`section` if none is given), and its pictures."""
    results, pictures = [], {}
    observations = []
    for seed, name in enumerate(names or ("section",)):
        slide = MemorySlide(example_rgb(), Mpp(0.5), name=name)
        tissue, findings = example_tissue(), example_findings(fibers, cells, seed=seed)
        if not diseased:
            healthy = findings.fibers.select(findings.fibers.fiber_class == 0)
            healthy = replace(healthy, attributes=np.zeros_like(healthy.attributes))
            findings = Findings(healthy, findings.cells.select(findings.cells.fiber < 0), findings.compartments)
        result = SlideResult(slide.info, tissue, COVERAGE, findings)
        observations.append(SlideObservation(name, findings, result.coverage))
        alone = weigh_evidence(observations[-1:])
        pictures[name] = take_pictures(slide, tissue, findings, alone.slides[0])
        results.append(result)
    evidence = weigh_evidence(observations, recall=Recall(0.9))
    pattern = read_pattern(
        evidence, [Suitability(result.info.name, True, "H&E", 0.5, 4.4, 2.2) for result in results], load_conventions()
    )
    name = names[0] if len(names) == 1 else "biopsy" if names else "section"
    return BiopsyReading(name, tuple(results), (), evidence, pattern, FACTS), pictures


def sights_of(reading: BiopsyReading, pictures: Pictures) -> dict[str, SlideSights]:
    """The slides of a reading, drawn."""
    return {
        slide.info.name: see_slide(
            SlideObservation(slide.info.name, slide.findings, slide.coverage),
            own,
            reading.evidence.measures,
            slide.tissue,
            pictures[slide.info.name],
        )
        for slide, own in zip(reading.slides, reading.evidence.slides, strict=True)
    }


def report_of(reading: BiopsyReading, pictures: Pictures) -> CaseReport:
    """The report, as it is drawn from what is stored."""
    return case_report(reading_facts(reading_document(reading)), sights_of(reading, pictures))


def words_of(part: object) -> Iterator[str]:
    """Every text of a report that people read; keys, kinds and colors are for programs."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from words_of(one)
    elif is_dataclass(part):
        for field in fields(part):
            if field.name not in {"key", "tone", "fill", "color", "image", "alt", "sign", "empty"}:
                yield from words_of(getattr(part, field.name))


def listen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hear every text that is set on paper."""
    heard: list[str] = []
    for kind, method, place in (
        (Paragraph, "__init__", 1),
        (Canvas, "drawString", 3),
        (Canvas, "drawCentredString", 3),
        (PDFTextObject, "textOut", 1),
    ):
        plain = getattr(kind, method)

        def told(*args: object, plain: Callable[..., object] = plain, place: int = place, **more: object) -> object:
            heard.append(str(args[place]))
            return plain(*args, **more)

        monkeypatch.setattr(kind, method, told)
    return heard
