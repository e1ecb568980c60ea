"""How sure a bundle may be: one temperature a head, the likeliest on validation fields (Guo 2017, arXiv 1706.04599)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from histo.findings import CellClass
from histo.network import OperatingPoints, decode_block
from histo.network.cell_peaks import find_peaks
from histo.network.layout import COMPARTMENTS
from histo.network.temperature import FLOOR, temper_odds, temper_shares
from histo.phantom.truth import FieldTruth
from train.metrics import pair_fibers
from train.observe import CANDIDATE_HEIGHT, known_shares, rank_cells

Fitted = TypeVar("Fitted")

COLDEST, WARMEST = 0.2, 5.0
"""Between these a temperature is sought; few fields that are all read rightly would otherwise ask for 0."""

EVEN_HEIGHTS = (0.1, 0.9)
"""Between these the even height of a peak is sought."""

EVERY_PIXEL = 7
"""Of the compartments' pixels one in so many is taken: neighbors say the same."""


def fit_shares(shares: NDArray[np.floating], true: NDArray[np.integer]) -> float:
    """The temperature of probabilities that exclude one another.

    Args:
        shares: (N, K).
        true: (N,) which came true.

    Returns:
        The temperature under which the truth is likeliest; 1 where there is nothing to fit.
    """

    def surprise(temperature: float) -> float:
        stated = temper_shares(shares, temperature)[np.arange(len(true)), true]
        return float(-np.log(np.maximum(stated, FLOOR)).mean())

    return _coolest(surprise) if len(true) else 1.0


def fit_odds(stated: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """The temperature of probabilities of yes or no.

    Args:
        stated: (N,).
        true: (N,) bool.

    Returns:
        As for `fit_shares`.
    """

    def surprise(temperature: float) -> float:
        tempered = temper_odds(stated, temperature)
        return float(-np.log(np.maximum(np.where(true, tempered, 1 - tempered), FLOOR)).mean())

    return _coolest(surprise) if len(true) else 1.0


def fit_heights(height: NDArray[np.floating], true: NDArray[np.bool_]) -> tuple[float, float]:
    """The temperature of heights that are no probabilities yet, and the height that is as likely right as wrong.

    Args:
        height: (N,) between 0 and 1.
        true: (N,) bool.

    Returns:
        Temperature and even height, together the likeliest (Platt 1999); 1 and 0.5 where there is nothing to fit.
    """
    if not true.any() or true.all():
        return 1.0, 0.5

    def limited(x: NDArray[np.float64]) -> tuple[float, float]:
        return float(np.clip(np.exp(x[0]), COLDEST, WARMEST)), float(np.clip(x[1], *EVEN_HEIGHTS))

    def surprise(x: NDArray[np.float64]) -> float:
        tempered = temper_odds(height, *limited(x))
        return float(-np.log(np.maximum(np.where(true, tempered, 1 - tempered), FLOOR)).mean())

    corners = np.array([[0.0, 0.5], [0.7, 0.5], [0.0, 0.4]])
    options = {"initial_simplex": corners, "xatol": 1e-3, "fatol": 1e-7}
    found = minimize(surprise, corners[0], method="Nelder-Mead", options=options)
    temperature, even = limited(found.x)
    return round(temperature, 3), round(even, 3)


def _coolest(surprise: Callable[[float], float]) -> float:
    found = minimize_scalar(
        lambda log: surprise(float(np.exp(log))),
        bounds=(np.log(COLDEST), np.log(WARMEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return round(float(np.exp(found.x)), 3)


def fit_temperatures(
    known: Sequence[tuple[FieldTruth, NDArray[np.float32]]], start: OperatingPoints
) -> OperatingPoints:
    """Fit all four on fields with their maps.

    Args:
        known: Truth and maps of validation fields.
        start: Draws the outlines.

    Returns:
        `start` with new temperatures.
    """
    cold = replace(
        start,
        class_temperature=1.0,
        attribute_temperature=1.0,
        cell_temperature=1.0,
        cell_even_height=0.5,
        compartment_temperature=1.0,
        cells=(CANDIDATE_HEIGHT,) * len(CellClass),
    )
    samples: dict[str, list[tuple[NDArray[np.floating], NDArray[Any]]]] = {
        name: [] for name in ("class", "attribute", "cell", "compartment")
    }
    for truth, maps in known:
        fibers, _ = decode_block(maps, (0.0, 0.0), cold)
        paired = pair_fibers(truth, fibers)
        samples["class"].append((fibers.class_probability[paired.predicted], truth.fiber_class[paired.truth]))
        stated = fibers.attribute_probability[paired.predicted][:, truth.attributes_known]
        true = truth.fiber_attributes[paired.truth][:, truth.attributes_known]
        samples["attribute"].append((stated.ravel(), true.ravel()))
        peaks = find_peaks(maps, cold)
        samples["cell"] += [rank_cells(truth, peaks, (kind,))[:2] for kind in CellClass]
        shares, codes = known_shares(truth, maps[COMPARTMENTS])
        samples["compartment"].append((shares[::EVERY_PIXEL], codes[::EVERY_PIXEL]))

    def fit(head: str, by: Callable[..., Fitted]) -> Fitted:
        stated, true = (np.concatenate(part) for part in zip(*samples[head], strict=True))
        return by(stated, true)

    cell_temperature, even = fit("cell", fit_heights)

    return replace(
        start,
        class_temperature=fit("class", fit_shares),
        attribute_temperature=fit("attribute", fit_odds),
        cell_temperature=cell_temperature,
        cell_even_height=even,
        compartment_temperature=fit("compartment", fit_shares),
    )
