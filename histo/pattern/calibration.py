"""The calibrated differential: patterns in order, the conformal set, and what speaks for the first against the second.

It holds for the population that it was fitted on, and for nothing else. `python -m train pattern` fits it; the bundle's
`pattern.json` holds it (`histo.pattern.calibration_file`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.evidence import Measures, to_dict
from histo.pattern.calibrated import SIMULATOR, Contrast, Contribution, Figure
from histo.pattern.evidence_model import EvidenceModel, Floats
from histo.pattern.features import FEATURES
from histo.pattern.labels import NAMED_PATTERNS, PatternLabel

_FEATURE = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Ranked:
    """One pattern as the calibration sees it.

    Attributes:
        label: The pattern.
        probability: Calibrated for the population, at that population's mix of patterns.
        in_set: Whether it belongs to the conformal set.
    """

    label: PatternLabel
    probability: float
    in_set: bool


@dataclass(frozen=True, slots=True)
class Differential:
    """What the calibration says of one biopsy.

    Attributes:
        ranked: All patterns that it knows, likeliest first.
        contrast: What speaks for the first against the second.
        unheard_of: Features that this biopsy lacks and none of the population did; the set was widened for them.
    """

    ranked: tuple[Ranked, ...]
    contrast: Contrast
    unheard_of: tuple[str, ...]

    @property
    def conformal_set(self) -> tuple[PatternLabel, ...]:
        """The patterns of the set, likeliest first. It may be empty."""
        return tuple(one.label for one in self.ranked if one.in_set)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A model of a population's biopsies, its temperature, and how far each pattern's own biopsies stray.

    The set is class-conditional (Mondrian) and conformal (Vovk 2012, 10.48550/arXiv.1209.2673; Angelopoulos and Bates
    2023, 10.1561/2200000101): a pattern belongs to it where 1 less its probability is at most what the stated share of
    this pattern's own biopsies reach. So biopsies of *each* pattern are covered as often as stated, rare ones too, at
    any mix of patterns. A set may be empty: then the biopsy is less typical of every pattern than nearly all its own.

    Attributes:
        name: What it calls itself; it stands in every reading.
        population: `simulator`, or whose biopsies it was fitted on.
        patients: How many patients.
        biopsies: (K,) how many biopsies of each pattern.
        model: Scores of the patterns.
        temperature: Scores are divided by it before they become probabilities (Guo 2017, arXiv 1706.04599).
        coverage_percent: Share of each pattern's biopsies whose set holds it.
        farthest: (K,) greatest 1 - probability at which each pattern belongs to the set.
        weights_sha256: Of the network whose findings it was fitted on.
        measures_sha256: Of the measures that the evidence was taken with.
        figures: What was measured of it on its own population, each biopsy predicted by a fit that had not seen it.
        sha256: Of the file it was read from.

    Raises:
        ValueError: If it does not hold together.
    """

    name: str
    population: str
    patients: int
    biopsies: tuple[int, ...]
    model: EvidenceModel
    temperature: float
    coverage_percent: float
    farthest: tuple[float, ...]
    weights_sha256: str
    measures_sha256: str
    figures: tuple[Figure, ...] = ()
    sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be a calibration."""
        patterns = len(self.model.labels)
        if not self.name.strip() or not self.population.strip():
            raise ValueError("needs a name and a population")
        if any(label not in NAMED_PATTERNS for label in self.model.labels):
            raise ValueError(f"can rank {', '.join(NAMED_PATTERNS)} only")
        if len(self.biopsies) != patterns or len(self.farthest) != patterns:
            raise ValueError(f"needs one number for each of its {patterns} patterns")
        if not (self.temperature > 0 and np.isfinite(self.temperature) and 50 <= self.coverage_percent < 100):
            raise ValueError("needs a temperature above 0, and a coverage of 50 to 100%")
        if not all(0 <= score <= 1 for score in self.farthest):
            raise ValueError("the limits of its set must lie between 0 and 1")

    @property
    def simulated(self) -> bool:
        """Whether it knows phantoms only; readings then show ranks and sets, but no percentages."""
        return self.population == SIMULATOR

    @property
    def note(self) -> str:
        """What must stand beside everything that it ranks."""
        if self.simulated:
            return "simulator-calibrated; coverage on biopsies unknown"
        return f"calibrated on {sum(self.biopsies)} biopsies of {self.population}; it holds for such biopsies only"

    def probabilities(self, values: Floats) -> Floats:
        """(..., K) probabilities of (..., F) features as `features_of` gives them."""
        return self._probabilities(self.model.along(values))

    def sets(self, values: Floats) -> NDArray[np.bool_]:
        """(N, K) which patterns belong to the conformal set, of (N, F) features as `features_of` gives them.

        Where a biopsy lacks what no biopsy of the population did, nobody has measured how often sets cover such
        biopsies. Then every pattern belongs to the set that would if the gap were filled in by the median of all
        biopsies or of any one pattern's: the set can only grow.
        """
        limits = np.array(self.farthest)
        return np.array(
            [
                (1 - self._probabilities(self.model.filled_in(along)) <= limits).any(axis=0)
                for along in self.model.along(values)
            ],
            dtype=np.bool_,
        ).reshape(len(values), len(limits))

    def differential(self, values: Floats) -> Differential:
        """What it says of one biopsy.

        Args:
            values: (F,) features as `features_of` gives them.
        """
        along = self.model.along(values)
        probability, in_set = self._probabilities(along), self.sets(values[None])[0]
        order = np.argsort(-self.model.scores(along), kind="stable")
        ranked = tuple(Ranked(self.model.labels[at], float(probability[at]), bool(in_set[at])) for at in order.tolist())
        gaps = self.model.never_missing(along)
        return Differential(
            ranked=ranked,
            contrast=self._contrast(values, int(order[0]), int(order[1])),
            unheard_of=tuple(_FEATURE[self.model.features[at].name].text for at in gaps),
        )

    def obstacle(self, weights_sha256: str, measures: Measures) -> str | None:
        """Why it cannot speak of what these weights found and these measures took; None where it can."""
        if weights_sha256 != self.weights_sha256:
            return "it was fitted on the findings of other weights"
        if digest_of(measures) != self.measures_sha256:
            return "it was fitted on evidence that was measured by other conventions"
        return None

    def _probabilities(self, along: Floats) -> Floats:
        scores = self.model.scores(along) / self.temperature
        raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
        return shares

    def _contrast(self, values: Floats, first: int, second: int) -> Contrast:
        """Log odds of the first pattern against the second, shared out over the features."""
        parts = self.model.parts(self.model.along(values)) / self.temperature
        own = dict(zip(_FEATURE, np.asarray(values, np.float64).tolist(), strict=True))
        contributions = [
            Contribution(
                feature=weights.name,
                text=_FEATURE[weights.name].text,
                value=None if np.isnan(own[weights.name]) else own[weights.name],
                unit=_FEATURE[weights.name].unit,
                log_odds=float(part[first] - part[second]),
            )
            for weights, part in zip(self.model.features, parts, strict=True)
        ]
        intercepts = self.model.intercepts
        return Contrast(
            first=self.model.labels[first],
            second=self.model.labels[second],
            baseline_log_odds=(intercepts[first] - intercepts[second]) / self.temperature,
            contributions=tuple(sorted(contributions, key=lambda one: (-abs(one.log_odds), one.feature))),
        )


def digest_of(measures: Measures) -> str:
    """SHA-256 of the measures, by which it is known that evidence was taken in one way."""
    return hashlib.sha256(json.dumps(to_dict(measures), sort_keys=True).encode()).hexdigest()
