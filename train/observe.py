"""What one field shows of a bundle: its counts, every call with its score, and what was stated against what is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from histo.findings import CellClass, Compartment, FiberAttribute, Fibers
from histo.network import OperatingPoints, decode_block
from histo.network.cell_peaks import Peaks, find_peaks
from histo.network.layout import COMPARTMENTS
from histo.network.temperature import temper_shares
from histo.phantom.truth import UNKNOWN_COMPARTMENT, FieldTruth
from train.matching import MATCH_UM
from train.metrics import (
    CELL_GROUPS,
    FIBER_GROUPS,
    MatchedFibers,
    Tally,
    cells_known_at,
    pair_fibers,
    tally_field,
)
from train.reliability import bin_calls

CANDIDATE_HEIGHT = 0.15
"""Peaks from this height on are ranked as possible nuclei, whatever threshold a bundle has for calling them."""

HEADS = ("fiber_class", "necrotic", "attributes", "cells", "compartments")
"""Whose probabilities are compared with what is true; `necrotic` is the sum over the necrotic classes."""

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

Ranked = tuple[_Floats, _Bools, int, float]
"""Scores, hits, number of true objects, mm2: a field's part of `train.curves.RankedCalls`."""


@dataclass(frozen=True, eq=False)
class Observation:
    """One field as a bundle reads it.

    Attributes:
        tally: Counts at the operating points.
        ranked: Calls by finding: `fiber.necrotic_pale`, `attribute.opaque`, `cell.lymphocyte`, `cell.inflammatory`, ...
        bins: By head of `HEADS`, (15, 3) of `train.reliability.bin_calls`.
        fibers: What was found.
        paired: With which true fibers.
        cell_um: (M, 2) centers of the nuclei that were called.
        cell_class: (M,) uint8.
        cell_height: (M,) float32, how sure each is.
    """

    tally: Tally
    ranked: Mapping[str, Ranked]
    bins: Mapping[str, _Floats]
    fibers: Fibers
    paired: MatchedFibers
    cell_um: NDArray[np.float32]
    cell_class: NDArray[np.uint8]
    cell_height: NDArray[np.float32]


def observe(truth: FieldTruth, maps: NDArray[np.float32], points: OperatingPoints) -> Observation:
    """Decode the maps of a field and compare them with its truth.

    Args:
        truth: What is known.
        maps: (26, h, w) float32.
        points: The bundle's thresholds and temperatures.
    """
    fibers, cells = decode_block(maps, (0.0, 0.0), points)
    paired = pair_fibers(truth, fibers)
    shares = maps[COMPARTMENTS]
    tally = tally_field(truth, fibers, cells, shares.argmax(axis=0).astype(np.uint8), paired)
    peaks = find_peaks(maps, replace(points, cells=(CANDIDATE_HEIGHT,) * len(CellClass)))
    fiber_mm2, cell_mm2 = (tissue_mm2(truth, known) for known in (truth.fibers_known, truth.cells_known))
    ranked = ranked_fibers(truth, fibers, paired, fiber_mm2) | _ranked_cells(truth, peaks, cell_mm2)
    by_kind = [ranked[f"cell.{kind.name.lower()}"] for kind in CellClass]
    bins = _bins_of_fibers(truth, fibers, paired)
    bins["cells"] = np.sum([bin_calls(score, hit) for score, hit, _, _ in by_kind], axis=0)
    stated, true = known_shares(truth, shares)
    likeliest = temper_shares(stated, points.compartment_temperature)
    bins["compartments"] = bin_calls(likeliest.max(axis=1), likeliest.argmax(axis=1) == true)
    height = cells.class_probability.max(axis=1, initial=0)
    return Observation(tally, ranked, bins, fibers, paired, cells.center_um, cells.cell_class, height)


