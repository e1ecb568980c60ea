"""A reading as it is in memory: what was found on each slide, what it amounts to, and what read it."""

from __future__ import annotations

from dataclasses import dataclass

from histo.errors import HistoError
from histo.evidence import BiopsyEvidence, Coverage
from histo.findings import Findings
from histo.pattern import PatternReading
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
    """

    info: SlideInfo
    tissue: TissueMap
    coverage: Coverage
    findings: Findings


@dataclass(frozen=True, slots=True)
class SlideFailure:
    """One slide that could not be read.

    Attributes:
        slide: What the user asked for: a path.
        kind: Name of the exception class, e.g. `ScaleMissing`.
        problem: What was found, and what was expected.
        remedy: What the user can do.
    """

    slide: str
    kind: str
    problem: str
    remedy: str

    @staticmethod
    def of(slide: str, error: HistoError) -> SlideFailure:
        """The failure that an exception tells of."""
        return SlideFailure(slide, type(error).__name__, error.problem, error.remedy)

    def __str__(self) -> str:
        """One line: slide, problem, remedy."""
        return f"{self.slide}: {self.problem}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What read the slides.

    Attributes:
        name: Of the bundle.
        version: Of the bundle.
        sha256: Of its weights.
        engine: What ran the network, e.g. `openvino`.
        device: Where, e.g. `cpu`.
        precision: `f32` or `bf16`.
        trained_on: What it learned from, in words.
        limits: What it is known not to do.
    """

    name: str
    version: str
    sha256: str
    engine: str
    device: str
    precision: str
    trained_on: str
    limits: tuple[str, ...] = ()


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
    """

    name: str
    slides: tuple[SlideResult, ...]
    failures: tuple[SlideFailure, ...]
    evidence: BiopsyEvidence
    pattern: PatternReading
    model: ModelFacts
