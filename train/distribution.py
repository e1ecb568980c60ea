"""Fits what appearances a bundle's network is familiar with: on fields that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.covariance import ledoit_wolf

from histo.appearance import Appearance
from histo.detection.appearance_record import AppearanceRecord
from histo.errors import UsageError
from histo.network import Bundle, Engine
from histo.pattern.distribution import GROUPS, UNITS, Distribution, Reach, distances, in_unit, names_of
from histo.pattern.distribution_file import DISTRIBUTION_FILE, distribution_bytes
from histo.records.atomic import write_atomically
from train.evaluate import maps_of
from train.field_store import load_field, stored_fields

Floats = NDArray[np.float64]

GAP = 0.3
"""Variance by which each number of a slide may differ besides, from what the fields show, in its own variance."""

_LEAST_FIBER = 0.1
"""As `adequacy.min_fiber_percent` of the conventions: slides with less are refused as `little_muscle`."""
_FOLDS = 5
_WITHIN = 95.0
_MOST_DEVIATIONS = 3.0
"""Robust deviations from the median, to which freaks are drawn in: a few must not make everything familiar."""
_LEAST_FIELDS = 40
"""About twice as many as there are numbers in all groups together, five times as many as in the largest."""


def appearances_of(engine: Engine, folder: Path) -> tuple[Appearance, ...]:
    """How the fields of a folder look; those with hardly any muscle are left out, for a reading refuses such slides."""
    found = []
    for path in track(stored_fields(folder), description=f"Looking at {folder}"):
        rgb = load_field(path).rgb
        maps = maps_of(engine, rgb)
        record = AppearanceRecord()
        record.add(rgb, maps, np.ones(maps.shape[1:], bool))
        appearance = record.finished()
        if appearance is not None and appearance.answers.fiber >= _LEAST_FIBER:
            found.append(appearance)
    return tuple(found)


def fit_distribution(appearances: Sequence[Appearance], weights_sha256: str, gap: float = GAP) -> Distribution:
    """The distribution of appearances.

    The correlation is Ledoit and Wolf's (2004, doi 10.1016/S0047-259X(03)00096-4). How far fields lie apart is measured
    on each fifth of them by the correlation of the rest.

    Args:
        appearances: Of fields, in any order of tissues and stains.
        weights_sha256: Of the network that gave the answers.
        gap: See `GAP`.

    Raises:
        UsageError: If there are too few to tell a correlation.
    """
    if len(appearances) < _LEAST_FIELDS:
        problem = f"{len(appearances)} fields show stained muscle, at least {_LEAST_FIELDS} are needed"
        raise UsageError("distribution", problem, "draw more with `python -m train render --split validation`")
    rows = [appearance.named() for appearance in appearances]
    points = np.array([[in_unit(name, row[name]) for name in UNITS] for row in rows])
    tame = _tamed(points)
    middle, spread = tame.mean(axis=0), tame.std(axis=0, ddof=1)
    return Distribution(
        name=f"{len(rows)} fields of phantoms whose tissue, stain, preparation and scanner were drawn at random",
        weights_sha256=weights_sha256,
        fields=len(rows),
        gap=gap,
        middle=dict(zip(UNITS, middle.tolist(), strict=True)),
        spread=dict(zip(UNITS, spread.tolist(), strict=True)),
        reach={group: _reach(points[:, [name in names_of(group) for name in UNITS]], gap) for group in GROUPS},
    )


def _reach(points: Floats, gap: float) -> Reach:
    fold = np.arange(len(points)) % _FOLDS
    held_out = []
    for out in range(_FOLDS):
        rest = _tamed(points[fold != out])
        standardized = (points[fold == out] - rest.mean(axis=0)) / rest.std(axis=0, ddof=1)
        held_out.append(distances(standardized, _correlation(rest), gap))
    return Reach(_correlation(_tamed(points)), float(np.percentile(np.concatenate(held_out), _WITHIN)))


def _tamed(points: Floats) -> Floats:
    """Each number drawn in to a few robust deviations (1.4826 times the median absolute one) about its median."""
    median = np.median(points, axis=0)
    most = _MOST_DEVIATIONS * 1.4826 * np.median(np.abs(points - median), axis=0)
    tame: Floats = np.clip(points, median - most, median + most)
    return tame


def _correlation(points: Floats) -> Floats:
    standardized = (points - points.mean(axis=0)) / points.std(axis=0, ddof=1)
    shrunk: Floats = ledoit_wolf(standardized, assume_centered=True)[0]
    return shrunk


def write_distribution(bundle: Bundle, engine: Engine, fields: Path, gap: float = GAP) -> tuple[Path, Distribution]:
    """Fit the distribution on stored fields, and write it into the bundle's folder."""
    fitted = fit_distribution(appearances_of(engine, fields), bundle.card.weights_sha256, gap)
    return write_atomically(bundle.folder / DISTRIBUTION_FILE, distribution_bytes(fitted)), fitted