def known_shares(truth: FieldTruth, shares: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Compartment probabilities (pixels, 8) and true codes (pixels,) where the truth is known."""
    codes = truth.compartments[::2, ::2]
    known = codes != UNKNOWN_COMPARTMENT
    return np.ascontiguousarray(shares[:, known].T), codes[known]


def tissue_mm2(truth: FieldTruth, known: _Bools | None) -> float:
    """Area of a field that is not glass and in which everything of a kind is known."""
    seen = truth.compartments != Compartment.GLASS
    return truth.mpp.area_mm2(float(np.count_nonzero(seen if known is None else seen & known)))


def rank_cells(truth: FieldTruth, peaks: Peaks, kinds: Sequence[CellClass]) -> tuple[_Floats, _Bools, int]:
    """Possible nuclei of some kinds: the surest first, each takes the nearest true one within 6 um not yet taken.

    Args:
        truth: What is known.
        peaks: Candidates.
        kinds: Which nuclei, of truth and candidates alike.

    Returns:
        (M,) heights and (M,) whether each is right, for those that lie where nuclei are known; and how many nuclei of
        these kinds there truly are. Nothing, if one of the kinds was not marked.
    """
    if not truth.cell_classes_known[list(kinds)].all():
        return np.zeros(0), np.zeros(0, np.bool_), 0
    mine = np.isin(peaks.kind, kinds)
    center_um, height = peaks.center_um[mine], peaks.height[mine].max(axis=1, initial=0).astype(np.float64)
    true_px = truth.cell_center_px[np.isin(truth.cell_class, kinds)]
    true_known = cells_known_at(truth, true_px)
    known = cells_known_at(truth, truth.mpp.to_px(center_um).astype(np.float32))
    hit = np.zeros(len(height), np.bool_)
    if len(true_px) and len(height):
        apart = cdist(center_um, truth.mpp.to_um(true_px))
        for call in np.argsort(-height, kind="stable"):
            nearest = int(apart[call].argmin())
            if apart[call, nearest] <= MATCH_UM:
                hit[call], known[call] = True, true_known[nearest]
                apart[:, nearest] = np.inf
    return height[known], hit[known], int(true_known.sum())


def _ranked_cells(truth: FieldTruth, peaks: Peaks, mm2: float) -> dict[str, Ranked]:
    return {f"cell.{name}": (*rank_cells(truth, peaks, kinds), mm2) for name, kinds in CELL_GROUPS.items()}


def true_of_found(truth: FieldTruth, paired: MatchedFibers) -> NDArray[np.int64]:
    """(P,) the number of the true fiber that each found one is paired with, 0 for none."""
    number = np.zeros(len(paired.predicted_counts), np.int64)
    number[paired.predicted] = paired.truth
    return number


def ranked_fibers(truth: FieldTruth, fibers: Fibers, paired: MatchedFibers, mm2: float) -> dict[str, Ranked]:
    """Every found fiber, by its probability of each class, group of classes and attribute.

    Args:
        truth: What is known.
        fibers: What was found.
        paired: The two together.
        mm2: Area that was looked through.
    """
    counts, number = paired.predicted_counts, true_of_found(truth, paired)
    found = number[counts]
    ranked: dict[str, Ranked] = {}
    for name, group in FIBER_GROUPS.items():
        score = fibers.class_probability[counts][:, list(group)].sum(axis=1).astype(np.float64)
        true = np.isin(truth.fiber_class, group) & paired.truth_counts
        ranked[f"fiber.{name}"] = (score, true[found], int(true.sum()), mm2)
    for kind in FiberAttribute:
        if truth.attributes_known[kind]:
            score = fibers.attribute_probability[counts, kind].astype(np.float64)
            true = truth.fiber_attributes[:, kind] & paired.truth_counts
            ranked[f"attribute.{kind.name.lower()}"] = (score, true[found], int(true.sum()), mm2)
        else:
            ranked[f"attribute.{kind.name.lower()}"] = (np.zeros(0), np.zeros(0, np.bool_), 0, mm2)
    return ranked


def _bins_of_fibers(truth: FieldTruth, fibers: Fibers, paired: MatchedFibers) -> dict[str, _Floats]:
    """Of fibers that are paired: what a thing is that is no fiber nobody can say."""
    stated, true = fibers.class_probability[paired.predicted], truth.fiber_class[paired.truth]
    necrotic = list(FIBER_GROUPS["necrotic"])
    known = truth.attributes_known
    return {
        "fiber_class": bin_calls(stated.max(axis=1, initial=0), stated.argmax(axis=1) == true),
        "necrotic": bin_calls(stated[:, necrotic].sum(axis=1), np.isin(true, necrotic)),
        "attributes": bin_calls(
            fibers.attribute_probability[paired.predicted][:, known], truth.fiber_attributes[paired.truth][:, known]
        ),
    }
