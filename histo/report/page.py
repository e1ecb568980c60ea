"""report.html: one page that opens offline anywhere, prints, and states everything a second opinion must state."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from histo.records import BiopsyReading, SlideResult, provenance
from histo.report.clinical import clinical_part
from histo.report.contrast import contrast_bars
from histo.report.corrections import CORRECTION_NOTE, corrected_rows, uncorrected
from histo.report.facts import Fact, fiber_facts, spatial_facts
from histo.report.gallery import gallery
from histo.report.pictures import SlidePictures
from histo.report.rows import (
    NOT_ASSESSED,
    NOTHING,
    coverage_text,
    estimate,
    finding_rows,
    floor_sentence,
    not_assessed,
    number,
    scale_text,
    typeset,
)
from histo.report.uncertain import across_rows, fascicle_rows

H_AND_E_LIMITS = (
    "Rimmed vacuoles are not assessable on H&E; their absence never excludes inclusion body myositis.",
    "Whether a fiber is truly invaded, and by which cells, needs immunohistochemistry (CD8, MHC-I).",
    "Lymphocyte and macrophage are likenesses on H&E, not proofs of lineage.",
    "Serology cannot be seen on H&E; neither can a statin-toxic myopathy be told from anti-HMGCR myopathy.",
)


@dataclass(frozen=True, slots=True)
class SlideCard:
    """What the page says of one slide."""

    name: str
    facts: tuple[Fact, ...]
    overview: str


def report_html(reading: BiopsyReading, pictures: Mapping[str, SlidePictures], overviews: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        reading: What to state.
        pictures: By slide name.
        overviews: The PNG of every slide's overview, by slide name.

    Returns:
        HTML without any link to another file or host.
    """
    environment = Environment(
        loader=PackageLoader("histo.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["typeset"] = typeset
    crops = [(slide.info.name, crop) for slide in reading.slides for crop in pictures[slide.info.name].crops]
    pooled, refused = reading.evidence.pooled, reading.pattern.refusal is not None
    return environment.get_template("page.html").render(
        reading=reading,
        pattern=reading.pattern,
        refused=refused,
        slides=[_slide_card(slide, overviews[slide.info.name]) for slide in reading.slides],
        rows=finding_rows(pooled, refused=refused),
        fiber_facts=fiber_facts(pooled) if pooled.fibers.fibers else (),
        floor=floor_sentence(pooled),
        fascicle_rows=() if refused else fascicle_rows(pooled),
        bootstrap=pooled.fascicle_bootstrap,
        spatial=() if refused else spatial_facts(pooled, reading.evidence.measures),
        not_assessed=not_assessed(reading.pattern),
        limits=H_AND_E_LIMITS,
        bars=contrast_bars(reading.pattern.calibrated.contrast) if reading.pattern.calibrated else (),
        gallery=gallery(crops),
        levels=_levels(reading),
        clinical=clinical_part(reading.clinical),
        across=across_rows(reading.evidence.spread),
        corrected=() if refused else corrected_rows(reading.evidence.corrections),
        uncorrected=None if refused else uncorrected(reading.evidence.corrections),
        correction_note=CORRECTION_NOTE,
        provenance=provenance(),
    )


def _slide_card(slide: SlideResult, overview: bytes) -> SlideCard:
    info, coverage, fibers = slide.info, slide.coverage, slide.findings.fibers
    artefacts = ", ".join(f"{name.replace('_', ' ')} {number(area)} mm²" for name, area in
                          sorted(coverage.artefact_mm2.items()) if area > 0)  # fmt: skip
    facts = (
        Fact("File", f"{info.path.name if info.path else 'in memory'} ({info.vendor})"),
        Fact("Size", f"{info.size_px.width:,} x {info.size_px.height:,} px, {len(info.level_sizes_px)} level(s)"),
        Fact("Scale", scale_text(info.scale)),
        Fact("Stain, by its colors", info.stain.value),
        Fact("Tissue", coverage_text(coverage)),
        Fact("Artefacts", artefacts or "none found"),
        Fact("Fibers", f"{len(fibers):,}"),
        *(Fact("Warning", warning) for warning in info.warnings),
        Fact("SHA-256", info.sha256),
    )
    return SlideCard(info.name, facts, "data:image/png;base64," + base64.b64encode(overview).decode("ascii"))


@dataclass(frozen=True, slots=True)
class Level:
    """One slide of a biopsy of several, on its own."""

    slide: str
    label: str
    fibers: str
    necrotic: str
    infiltrate: str


def _levels(reading: BiopsyReading) -> tuple[Level, ...]:
    """How much the slides of one biopsy agree; nothing for a single slide."""
    if len(reading.evidence.slides) < 2:
        return ()
    labels = {slide.slide: slide.label.text for slide in reading.pattern.slides}
    return tuple(
        Level(
            slide=slide.name,
            label=labels.get(slide.name, NOTHING),
            fibers=f"{slide.numbers.fibers.fibers:,}",
            necrotic=estimate(slide.numbers.necrotic.per_1000_fibers),
            infiltrate=estimate(slide.numbers.infiltrate.total.per_mm2) if slide.numbers.infiltrate else NOT_ASSESSED,
        )
        for slide in reading.evidence.slides
    )
