"""Choose a bundle's operating points on validation fields: never on those that figures are reported from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from histo.findings import INFLAMMATORY_CLASSES, NECROTIC_CLASSES, CellClass, FiberAttribute, FiberClass, Fibers
from histo.network import Engine, OperatingPoints, decide_class, decode_block
from histo.network.cell_peaks import find_peaks
from histo.network.temperature import temper_odds, untemper_odds
from histo.phantom.truth import FieldTruth
from train.calm import calmed, quieted
from train.evaluate import Maps, maps_of, read_fields
from train.healthy import candidates_on_healthy
from train.metrics import MatchedFibers, count_cells, count_hits, pair_fibers
from train.second_look import candidates_of, f1_by_threshold, fit_second_look, gathered, read_candidates
from train.sections import ordinary_sections
from train.temperatures import fit_temperatures

OUTLINE_GRID: Mapping[str, tuple[float, ...]] = {
    "seed_height": (0.05, 0.1, 0.15, 0.2),
    "foreground": (0.4, 0.5, 0.6),
    "fiber": (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9),
}
"""Searched one after another by the F1 of all fibers, the others held."""

MERGE_GRID = (0.2, 0.3, 0.4, 0.5, 0.6)
"""For `merge_boundary`: of all classes together, by the F1 of all fibers; then of pale ones, which touch unseen.

Hyaline fibers and myophagocytosis keep the common limit: on fields, their own would be chosen by a few of fibers as
thin as 12 um, and would then cut those of ordinary sections to pieces (myophagocytosis: F1 0.55 instead of 0.80).
"""

DOUBT_GRID = (0.4, 0.5, 0.6)
"""For `necrotic_fiber`, searched by the F1 of necrotic fibers. A higher one would win a little of it on fields, but
leave packed fibers without an outline, and their macrophages would then read as a cluster of infiltrate."""

PROBABILITY_GRID = tuple(float(step) for step in np.round(np.arange(0.05, 0.96, 0.05), 2))

CELL_GRID = (*PROBABILITY_GRID[:-3], *(float(step) for step in np.round(np.arange(0.85, 0.985, 0.01), 2)))
"""For nuclei, finer at its upper end: a tempered height is near 1 for most, and between 0.9 and 0.95 half of the
lymphocytes are lost."""

LIKELY = 0.5
"""A fiber with phagocytes is called necrotic, and an attribute held to be present, only where it is likelier than not:
of an attribute that the network hardly knows, the best
F1 lies far lower, and calls most fibers of a transverse section oblique."""

SPARSE_BETA = 0.5
"""Inflammatory cells are chosen by F0.5: in a sparse infiltrate a few false cells per mm2 would change the pattern."""

TIE = 0.005
"""Scores nearer than this are equal: some dozens of fields do not tell them apart, and a threshold that moves without
need may do worse on others."""

RESCALED = (0.02, 0.98)
"""Thresholds are kept between these when temperatures change."""

FALSE_CELLS_PER_MM2 = 1.0
"""A convention: an infiltrate counts from 4.2 cells per mm2 on, and a detector's own must stay well below."""

FALSE_NECROTIC_PER_1000 = 0.75
"""A convention: below the 1 that is asked for, for others show more than those it is chosen on."""

KnownMaps = list[tuple[FieldTruth, Maps]]
KnownFibers = list[tuple[FieldTruth, Fibers, MatchedFibers]]


@dataclass(frozen=True)
class Choice:
    """One threshold and why it was taken.

    Attributes:
        name: Of the operating point.
        value: Taken.
        f1: What each value gave on the validation fields (F0.5 for inflammatory cells); empty where the finding never
            occurs, so nothing was chosen.
    """

    name: str
    value: float
    f1: Mapping[float, float]


@dataclass(frozen=True)
class Calibration:
    """What was chosen on validation fields, and why.

    Attributes:
        points: Temperatures and thresholds.
        choices: Every threshold by its score; those of necrosis and of inflammatory cells before they were raised.
        false_necrotic_per_1000: On healthy sections, by the thresholds of necrosis that were tried; the last one was
            taken. Empty where no healthy section was read.
        false_cells_per_mm2: On healthy sections, by the thresholds of nuclei that were tried; the last ones were taken.
            Empty where no healthy section was read.
    """

    points: OperatingPoints
    choices: tuple[Choice, ...]
    false_necrotic_per_1000: Mapping[float, float]
    false_cells_per_mm2: Mapping[tuple[float, ...], float]


