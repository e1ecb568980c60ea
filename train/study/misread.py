"""A section's truth pushed through a bundle's mistakes: findings as the bundle might have made them, without pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtr

from histo.evidence import Coverage, SlideObservation
from histo.findings import CellClass, Cells, Compartment, CompartmentMap, FiberAttribute, FiberClass, Fibers, Findings
from train.study.error_model import Rates
from train.study.kinds import NECROTIC_KINDS, places_of
from train.study.section_errors import FRAGMENT, MISSED, MISSED_CELL, called_necrotic
from train.study.true_slide import TrueSlide

GRAIN_PX = 3.0
"""Mistakes of the compartment map come in patches of about this many of its pixels, 12 um (C)."""

_CORNERS = 16


def misread(true: TrueSlide, rates: Rates, name: str, rng: np.random.Generator) -> SlideObservation:
    """What a bundle might find on a section.

    Fibers that are found keep their true outlines, widened or narrowed about their centers. Mistakes are independent of
    each other beyond what the rates of this slide say.

    Args:
        true: The section.
        rates: How this slide is read.
        name: Of the slide.
        rng: Source of chance.

    Returns:
        The observation; probabilities in it are 0 and 1.
    """
    compartments = _compartments(true.compartments, rates, rng)
    fate = _lots(rates.fibers[true.fiber_kind], rng)
    fibers, row = _fibers(true, fate, rates, rng)
    fibers, cells = _in_order(fibers, _cells(true, fibers, row, called_necrotic(fate), rates, compartments, rng))
    visible_mm2 = true.tissue_mm2 - true.hidden_mm2
    coverage = Coverage.of(
        rejected_mm2=true.hidden_mm2 + rates.rejected * visible_mm2,
        unreadable_mm2=0.0,
        assessable_mm2=rates.assessable * visible_mm2,
        artefact_mm2={},
    )
    return SlideObservation(name, Findings(fibers, cells, compartments), coverage)


def _compartments(true: CompartmentMap, rates: Rates, rng: np.random.Generator) -> CompartmentMap:
    if np.array_equal(rates.compartments, np.eye(len(Compartment))):
        return true
    smooth = ndimage.gaussian_filter(rng.standard_normal(true.codes.shape).astype(np.float32), GRAIN_PX, mode="wrap")
    level = ndtr(smooth / smooth.std())
    codes = true.codes.copy()
    for kind in Compartment:
        # Its own kind comes first, so that the mistakes lie in the highest patches, and each patch is one mistake.
        order = np.array([kind, *(other for other in Compartment if other != kind)], np.uint8)
        here = (true.codes == kind) & true.scored
        rank = np.searchsorted(np.cumsum(rates.compartments[kind][order])[:-1], level[here], side="right")
        codes[here] = order[rank]
    return CompartmentMap(codes, true.scored)


def _fibers(
    true: TrueSlide, fate: NDArray[np.int64], rates: Rates, rng: np.random.Generator
) -> tuple[Fibers, NDArray[np.int64]]:
    """What is found of the fibers, false ones last; and, of each true fiber, the row that stands for it, or -1."""
    kept = np.flatnonzero(fate != MISSED)
    row = np.full(len(true.fibers), -1)
    row[kept] = np.arange(len(kept))
    whole = fate[kept] < FRAGMENT
    group = NECROTIC_KINDS[true.fiber_kind[kept]].astype(int)
    noise = rng.standard_normal(len(kept))
    log_width = np.where(
        whole,
        rates.width[group, 0] + rates.width[group, 1] * noise,
        rates.fragment[0] + rates.fragment[1] * noise,
    )
    found = _scaled(true.fibers.select(kept), np.exp(log_width))
    called = np.where(whole, fate[kept], fate[kept] - FRAGMENT).astype(np.uint8)
    chance = rates.attributes[np.arange(len(FiberAttribute)), found.attributes.astype(int)]
    chance = np.where(whole[:, None], chance, rates.stray_attributes)
    found = _called(found, called, rng.random(chance.shape) < chance)
    false = _false_fibers(true, rates, rng)
    return _joined(found, false), row


def _lots(chances: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(N,) one category a row of (N, J) chances."""
    ends = np.cumsum(chances, axis=1)[:, :-1]
    lots: NDArray[np.int64] = (rng.random((len(chances), 1)) >= ends).sum(axis=1)
    return lots


def _scaled(fibers: Fibers, factor: NDArray[np.float64]) -> Fibers:
    if np.array_equal(factor, np.ones(len(factor))):
        return fibers
    vertices = np.diff(fibers.outline_start)
    center = np.repeat(fibers.center_um, vertices, axis=0)
    outline = center + (fibers.outline_um - center) * np.repeat(factor, vertices)[:, None]
    return replace(
        fibers,
        outline_um=outline.astype(np.float32),
        min_feret_um=(fibers.min_feret_um * factor).astype(np.float32),
        area_um2=(fibers.area_um2 * factor**2).astype(np.float32),
    )


