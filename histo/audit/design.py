"""Draws which fibers and fields a reader is shown, in which order, each with the chance that it had to be drawn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from histo.audit.population import Population
from histo.audit.rules import AuditRules, standard_rules
from histo.audit.strata import Call, ItemKind, Stratum, stratify
from histo.findings import FiberClass


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is to be read.

    Attributes:
        called: Most fibers of each kind of call (necrotic, myophagocytosis); fewer where there are no more.
        healthy: Fibers that the machine called healthy.
        fields: Fields.
        seed: Repeats the drawing.

    Raises:
        ValueError: If a number is negative, or nothing is to be read.
    """

    called: int = 150
    healthy: int = 300
    fields: int = 60
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse a plan to read nothing."""
        if min(self.called, self.healthy, self.fields, self.seed) < 0 or not self.called + self.healthy + self.fields:
            raise ValueError("an audit reads some fibers or fields, and not fewer than none")


@dataclass(frozen=True, slots=True)
class DrawnStratum:
    """One stratum of a design.

    Attributes:
        name: In words.
        kind: Fibers or fields.
        call: What the machine made of its units.
        population: Units in it.
        drawn: Units that were drawn, each with the chance `drawn / population`.
        cells: Cells that the machine counts in all of its fields together.
        most_cells: The same in the fullest of them.
    """

    name: str
    kind: ItemKind
    call: Call
    population: int
    drawn: int
    cells: int
    most_cells: int

    @property
    def inclusion_probability(self) -> float:
        """The chance of each of its units to be drawn."""
        return self.drawn / self.population


@dataclass(frozen=True, slots=True)
class Item:
    """One fiber or field to be read. A reader sees the place and nothing else of it.

    Attributes:
        number: Its place in the reading order, from 0: its id.
        kind: Fiber or field.
        slide: Name of the slide.
        row: The fiber's or the field's row there.
        x_um: A fiber's center, or a field's top left corner, in slide micrometers.
        y_um: The same.
        stratum: Index of its stratum in the design.
        called: The `FiberClass` that the machine called it, in lower case; None for fields.
        cells: Cells that the machine counts in the field; 0 for fibers.
    """

    number: int
    kind: ItemKind
    slide: str
    row: int
    x_um: float
    y_um: float
    stratum: int
    called: str | None
    cells: int


@dataclass(frozen=True, slots=True)
class Design:
    """What is to be read of a biopsy.

    Attributes:
        plan: How much was asked for.
        field_side_um: Side of a field.
        assessable_mm2: Tissue that counts are given over.
        cells_assessed: Whether cells are counted at all.
        strata: Whence the items were drawn.
        items: In reading order: fibers, then fields. Within each the strata are spread evenly, so that a reader who
            stops early has read some of all, and each stratum's items that were read are still a random sample of it.
        rules: The numbers that it was drawn by and is counted by; the shipped ones in designs of before they were kept.
    """

    plan: Plan
    field_side_um: float
    assessable_mm2: float
    cells_assessed: bool
    strata: tuple[DrawnStratum, ...]
    items: tuple[Item, ...]
    rules: AuditRules = field(default_factory=standard_rules)


def draw_design(population: Population, plan: Plan, rules: AuditRules | None = None) -> Design:
    """Draw what is to be read.

    The same plan and seed draw the same. A larger plan of the same seed keeps what a smaller one drew, so that what was
    read counts on.

    Args:
        population: What there is.
        plan: How much.
        rules: How strata are made; the shipped ones if left out.

    Raises:
        ValueError: If there is neither a fiber nor a field.
    """
    rules = rules or standard_rules()
    strata = stratify(population, rules)
    if not strata:
        raise ValueError("there is neither a fiber nor a field of tissue to read")
    sizes = _allocate(strata, plan, rules.least_of_a_stratum)
    drawn = tuple(_drawn(stratum, size) for stratum, size in zip(strata, sizes, strict=True))
    items: list[Item] = []
    for kind in ItemKind:
        keyed = []
        for index, (stratum, size) in enumerate(zip(strata, sizes, strict=True)):
            if stratum.kind is kind and size:
                rng = np.random.default_rng([plan.seed, zlib.crc32(stratum.name.encode())])
                chosen = rng.permutation(len(stratum.members))[:size]
                place = (np.arange(size) + rng.random(len(stratum.members))[:size]) / size
                keyed += [(at, index, int(member)) for at, member in zip(place, chosen, strict=True)]
        items += [_item(population, strata, len(items) + n, *key[1:]) for n, key in enumerate(sorted(keyed))]
    return Design(plan, population.field_side_um, population.assessable_mm2, population.cells_assessed, drawn,
                  tuple(items), rules)  # fmt: skip


def _allocate(strata: Sequence[Stratum], plan: Plan, least: int) -> list[int]:
    sizes = np.zeros(len(strata), np.int64)
    sizes_of = np.array([len(stratum.members) for stratum in strata])
    for index, stratum in enumerate(strata):
        if stratum.call in (Call.NECROTIC, Call.MYOPHAGOCYTOSIS):
            sizes[index] = min(plan.called, len(stratum.members))
    for budget, calls in ((plan.healthy, (Call.HEALTHY,)), (plan.fields, (Call.CELLS, Call.NO_CELLS))):
        which = np.array([stratum.call in calls for stratum in strata])
        sizes[which] = _share_out(budget, sizes_of[which], least)
    return [int(size) for size in sizes]


def _share_out(budget: int, sizes: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Half by size, which bounds best what may be missed anywhere; half evenly, which finds most where doubt is.

    No stratum gets more than it has, nor fewer than the least. A larger budget never gives any stratum less.
    """
    if budget == 0 or not sizes.sum():
        return np.zeros(len(sizes), np.int64)
    weights = 0.5 * sizes / sizes.sum() + 0.5 / len(sizes)

    def given(level: int) -> NDArray[np.int64]:
        sized: NDArray[np.int64] = np.maximum(least, np.ceil(level * weights)).astype(np.int64)
        return np.minimum(sizes, sized)

    low, high = 0, int(np.ceil(sizes.max() / weights.min()))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if given(middle).sum() <= budget else (low, middle - 1)
    return given(low)


def _drawn(stratum: Stratum, size: int) -> DrawnStratum:
    return DrawnStratum(
        name=stratum.name,
        kind=stratum.kind,
        call=stratum.call,
        population=len(stratum.members),
        drawn=size,
        cells=int(stratum.cells.sum()),
        most_cells=int(stratum.cells.max()),
    )


def _item(population: Population, strata: Sequence[Stratum], number: int, index: int, member: int) -> Item:
    stratum = strata[index]
    slide_index, row = (int(value) for value in stratum.members[member])
    slide = population.slides[slide_index]
    fiber = stratum.kind is ItemKind.FIBER
    x_um, y_um = (slide.center_um if fiber else slide.field_corner_um)[row]
    return Item(
        number=number,
        kind=stratum.kind,
        slide=slide.name,
        row=row,
        x_um=float(x_um),
        y_um=float(y_um),
        stratum=index,
        called=FiberClass(int(slide.fiber_class[row])).name.lower() if fiber else None,
        cells=int(stratum.cells[member]),
    )
