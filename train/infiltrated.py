"""Healthy fibers amid a dense infiltrate: cells around a fiber must not make it necrotic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from histo.evidence.intervals import share
from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, FiberClass
from histo.geometry import WORKING_MPP, Region
from histo.network import Engine, Metric, OperatingPoints
from histo.phantom import PATTERN_SPECS
from histo.phantom.drawing import Renderer
from histo.phantom.look import typical_look
from histo.phantom.scene import build_scene
from histo.phantom.spec import PhantomSpec
from histo.phantom.truth import Field, FieldTruth
from train.evaluate import findings_of, maps_of
from train.matching import draw_fibers

METRIC = "infiltrated.intact_called_necrotic"

NEAR_UM = 10.0
"""From a nucleus to a fiber that it lies at: one cell's width."""

DENSE_FROM_CELLS = 6
"""So many inflammatory nuclei lie at a fiber inside a dense infiltrate: one every 25 um of the rim of a 50 um fiber."""

_VIEW_WPX = 1024
_BORDER_UM = 110.0


def infiltrated_spec(rng: np.random.Generator) -> PhantomSpec:
    """A section without any diseased fiber, full of foci, cuffs and scattered cells."""
    return replace(
        PATTERN_SPECS["normal"],
        endomysium_um=rng.uniform(3, 9),
        gap_spread=0.6,
        foci_mm2=rng.uniform(15, 40),
        focus_um=rng.uniform(50, 120),
        focus_macrophages=rng.uniform(0, 0.8),
        lymphocytes_mm2=rng.uniform(20, 300),
        macrophages_mm2=rng.uniform(10, 150),
        perimysial_mm2=rng.uniform(5, 60),
        cuffs=rng.uniform(0.3, 1.0),
    )


def infiltrated_view(seed: int) -> Field:
    """1,024 x 1,024 px of such a section, in a stain of its own."""
    rng = np.random.default_rng([seed, 20260417])
    spec, look = infiltrated_spec(rng), typical_look(rng)
    side_um = float(WORKING_MPP.to_um(float(_VIEW_WPX))) + 2 * _BORDER_UM
    scene = build_scene(spec, side_um, side_um, int(rng.integers(2**31)))
    border = WORKING_MPP.px(_BORDER_UM)
    return Renderer(scene, look).render(Region(border, border, _VIEW_WPX, _VIEW_WPX))


def amid_infiltrate(truth: FieldTruth) -> NDArray[np.bool_]:
    """(N + 1,) bool by fiber number: at least `DENSE_FROM_CELLS` inflammatory nuclei lie within `NEAR_UM` of it."""
    radius = truth.mpp.px(NEAR_UM)
    across = np.arange(-radius, radius + 1)
    disc = np.hypot(across[:, None], across) <= radius
    padded = np.pad(truth.fiber_labels, radius)
    cells = np.zeros(len(truth.fiber_class), np.int64)
    for x, y in truth.cell_center_px[np.isin(truth.cell_class, INFLAMMATORY_CLASSES)].astype(int).tolist():
        around = padded[y : y + 2 * radius + 1, x : x + 2 * radius + 1]
        cells[np.unique(around[disc[: around.shape[0], : around.shape[1]]])] += 1
    cells[0] = 0
    dense: NDArray[np.bool_] = cells >= DENSE_FROM_CELLS
    return dense


def covered_by_necrosis(truth: FieldTruth, necrotic: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N + 1,) bool by fiber number: at least half of it is called necrotic, however the calls are outlined.

    Args:
        truth: The fibers.
        necrotic: (H, W) bool, inside outlines that are called necrotic.
    """
    count = len(truth.fiber_class)
    area = np.bincount(truth.fiber_labels.ravel(), minlength=count)
    covered = np.bincount(truth.fiber_labels[necrotic], minlength=count)
    called: NDArray[np.bool_] = (area > 0) & (2 * covered >= area)
    called[0] = False
    return called


def false_calls_amid_infiltrate(engine: Engine, points: OperatingPoints, seeds: Sequence[int]) -> dict[str, Metric]:
    """Read views full of infiltrate and count the intact fibers inside it that are called necrotic.

    Args:
        engine: Runs the bundle's network.
        points: The bundle's thresholds.
        seeds: Of the views; from the test split.

    Returns:
        `infiltrated.intact_called_necrotic`, a share with its exact binomial interval; `n` is the number of fibers.

    Raises:
        ValueError: If no fiber lies inside a dense infiltrate.
    """
    wrong = fibers = 0
    for seed in track(seeds, description="Reading infiltrated phantoms"):
        field = infiltrated_view(seed)
        truth = field.truth
        found, _, _ = findings_of(maps_of(engine, field.rgb), points)
        height, width = truth.fiber_labels.shape
        drawn = draw_fibers(found, (height, width), truth.mpp)
        called = np.append(False, np.isin(found.fiber_class, NECROTIC_CLASSES))
        inside = amid_infiltrate(truth) & (truth.fiber_class == FiberClass.INTACT)
        fibers += int(inside.sum())
        wrong += int((inside & covered_by_necrosis(truth, called[drawn])).sum())
    rate = share(wrong, fibers, 1.0)
    if rate is None:
        raise ValueError("no fiber lies inside a dense infiltrate")
    return {METRIC: Metric(rate.value, rate.low, rate.high, fibers)}