def _called(fibers: Fibers, kind: NDArray[np.uint8], attributes: NDArray[np.bool_]) -> Fibers:
    return replace(
        fibers,
        fiber_class=kind,
        class_probability=np.eye(len(FiberClass), dtype=np.float32)[kind],
        attributes=attributes,
        attribute_probability=attributes.astype(np.float32),
    )


def _false_fibers(true: TrueSlide, rates: Rates, rng: np.random.Generator) -> Fibers:
    centers, kind = _scattered(true.compartments, rates.false_fibers, rng)
    n = len(kind)
    radius = np.exp(rates.false_width[0] + rates.false_width[1] * rng.standard_normal(n)) / 2
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    attributes = rng.random((n, len(FiberAttribute))) < rates.stray_attributes
    return Fibers(
        center_um=centers,
        area_um2=(np.pi * radius**2).astype(np.float32),
        min_feret_um=(2 * radius).astype(np.float32),
        fiber_class=kind,
        class_probability=np.eye(len(FiberClass), dtype=np.float32)[kind],
        attribute_probability=attributes.astype(np.float32),
        attributes=attributes,
        cut=np.zeros(n, np.bool_),
        outline_um=(centers[:, None] + ring[None] * radius[:, None, None]).reshape(-1, 2).astype(np.float32),
        outline_start=np.arange(n + 1, dtype=np.int64) * _CORNERS,
    )


def _scattered(
    compartments: CompartmentMap, per_mm2: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Places and kinds of false finds: anywhere in the compartments, as often as each rate says."""
    step = compartments.mpp.um_per_px
    centers, kinds = [np.zeros((0, 2))], [np.zeros(0, np.uint8)]
    for place in Compartment:
        row, column = np.nonzero((compartments.codes == place) & compartments.scored)
        count = rng.poisson(per_mm2[place] * compartments.mpp.area_mm2(float(len(row))))
        if count.sum():
            chosen = rng.integers(len(row), size=count.sum())
            centers.append((np.stack([column, row], axis=1)[chosen] + rng.random((len(chosen), 2))) * step)
            kinds.append(np.repeat(np.arange(len(count)), count).astype(np.uint8))
    return np.concatenate(centers).astype(np.float32), np.concatenate(kinds)


def _joined(first: Fibers, second: Fibers) -> Fibers:
    """All fibers of both, in this order."""
    names = [name for name in Fibers.__dataclass_fields__ if name != "outline_start"]
    columns = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names}
    start = np.concatenate([first.outline_start, first.outline_start[-1] + second.outline_start[1:]])
    return Fibers(**columns, outline_start=start)


def _cells(
    true: TrueSlide,
    fibers: Fibers,
    row: NDArray[np.int64],
    necrotic: NDArray[np.bool_],
    rates: Rates,
    compartments: CompartmentMap,
    rng: np.random.Generator,
) -> Cells:
    place = places_of(true.cells, true.fibers, necrotic)
    fate = _lots(rates.cells[place, true.cells.cell_class], rng)
    kept = fate != MISSED_CELL
    held = np.where(true.cells.fiber[kept] >= 0, np.append(row, -1)[true.cells.fiber[kept]], -1)
    places, kinds = _scattered(true.compartments, rates.false_cells, rng)
    in_fiber = true.compartments.at_um(places) == Compartment.FIBER
    host = np.full(len(places), -1)
    if len(fibers) and in_fiber.any():
        share = fibers.area_um2.astype(np.float64)
        host[in_fiber] = rng.choice(len(fibers), int(in_fiber.sum()), p=share / share.sum())
        places[in_fiber] = fibers.center_um[host[in_fiber]]
    centers = np.concatenate([true.cells.center_um[kept], places]).astype(np.float32)
    called = np.concatenate([fate[kept], kinds]).astype(np.uint8)
    return Cells(
        center_um=centers,
        cell_class=called,
        class_probability=np.eye(len(CellClass), dtype=np.float32)[called],
        compartment=compartments.at_um(centers),
        fiber=np.concatenate([held, host]).astype(np.int32),
    )


def _in_order(fibers: Fibers, cells: Cells) -> tuple[Fibers, Cells]:
    """Both in canonical order, cells still in their fibers."""
    order = np.lexsort((fibers.center_um[:, 0], fibers.center_um[:, 1]))
    rank = np.empty(len(order) + 1, np.int32)
    rank[order], rank[-1] = np.arange(len(order)), -1
    return fibers.select(order), replace(cells, fiber=rank[cells.fiber]).sorted()
