"""Where it comes from: the slides, what read them, what decided, and what was measured of it."""

from __future__ import annotations

from histo.records import Measured, ReadingFacts, SlideFacts
from histo.report.case.blocks import Block, Grid, Heading, Row, Section, Table, Words
from histo.report.facts import Fact
from histo.report.rows import coverage_text, number, scale_text

TOLD = (
    "sections.fiber.f1",
    "sections.fiber.necrotic.precision",
    "sections.fiber.necrotic.recall",
    "sections.fiber.myophagocytosis.precision",
    "sections.fiber.myophagocytosis.recall",
    "sections.fiber.regenerating.precision",
    "sections.fiber.regenerating.recall",
    "sections.cell.inflammatory.precision",
    "sections.cell.inflammatory.recall",
    "sections.attribute.invasion_candidate.precision",
    "sections.attribute.opaque.precision",
    "sections.attribute.vacuolated.precision",
    "false_necrotic_per_1000_fibers",
    "infiltrated.intact_called_necrotic",
    "familiar.strange",
    "false_inflammatory_cells_per_mm2",
    "fibers_01.fiber_f1",
    "fibers_04.fiber_f1",
    "fibers_01.intact_called_necrotic",
    "fibers_04.intact_called_necrotic",
    "muscle_section.necrotic_per_1000_fibers",
    "muscle_section.inflammatory_cells_per_mm2",
)
"""Of what was measured of a model, what bears on a reading at once; a card holds a hundred figures."""


def specimen_section(facts: ReadingFacts) -> Section:
    """Each slide."""
    blocks: list[Block] = []
    for slide in facts.slides:
        blocks += [Heading(slide.name)] if len(facts.slides) > 1 else []
        blocks.append(Grid(_slide_facts(slide)))
    return Section("specimen", "Specimen", tuple(blocks))


def _slide_facts(slide: SlideFacts) -> tuple[Fact, ...]:
    artefacts = ", ".join(
        f"{name.replace('_', ' ')} {number(area)} mm²"
        for name, area in sorted(slide.coverage.artefact_mm2.items())
        if area > 0
    )
    return (
        Fact("File", f"{slide.file or 'in memory'} ({slide.vendor})"),
        Fact("Size", f"{slide.width_px:,} x {slide.height_px:,} px, {slide.levels} level(s)"),
        Fact("Scale", scale_text(slide.scale.um_per_px, slide.scale.source)),
        Fact("Stain, by its colors", slide.stain),
        Fact("Tissue", coverage_text(slide.coverage)),
        Fact("Artefacts", artefacts or "none found"),
        Fact("Fibers", f"{slide.fibers:,}"),
        *(Fact("Warning", warning) for warning in slide.warnings),
        Fact("SHA-256", slide.sha256),
    )


def provenance_section(facts: ReadingFacts) -> Section:
    """The model, the rules and the software, with what was measured of the model."""
    model, software = facts.model, facts.software
    packages = "".join(f", {name} {version}" for name, version in software.packages.items() if version)
    told = (
        Fact("Model", f"{model.name} {model.version}"),
        Fact("Trained on", model.trained_on),
        *(Fact("Limit", limit) for limit in model.limits),
        Fact("Intended use", model.intended_use),
        Fact("License of the weights", model.license),
        Fact("SHA-256 of the bundle", model.sha256),
        Fact("Run by", f"{model.engine}, {model.device}, {model.precision}"),
        *(Fact("Decided by", f"{rule.name} (SHA-256 {rule.sha256})") for rule in facts.pattern.rules),
        Fact("Software", f"histo {software.histo}, Python {software.python}{packages}"),
    )
    blocks: list[Block] = [Grid(told)]
    for title, measured in (
        ("Measured on phantoms: simulated sections, which say nothing about patients", model.on_phantoms),
        ("Measured on real images", model.on_real_images),
    ):
        if measured:
            chosen = tuple(one for one in measured if one.name in TOLD) or measured
            rows = tuple(Row((_in_words(one.name), _value(one), str(one.n))) for one in chosen)
            heads = ("Measure", "Value (95% interval)", "n")
            blocks += [Heading(title), Table(heads, rows, (0.55, 0.3, 0.15), numbers=(1, 2))]
            if len(chosen) < len(measured):
                rest = f"{len(chosen)} of {len(measured)} figures; all of them stand in reading.json under model."
                blocks.append(Words(rest, "note"))
    blocks.append(Words(facts.pattern.disclaimer, "notice"))
    return Section("provenance", "What read it", tuple(blocks))


def _in_words(name: str) -> str:
    """`sections.fiber.necrotic.recall` as `sections: fiber, necrotic, recall`."""
    first, *rest = name.replace("_", " ").split(".")
    return f"{first}: {', '.join(rest)}" if rest else first


def _value(one: Measured) -> str:
    interval = "" if one.low is None or one.high is None else f" ({one.low:.3g} to {one.high:.3g})"
    return f"{one.value:.3g}{interval}"
