"""Learning the second look at fibers that may be necrotic, from phantoms of the validation split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from histo.findings import NECROTIC_CLASSES
from histo.network import Engine, OperatingPoints
from histo.network.decode import decide_class, fibers_of, outline_block, sure_outlines
from histo.network.second_look import NO_SECOND_LOOK, log_odds_of_necrosis, look_again
from histo.phantom.truth import FieldTruth
from train.evaluate import Maps, maps_of
from train.metrics import pair_fibers
from train.observe import true_of_found
from train.sections import ordinary_sections

FROM_SHARE = 0.02
"""Fibers that are less likely necrotic than this teach nothing: there are thousands of them."""

ENOUGH = 40
"""Of true and of false candidates there must be as many each; with fewer there is no second look."""

THRESHOLDS = tuple(float(step) for step in np.round(np.arange(0.3, 0.86, 0.05), 2))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Outlines that may be necrotic fibers.

    Attributes:
        class_probability: (N, 5) float64 over `FiberClass`, before the second look.
        seen: (N, 4) float64 over `histo.network.second_look.SEEN`.
        necrotic: (N,) bool, whether it is a necrotic fiber, rightly outlined.
        fibers: How many necrotic fibers there truly are, found or not.
    """

    class_probability: NDArray[np.float64]
    seen: NDArray[np.float64]
    necrotic: NDArray[np.bool_]
    fibers: int


def read_candidates(engine: Engine, points: OperatingPoints, seeds: Sequence[int]) -> Candidates:
    """Every outline on sections that may be a necrotic fiber, and whether it is one.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds; how outlines are cut is chosen before.
        seeds: Of ordinary sections, of the validation split.
    """
    sections = ordinary_sections(track(seeds, description="Reading possible necroses"))
    return gathered([candidates_of(field.truth, maps_of(engine, field.rgb), points) for field in sections])


def candidates_of(truth: FieldTruth, maps: Maps, points: OperatingPoints) -> Candidates:
    """The candidates of one field."""
    bare = replace(points, necrotic_look=NO_SECOND_LOOK)
    block = outline_block(maps, bare)
    called = decide_class(block.class_probability, bare.necrotic)
    rows = sure_outlines(block, called, bare)
    fibers = fibers_of(block, block.class_probability, called, rows, np.zeros(2), bare)
    paired = pair_fibers(truth, fibers)
    probability = block.class_probability[rows]
    counts = paired.predicted_counts & (probability[:, list(NECROTIC_CLASSES)].sum(axis=1) > FROM_SHARE)
    true = np.isin(truth.fiber_class, NECROTIC_CLASSES) & paired.truth_counts
    found = true[true_of_found(truth, paired)]
    return Candidates(probability[counts], block.seen[rows][counts], found[counts], int(true.sum()))


def gathered(parts: Sequence[Candidates]) -> Candidates:
    """The candidates of several fields."""
    return Candidates(
        np.concatenate([part.class_probability for part in parts]),
        np.concatenate([part.seen for part in parts]),
        np.concatenate([part.necrotic for part in parts]),
        sum(part.fibers for part in parts),
    )


def fit_second_look(candidates: Candidates) -> tuple[float, ...]:
    """The weights of `histo.network.second_look.look_again`: those that change nothing if there are too few candidates.

    A logistic regression, so that what comes out is a probability.
    """
    true = candidates.necrotic
    if min(np.count_nonzero(true), np.count_nonzero(~true)) < ENOUGH:
        return NO_SECOND_LOOK
    features = np.column_stack([log_odds_of_necrosis(candidates.class_probability), candidates.seen])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000)).fit(features, true)
    scale, logit = model[0], model[1]
    weights = logit.coef_[0] / scale.scale_
    constant = float(logit.intercept_[0] - weights @ scale.mean_)
    return tuple(round(float(value), 4) for value in (constant, *weights))


def f1_by_threshold(candidates: Candidates, weights: tuple[float, ...]) -> dict[float, float]:
    """The F1 of necrotic fibers by the threshold from which a candidate is called one."""
    again = look_again(candidates.class_probability, candidates.seen, weights)
    share = again[:, list(NECROTIC_CLASSES)].sum(axis=1)
    calls = {threshold: share >= threshold for threshold in THRESHOLDS}
    return {
        threshold: 2 * int(candidates.necrotic[called].sum()) / max(1, int(called.sum()) + candidates.fibers)
        for threshold, called in calls.items()
    }
