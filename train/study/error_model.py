"""A bundle's mistakes, measured section by section: what the readings of further sections are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from histo.findings import CellClass, Compartment, FiberAttribute, FiberClass
from train.study.dispersion import concentration, draw_rates, draw_shares, gamma_shape
from train.study.kinds import CLASS_OF_KIND, CellPlace
from train.study.section_errors import SHAPES, SectionErrors

Floats = NDArray[np.float64]
_SHARES = ("fibers", "attributes", "stray_attributes", "cells", "compartments")
_CHANCES = ("attributes", "stray_attributes")
_RATES = ("false_fibers", "false_cells")


@dataclass(frozen=True, eq=False)
class Rates:
    """How one slide will be read.

    Attributes:
        fibers: (16, 11) chances by `FiberKind` of what becomes of a fiber; see `train.study.section_errors`.
        attributes: (6, 2) chance that an attribute is called where it is not, and where it is.
        stray_attributes: (6,) chance that it is called on an outline that matches no fiber.
        width: (2, 2) by `WidthGroup`, mean and standard deviation of log(found / true diameter).
        fragment: (2,) the same of log(outline / fiber that it stands for), as diameters.
        false_fibers: (8, 5) per mm2 of a true compartment, by called class.
        false_width: (2,) mean and standard deviation of log(diameter in um) of those.
        cells: (6, 4, 5) chances by `CellPlace` and `CellClass`.
        false_cells: (8, 4) per mm2 of a true compartment, by called class.
        compartments: (8, 8) chances of what a pixel of the map is called.
        assessable: Assessable area per area of section that nothing hides.
        rejected: Area set aside as artefact without cause, per area of section.
    """

    fibers: Floats
    attributes: Floats
    stray_attributes: Floats
    width: Floats
    fragment: Floats
    false_fibers: Floats
    false_width: Floats
    cells: Floats
    false_cells: Floats
    compartments: Floats
    assessable: float = 1.0
    rejected: float = 0.0

    @staticmethod
    def perfect() -> Rates:
        """A reading without any mistake."""
        return Rates(
            fibers=np.eye(2 * len(FiberClass) + 1)[CLASS_OF_KIND],
            attributes=np.tile([0.0, 1.0], (len(FiberAttribute), 1)),
            stray_attributes=np.zeros(len(FiberAttribute)),
            width=np.zeros((2, 2)),
            fragment=np.zeros(2),
            false_fibers=np.zeros(SHAPES["false_fibers"]),
            false_width=np.array([np.log(30.0), 0.0]),
            cells=np.tile(np.eye(len(CellClass), len(CellClass) + 1), (len(CellPlace), 1, 1)),
            false_cells=np.zeros(SHAPES["false_cells"]),
            compartments=np.eye(len(Compartment)),
        )


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """What was measured of a bundle on phantom sections of held-out seeds.

    Attributes:
        bundle: Its name and version.
        weights_sha256: Of its weights.
        reader_sha256: Of its weights and thresholds together: with others the mistakes are others.
        phantoms_sha256: Of the source that drew the sections.
        seeds: (S,) of the sections.
        diseases: (S,) that they show.
        sections: (S,) what went wrong on each.
    """

    bundle: str
    weights_sha256: str
    reader_sha256: str
    phantoms_sha256: str
    seeds: tuple[int, ...]
    diseases: tuple[str, ...]
    sections: tuple[SectionErrors, ...]

    def stacked(self, name: str) -> Floats:
        """(S, ...) one array of all sections."""
        return np.stack([np.asarray(getattr(section, name), np.float64) for section in self.sections])

    @cached_property
    def pooled(self) -> Rates:
        """What holds over all sections together."""
        perfect = Rates.perfect()
        area_mm2 = np.maximum(self.stacked("compartment_mm2").sum(axis=0), 1e-9)[:, None]
        attributes, stray = (self.stacked(name).sum(axis=0) for name in ("attributes", "stray_attributes"))
        return Rates(
            fibers=_leaning(self.stacked("fibers").sum(axis=0), _by_class(self.stacked("fibers").sum(axis=0))),
            attributes=_leaning(attributes, np.tile(np.eye(2), (len(FiberAttribute), 1, 1)))[:, :, 1],
            stray_attributes=_leaning(stray, np.array([1.0, 0.0]))[:, 1],
            width=np.stack([_spread_within(one) for one in np.moveaxis(self.stacked("width"), 1, 0)]),
            fragment=_spread(self.stacked("fragment").sum(axis=0)),
            false_fibers=self.stacked("false_fibers").sum(axis=0) / area_mm2,
            false_width=_spread(self.stacked("false_width").sum(axis=0)),
            cells=_leaning(self.stacked("cells").sum(axis=0), _by_cell(self.stacked("cells").sum(axis=0))),
            false_cells=self.stacked("false_cells").sum(axis=0) / area_mm2,
            compartments=_leaning(self.stacked("compartments").sum(axis=0), perfect.compartments),
            assessable=float(self.stacked("assessable").mean()),
            rejected=float(self.stacked("rejected_mm2").sum() / self.stacked("compartment_mm2").sum()),
        )

    @cached_property
    def _firmness(self) -> dict[str, Floats]:
        exposure = self.stacked("compartment_mm2")
        firm: dict[str, Floats] = {}
        for name in _SHARES:
            counts = self.stacked(name)
            rows = counts.reshape(len(counts), -1, counts.shape[-1])
            firm[name] = concentration(rows, self._shares(name))
        for name in _RATES:
            by_disease = {disease: self.rates_of(name, disease) for disease in set(self.diseases)}
            expected = np.stack([by_disease[disease] for disease in self.diseases])
            firm[name] = gamma_shape(self.stacked(name), exposure, expected)
        return firm

    def _kin(self, disease: str) -> list[int]:
        """Rows of the sections that show a disease; all of them where none was measured that does."""
        return [row for row, shown in enumerate(self.diseases) if shown == disease] or list(range(len(self.sections)))

    def rates_of(self, name: str, disease: str) -> Floats:
        """What is called where nothing is, per mm2 of each compartment, on sections of a disease.

        Crowds of cells breed false ones, so a granuloma's rate is not that of healthy muscle. As if one more had been
        seen at the rate of all sections: a disease is measured on few.

        Args:
            name: `false_fibers` or `false_cells`.
            disease: Its name.
        """
        kin = self._kin(disease)
        counts, exposure = self.stacked(name)[kin].sum(axis=0), self.stacked("compartment_mm2")[kin].sum(axis=0)
        whole: Floats = getattr(self.pooled, name)
        with np.errstate(divide="ignore"):
            lent_mm2 = np.minimum(1 / whole, exposure[:, None])
        mm2 = exposure[:, None] + lent_mm2
        return np.where(mm2 > 0, (counts + whole * lent_mm2) / np.where(mm2 > 0, mm2, 1), whole)

    def _shares(self, name: str) -> Floats:
        share: Floats = getattr(self.pooled, name)
        if name in _CHANCES:
            share = np.stack([1 - share, share], axis=-1)
        return share.reshape(-1, share.shape[-1])

    def draw(self, rng: np.random.Generator, disease: str) -> Rates:
        """How a further slide may be read.

        Like a measured section of its disease drawn by lot, as far as that one tells, and else as sections are read on
        average; false calls as on the sections of its disease.

        Args:
            rng: Source of chance.
            disease: What the slide shows.
        """
        one = self.sections[rng.choice(self._kin(disease))]
        drawn: dict[str, Floats] = {}
        for name in _SHARES:
            counts = getattr(one, name)
            shape = counts.shape
            rows = draw_shares(counts.reshape(-1, shape[-1]), self._shares(name), self._firmness[name], rng)
            drawn[name] = rows.reshape(shape)
        for name in _CHANCES:
            drawn[name] = drawn[name][..., 1]
        exposure = one.compartment_mm2
        for name in _RATES:
            rate = self.rates_of(name, disease)
            drawn[name] = draw_rates(getattr(one, name), exposure, rate, self._firmness[name], rng)
        width = np.stack([_own_width(own, all_) for own, all_ in zip(one.width, self.pooled.width, strict=True)])
        scored_mm2 = float(exposure.sum())
        return replace(
            self.pooled,
            **drawn,
            width=width,
            assessable=float(one.assessable),
            rejected=float(one.rejected_mm2) / scored_mm2 if scored_mm2 else 0.0,
        )


def _leaning(counts: Floats, on: Floats) -> Floats:
    """Shares of each row, as if one more had been seen that behaved like `on`: what was never seen is like its kin."""
    shares: Floats = (counts + on) / (counts.sum(axis=-1, keepdims=True) + 1)
    return shares


def _by_class(counts: Floats) -> Floats:
    """(16, 11) shares over all kinds of the same class; what was never seen at all is held to be right."""
    same = CLASS_OF_KIND[:, None] == CLASS_OF_KIND[None]
    together = same @ counts
    total = together.sum(axis=1, keepdims=True)
    return np.where(total > 0, together / np.maximum(total, 1), Rates.perfect().fibers)


def _by_cell(counts: Floats) -> Floats:
    """(4, 4, 5) shares of each class of nuclei, wherever they lie."""
    together = np.broadcast_to(counts.sum(axis=0, keepdims=True), counts.shape)
    total = together.sum(axis=-1, keepdims=True)
    return np.where(total > 0, together / np.maximum(total, 1), Rates.perfect().cells)


def _spread(moments: Floats) -> Floats:
    """Mean and standard deviation from count, sum and sum of squares."""
    n, total, squares = moments
    if n < 2:
        return np.zeros(2)
    mean = total / n
    return np.array([mean, np.sqrt(max(0.0, squares / n - mean**2))])


def _spread_within(moments: Floats) -> Floats:
    """Mean over all, and standard deviation within sections, from each section's count, sum and sum of squares.

    That sections differ as a whole is drawn apart; counted twice it would make fibers of every size.
    """
    n, total, squares = moments.T
    some = n > 1
    freedom = (n[some] - 1).sum()
    if not freedom:
        return _spread(moments.sum(axis=0))
    within = (squares[some] - total[some] ** 2 / n[some]).sum() / freedom
    return np.array([total.sum() / n.sum(), np.sqrt(max(0.0, within))])


_FEW = 5


def _own_width(own: Floats, pooled: Floats) -> Floats:
    """A section's own mean and standard deviation, leaning on those of all sections as if on a few more fibers (C)."""
    n, total, squares = own
    mean = (total + _FEW * pooled[0]) / (n + _FEW)
    within = squares - total**2 / n if n else 0.0
    return np.array([mean, np.sqrt((max(0.0, within) + _FEW * pooled[1] ** 2) / (n + _FEW))])
