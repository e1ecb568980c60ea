"""Which units are drawn alike: what the machine called, and by its own doubt what it did not call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from histo.audit.population import Population
from histo.audit.rules import AuditRules
from histo.findings import NECROTIC_CLASSES, FiberClass


class ItemKind(StrEnum):
    """What a reader is shown."""

    FIBER = "fiber"
    FIELD = "field"


class Call(StrEnum):
    """What the machine made of all units of a stratum."""

    MYOPHAGOCYTOSIS = "myophagocytosis"
    NECROTIC = "necrotic"
    HEALTHY = "healthy"
    CELLS = "cells"
    NO_CELLS = "no cells"


@dataclass(frozen=True, eq=False)
class Stratum:
    """Units that are drawn alike.

    Attributes:
        name: In words.
        kind: Fibers or fields.
        call: What the machine made of them.
        members: (M, 2) int64, index of the slide in the population, and the unit's row there.
        cells: (M,) int64, cells that the machine counts in each field; 0 for fibers.
    """

    name: str
    kind: ItemKind
    call: Call
    members: NDArray[np.int64]
    cells: NDArray[np.int64]


def stratify(population: Population, rules: AuditRules) -> tuple[Stratum, ...]:
    """The strata of a population that have any units; each unit is in exactly one."""
    found = (*_of_fibers(population, rules), *_of_fields(population, rules))
    return tuple(one for one in found if len(one.members))


def _of_fibers(population: Population, rules: AuditRules) -> Iterator[Stratum]:
    members = _members([len(slide.fiber_class) for slide in population.slides])
    empty = np.zeros(0)
    called = np.concatenate([empty, *[slide.fiber_class for slide in population.slides]])
    score = np.concatenate([empty, *[slide.necrotic_score for slide in population.slides]])
    phagocytosed = called == FiberClass.MYOPHAGOCYTOSIS
    necrotic = np.isin(called, NECROTIC_CLASSES) & ~phagocytosed
    healthy = np.flatnonzero(~phagocytosed & ~necrotic)
    by_doubt = healthy[np.argsort(-score[healthy], kind="stable")]
    first, second = (round(share * len(by_doubt)) for share in (rules.most_doubtful_share, rules.doubtful_share))

    def stratum(name: str, call: Call, rows: NDArray[np.int64]) -> Stratum:
        return Stratum(name, ItemKind.FIBER, call, members[np.sort(rows)], np.zeros(len(rows), np.int64))

    yield stratum("called myophagocytosis", Call.MYOPHAGOCYTOSIS, np.flatnonzero(phagocytosed))
    yield stratum("called necrotic", Call.NECROTIC, np.flatnonzero(necrotic))
    yield stratum("called healthy, most doubtful", Call.HEALTHY, by_doubt[:first])
    yield stratum("called healthy, doubtful", Call.HEALTHY, by_doubt[first:second])
    yield stratum("called healthy, the rest", Call.HEALTHY, by_doubt[second:])


def _of_fields(population: Population, rules: AuditRules) -> Iterator[Stratum]:
    members = _members([len(slide.field_cells) for slide in population.slides])
    cells = np.concatenate([np.zeros(0, np.int64), *[slide.field_cells for slide in population.slides]])
    some, many = rules.some_cells, rules.many_cells
    for name, call, rows in (
        ("fields without a called cell", Call.NO_CELLS, cells < some),
        (f"fields with {some} to {many - 1} called cells", Call.CELLS, (cells >= some) & (cells < many)),
        (f"fields with {many} or more called cells", Call.CELLS, cells >= many),
    ):
        yield Stratum(name, ItemKind.FIELD, call, members[rows], cells[rows])


def _members(counts: list[int]) -> NDArray[np.int64]:
    pairs = [np.column_stack([np.full(count, slide), np.arange(count)]) for slide, count in enumerate(counts)]
    return np.concatenate([np.zeros((0, 2), np.int64), *pairs]).astype(np.int64)
