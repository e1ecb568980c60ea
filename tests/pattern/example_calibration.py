"""A small calibration with known weights, for tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from histo.evidence import standard_measures
from histo.pattern import FEATURES, Calibration, EvidenceModel, FeatureWeights, PatternLabel, digest_of

LABELS = (PatternLabel.NECROTIZING, PatternLabel.DYSTROPHIC, PatternLabel.NORMAL)
WEIGHTS = "ab" * 32


def weights(name: str, slopes: tuple[float, ...], **changes: object) -> FeatureWeights:
    """A feature at 0, one unit of its axis being one step, never missing."""
    axis = next(feature.axis for feature in FEATURES if feature.name == name)
    plain = FeatureWeights(name, axis, 0.0, 1.0, -5.0, 5.0, slopes, slopes, (0.0,) * len(slopes), was_missing=False)
    return replace(plain, **changes)  # type: ignore[arg-type]


def example(population: str = "simulator", **changes: object) -> Calibration:
    """Necrosis speaks for the necrotizing pattern, endomysium and size variation for the dystrophic one."""
    model = EvidenceModel(
        LABELS,
        (-0.5, 0.0, 0.5),
        (
            weights("necrotic", (2.0, 0.5, -2.5)),
            weights("size_variation", (-1.0, 2.0, -1.0)),
            weights("necrosis_edge", (-0.5, 0.5, 0.0), when_missing=(-1.0, 0.0, 1.0), was_missing=True),
        ),
    )
    plain = Calibration(
        name="example 1",
        population=population,
        patients=30,
        biopsies=(10, 10, 10),
        model=model,
        temperature=1.5,
        coverage_percent=90.0,
        farthest=(0.6, 0.6, 0.6),
        weights_sha256=WEIGHTS,
        measures_sha256=digest_of(standard_measures()),
        sha256="cd" * 32,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def features(**values: float) -> np.ndarray:
    """(F,) with the named values in their units, everything else missing."""
    return np.array([values.get(feature.name, np.nan) for feature in FEATURES])
