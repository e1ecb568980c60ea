"""How much more must be read until an interval is as narrow as one wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from histo.audit.answers import Answer, check_answers
from histo.audit.design import Design
from histo.audit.interval import Sampled, total
from histo.audit.readings import Read, is_called, read_strata
from histo.audit.strata import ItemKind
from histo.evidence.corrected_count import Finding

EFFORT_DRAWS = 2_000
STEPS = 12
"""Halvings of the search: the effort is then known to a few thousandths of what there is to read."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What is still to be read, if what is read next is like what was read so far.

    Attributes:
        fibers: More fibers.
        fields: More fields.
        low: The interval that is then to be expected.
        high: The same.
    """

    fibers: int
    fields: int
    low: float
    high: float


def effort_for(design: Design, answers: Sequence[Answer], finding: Finding, width: float, *, seed: int = 0) -> Effort:
    """The least effort after which the interval is expected to be no wider than asked for.

    All strata grow by the same factor over what the design drew, until they are read in full. A stratum of which
    nothing is told yet is taken to be as the machine says. It is a forecast, not a promise. What a reader could not
    tell widens the interval whatever is read, and is left out here.

    Args:
        design: What was to be read.
        answers: So far.
        finding: Whose interval.
        width: High end less low end that is wanted, at least 0.
        seed: Of the urns.

    Raises:
        ValueError: If the width is negative, or an answer does not fit its item.
    """
    if not width >= 0:
        raise ValueError(f"a width is at least 0, not {width}")
    strata = read_strata(design, check_answers(design, answers), finding)

    def at(factor: float) -> tuple[list[Sampled], Effort]:
        grown = [_grown(one, finding, factor) for one in strata]
        found = total(grown, seed=seed, draws=EFFORT_DRAWS)
        more = dict.fromkeys(ItemKind, 0)
        for one, then in zip(strata, grown, strict=True):
            more[one.stratum.kind] += max(round(then.read) - len(one.surplus), 0)
        called = sum(one.called for one in strata)
        return grown, Effort(more[ItemKind.FIBER], more[ItemKind.FIELD], called + found.low, called + found.high)

    # A factor of 0 reads nothing more; at the highest every stratum is read in full.
    low, high = 0.0, max((one.stratum.population / max(one.stratum.drawn, 1) for one in strata), default=0.0)
    least = at(0.0)[1]
    if least.high - least.low <= width:
        return least
    best = at(high)[1]
    for _ in range(STEPS):
        middle = (low * high) ** 0.5 if low else high / 8
        then = at(middle)[1]
        if then.high - then.low <= width:
            high, best = middle, then
        else:
            low = middle
    return best


def _grown(one: Read, finding: Finding, factor: float) -> Sampled:
    """The stratum once so much of it is read, with the values in the shares that they have now."""
    told = one.sampled(None)
    population = one.stratum.population
    size = min(population, max(round(one.stratum.drawn * factor), len(one.surplus)))
    if factor >= population / max(one.stratum.drawn, 1):
        size = population
    if told.read:
        return Sampled(population, told.values, told.times * size / told.read, one.least, one.most)
    expected = 1.0 if one.stratum.kind is ItemKind.FIBER and is_called(one.stratum, finding) else 0.0
    values = np.array([expected] if size else [])
    return Sampled(population, values, np.full(len(values), float(size)), one.least, one.most)
