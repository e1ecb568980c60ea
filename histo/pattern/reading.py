"""What a pattern reading says, and what it must be told about the slides."""

from __future__ import annotations

from dataclasses import dataclass

from histo.pattern.calibrated import Calibrated, Conflict
from histo.pattern.familiarity import Familiarity
from histo.pattern.gauges import Gauge
from histo.pattern.grades import Grades
from histo.pattern.labels import PatternLabel


@dataclass(frozen=True, slots=True)
class RecoveryVerdict:
    """What implants that came back, or did not, say of a slide: see `histo recover`.

    Attributes:
        necrosis: `seen`, `poor`, `cannot tell`, or `not valid` where drawing alone makes necrosis.
        cells: `seen`, `poor`, `cannot tell`, or `not assessed` where the slide is too coarse to tell cells.
        refuse: Whether it is a reason to refuse a reading of this slide.
        sentences: The verdict in words.
    """

    necrosis: str
    cells: str
    refuse: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suitability:
    """Whether one slide is fit for a pattern, as far as findings cannot tell.

    Attributes:
        slide: Its name.
        stain_ok: Whether it looks like H&E.
        stain_guess: What it looks like, in words.
        finest_um_per_px: Its finest scale.
        artefact_percent: Artefact's share of the tissue found; None if unknown.
        unreadable_percent: Share of the tissue found whose pixels could not be read; None if unknown.
        familiarity: How it looks beside what the network was trained on; None if unknown.
        recovery: Whether implants came back from it; None if that was not tried.
    """

    slide: str
    stain_ok: bool
    stain_guess: str
    finest_um_per_px: float
    artefact_percent: float | None = None
    unreadable_percent: float | None = None
    familiarity: Familiarity | None = None
    recovery: RecoveryVerdict | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no pattern is named. A result, not an error.

    Attributes:
        code: Stable and machine-readable, e.g. `too_little_tissue`.
        sentence: What is wrong, with the numbers.
        remedy: What would help.
        slide: The slide it is about; None for the biopsy.
    """

    code: str
    sentence: str
    remedy: str
    slide: str | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Fibers and cells of one slide, by row.

    Attributes:
        slide: Its name.
        fiber_ids: Rows of its fibers, ascending.
        cell_ids: Rows of its cells, ascending. Where they lie is in the slide's findings, and in `reading.json`.
    """

    slide: str
    fiber_ids: tuple[int, ...] = ()
    cell_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One graded finding that the label rests on.

    Attributes:
        finding: Name of the graded finding: a field of `Grades`.
        grade: The grade in words.
        sentence: The numbers behind it, in plain language.
        decisive: Whether the rule that gave the label looked at it.
        places: The fibers and cells behind it.
    """

    finding: str
    grade: str
    sentence: str
    decisive: bool
    places: tuple[Places, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One pattern of the differential.

    Attributes:
        rank: From 1, by the calibration or else by the criteria, where equal scores share a rank.
        label: The pattern.
        text: What a reader sees.
        met: Criteria that the evidence meets.
        unmet: Criteria that it contradicts.
        not_assessed: Criteria that this section could not show.
        sources: DOI, or (C), of the criteria, each once.
        in_set: Whether it belongs to the conformal set; None without a calibration.
        probability: Calibrated on a laboratory's own biopsies, at their mix of patterns; None without such.
    """

    rank: int
    label: PatternLabel
    text: str
    met: tuple[str, ...]
    unmet: tuple[str, ...]
    not_assessed: tuple[str, ...]
    sources: tuple[str, ...]
    in_set: bool | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class StainAdvice:
    """A further stain that would separate the first two candidates.

    Attributes:
        stain: Its name.
        expected: (label, what it would show) for each of the two.
        source: DOI, or (C).
    """

    stain: str
    expected: tuple[tuple[PatternLabel, str], ...]
    source: str


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One of the files that a reading was decided by.

    Attributes:
        role: `conventions`, `decision_table`, `criteria`, `further_tests`, or `calibration` if one spoke.
        name: What the file calls itself, with its version.
        sha256: Of its bytes: files of one name can differ.
    """

    role: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SlideReading:
    """What one slide alone would say: how much the slides of a biopsy agree."""

    slide: str
    label: PatternLabel
    grades: Grades


@dataclass(frozen=True, slots=True)
class PatternReading:
    """The pattern of a biopsy with its reasons and its doubt.

    Attributes:
        label: The pattern, `indeterminate`, or `not_assessable`.
        label_text: What a reader sees.
        rule: Which row of the decision table spoke; `refusal` if none could, `conflict` if it was not followed.
        rule_reason: That row's reason, or the conflict.
        rule_source: That row's source: DOI, or (C).
        grades: Graded evidence of all slides together.
        reasons: The findings with their numbers, decisive ones first.
        differential: Candidates, best first; empty on refusal.
        calibrated: What ranked them and which of them belong to its set; None where the criteria ranked them.
        conflict: Why a pattern that the table names is not named; None otherwise.
        refusal: Why no pattern is named; None otherwise.
        further_refusals: Further reasons to refuse.
        slides: Each slide on its own.
        stains: Stains that would separate the first two candidates.
        serology: Blood tests that bear on the candidates.
        caveats: What else a reader must know.
        summary: The reading as plain sentences.
        conventions: Name and version of the conventions used.
        rules: All files that decided, with their digests; those that were not asked on a refusal among them.
        disclaimer: Research use; a pattern, not a diagnosis.
        familiarity: How each slide looks beside what the network was trained on; without those of which it is unknown.
        gauges: The evidence on the axes that it was graded on; empty on refusal.
        fitness: What refusals are decided by, on the axes of their limits.
    """

    label: PatternLabel
    label_text: str
    rule: str
    rule_reason: str
    rule_source: str
    grades: Grades
    reasons: tuple[Reason, ...]
    differential: tuple[Candidate, ...]
    calibrated: Calibrated | None
    conflict: Conflict | None
    refusal: Refusal | None
    further_refusals: tuple[Refusal, ...]
    slides: tuple[SlideReading, ...]
    stains: tuple[StainAdvice, ...]
    serology: tuple[str, ...]
    caveats: tuple[str, ...]
    summary: str
    conventions: str
    rules: tuple[RuleFile, ...]
    disclaimer: str
    familiarity: tuple[Familiarity, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    fitness: tuple[Gauge, ...] = ()
