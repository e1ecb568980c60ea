"""What a reader must know besides the label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from histo.evidence import BiopsyEvidence, Estimate, Measures
from histo.evidence.false_calls import ASSUMED, HALF_MEASURED
from histo.findings import CellClass
from histo.pattern.calibrated import Calibrated
from histo.pattern.conventions import Conventions
from histo.pattern.familiarity import Familiarity, Verdict, tell_distance, tell_nuclei
from histo.pattern.grades import Grades, Infiltration, Necrosis, Position, Spread
from histo.pattern.labels import NAMED_PATTERNS, PatternLabel
from histo.pattern.reading import Candidate, SlideReading, Suitability
from histo.pattern.table import Row
from histo.pattern.uncertainty import percent
from histo.pattern.wording import many

ALWAYS = (
    "Whether a cell is a lymphocyte or a macrophage is a likeness on H&E, not a proof.",
    "Patchy disease, earlier treatment, a recent needle at the site and the level of the cut can all hide a pattern.",
)


def find_caveats(
    row: Row,
    grades: Grades,
    candidates: tuple[Candidate, ...],
    calibrated: Calibrated | None,
    obstacle: str | None,
    slides: tuple[SlideReading, ...],
    evidence: BiopsyEvidence,
    conventions: Conventions,
) -> tuple[str, ...]:
    """Caveats of this reading first, then those of every reading.

    Args:
        row: Of the decision table.
        grades: Graded evidence.
        candidates: In order.
        calibrated: What ranked them; None for the criteria.
        obstacle: Why the bundle's calibration could not rank them; None where it could, or where there is none.
        slides: Each on its own.
        evidence: The numbers.
        conventions: What they were graded by.
    """
    return (
        *_of_label(row, candidates),
        *_of_ranking(row, candidates, calibrated, obstacle),
        *_of_evidence(grades, evidence, conventions),
        *_of_slides(row, slides),
        *ALWAYS,
    )


def find_recovered(suitability: Sequence[Suitability]) -> Iterator[str]:
    """What implants that were drawn into a slide say of it, where that was tried and does not refuse the slide."""
    for slide in suitability:
        if slide.recovery is not None and not slide.recovery.refuse:
            told = " ".join(slide.recovery.sentences)
            yield f"{slide.slide}, implants: {told} They are a simulator's idea of disease, and so this is optimistic."


def find_trained_on(slides: Sequence[str], patient: str | None) -> tuple[str, ...]:
    """What must be said first where the network has seen this biopsy before.

    Args:
        slides: Names of those slides that it was trained on.
        patient: The patient's code, if it was trained on slides of this patient; None otherwise.
    """
    seen = [*([f"patient {patient}"] if patient is not None else []), *(f"slide {slide}" for slide in slides)]
    if not seen:
        return ()
    return (f"The network was trained on {', '.join(seen)}: this reading shows its memory, and is no second opinion.",)


def find_unseen_cells(grades: Grades, found: Mapping[CellClass, Estimate]) -> tuple[str, ...]:
    """What must be said of an infiltrate that reads as sparse: how many of such cells the detector sees at all.

    Args:
        grades: Of the biopsy.
        found: Share of true cells of each inflammatory kind that are called so on phantoms, as far as it was measured.
    """
    if grades.infiltration is not Infiltration.NONE_SPARSE or not found:
        return ()
    names = {CellClass.LYMPHOCYTE: "lymphocytes", CellClass.MACROPHAGE: "macrophages"}
    shares = " and of ".join(
        f"{names[kind]} {percent(Estimate(*(100 * number for number in (one.value, one.low, one.high))))}"
        for kind, one in found.items()
    )
    return (
        f"On simulated sections these weights find of {shares}: an infiltrate that reads as sparse may be denser, and "
        "none of this was measured on patients.",
    )


def find_false_amid_cells(grades: Grades, called: Estimate | None) -> tuple[str, ...]:
    """What must be said of necrosis amid an infiltrate: there the detector calls many more healthy fibers necrotic.

    Args:
        grades: Of the biopsy.
        called: Intact fibers amid a dense infiltrate that are called necrotic, per 1,000, as the bundle's card measured
            it on phantoms; None where it did not.
    """
    graded = grades.necrosis not in (Necrosis.NONE, Necrosis.CANDIDATES, Necrosis.NOT_ASSESSED)
    if called is None or not graded or grades.infiltration not in (Infiltration.PRESENT, Infiltration.DENSE):
        return ()
    return (
        f"The rate of false necrotic calls is that of healthy muscle. Amid a dense infiltrate of simulated sections "
        f"{called.value:.2g} ({called.low:.2g}-{called.high:.2g}) of 1,000 intact fibers are called necrotic: look at "
        "those that lie among inflammatory cells.",
    )


def find_doubtful(familiarity: Sequence[Familiarity]) -> tuple[str, ...]:
    """What must be said of slides that look odd, though not so odd that no pattern is named."""
    nuclei = [tell_nuclei(judged) for judged in familiarity if judged.by_nuclei is Verdict.DOUBTFUL]
    distance = [tell_distance(judged) for judged in familiarity if judged.by_distance is Verdict.DOUBTFUL]
    return (*nuclei, *distance)


def _of_label(row: Row, candidates: tuple[Candidate, ...]) -> Iterator[str]:
    if row.label is PatternLabel.NECROTIZING:
        yield (
            "IMNM is a clinical, serological and histologic diagnosis. Toxic (statins), hypothyroid, dystrophic and "
            "checkpoint-inhibitor myopathy, antisynthetase syndrome and dermatomyositis can look the same on H&E."
        )
    if row.label in (PatternLabel.NECROTIZING, PatternLabel.ENDOMYSIAL_INFLAMMATORY):
        yield "Rimmed vacuoles cannot be judged on H&E; not seeing them does not exclude inclusion body myositis."
    if row.label is PatternLabel.ZONAL_NECROSIS:
        yield "Zonal necrosis is weak evidence: no source supports synchronous necrosis as a rule of toxic injury."
    if row.label is PatternLabel.DYSTROPHIC:
        yield "IMNM can look dystrophic (47% of pediatric, 8% of adult anti-HMGCR): test anti-HMGCR and anti-SRP too."
    if row.label is PatternLabel.NORMAL:
        yield "A normal section does not exclude a patchy myopathy."


def _of_ranking(
    row: Row, candidates: tuple[Candidate, ...], calibrated: Calibrated | None, obstacle: str | None
) -> Iterator[str]:
    leading = [candidate.label for candidate in candidates if candidate.rank == 1]
    if row.label in NAMED_PATTERNS and row.label not in leading:
        by = "by criteria alone" if calibrated is None else "by the calibration"
        yield (
            f"The decision table and the ranking disagree: {by}, {' or '.join(label.text for label in leading)} leads."
        )
    if obstacle is not None:
        yield f"The bundle's calibration of the differential does not speak: {obstacle}."
    if calibrated is None:
        yield "The ranking of candidates is uncalibrated: no probability is meant."
        return
    yield f"The ranking of candidates and their set: {calibrated.note}."
    unknown = [label.text for label in NAMED_PATTERNS if label not in {candidate.label for candidate in candidates}]
    if unknown:
        yield f"The calibration knows no biopsy of: {'; '.join(unknown)}. These are not ranked."
    if calibrated.unheard_of:
        yield (
            f"Not assessed here, though in every biopsy of the calibration: {', '.join(calibrated.unheard_of)}. "
            "The set is widened for it."
        )


def _of_evidence(grades: Grades, evidence: BiopsyEvidence, conventions: Conventions) -> Iterator[str]:
    pooled = evidence.pooled
    if grades.necrosis is Necrosis.CANDIDATES:
        are, them = ("is", "it") if pooled.necrotic.fibers == 1 else ("are", "them")
        yield (
            f"{many(pooled.necrotic.fibers, 'fiber')} called necrotic {are} no more than false calls would give: "
            f"look at {them}."
        )
    if pooled.floor is not None and pooled.floor.source == HALF_MEASURED:
        yield "How much false necrotic calls differ from section to section is assumed, not measured."
    if pooled.floor is not None and pooled.floor.source == ASSUMED:
        yield (
            f"The rate of false necrotic calls ({pooled.floor.false_necrotic_per_1000:.3g} per 1,000 fibers) is "
            "assumed, not measured."
        )
    if grades.spread is Spread.CLUSTERED:
        yield "Clustered necrosis is described in checkpoint-inhibitor myopathy: ask for such treatment."
    if grades.necrosis_position is Position.NOT_ASSESSED and pooled.necrotic.fibers:
        yield "The position of necrosis against the fascicle edge is not assessed."
    fiber_percent = pooled.composition.fiber_percent
    if fiber_percent is not None and fiber_percent < conventions.adequacy.few_fiber_percent:
        yield f"Only {fiber_percent:.0f}% of the tissue reads as muscle fiber: check that this is skeletal muscle."
    outlined_percent = pooled.composition.outlined_percent
    if outlined_percent is not None and outlined_percent < conventions.adequacy.few_outlined_percent:
        yield f"Fibers could be outlined on only {outlined_percent:.0f}% of what reads as muscle: look at the rest."
    if pooled.infiltrate is not None and pooled.infiltrate.excluded_cells:
        yield (
            f"{many(pooled.infiltrate.excluded_cells, 'cell')} in nerve, spindle or artefact "
            f"{'is' if pooled.infiltrate.excluded_cells == 1 else 'are'} not counted as infiltrate."
        )
    support, measures = pooled.phagocytes, conventions.measures
    if support is not None and support.enough_fibers < support.fibers:
        yield (
            f"Of {many(support.fibers, 'fiber')} called myophagocytosis {support.enough_fibers:,} hold at least "
            f"{measures.myophagocytosis_nuclei} macrophage-type nuclei, the number of the conventions; "
            f"{support.possible_fibers:,} hold {_possible(measures)} (possible) and {support.fewer_fibers:,} fewer: "
            "look at those."
        )
    if support is not None and support.uncalled_fibers:
        yield (
            f"{many(support.uncalled_fibers, 'fiber')} not called necrotic {_holds(support.uncalled_fibers)} at least "
            f"{measures.myophagocytosis_nuclei} macrophage-type nuclei: possible myophagocytosis, counted neither as "
            "necrotic nor as infiltrate: look at those."
        )
    if len(evidence.slides) > 1:
        yield (
            "Levels of one block resemble each other: intervals over all slides are as wide as those of one level, and "
            "those that take slides as what was sampled tell besides how much levels differ."
        )


def _holds(count: int) -> str:
    return "holds" if count == 1 else "hold"


def _possible(measures: Measures) -> str:
    low, high = measures.possible_myophagocytosis_nuclei, measures.myophagocytosis_nuclei - 1
    return f"{low}" if low >= high else f"{low} to {high}"


def _of_slides(row: Row, slides: tuple[SlideReading, ...]) -> Iterator[str]:
    differing = [f"{slide.slide}: {slide.label.text}" for slide in slides if slide.label is not row.label]
    if len(slides) > 1 and differing:
        yield f"Read alone, some slides would say otherwise: {'; '.join(differing)}."