def choose_points(
    engine: Engine,
    start: OperatingPoints,
    folder: Path,
    healthy: Sequence[int] = (),
    sections: Sequence[int] = (),
    outlines: bool = True,
    false_cells_per_mm2: float = FALSE_CELLS_PER_MM2,
    looked: Sequence[int] = (),
    false_necrotic_per_1000: float = FALSE_NECROTIC_PER_1000,
) -> Calibration:
    """Fit a temperature for each head, then pick each threshold: outlines, classes, attributes, nuclei, in this order.

    Args:
        engine: Runs the bundle's network.
        start: Where to begin, and what is kept for findings that never occur.
        folder: Of validation fields.
        healthy: Seeds of normal phantom sections, of the validation split. Where their false inflammatory cells, both
            kinds together, exceed the rate, the thresholds are raised to those that keep most of both kinds' scores;
            where their false necroses do, that of necrosis is raised until they do not.
        sections: Seeds of ordinary phantom sections, of the validation split, the patterns taking turns: on fields
            alone, which are far more diseased and varied than life, outlines are cut too small for ordinary muscle.
        outlines: Whether to choose how outlines are cut. That takes hundreds of diseased fibers: with fewer, keep what
            the bundle began with.
        false_cells_per_mm2: That rate.
        looked: Seeds of ordinary phantom sections, of the validation split, that the second look at necrosis is learned
            from beside the fields, and its threshold from them alone; none keeps the bundle's second look.
        false_necrotic_per_1000: False necroses that healthy sections may show, per 1,000 fibers.
    """
    known = [*read_fields(engine, folder, f"Reading {folder}"), *_read_sections(engine, sections)]
    start = rescaled(start, fit_temperatures(known, start))
    points, choices = start, list[Choice]()
    if outlines:
        points, choices = _choose_outlines(known, points)
    if looked:
        ordinary = read_candidates(engine, points, looked)
        wide = [candidates_of(truth, maps, points) for truth, maps in known]
        points = replace(points, necrotic_look=fit_second_look(gathered([ordinary, *wide])))
        choices.append(_best("necrotic", f1_by_threshold(ordinary, points.necrotic_look), LIKELY))
    paired = _paired(known, points)
    if not looked:
        choices.append(_best("necrotic", {t: _necrotic_f1(paired, t) for t in PROBABILITY_GRID}, points.necrotic))
    for kind in FiberAttribute:
        f1 = {t: _attribute_f1(paired, kind, t) for t in PROBABILITY_GRID if t >= LIKELY}
        choices.append(_best(f"attributes.{kind.name.lower()}", f1, start.attributes[kind]))
    by_threshold = {t: _cell_f1(known, replace(points, cells=(t,) * len(CellClass))) for t in CELL_GRID}
    for cell in CellClass:
        f1 = {t: scores[cell] for t, scores in by_threshold.items()}
        choices.append(_best(f"cells.{cell.name.lower()}", f1, start.cells[cell]))
    chosen = {choice.name: choice.value for choice in choices}
    points = replace(
        points,
        necrotic=chosen["necrotic"],
        necrotic_with_phagocytes=LIKELY,
        attributes=tuple(chosen[f"attributes.{kind.name.lower()}"] for kind in FiberAttribute),
        cells=tuple(chosen[f"cells.{cell.name.lower()}"] for cell in CellClass),
    )
    necroses: dict[float, float] = {}
    rates: dict[tuple[float, ...], float] = {}
    if healthy:
        quiet = candidates_on_healthy(engine, points, healthy)
        necroses = calmed(quiet, points.necrotic, false_necrotic_per_1000)
        worth = {kind: {t: scores[kind] for t, scores in by_threshold.items()} for kind in INFLAMMATORY_CLASSES}
        rates = quieted(quiet, points.cells, false_cells_per_mm2, worth)
        points = replace(points, necrotic=list(necroses)[-1], cells=list(rates)[-1])
    return Calibration(points, tuple(choices), necroses, rates)


def _choose_outlines(known: KnownMaps, points: OperatingPoints) -> tuple[OperatingPoints, list[Choice]]:
    """How outlines are cut, begun afresh: where scores tie the defaults stay, not what another network had."""
    choices: list[Choice] = []
    fresh = OperatingPoints()
    names = ("merge_boundary", "necrotic_fiber", *OUTLINE_GRID)
    points = replace(points, **{name: getattr(fresh, name) for name in names})
    alike = {value: replace(points, merge_boundary=(value,) * len(FiberClass)) for value in MERGE_GRID}
    f1 = {value: _fiber_f1(_paired(known, tried)) for value, tried in alike.items()}
    choices.append(_best("merge_boundary", f1, points.merge_boundary[FiberClass.INTACT]))
    points = alike[choices[-1].value]
    for name, values in OUTLINE_GRID.items():
        f1 = {value: _fiber_f1(_paired(known, replace(points, **{name: value}))) for value in values}  # type: ignore[arg-type]
        choices.append(_best(name, f1, getattr(points, name)))
        points = replace(points, **{name: choices[-1].value})  # type: ignore[arg-type]
    pale = FiberClass.NECROTIC_PALE
    merging = {v: replace(points, merge_boundary=_with(points.merge_boundary, pale, v)) for v in MERGE_GRID}
    f1 = {value: _outline_score(_paired(known, tried), points.necrotic) for value, tried in merging.items()}
    choices.append(_best("merge_boundary.necrotic_pale", f1, points.merge_boundary[pale]))
    points = merging[choices[-1].value]
    doubt = {value: replace(points, necrotic_fiber=value) for value in DOUBT_GRID}
    f1 = {value: _necrotic_f1(_paired(known, tried), points.necrotic) for value, tried in doubt.items()}
    choices.append(_best("necrotic_fiber", f1, points.necrotic_fiber))
    points = doubt[choices[-1].value]
    return points, choices


