"""A multinomial model over evidence features: one score for each pattern, and what each feature adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from histo.pattern.axes import Axis, along_axes
from histo.pattern.features import FEATURES
from histo.pattern.labels import PatternLabel

Floats = NDArray[np.float64]

_COLUMN = {feature.name: column for column, feature in enumerate(FEATURES)}
_AXES = {feature.name: feature.axis for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class FeatureWeights:
    """What one feature adds to the score of each pattern. All positions are on the feature's axis.

    Attributes:
        name: Of the feature.
        axis: The scale that it was fitted on.
        center: Median of the biopsies that it was fitted on, taken where the feature is missing.
        spread: Their standard deviation, or 1 where they do not differ.
        low: Their least; what lies below counts as this, for nothing was seen there.
        high: Their greatest, likewise.
        typical: (K,) median of each pattern's biopsies; None where none of them had it.
        slopes: (K,) what one `spread` above `center` adds.
        when_missing: (K,) what its being missing adds; all 0 where it never was.
        was_missing: Whether any biopsy that it was fitted on lacked it.

    Raises:
        ValueError: If the feature is unknown here, or on another axis, or its numbers cannot be.
    """

    name: str
    axis: Axis
    center: float
    spread: float
    low: float
    high: float
    typical: tuple[float | None, ...]
    slopes: tuple[float, ...]
    when_missing: tuple[float, ...]
    was_missing: bool

    def __post_init__(self) -> None:
        """Refuse a feature that means something else here."""
        if _AXES.get(self.name) is not self.axis:
            raise ValueError(f"this histo measures no feature {self.name} on a {self.axis} axis")
        if not (self.spread > 0 and self.low <= self.center <= self.high):
            raise ValueError(f"{self.name} needs a spread above 0, and its center between low and high")
        numbers = (self.spread, self.low, self.high, *self.slopes, *self.when_missing)
        if not np.isfinite([*numbers, *(value for value in self.typical if value is not None)]).all():
            raise ValueError(f"{self.name} holds a number that is not finite")


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """Scores of patterns, linear in standardized features.

    Attributes:
        labels: The K patterns that it knows.
        intercepts: (K,) scores of a biopsy whose every feature is at its center.
        features: What each feature adds.

    Raises:
        ValueError: If a pattern or a feature comes twice, or numbers are not one for each pattern.
    """

    labels: tuple[PatternLabel, ...]
    intercepts: tuple[float, ...]
    features: tuple[FeatureWeights, ...]

    def __post_init__(self) -> None:
        """Refuse a model that does not hold together."""
        patterns, names = len(self.labels), [feature.name for feature in self.features]
        if patterns < 2 or len(set(self.labels)) < patterns or len(set(names)) < len(names):
            raise ValueError("needs at least two patterns, and each pattern and feature once")
        sizes = {len(of) for one in self.features for of in (one.typical, one.slopes, one.when_missing)}
        if len(self.intercepts) != patterns or sizes - {patterns} or not np.isfinite(self.intercepts).all():
            raise ValueError(f"needs one finite number for each of its {patterns} patterns")

    def along(self, values: Floats) -> Floats:
        """(..., J) the model's features on their axes, of (..., F) features as `features_of` gives them."""
        columns = [_COLUMN[feature.name] for feature in self.features]
        return along_axes(np.asarray(values, np.float64)[..., columns], [feature.axis for feature in self.features])

    def scores(self, along: Floats) -> Floats:
        """The score of each pattern.

        Args:
            along: (..., J) features on their axes, NaN where missing.

        Returns:
            (..., K) float64.
        """
        total: Floats = np.array(self.intercepts) + self.parts(along).sum(axis=-2)
        return total

    def parts(self, along: Floats) -> Floats:
        """What each feature adds to each score, against a biopsy that has it at its center.

        Args:
            along: (..., J) features on their axes, NaN where missing.

        Returns:
            (..., J, K) float64.
        """
        center, spread, low, high = (
            np.array([getattr(feature, name) for feature in self.features])
            for name in ("center", "spread", "low", "high")
        )
        missing = np.isnan(along)
        steps = np.where(missing, 0.0, (np.clip(along, low, high) - center) / spread)
        slopes = np.array([feature.slopes for feature in self.features])
        when_missing = np.array([feature.when_missing for feature in self.features])
        added: Floats = steps[..., None] * slopes + missing[..., None] * when_missing
        return added

    def never_missing(self, along: Floats) -> tuple[int, ...]:
        """Features that are missing here, and were not in any biopsy that the model was fitted on.

        Args:
            along: (J,) of one biopsy.
        """
        missing = np.isnan(along)
        return tuple(at for at, feature in enumerate(self.features) if missing[at] and not feature.was_missing)

    def filled_in(self, along: Floats) -> Floats:
        """(M, J) ways to fill in what was never missing: by the medians of all biopsies, and of each pattern's.

        Args:
            along: (J,) of one biopsy.
        """
        gaps = self.never_missing(along)
        filled = [along]
        for pattern in range(len(self.labels)) if gaps else ():
            typical = [self.features[at].typical[pattern] for at in gaps]
            centers = [self.features[at].center for at in gaps]
            filled.append(along.copy())
            filled[-1][list(gaps)] = [
                center if value is None else value for value, center in zip(typical, centers, strict=True)
            ]
        return np.stack(filled)
