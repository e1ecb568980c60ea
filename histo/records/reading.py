"""A reading as it is in memory: what was found on each slide, what it amounts to, and what read it."""

from __future__ import annotations

from dataclasses import dataclass

from histo.clinical import ClinicalContext
from histo.errors import HistoError
from histo.evidence import BiopsyEvidence, Coverage
from histo.findings import Findings
from histo.pattern import PatternReading, RecoveryVerdict
from histo.slide import SlideInfo
from histo.tissue import TissueMap


@dataclass(frozen=True, eq=False, slots=True)
class SlideResult:
    """One slide that was read.

    Attributes:
        info: Facts of the slide, its scale and the source of its scale among them.
        tissue: Where there is tissue, and what spoils it.
        coverage: The same as areas.
        findings: What was found, in slide micrometers.
        recovery: Whether implants came back from it; None if that was not tried.
    """

    info: SlideInfo
    tissue: TissueMap
    coverage: Coverage
    findings: Findings
    recovery: RecoveryVerdict | None = None


@dataclass(frozen=True, slots=True)
class SlideFailure:
    """One slide that was not read.

    Attributes:
        slide: What the user asked for: a path; the biopsy's name where its slides were read but not it.
        kind: Name of the exception class, e.g. `ScaleMissing`.
        problem: What was found, and what was expected.
        remedy: What the user can do.
    """

    slide: str
    kind: str
    problem: str
    remedy: str

    @staticmethod
    def of(error: HistoError) -> SlideFailure:
        """The failure that an exception tells of."""
        return SlideFailure(error.subject, type(error).__name__, error.problem, error.remedy)

    @staticmethod
    def stopped(slide: str, error: HistoError) -> SlideFailure:
        """The failure of a slide by something that is not its own: the disk, the engine."""
        return SlideFailure(slide, type(error).__name__, f"{error.subject}: {error.problem}", error.remedy)

    @staticmethod
    def not_begun(slide: str, error: HistoError) -> SlideFailure:
        """The failure of a slide whose turn did not come, since such an error stopped an earlier one."""
        problem = f"was not begun, for an earlier slide was stopped ({error.subject}: {error.problem})"
        return SlideFailure(slide, type(error).__name__, problem, error.remedy)

    def __str__(self) -> str:
        """One line: slide, problem, remedy."""
        return f"{self.slide}: {self.problem}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that was measured when the model was made, with its 95% interval where one could be measured."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What read the slides.

    Attributes:
        name: Of the bundle.
        version: Of the bundle.
        sha256: Of the bundle: its card, which holds the digest of its weights.
        weights_sha256: Of its weights alone, to which a calibration of the differential belongs.
        engine: What ran the network, e.g. `openvino`.
        device: Where, e.g. `cpu`.
        precision: `f32` or `bf16`.
        trained_on: What it learned from, in words.
        recipe: The command that makes it.
        intended_use: What it is for.
        limits: What it was not shown to do.
        license: SPDX identifier of the weights' license.
        on_phantoms: Measured on simulated sections. They say nothing about patients.
        on_real_images: Measured on real images.
    """

    name: str
    version: str
    sha256: str
    engine: str
    device: str
    precision: str
    trained_on: str
    recipe: str
    intended_use: str
    limits: tuple[str, ...]
    license: str
    weights_sha256: str
    on_phantoms: tuple[Measured, ...] = ()
    on_real_images: tuple[Measured, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class BiopsyReading:
    """A biopsy, read: one slide or several.

    Attributes:
        name: Of the biopsy; of the slide where it is read on its own.
        slides: Those that could be read, in the order given.
        failures: Those that could not.
        evidence: The numbers of all slides together and of each.
        pattern: The pattern with its reasons, or a refusal. A pattern, not a diagnosis.
        model: What read it.
        clinical: What is known of the patient besides, and what criteria make of it; None where nothing was given. It
            never alters the pattern.
    """

    name: str
    slides: tuple[SlideResult, ...]
    failures: tuple[SlideFailure, ...]
    evidence: BiopsyEvidence
    pattern: PatternReading
    model: ModelFacts
    clinical: ClinicalContext | None = None