def _best(name: str, f1: Mapping[float, float], current: float) -> Choice:
    """Of the best values the one nearest to the current one; the current one where there is nothing to find."""
    if not any(np.isfinite(score) for score in f1.values()):
        return Choice(name, current, {})
    enough = max(score for score in f1.values() if np.isfinite(score)) - TIE
    return Choice(name, min((value for value in f1 if f1[value] >= enough), key=lambda value: abs(value - current)), f1)


def rescaled(start: OperatingPoints, points: OperatingPoints) -> OperatingPoints:
    """`points` with the thresholds of `start`, as they read under the temperatures of `points`.

    Of `necrotic`, a sum over classes, it is an approximation.
    """

    def moved(threshold: float, head: str, even: float = 0.5, new_even: float = 0.5) -> float:
        old, new = (getattr(one, f"{head}_temperature") for one in (start, points))
        bare = untemper_odds(np.array(threshold), old, even)
        return round(float(np.clip(temper_odds(bare, new, new_even), *RESCALED)), 3)

    return replace(
        points,
        necrotic=moved(start.necrotic, "class"),
        attributes=tuple(moved(threshold, "attribute") for threshold in start.attributes),
        cells=tuple(
            moved(threshold, "cell", start.cell_even_height, points.cell_even_height) for threshold in start.cells
        ),
    )


def _paired(known: KnownMaps, points: OperatingPoints) -> KnownFibers:
    found = []
    for truth, maps in known:
        fibers, _ = decode_block(maps, (0.0, 0.0), points)
        found.append((truth, fibers, pair_fibers(truth, fibers)))
    return found


def _f1(counts: list[tuple[int, int, int]], beta: float = 1.0) -> float:
    """F score of (hits, false alarms, misses); below 1, `beta` makes a false alarm cost more than a miss."""
    hits, false, missed = np.array(counts, np.int64).reshape(-1, 3).sum(axis=0)
    weighed = (1 + beta**2) * hits
    return float(weighed / (weighed + false + beta**2 * missed)) if hits + missed else float("nan")


def _with(values: tuple[float, ...], place: int, value: float) -> tuple[float, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _read_sections(engine: Engine, seeds: Sequence[int]) -> KnownMaps:
    return [(field.truth, maps_of(engine, field.rgb)) for field in ordinary_sections(seeds)]


def _outline_score(paired: KnownFibers, necrotic: float) -> float:
    """Mean F1 of all fibers and of the necrotic ones, which are few, and what a reading is about."""
    return float(np.nanmean([_fiber_f1(paired), _necrotic_f1(paired, necrotic)]))


def _fiber_f1(paired: KnownFibers) -> float:
    return _f1([count_hits(p, np.ones(len(t.fiber_class), bool), np.ones(len(f), bool)) for t, f, p in paired])


def _necrotic_f1(paired: KnownFibers, threshold: float) -> float:
    def called(fibers: Fibers) -> NDArray[np.bool_]:
        return np.isin(decide_class(fibers.class_probability, threshold), NECROTIC_CLASSES)

    return _f1([count_hits(p, np.isin(t.fiber_class, NECROTIC_CLASSES), called(f)) for t, f, p in paired])


def _attribute_f1(paired: KnownFibers, kind: FiberAttribute, threshold: float) -> float:
    counts = [
        count_hits(p, t.fiber_attributes[:, kind], f.attribute_probability[:, kind] >= threshold)
        for t, f, p in paired
        if t.attributes_known[kind]
    ]
    return _f1(counts)


def _cell_f1(known: KnownMaps, points: OperatingPoints) -> dict[CellClass, float]:
    counts: dict[CellClass, list[tuple[int, int, int]]] = {kind: [] for kind in CellClass}
    for truth, maps in known:
        peaks = find_peaks(maps, points)
        for kind in CellClass:
            counts[kind].append(count_cells(truth, (kind,), peaks.center_um[peaks.kind == kind]))
    return {kind: _f1(counts[kind], SPARSE_BETA if kind in INFLAMMATORY_CLASSES else 1.0) for kind in CellClass}
