"""What the bundle's calibrated differential says of every biopsy of a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from histo.errors import UsageError
from histo.network import load_bundle
from histo.pattern import CALIBRATION_FILE, Calibration, PatternLabel, load_calibration, load_conventions
from train.study.records import Record

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Of N biopsies, refused ones included.

    Attributes:
        labels: The K patterns that are ranked.
        before: (N, K) probabilities at temperature 1.
        after: (N, K) calibrated probabilities.
        sets: (N, K) bool, whose conformal set holds which pattern.
        coverage_percent: What the sets state.
        name: What the calibration calls itself.
    """

    labels: tuple[PatternLabel, ...]
    before: Floats
    after: Floats
    sets: NDArray[np.bool_]
    coverage_percent: float
    name: str

    def excludes(self, row: int, label: PatternLabel) -> bool:
        """Whether a biopsy's set, or where it is empty the likeliest pattern, is another: then no label is given."""
        if label not in self.labels:
            return False
        own, number = self.sets[row], self.labels.index(label)
        return not own[number] if own.any() else int(self.after[row].argmax()) != number


def predict(calibration: Calibration, records: Sequence[Record]) -> Predictions:
    """Ask the differential about every biopsy.

    Args:
        calibration: Fitted on other biopsies.
        records: The study's.
    """
    values = np.array([record.features for record in records], np.float64).reshape(len(records), -1)
    return Predictions(
        labels=calibration.model.labels,
        before=replace(calibration, temperature=1.0).probabilities(values),
        after=calibration.probabilities(values),
        sets=calibration.sets(values),
        coverage_percent=calibration.coverage_percent,
        name=calibration.name,
    )


def predictor(bundle: Path) -> Callable[[Sequence[Record]], Predictions | None]:
    """What asks a bundle's differential; it has nothing to say where the bundle has no pattern.json.

    Raises:
        UsageError: If the differential was fitted for other weights or measures.
        BundleError: If the bundle or its pattern.json is damaged.
    """
    calibration = load_calibration(bundle / CALIBRATION_FILE)
    if calibration is None:
        return lambda records: None
    obstacle = calibration.obstacle(load_bundle(bundle).card.weights_sha256, load_conventions().measures)
    if obstacle is not None:
        raise UsageError(bundle / CALIBRATION_FILE, obstacle, "fit it again with `python -m train pattern`")
    return lambda records: predict(calibration, records)
