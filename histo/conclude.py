"""Concludes a biopsy from what was found on its slides: evidence, pattern, and what is set beside them. No pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from histo.clinical import ClinicalFacts, assess
from histo.evidence import Coverage, SlideObservation, correct_counts, weigh_evidence
from histo.findings import Findings
from histo.model import Model
from histo.pattern import Conventions, Suitability, read_pattern
from histo.pattern.caveats import find_false_amid_cells, find_trained_on, find_unseen_cells
from histo.pattern.familiarity import Familiarity, judge_appearance
from histo.records import BiopsyReading, SlideFailure, SlideResult
from histo.slide import StainGuess
from histo.tissue import TissueMap


def conclude(
    name: str,
    results: Sequence[SlideResult],
    failures: Sequence[SlideFailure],
    model: Model,
    conventions: Conventions,
    clinical: ClinicalFacts | None = None,
) -> BiopsyReading:
    """Weigh what was found on all slides, and read the pattern from it; then set beside it what is known besides.

    A slide that the network was trained on, and a biopsy named as a patient it was trained on, are said in a caveat.
    """
    coarsest = conventions.adequacy.max_um_per_px
    observations = [
        SlideObservation(r.info.name, r.findings, r.coverage, cells_assessed=r.info.scale.mpp.um_per_px <= coarsest)
        for r in results
    ]
    evidence = weigh_evidence(observations, model.false_calls, conventions.measures, model.recall)
    suitability = [suitability_of(result, familiarity_of(result, model, conventions)) for result in results]
    card = model.bundle.card
    pattern = read_pattern(
        evidence,
        suitability,
        conventions,
        calibration=model.calibration,
        weights_sha256=card.weights_sha256,
    )
    seen = [result.info.name for result in results if card.was_trained_on(result.info.sha256)]
    first = find_trained_on(seen, name if card.was_trained_on(name) else None)
    last = (
        *find_unseen_cells(pattern.grades, model.cell_recall),
        *find_false_amid_cells(pattern.grades, model.false_necrotic_amid_cells_per_1000),
    )
    pattern = replace(pattern, caveats=(*first, *pattern.caveats, *last))
    # Beside the pattern, which is read by then: neither of the two can alter it.
    corrections = correct_counts(evidence.pooled, model.detector_errors, conventions.measures.seed)
    evidence = replace(evidence, corrections=corrections)
    context = None if clinical is None else assess(clinical, pattern.label)
    return BiopsyReading(name, tuple(results), tuple(failures), evidence, pattern, model.facts, context)


def coverage_of(tissue: TissueMap, findings: Findings) -> Coverage:
    """The account of a slide's tissue, with what turned out to be unreadable only when it was read closely."""
    lost_mm2 = min(findings.unreadable_mm2, tissue.assessable_mm2)
    return Coverage.of(
        rejected_mm2=tissue.rejected_mm2,
        unreadable_mm2=tissue.unreadable_mm2 + lost_mm2,
        assessable_mm2=tissue.assessable_mm2 - lost_mm2,
        artefact_mm2=dict(tissue.artefact_mm2),
    )


def familiarity_of(result: SlideResult, model: Model, conventions: Conventions) -> Familiarity | None:
    """How a slide looks beside what the network was trained on; None where nothing was seen of it."""
    appearance, weights = result.findings.appearance, model.bundle.card.weights_sha256
    if appearance is None:
        return None
    return judge_appearance(result.info.name, appearance, model.distribution, weights, conventions.familiarity)


def suitability_of(result: SlideResult, familiarity: Familiarity | None = None) -> Suitability:
    """What the pattern must know of a slide beyond its findings."""
    info, coverage = result.info, result.coverage
    found = coverage.found_mm2
    return Suitability(
        slide=info.name,
        stain_ok=info.stain is StainGuess.HE,
        stain_guess=info.stain.value,
        finest_um_per_px=info.scale.mpp.um_per_px,
        artefact_percent=100 * coverage.rejected_mm2 / found if found else None,
        unreadable_percent=100 * coverage.unreadable_mm2 / found if found else None,
        familiarity=familiarity,
        recovery=result.recovery,
    )
