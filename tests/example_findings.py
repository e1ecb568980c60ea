"""Findings, tissue and pixels made up for tests of what is written and drawn."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from histo.evidence import Coverage
from histo.findings import (
    CellClass,
    Cells,
    Compartment,
    CompartmentMap,
    FiberAttribute,
    FiberClass,
    Fibers,
    Findings,
)
from histo.geometry import Mpp, Size
from histo.records import SlideResult
from histo.slide import Scale, SlideInfo, StainGuess
from histo.tissue import ArtefactClass, TissueMap


def example_fibers(count: int, *, seed: int = 0, side_um: float = 1500.0, diseased: float = 0.3) -> Fibers:
    """Round fibers scattered over a square."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(8, 20, count)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    center = rng.uniform(60, side_um - 60, (count, 2)).astype(np.float32)
    radius = rng.uniform(15, 30, count).astype(np.float32)
    rings = [
        center[i] + radius[i] * np.stack([np.cos(angle), np.sin(angle)], 1)
        for i in range(count)
        for angle in [np.linspace(0, 2 * np.pi, lengths[i], endpoint=False)]
    ]
    weights = [1 - diseased, *[diseased / 4] * 4]
    kind = rng.choice(len(FiberClass), count, p=weights).astype(np.uint8)
    probability = rng.uniform(0.0, 0.2, (count, len(FiberClass)))
    probability[np.arange(count), kind] += 1
    probability /= probability.sum(axis=1, keepdims=True)
    attribute = rng.uniform(0, 1, (count, len(FiberAttribute))).astype(np.float32)
    return Fibers(
        center_um=center,
        area_um2=(np.pi * radius**2).astype(np.float32),
        min_feret_um=2 * radius,
        fiber_class=kind,
        class_probability=probability.astype(np.float32),
        attribute_probability=attribute,
        attributes=attribute > 0.5,
        cut=rng.uniform(0, 1, count) < 0.1,
        outline_um=(np.concatenate(rings) if rings else np.zeros((0, 2))).astype(np.float32),
        outline_start=start,
    ).sorted()


def example_cells(count: int, *, seed: int = 0, side_um: float = 1500.0, fibers: int = 0) -> Cells:
    """Nuclei scattered over a square."""
    rng = np.random.default_rng(seed)
    return Cells(
        center_um=rng.uniform(0, side_um, (count, 2)).astype(np.float32),
        cell_class=rng.integers(0, len(CellClass), count).astype(np.uint8),
        class_probability=rng.uniform(0, 1, (count, len(CellClass))).astype(np.float32),
        compartment=rng.integers(0, len(Compartment), count).astype(np.uint8),
        fiber=rng.integers(-1, max(fibers, 1), count).astype(np.int32),
    ).sorted()


def example_compartments(*, side_um: float = 1500.0, seed: int = 0) -> CompartmentMap:
    """A map of random squares, its rim not scored."""
    rng = np.random.default_rng(seed)
    cells = int(side_um // 4)
    codes = np.kron(rng.integers(0, len(Compartment), (cells // 15, cells // 15)), np.ones((15, 15))).astype(np.uint8)
    scored = np.zeros(codes.shape, bool)
    scored[5:-5, 5:-5] = True
    return CompartmentMap(codes=np.where(scored, codes, np.uint8(0)), scored=scored)


def example_findings(fibers: int, cells: int, *, seed: int = 0, side_um: float = 1500.0) -> Findings:
    """A slide's findings."""
    return Findings(
        fibers=example_fibers(fibers, seed=seed, side_um=side_um),
        cells=example_cells(cells, seed=seed, side_um=side_um, fibers=fibers),
        compartments=example_compartments(side_um=side_um, seed=seed),
    )


def example_slide(
    findings: Findings, *, tissue: TissueMap | None = None, size_px: Size | None = None, um_per_px: float = 0.5
) -> SlideResult:
    """A slide that was read, of 3,000 x 3,000 px unless said otherwise."""
    size_px = Size(3000, 3000) if size_px is None else size_px
    info = SlideInfo(
        path=Path("/home/someone/section.svs"),
        name="section",
        size_px=size_px,
        level_sizes_px=(size_px,),
        scale=Scale(Mpp(um_per_px), f"aperio.MPP = {um_per_px:g}"),
        vendor="aperio",
        stain=StainGuess.HE,
        sha256="cd" * 32,
    )
    coverage = Coverage(2.25, 0.1, 0.05, 2.1, {"fold": 0.1})
    return SlideResult(info, example_tissue() if tissue is None else tissue, coverage, findings)


def example_tissue(*, side_um: float = 1500.0) -> TissueMap:
    """A square of tissue with a hole, a fold and an unreadable corner."""
    pixels = int(np.ceil(side_um / 8))
    tissue = np.zeros((pixels, pixels), bool)
    tissue[2:-2, 2:-2] = True
    tissue[20:30, 20:30] = False
    unreadable = np.zeros_like(tissue)
    unreadable[-12:, -12:] = True
    tissue &= ~unreadable
    artefact = np.zeros(tissue.shape, np.uint8)
    artefact[50:60, 40:90] = ArtefactClass.FOLD
    return TissueMap(tissue=tissue, artefact=artefact, unreadable=unreadable)


@cache
def example_rgb(*, side_um: float = 1500.0, um_per_px: float = 0.5) -> np.ndarray:
    """Pink noise, read-only: enough for a picture, not for a network."""
    pixels = round(side_um / um_per_px)
    texture = np.random.default_rng(0).integers(0, 40, (pixels, pixels, 1), dtype=np.uint8)
    rgb = np.array([202, 145, 170], np.uint8) + texture
    rgb.flags.writeable = False
    return rgb
